"""Certificates: rigorous enclosures on quadratics, semidefinite worst cases over function classes.

Both need the extra ``certificates`` (python-flint; PEPit with CLARABEL), and load it only where it is used.
"""

from nala_lab.verify.certificates.badge import Badge as Badge
from nala_lab.verify.certificates.badge import badge as badge
from nala_lab.verify.certificates.matrix import certify_radius as certify_radius
from nala_lab.verify.certificates.quadratic import Enclosure as Enclosure
from nala_lab.verify.certificates.quadratic import certify_quadratic as certify_quadratic
from nala_lab.verify.certificates.worst_case import WorstCase as WorstCase
from nala_lab.verify.certificates.worst_case import worst_case as worst_case

__all__ = ["Badge", "Enclosure", "WorstCase", "badge", "certify_quadratic", "certify_radius", "worst_case"]
