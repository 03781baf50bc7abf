"""Certificates: rigorous enclosures on quadratics, semidefinite worst cases over function classes.

Both need the extra ``certificates`` (python-flint; PEPit with CLARABEL), and load it only where it is used.
"""

from nala_lab.certify.any_method import worst_case_of as worst_case_of
from nala_lab.certify.badges import Badge as Badge
from nala_lab.certify.badges import badge as badge
from nala_lab.certify.matrix import certify_radius as certify_radius
from nala_lab.certify.quadratic import Enclosure as Enclosure
from nala_lab.certify.quadratic import certify_quadratic as certify_quadratic
from nala_lab.certify.semidefinite import WorstCase as WorstCase
from nala_lab.certify.worst_cases import worst_case as worst_case

__all__ = [
    "Badge",
    "Enclosure",
    "WorstCase",
    "badge",
    "certify_quadratic",
    "certify_radius",
    "worst_case",
    "worst_case_of",
]
