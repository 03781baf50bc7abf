"""Certificates: rigorous enclosures on quadratics, semidefinite worst cases over function classes.

Both need the extra ``certificates`` (python-flint; PEPit with CLARABEL), and load it only where it is used.
"""

from nala_lab.certify.any_method import worst_case_of
from nala_lab.certify.badges import Badge, badge
from nala_lab.certify.matrix import certify_radius
from nala_lab.certify.quadratic import Enclosure, certify_quadratic
from nala_lab.certify.semidefinite import WorstCase
from nala_lab.certify.worst_cases import worst_case

__all__ = ["Badge", "Enclosure", "WorstCase", "badge", "certify_quadratic", "certify_radius", "worst_case",
           "worst_case_of"]  # fmt: skip
