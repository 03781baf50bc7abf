"""The NumPy twin: both papers line by line, in the papers' symbols, as pure functions.

Every rule is a frozen dataclass of hyperparameters with ``init(theta) -> state`` and
``step(theta, grad, state) -> (theta, state)``; Lookahead and NALA have ``cycle(grad, state)`` instead. Nothing is
written in place, so a trajectory is a list of values. Leading axes of theta are ensembles. How to write a rule of your
own, in ten lines, is in `nala_lab.reference.rules`; one with two loops in `nala_lab.reference.two_loop`.
"""

from nala_lab.core import OneLoop as OneLoop
from nala_lab.core import Trajectory as Trajectory
from nala_lab.core import TwoLoop as TwoLoop
from nala_lab.reference.adabelief import AdaBelief as AdaBelief
from nala_lab.reference.adala import AdaLA as AdaLA
from nala_lab.reference.adam import Adam as Adam
from nala_lab.reference.family_members import FAMILY as FAMILY
from nala_lab.reference.family_members import family as family
from nala_lab.reference.feasible import Ball as Ball
from nala_lab.reference.feasible import Box as Box
from nala_lab.reference.heavy_ball import HeavyBall as HeavyBall
from nala_lab.reference.lookahead import Lookahead as Lookahead
from nala_lab.reference.nag import NAG as NAG
from nala_lab.reference.nala import NALA as NALA
from nala_lab.reference.oracle import Oracle as Oracle
from nala_lab.reference.outer_momentum import OuterMomentum as OuterMomentum
from nala_lab.reference.running import run as run
from nala_lab.reference.sgd import SGD as SGD
from nala_lab.reference.two_loop import Cycle as Cycle
from nala_lab.reference.two_loop import CycleState as CycleState
from nala_lab.reference.two_loop import inner_loop as inner_loop

__all__ = [
    "FAMILY",
    "NAG",
    "NALA",
    "SGD",
    "AdaBelief",
    "AdaLA",
    "Adam",
    "Ball",
    "Box",
    "Cycle",
    "CycleState",
    "HeavyBall",
    "Lookahead",
    "OneLoop",
    "Oracle",
    "OuterMomentum",
    "Trajectory",
    "TwoLoop",
    "family",
    "inner_loop",
    "run",
]
