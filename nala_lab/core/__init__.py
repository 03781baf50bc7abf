"""What every part of the lab stands on: validation, named random streams, modes, trajectories, how a run ends."""

from nala_lab.core.modes import covariance, eigenvalues, reals, variances
from nala_lab.core.streams import stream
from nala_lab.core.trajectory import Array, OneLoop, Real, Trajectory, TwoLoop
from nala_lab.core.validate import require, require_choice, require_int, require_number

__all__ = ["Array", "OneLoop", "Real", "Trajectory", "TwoLoop", "covariance", "eigenvalues", "reals",
           "require", "require_choice", "require_int", "require_number", "stream", "variances"]  # fmt: skip
