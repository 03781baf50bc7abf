"""Lesson 22: the best mu of one cycle from three numbers."""

from __future__ import annotations

from typing import Any

from nala_lab.classroom.sheets import Data, Exercise, Mistake, draws
from nala_lab.theory.forecast_cycle import OneCycle, best_mu

_NUMBERS = {
    "gain": (0.05, 0.08, 0.12, 0.2, 0.3),
    "curvature": (0.07, 0.11, 0.16, 0.22, 0.35),
    "noise": (0.04, 0.09, 0.13, 0.25, 0.5),
}
_THREE = r"One cycle was measured: gain $[gain]$, curvature $[curvature]$, noise $[noise]$, no outer gradient. "


def _parts(d: Data, **changed: float) -> OneCycle:
    return OneCycle(**(d("gain curvature noise", outer=0.0) | changed))


def _lost(d: Data, mu: float = -0.5, **changed: Any) -> float:
    parts = _parts(d, **changed)
    return parts.change(mu) - parts.change(best_mu(parts))


EXERCISES = (
    Exercise(
        id="22.1",
        title="choose mu from three numbers",
        prompt=_THREE + r"Which $\mu$ makes the expected loss after it smallest?",
        draw=draws(**_NUMBERS),
        solution=lambda d: best_mu(_parts(d)),
        mistakes=(
            Mistake("slow step", "This is the best slow step s = 1 + mu: one is still to be taken off.",
                    lambda d: 1 + best_mu(_parts(d))),
            Mistake("no noise", "The noise is missing: copies of the run end in different places, and H sees all.",
                    lambda d: best_mu(_parts(d, noise=0.0))),
            Mistake("no curvature", "The curvature is missing: the mean path bends upwards too.",
                    lambda d: best_mu(_parts(d, curvature=0.0))),
            Mistake("half", "The derivative of s^2/2 is s, not s/2.", lambda d: best_mu(_parts(d, gain=2 * d.gain))),
        ),
        derivation=(
            ("The loss falls by the gain and bends up with the sum of the other two.", "bend = curvature + noise"),
            ("-s gain + s^2 bend/2 is least where its slope is zero.", "s = gain/bend"),
            ("The slow step is 1 + mu.", "mu = s - 1"),
        ),
    ),
    Exercise(
        id="22.2",
        title="what a constant costs",
        prompt=_THREE + r"How much higher is the expected loss with the paper's $\mu = -0.5$ than with the best $\mu$?",
        draw=draws(**_NUMBERS),
        solution=_lost,
        mistakes=(
            Mistake("mu for s", "You put mu = -0.5 where s = 1 + mu = 0.5 belongs.", lambda d: _lost(d, mu=-1.5)),
            Mistake("no averaging", "This is the price of mu = 0, not of mu = -0.5.", lambda d: _lost(d, mu=0.0)),
            Mistake("no noise", "The noise is missing in the bend.", lambda d: _lost(d, noise=0.0)),
        ),
        derivation=(
            ("How much the parabola bends.", "bend = curvature + noise"),
            ("Where it is least.", "s = gain/bend"),
            ("A parabola rises with the square of the distance.", "lost = bend*(s - Rational(1, 2))**2/2"),
        ),
    ),
    Exercise(
        id="22.3",
        title="four workers",
        prompt=_THREE + r"Now four workers start at $\phi$ and their displacements are averaged. Which $\mu$ is best?",
        draw=draws(**_NUMBERS),
        solution=lambda d: best_mu(_parts(d, noise=d.noise / 4)),
        mistakes=(
            Mistake("one worker", "This is for one worker: averaging four leaves a quarter of the variance.",
                    lambda d: best_mu(_parts(d))),
            Mistake("standard deviation", "The noise part is a variance: it falls by 4, not by 2.",
                    lambda d: best_mu(_parts(d, noise=d.noise / 2))),
            Mistake("gain too", "The four go the same mean way: gain and curvature stay.",
                    lambda d: best_mu(_parts(d, gain=d.gain / 4, noise=d.noise / 4))),
            Mistake("slow step", "This is the best slow step s = 1 + mu: one is still to be taken off.",
                    lambda d: 1 + best_mu(_parts(d, noise=d.noise / 4))),
        ),
        derivation=(
            ("The variance of a mean of four.", "bend = curvature + noise/4"),
            ("-s gain + s^2 bend/2 is least where its slope is zero.", "s = gain/bend"),
            ("The slow step is 1 + mu.", "mu = s - 1"),
        ),
    ),
)  # fmt: skip
