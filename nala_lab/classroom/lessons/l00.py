"""Lesson 00: one cycle by hand, its price, and the step that descent can bear."""

from __future__ import annotations

from typing import Any

import numpy as np

from nala_lab.classroom.sheets import Data, Exercise, Mistake, draws
from nala_lab.reference import NALA, SGD, run
from nala_lab.theory import eq5
from nala_lab.theory.quadratic_rate import rho
from nala_lab.theory.stability import inner_limit


def _between(phi: list[float], theta: list[float], mu: float) -> Any:
    """The look-ahead point: Eq. (5) after one cycle without an outer gradient."""
    return eq5.unroll(np.array([theta]), np.array(phi), np.zeros((1, 2)), mu, 0.0)[0]


def _points(d: Data) -> tuple[list[float], list[float]]:
    return [d.phi1, d.phi2], [d.theta1, d.theta2]


def _gradients(d: Data, cycles: int) -> int:
    """What the NumPy twin counts in a run."""
    return run(NALA(SGD(lr=0.1), k=int(d.k), mu=-0.5, alpha=0.1), lambda x: x, [1.0], cycles=cycles).grad_evals


def _after(d: Data, steps: int) -> Any:
    return d.e * rho(d.lam, lr=d.lr, k=steps, mu=0.0, alpha=0.0)


TENTHS = tuple(n / 10 for n in range(-30, 31, 3) if n)
EXERCISES = (
    Exercise(
        id="00.1", title="the look-ahead point", size=2,
        prompt=r"The slow weights stand at $\phi_{t-1} = ([phi1], [phi2])$ and the inner loop has ended at "
               r"$\theta_{t,k} = ([theta1], [theta2])$. Where is $y_t = (1+\mu)\,\theta_{t,k} - \mu\,\phi_{t-1}$ for "
               r"$\mu = [mu]$? Answer with a list of two numbers.",
        draw=draws(phi1=TENTHS, phi2=TENTHS, theta1=TENTHS, theta2=TENTHS, mu=(-0.8, -0.7, -0.6, -0.4, -0.3, 0.3, 0.4)),
        solution=lambda d: _between(*_points(d), d.mu),
        mistakes=(
            Mistake("swapped",
                    "You exchanged the two points: the factor 1+mu belongs to theta, where the inner loop ended.",
                    lambda d: _between(*reversed(_points(d)), d.mu)),
            Mistake("plus mu", "The last term has a minus: y = (1+mu) theta - mu phi. With mu < 0 it becomes a plus.",
                    lambda d: 2 * (1 + d.mu) * np.array(_points(d)[1]) - _between(*_points(d), d.mu)),
            Mistake("no phi", "The old slow weights are missing: the two factors 1+mu and -mu add up to one.",
                    lambda d: (1 + d.mu) * np.array(_points(d)[1])),
            Mistake("start", "You went on from theta: y = phi + (1+mu)(theta - phi) starts at phi.",
                    lambda d: _between(*_points(d), 1 + d.mu)),
        ),
        derivation=(
            ("Along the first coordinate, put the numbers into the definition of y.", "y1 = (1 + mu)*theta1 - mu*phi1"),
            ("The second coordinate is treated in the same way.", "y2 = (1 + mu)*theta2 - mu*phi2"),
        ),
    ),
    Exercise(
        id="00.2", title="what a run costs", whole=True,
        prompt="NALA runs for [T] cycles with $k=[k]$ inner steps in each. How many gradients does it evaluate?",
        draw=draws(T=tuple(range(6, 41)), k=(2, 3, 4, 5, 6, 7, 8, 9, 10)),
        solution=lambda d: _gradients(d, int(d.T)),
        mistakes=(
            Mistake("look-ahead", "You forgot the look-ahead gradient: a cycle has k inner gradients and one at y.",
                    lambda d: _gradients(d, int(d.T)) - d.T),
            Mistake("one for all", "The look-ahead gradient is taken once in every cycle, not once in the whole run.",
                    lambda d: d.k * d.T + 1),
            Mistake("outer only",
                    "You counted the outer steps only: the k inner steps of a cycle cost a gradient each.",
                    lambda d: d.T),
            Mistake("one cycle", "This is what one cycle costs: there are T of them.", lambda d: d.k + 1),
        ),
        derivation=(
            ("A cycle takes k inner gradients and one more, at the look-ahead point y.", "n = k + 1"),
            ("There are T cycles.", "N = T*n"),
        ),
    ),
    Exercise(
        id="00.3", title="descent along one direction",
        prompt=r"Along a direction of curvature $\lambda = [lam]$ the error is [e]. Gradient descent takes [n] steps "
               r"with $\eta = [lr]$. What is the error then, with its sign?",
        draw=draws(lam=(1.0, 1.5, 2.0, 2.5, 4.0), e=(-4.0, -3.0, -2.5, -2.0, 0.5, 1.5, 2.0, 2.5, 4.0), n=(3, 5, 7),
                   lr=(0.45, 0.6, 0.7, 0.8, 1.1)),
        solution=lambda d: _after(d, int(d.n)),
        mistakes=(
            Mistake("added",
                    "You added the steps up: each step multiplies the error that is left, so powers are needed.",
                    lambda d: d.e * (1 - d.n * d.lr * d.lam)),
            Mistake("one step", "This is the error after a single step: the factor acts once for every step.",
                    lambda d: _after(d, 1)),
            Mistake("one short", "One step is missing: n steps are n factors.", lambda d: _after(d, int(d.n) - 1)),
            Mistake("one more", "That is one step too many: n steps are n factors.", lambda d: _after(d, int(d.n) + 1)),
            Mistake("size one", "This is the factor alone: multiply it by the error at the start.",
                    lambda d: _after(d, int(d.n)) / d.e),
        ),
        derivation=(
            ("One step turns the error e into (1 - eta lambda) e.", "r = 1 - lr*lam"),
            ("All n steps have the same factor.", "e_n = e*r**n"),
        ),
    ),
    Exercise(
        id="00.4", title="the largest step",
        prompt=r"A valley has the curvatures $\lambda_{\min} = [low]$ and $\lambda_{\max} = [high]$. Above which step "
               r"$\eta$ does gradient descent diverge?",
        draw=draws(low=(0.05, 0.1, 0.2, 0.3, 0.4), high=tuple(n / 4 for n in range(6, 80))),
        solution=lambda d: inner_limit(1, 0.0) / d.high,
        mistakes=(
            Mistake("flat", "The flat direction bears long steps; the steepest one decides.",
                    lambda d: inner_limit(1, 0.0) / d.low),
            Mistake("one",
                    "With this step the steepest direction is finished in one step: it can still bear twice as much.",
                    lambda d: 1 / d.high),
            Mistake("sum", "This is the step that is fastest for the whole valley, not the longest that it bears.",
                    lambda d: 2 / (d.low + d.high)),
            Mistake("upside down", "The steeper the walls, the shorter the step: divide by the curvature.",
                    lambda d: inner_limit(1, 0.0) * d.high),
        ),
        derivation=(
            ("A step multiplies the error along the walls by 1 - eta lambda, which must stay above -1: eta lambda < 2.",
             "eta_max = 2/high"),
        ),
    ),
)  # fmt: skip
