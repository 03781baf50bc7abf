"""What every part of the lab stands on: validation, named random streams, modes, trajectories, how a run ends."""

from nala_lab.core.modes import covariance as covariance
from nala_lab.core.modes import eigenvalues as eigenvalues
from nala_lab.core.modes import variances as variances
from nala_lab.core.streams import stream as stream
from nala_lab.core.trajectory import Array as Array
from nala_lab.core.trajectory import OneLoop as OneLoop
from nala_lab.core.trajectory import Trajectory as Trajectory
from nala_lab.core.trajectory import TwoLoop as TwoLoop
from nala_lab.core.validate import require as require
from nala_lab.core.validate import require_choice as require_choice
from nala_lab.core.validate import require_int as require_int
from nala_lab.core.validate import require_number as require_number

__all__ = [
    "Array",
    "OneLoop",
    "Trajectory",
    "TwoLoop",
    "covariance",
    "eigenvalues",
    "require",
    "require_choice",
    "require_int",
    "require_number",
    "stream",
    "variances",
]
