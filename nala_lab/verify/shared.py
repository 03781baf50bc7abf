"""What the checks share: problems that are special in no way, settings over the legal range, and tolerances."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nala_lab.core import Array, require, stream
from nala_lab.drive import Method, run
from nala_lab.verify.tally import Tally, Tolerance
from problems import Quadratic, Rosenbrock

__all__ = ["F64", "IDENTITY", "OUTER", "Batches", "add_moments", "factors", "false_alarms", "nala", "plan", "quadratic",
           "rosenbrock", "settings_of_a_cycle", "size"]  # fmt: skip

Range = tuple[float, float]
# At most k T = 60 operations on numbers of the stated size, each rounded by 2^-53, through maps that enlarge an error
# by at most 1e3 in all: 60 * 1.1e-16 * 1e3 = 7e-12 of the result, within 1e-10; and 1e-13 is 900 roundings of the
# largest number on the way, for results that are small because large numbers cancelled.
F64 = Tolerance(1e-10, 1e-13, "60 roundings of 2^-53, condition 1e3")
# Both sides are the same real number; they round differently, about ten times a step for 60 steps:
# 600 * 1.1e-16 = 7e-14 of the largest number on the way, times 15 for what the maps make of it.
IDENTITY = Tolerance(0.0, 1e-12, "600 roundings of 2^-53 on each side, growth 15")


def quadratic(seed: int, *name: object, dim: int = 5, low: float = 0.05, high: float = 1.0) -> Quadratic:
    """Give a rotated, shifted quadratic with minimum value 3 and a spectrum drawn log-uniformly, both ends included."""
    rng = stream(seed, "verify quadratic", *name)
    spectrum = np.exp(rng.uniform(np.log(low), np.log(high), dim))
    spectrum[:2] = low, high
    return Quadratic(spectrum, rotation=int(rng.integers(2**31)), shift=rng.normal(size=dim) + 1, offset=3.0)


def rosenbrock() -> Rosenbrock:
    """Give the curved valley in three dimensions; its minimum stands at (1, 1, 1)."""
    return Rosenbrock(3)


def settings_of_a_cycle(rng: np.random.Generator, smoothness: float, *, lr: Range = (0, 2.2), k: int = 10,
                        mu: Range = (-1, 1.2), alpha: Range = (0, 2.2)) -> dict[str, Any]:  # fmt: skip
    """Draw lr, k below `k`, mu and alpha for curvature up to `smoothness`; as they stand, unstable settings too."""
    return {
        "lr": float(rng.uniform(*lr)) / smoothness, "k": int(rng.integers(1, k)), "mu": float(rng.uniform(*mu)),
        "alpha": float(rng.uniform(*alpha)) / smoothness,
    }  # fmt: skip


def size(*arrays: Array) -> float:
    """Give the largest absolute entry."""
    return max(float(np.abs(a).max()) for a in arrays)


CENTER = 0.75  # of the separable quadratics: no minimum at 0


def nala(setting: dict[str, Any], inner: Method | None = None, **rest: Any) -> Method:
    """NALA with the k, mu and alpha of `setting`, over SGD(lr) unless another inner rule is given."""
    outer = {name: setting[name] for name in ("k", "mu", "alpha")}
    return Method("NALA", inner=inner or Method("SGD", lr=setting["lr"]), **outer, **rest)


def factors(twin: str, method: Method, lam: Array) -> Array:
    """Run one cycle on sum lam_i (x_i - CENTER)^2 / 2 from distance 1 in every mode: rho(lam_i), measured."""
    t = run(twin, method, lambda x: lam * (x - CENTER), np.full(len(lam), CENTER + 1.0), cycles=1)
    return np.asarray(t.slow[1] - CENTER)


# The outer mini-batches that a twin has; torch's has no full gradient.
OUTER = {"numpy": ("fresh", "last", "full"), "torch": ("fresh", "last")}


def plan(k: int, outer: str) -> list[str]:
    """Which calls of a cycle share a mini-batch, as `Batches` takes it: k inner ones, then the outer one."""
    return ["new"] * k + [{"fresh": "new", "last": "again", "full": "none"}[outer]]


class Batches:
    """A noisy gradient A (x - center) + root z, z ~ N(0, I), that knows which of its calls share a mini-batch.

    `plan` says it for the calls of one cycle or step: "new", "again" (the noise of the call before), "none". So both
    twins see the same mini-batches, also where one of them evaluates a mini-batch twice.
    """

    def __init__(
        self, A: Any, root: Any, rng: np.random.Generator, plan: Sequence[str] = ("new",), center: Any = 0.0
    ) -> None:
        require("plan", plan, set(plan) <= {"new", "again", "none"}, "'new', 'again' or 'none' for every call")
        self.A, self.root, self.rng, self.plan = np.asarray(A), np.asarray(root), rng, tuple(plan)
        self.center = center
        self.calls = 0
        self.noise: Any = 0.0

    def __call__(self, x: Array) -> Array:
        """Gradient at `x` (..., d)."""
        how = self.plan[self.calls % len(self.plan)]
        self.calls += 1
        exact: Array = (x - self.center) @ self.A.T
        if how == "new":
            self.noise = self.rng.standard_normal(x.shape) @ self.root.T
        return exact if how == "none" else exact + self.noise


def false_alarms(moments: int, draws: int) -> Tolerance:
    """4.5 standard errors, and how often sound code fails: 6.8e-6 a moment (two-sided, normal)."""
    expected = 6.8e-6 * moments
    return Tolerance(0.0, 4.5, f"4.5 standard errors of {draws} draws; {expected:.1e} false alarms expected per seed")


def add_moments(row: Tally, sample: Array, mean: Array, covariance: Array, setting: str) -> None:
    """Compare mean and covariance of Gaussian draws `sample` (n, d), each in units of its standard error."""
    n, variance = len(sample), np.diag(covariance)
    row.add(mean, sample.mean(0), scale=np.sqrt(variance / n), setting=f"mean, {setting}")
    centred = sample - mean
    spread = np.sqrt((np.outer(variance, variance) + covariance**2) / n)
    upper = np.triu_indices(len(mean))
    row.add(covariance[upper], (centred.T @ centred / n)[upper], scale=spread[upper], setting=f"covariance, {setting}")
