"""What the checks share: problems that are special in no way, settings over the legal range, and tolerances."""

from __future__ import annotations

from typing import Any

import numpy as np

from nala_lab.core import Array, stream
from nala_lab.verify.check import Tolerance
from problems import Quadratic, Rosenbrock

__all__ = ["F64", "IDENTITY", "quadratic", "rosenbrock", "settings_of_a_cycle", "size"]

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


def settings_of_a_cycle(rng: np.random.Generator, smoothness: float) -> dict[str, Any]:
    """Draw lr, k, mu and alpha over the legal range, unstable settings included, for curvature up to `smoothness`."""
    return {
        "lr": float(rng.uniform(0, 2.2)) / smoothness,
        "k": int(rng.integers(1, 10)),
        "mu": float(rng.uniform(-1, 1.2)),
        "alpha": float(rng.uniform(0, 2.2)) / smoothness,
    }


def size(*arrays: Array) -> float:
    """Give the largest absolute entry."""
    return max(float(np.abs(a).max()) for a in arrays)
