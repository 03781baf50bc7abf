"""The table of problems from which tests, checks and notebooks take their instances.

CLASSIC holds the textbook instances. PROBLEMS holds the same ones where a bug cannot hide: no
minimiser has a coordinate 0, no minimum is 0, no scale is 1, no axis is aligned.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from problems.base import Problem
from problems.game import BilinearGame
from problems.least_squares import LeastSquares
from problems.linear import Linear
from problems.logistic import Logistic
from problems.moving import moved
from problems.multimodal import Ackley, Rastrigin, StyblinskiTang
from problems.noisy_quadratic import NoisyQuadratic
from problems.polynomials import Beale, Booth, Himmelblau, Matyas, ThreeHumpCamel
from problems.quadratic import Quadratic
from problems.rosenbrock import Rosenbrock

Factory = Callable[[], Problem]

_COVARIANCE = [[0.9, 0.3, 0.0], [0.3, 0.5, -0.2], [0.0, -0.2, 0.4]]  # full, positive definite, not diagonal

CLASSIC: dict[str, Factory] = {
    "quadratic": lambda: Quadratic([1.0, 3.0, 10.0]),
    "quadratic-turned": lambda: Quadratic([2.0, 0.5, 7.0], rotation=5, shift=[0.6, -1.4, 2.2], offset=-0.8),
    "quadratic-singular": lambda: Quadratic([0.0, 2.0, 5.0]),
    "quadratic-saddle": lambda: Quadratic([-1.0, 2.0, 4.0]),
    "linear": lambda: Linear([2.0, -1.0, 0.5], b=-3.0),
    "rosenbrock": Rosenbrock,
    "rosenbrock-4d": lambda: Rosenbrock(4),
    "beale": Beale,
    "himmelblau": Himmelblau,
    "booth": Booth,
    "matyas": Matyas,
    "three-hump-camel": ThreeHumpCamel,
    "styblinski-tang": StyblinskiTang,
    "rastrigin": Rastrigin,
    "ackley": Ackley,
    "ackley-3d": lambda: Ackley(3),
    "noisy-quadratic": lambda: NoisyQuadratic([1.0, 3.0, 10.0], _COVARIANCE),
    "noisy-quadratic-constant": lambda: NoisyQuadratic([1.0, 3.0, 10.0], 0.7),
    "noisy-quadratic-random-minimum": lambda: NoisyQuadratic([1.0, 3.0, 10.0], _COVARIANCE, model="random-minimum"),
    "least-squares": lambda: LeastSquares.generated(12, 3, seed=1, batch_size=4),
    "least-squares-replacement": lambda: LeastSquares.generated(12, 3, seed=2, l2=0.1, batch_size=4, replace=True),
    "logistic": lambda: Logistic.generated(12, 3, seed=3, l2=0.05, batch_size=5),
    "logistic-replacement": lambda: Logistic.generated(12, 3, seed=4, l2=0.05, batch_size=5, replace=True),
    "bilinear-game": lambda: BilinearGame([[2.0, -1.0], [0.5, 1.5]]),
}


def elsewhere(problem: Problem) -> Problem:
    """The problem moved to a place without special values: shift, rotation, scale and offset all at work.

    >>> from problems import Booth, elsewhere
    >>> elsewhere(Booth()).minimum
    1.75
    """
    d = problem.dim
    return moved(problem, np.resize([0.7, -1.9, 2.3, 1.1], d), rotation=20 + d, scale=1.3, offset=1.75)


def _elsewhere(factory: Factory) -> Factory:
    return lambda: elsewhere(factory())


PROBLEMS: dict[str, Factory] = {name: _elsewhere(factory) for name, factory in CLASSIC.items()}
