"""Certificates: rigorous enclosures on quadratics, semidefinite worst cases over function classes.

Both need the extra ``certificates`` (python-flint; PEPit with CLARABEL), and load it only where it is used.
"""

from nala_lab.verify.certificates.worst_case import WorstCase as WorstCase
from nala_lab.verify.certificates.worst_case import worst_case as worst_case

__all__ = ["WorstCase", "worst_case"]
