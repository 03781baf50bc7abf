"""T21: no cycle on a strongly convex problem does worse than the worst case, and the worst function attains it."""

from __future__ import annotations

from typing import Any

import numpy as np

from nala_lab.certify.worst_cases import nala
from nala_lab.core import Array, stream
from nala_lab.drive import run
from nala_lab.theory import worst_functions as worst_case
from nala_lab.verify import Check, Tally, Tolerance, check
from nala_lab.verify.shared import F64, quadratic, size
from problems import Logistic

CYCLES = 8
# One cycle is at most 10 gradients, each a sum of at most 100 rounded terms of the size of the run's numbers:
# 1000 * 2^-53 = 1.1e-13 of them; and the minimiser of the logistic loss is known to a residual of 1e-12.
SLACK = Tolerance(1e-12, 2e-12, "1000 roundings of 2^-53, minimiser known to 1e-12")
FIXED: list[dict[str, Any]] = [
    {"lr": 1.0, "k": 5, "mu": -0.5, "alpha": 1e-3},
    {"lr": 1.0, "k": 1, "mu": -1.0, "alpha": 1.0},
    {"lr": 1.0, "k": 3, "mu": 0.0, "alpha": 1.0},
    {"lr": 1.0, "k": 4, "mu": -0.5, "alpha": 0.0},
]


def _settings(rng: np.random.Generator, L: float, m: float, n: int) -> list[dict[str, Any]]:
    """Give the fixed settings in units of 1/L, then draws over the whole region of the theorem, its corner included."""
    scaled = [s | {"lr": s["lr"] / L, "alpha": s["alpha"] / L} for s in FIXED]
    limit = 2 / (L + m)
    drawn = [
        {
            "lr": limit * float(rng.uniform(0.01, 1)),
            "k": int(rng.integers(1, 9)),
            "mu": float(rng.uniform(-1, 0)),
            "alpha": limit * float(rng.uniform(0, 1)),
        }
        for _ in range(n)
    ]
    return [*scaled, *drawn, {"lr": limit, "k": 2, "mu": -0.25, "alpha": limit}]


@check("T21")
def every_cycle_respects_the_worst_case(twin: str, seed: int) -> list[Check]:
    """Distance to the minimiser from cycle to cycle, on quadratics and on the regularised logistic loss."""
    row = Tally("T21", "distance, every cycle", twin, SLACK, kind="upper")
    rng = stream(seed, "T21")
    for i in range(3):
        for p, m in ((quadratic(seed, "T21", i), 0.05), (Logistic.generated(40, 4, seed=seed + i, l2=0.05), 0.05)):
            for setting in _settings(rng, p.L, m, 4):
                factor = worst_case.distance_factor(L=p.L, m=m, **setting)
                t = run(twin, nala(setting), p.grad, p.start + 2.0, cycles=CYCLES)
                distance = np.linalg.norm(t.slow - p.minimizers[0], axis=-1)
                where = f"{p.name}, {setting}"
                row.add(factor * distance[:-1], distance[1:], scale=size(t.slow, t.fast), setting=where)
    return [row.check()]


@check("T21")
def the_flattest_quadratic_attains_it(twin: str, seed: int) -> list[Check]:
    """On m x^2/2, moved away from the origin, the factor is reached at every cycle."""
    row = Tally("T21", "factor on m x^2/2", twin, F64, kind="tight")
    L, m, center = 1.7, 0.2, np.array([0.6, -1.1])

    def grad(x: Array) -> Array:
        return np.asarray(m * (x - center))

    for setting in _settings(stream(seed, "T21 attained"), L, m, 12):
        t = run(twin, nala(setting), grad, center + [2.0, 1.0], cycles=CYCLES)
        factor = worst_case.distance_factor(L=L, m=m, **setting)
        predicted = np.sqrt(5) * factor ** np.arange(CYCLES + 1)
        row.add(predicted, np.linalg.norm(t.slow - center, axis=-1), scale=size(t.slow), setting=str(setting))
    return [row.check()]
