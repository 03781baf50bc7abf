"""Lesson 11: effective curvature, outer velocity, and what the outer gradient does in a game."""

from __future__ import annotations

import math
from typing import Any

from nala_lab.classroom.sheets import Data, Exercise, Mistake, draws
from nala_lab.theory.games import rotation_factor
from nala_lab.theory.outer_velocity import effective_curvature, tuned


def _curvatures(d: Data) -> tuple[float, float]:
    low, high = (float(effective_curvature(lam, **d("lr k"))) for lam in (d.low, d.high))
    return low, high


def _condition(d: Data) -> float:
    """k_q, the condition number that the outer method sees."""
    low, high = _curvatures(d)
    return high / low


def _turn(d: Data, **changed: Any) -> Any:
    return rotation_factor(d.s, **(d("lr mu alpha", k=2) | changed))


EXERCISES = (
    Exercise(
        id="11.1", title="what an outer method sees",
        prompt=r"A mode has $\lambda = [lam]$. The inner loop takes $k = [k]$ steps of $\eta = [lr]$. Which curvature "
               r"$q$ does an outer method see, whose gradient is $\phi - \theta_k$?",
        draw=draws(lam=(0.2, 0.4, 0.5, 0.8, 1.25), k=(3, 4, 5, 6, 8, 10), lr=(0.05, 0.1, 0.15, 0.2, 0.3)),
        solution=lambda d: effective_curvature(d.lam, **d("lr k")),
        mistakes=(
            Mistake("what is left", "This is what the inner loop leaves; the outer method sees what it removed.",
                    lambda d: 1 - effective_curvature(d.lam, **d("lr k"))),
            Mistake("linear", "k eta lambda is the limit of small steps: later inner steps see a smaller error.",
                    lambda d: d.k * d.lr * d.lam),
            Mistake("one inner step", "This is one inner step: there are k of them.",
                    lambda d: effective_curvature(d.lam, lr=d.lr, k=1)),
        ),
        derivation=(
            ("The inner loop leaves this part of the error.", "R = (1 - lr*lam)**k"),
            ("phi - theta_k is the rest of it.", "q = 1 - R"),
        ),
    ),
    Exercise(
        id="11.2", title="with velocity", digits=4,
        prompt=r"Curvatures from $[low]$ to $[high]$; $k = [k]$ inner steps of $\eta = [lr]$. The outer method has "
               r"Nesterov's velocity with its best constants. Which factor per cycle does it reach?",
        draw=draws(low=(0.002, 0.003, 0.005, 0.01), high=(0.5, 0.8, 1.0), k=(3, 4, 5, 8), lr=(0.2, 0.4, 0.6, 0.8)),
        solution=lambda d: tuned(*_curvatures(d))[2],
        mistakes=(
            Mistake("no velocity",
                    "This is without a velocity, with the best slow step alone: velocity brings a square root.",
                    lambda d: (_condition(d) - 1) / (_condition(d) + 1)),
            Mistake("kappa",
                    "You used the condition number of the function: the outer method sees q_max/q_min, which is "
                    "smaller.",
                    lambda d: tuned(d.low / d.high, 1.0)[2]),
            Mistake("beta", "This is the velocity's beta: the question asks for the factor.",
                    lambda d: tuned(*_curvatures(d))[1]),
            Mistake("Chebyshev",
                    "This is 1 - 2/sqrt(k_q), without 3 k_q + 1 under the root: Nesterov's constants are a little "
                    "slower.",
                    lambda d: 1 - 2 / math.sqrt(_condition(d))),
        ),
        derivation=(
            ("The flattest effective curvature.", "q_l = 1 - (1 - lr*low)**k"),
            ("The steepest.", "q_L = 1 - (1 - lr*high)**k"),
            ("Nesterov's method with its best constants on a quadratic.", "rate = 1 - 2/sqrt(3*q_L/q_l + 1)"),
        ),
    ),
    Exercise(
        id="11.3", title="a game that turns", digits=4,
        prompt=r"The game $V(u, v) = [s]\,u\,v$ (the field turns with eigenvalues $\pm [s]\,i$). NALA over gradient "
               r"descent-ascent: $k = 2$, $\eta = [lr]$, $\mu = [mu]$, $\alpha = [alpha]$. By which factor does a "
               r"cycle multiply the distance to the equilibrium?",
        draw=draws(s=(0.8, 1.25, 1.5, 2.0), lr=(0.1, 0.2, 0.25, 0.3, 0.4), mu=(-0.8, -0.7, -0.6, -0.4, -0.3),
                   alpha=(0.1, 0.2, 0.3, 0.4)),
        solution=_turn,
        mistakes=(
            Mistake("no outer step",
                    "The outer gradient is missing, and in a game it hurts: it multiplies by sqrt(1 + alpha^2 s^2).",
                    lambda d: _turn(d, alpha=0.0)),
            Mistake("real", "You used 1 - alpha s: the eigenvalue is imaginary, so |1 - i alpha s| is above one.",
                    lambda d: (1 - d.alpha * d.s) * _turn(d, alpha=0.0)),
            Mistake("one inner step", "You took one inner step: k = 2.", lambda d: _turn(d, k=1)),
            Mistake("no averaging", "This is for mu = 0: averaging two points of a circle leads inside it.",
                    lambda d: _turn(d, mu=0.0)),
        ),
        derivation=(
            ("(1 - i a)^2 with a = eta s.", "a = lr*s"),
            ("Real part of the bracket (1+mu)(1 - i a)^2 - mu.", "X = (1 + mu)*(1 - a**2) - mu"),
            ("Its imaginary part.", "Y = -2*(1 + mu)*a"),
            ("Its size, times that of 1 - i alpha s.", "rho = sqrt(1 + alpha**2*s**2)*sqrt(X**2 + Y**2)"),
        ),
    ),
)  # fmt: skip
