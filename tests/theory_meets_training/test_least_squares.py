"""T29 against mini-batch training on least squares: 200 drawn settings, mean and variance of the loss after each.

Four methods, one worker (by either twin) and four (NumPy), batches with and without replacement. A setting is inside
when mean and variance both lie in their Monte Carlo bands, 99 % together: 2 of 200 are expected outside, and more than
5 with probability 0.02 for sound code.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
import pytest

from nala_lab.core import stream
from nala_lab.drive import Method, available_twins, run
from nala_lab.theory.minibatch_cycle import Loop
from nala_lab.theory.minibatch_variance import loss_moments
from problems import LeastSquares

pytestmark = pytest.mark.slow
SETTINGS, COPIES, CYCLES = 200, 8000, 3
Z = 2.807  # two-sided 0.5 %, so that mean and variance together make 1 %
METHODS = ("NALA", "Lookahead", "nesterov", "heavy-ball")


@dataclass(frozen=True)
class Setting:
    """What was drawn, and what training made of it: the loss above the minimum of every copy."""

    f: LeastSquares
    e0: np.ndarray
    loop: Loop
    losses: np.ndarray

    def predicted(self, **other):
        """Mean and variance; `other` is a planted fault."""
        values = {"loop": self.loop, "B": self.f.batch_size, "replace": self.f.replace, **other}
        residuals = self.f.X @ self.f.minimizers[0] - self.f.y
        loop = values.pop("loop")
        moments = loss_moments(self.f.X, residuals, loop, self.e0, T=CYCLES, **values)
        return moments.mean[-1], moments.variance[-1]

    def inside(self, **other):
        mean, variance = self.predicted(**other)
        away = (self.losses - self.losses.mean()) ** 2
        root = np.sqrt(len(self.losses))
        close = abs(self.losses.mean() - mean) <= Z * self.losses.std() / root
        return bool(close and abs(away.mean() - variance) <= Z * away.std() / root)


def draw(number):
    rng = stream(0, "theory meets training", "least squares", number)
    workers, replace = (1, 4)[number % 2], bool(number // 2 % 2)
    name, twin = METHODS[number // 4 % 4], available_twins()[number // 16 % len(available_twins())]
    n = int(rng.integers(6, 20))
    f = LeastSquares.generated(n, 2, seed=number, batch_size=int(rng.integers(1, n // 2)), replace=replace)
    # lr up to 0.4 / L: the copies' losses keep finite fourth moments, which the band of the variance needs
    lr, k = float(rng.uniform(0.05, 0.4)) / f.L, int(rng.integers(1, 5))
    setting = {"k": k, "nu": float(rng.uniform(0.3, 1.2))}
    if name != "Lookahead":
        setting["alpha"] = float(rng.uniform(0.05, 0.4)) / f.L
    if name in ("nesterov", "heavy-ball"):
        setting |= {"style": name, "beta": float(rng.uniform(0.2, 0.7))}
    method = _method(name, Method("SGD", lr=lr), setting, workers)
    e0 = rng.normal(size=2)
    x0 = np.broadcast_to(f.minimizers[0] + e0, (COPIES, 2))
    t = run(twin if workers == 1 else "numpy", method, lambda x, g: f.noisy_grad(x, g), x0, cycles=CYCLES, rng=rng)
    e = t.final - f.minimizers[0]
    return Setting(f, e0, Loop(lr=lr, workers=workers, **setting), ((e @ f.A) * e).sum(1) / 2)


def _method(name, inner, setting, workers):
    if workers > 1 or name in ("nesterov", "heavy-ball"):
        return Method("OuterMomentum", inner=inner, workers=workers, **{"beta": 0.0, **setting})
    if name == "Lookahead":
        return Method("Lookahead", inner=inner, k=setting["k"], alpha=setting["nu"])
    return Method("NALA", inner=inner, k=setting["k"], mu=setting["nu"] - 1, alpha=setting["alpha"])


@cache
def drawn():
    return [draw(number) for number in range(SETTINGS)]


def test_mean_and_variance_of_the_loss_are_inside_their_bands():
    inside = [setting.inside() for setting in drawn()]
    print(f"{sum(inside)} of {len(inside)} settings inside")
    assert sum(inside) >= 195


FAULTS = {
    "the covariance not divided by B": lambda s: {"B": 1} if s.f.batch_size > 1 else {},
    "with replacement for without": lambda s: {"replace": not s.f.replace},
    "the outer gradient's noise left out": lambda s: {"loop": _changed(s.loop, outer="full")},
    "the sign of mu": lambda s: {"loop": _changed(s.loop, nu=2 - s.loop.nu)},
    "one worker for four": lambda s: {"loop": _changed(s.loop, workers=1)},
}


def _changed(loop, **values):
    return Loop(**{**vars(loop), **values})


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_planted_fault_falls_outside(fault):
    inside = [setting.inside(**fault(setting)) for setting in drawn()[:64]]  # every method, worker count and twin
    print(f"{sum(inside)} of {len(inside)} settings inside")
    # 195 of 200 can no longer be reached when 6 of the first 64 are outside
    assert len(inside) - sum(inside) >= 6
