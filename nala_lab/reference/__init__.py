"""The NumPy twin: both papers line by line, in the papers' symbols, as pure functions.

Every rule is a frozen dataclass of hyperparameters with ``init(theta) -> state`` and
``step(theta, grad, state) -> (theta, state)``; Lookahead and NALA have ``cycle(grad, state)`` instead. Nothing is
written in place, so a trajectory is a list of values. Leading axes of theta are ensembles. How to write a rule of your
own, in ten lines, is in `nala_lab.reference.rules`; one with two loops in `nala_lab.reference.two_loop`.
"""

from nala_lab.core import OneLoop, Trajectory, TwoLoop
from nala_lab.reference.adabelief import AdaBelief
from nala_lab.reference.adala import AdaLA
from nala_lab.reference.adam import Adam
from nala_lab.reference.family_members import FAMILY, family
from nala_lab.reference.feasible import Ball, Box
from nala_lab.reference.heavy_ball import HeavyBall
from nala_lab.reference.lookahead import Lookahead
from nala_lab.reference.nag import NAG
from nala_lab.reference.nala import NALA
from nala_lab.reference.oracle import Oracle
from nala_lab.reference.outer_momentum import OuterMomentum
from nala_lab.reference.running import run
from nala_lab.reference.sgd import SGD
from nala_lab.reference.two_loop import Cycle, CycleState, inner_loop

__all__ = ["FAMILY", "NAG", "NALA", "SGD", "AdaBelief", "AdaLA", "Adam", "Ball", "Box", "Cycle", "CycleState",
           "HeavyBall", "Lookahead", "OneLoop", "Oracle", "OuterMomentum", "Trajectory", "TwoLoop", "family",
           "inner_loop", "run"]  # fmt: skip
