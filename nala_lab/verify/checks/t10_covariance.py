"""T10: mean and covariance with momentum inside, three conventions, three outer batches, by Monte Carlo."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from nala_lab.core import Array, stream
from nala_lab.drive import Method, run
from nala_lab.theory import stochastic
from nala_lab.theory.momentum_cycle import CONVENTIONS
from nala_lab.verify import Check, Tally, Tolerance, check
from nala_lab.verify.shared import OUTER, Batches, add_moments, false_alarms, nala, plan
from problems import random_rotation

DRAWS, CYCLES = 10_000, 3
INNER = {"numpy": ("HeavyBall", "NAG"), "torch": ("HeavyBall",)}  # torch's NAG keeps other points
ENGINE = {"HeavyBall": "heavy-ball", "NAG": "nag"}
# O has norm below 3 and radius below 0.97 here: the Lyapunov solver and 2000 cycles agree to 1e3 roundings
FIXED = Tolerance(1e-9, 1e-12, "1e3 roundings of 2^-53 times 1/(1 - radius^2) < 20; 0.97^4000 is 0")


def _problem(seed: int) -> tuple[Array, Array]:
    """A rotated Hessian and the root of a noise covariance that does not commute with it."""
    q = random_rotation(3, seed + 1)
    return (q * np.array([0.3, 1.1, 2.4])) @ q.T, stream(seed, "T10 noise").normal(size=(3, 3)) / 2


def _conventions(twin: str) -> Iterator[tuple[str, str, str]]:
    for inner in INNER[twin]:
        for convention in CONVENTIONS:
            for outer in OUTER[twin]:
                yield inner, convention, outer


@check("T10")
def covariance_with_momentum(twin: str, seed: int) -> list[Check]:
    """Slow weights after each cycle and fast weights inside the second, from a fixed point."""
    cases = list(_conventions(twin))
    tolerance = false_alarms(len(cases) * 9 * (CYCLES + 3), DRAWS)
    row = Tally("T10", "mean and covariance, Monte Carlo", twin, tolerance)
    A, root = _problem(seed)
    start = np.array([1.0, -2.0, 0.5])
    setting: dict[str, Any] = {"lr": 0.25, "k": 3, "mu": -0.4, "alpha": 0.15}
    for inner, convention, outer in cases:
        method = nala(setting, Method(inner, lr=0.25, momentum=0.7), outer_batch=outer, inner_state=convention)
        grad = Batches(A, root, stream(seed, "T10", inner, convention, outer), plan(3, outer))
        t = run(twin, method, grad, np.broadcast_to(start, (DRAWS, 3)), cycles=CYCLES)
        one = stochastic.cycle(
            A, root @ root.T, **setting, outer=outer, inner=ENGINE[inner], beta=0.7, convention=convention
        )
        slow = stochastic.propagate(one, start, T=CYCLES)
        for i in range(1, CYCLES + 1):
            add_moments(row, t.slow[i], slow.mean[i][:3], slow.covariance[i][:3, :3], f"phi_{i}, {method}")
        fast = stochastic.inner_moments(one, slow.mean[1], slow.covariance[1])
        for i in range(1, 4):
            add_moments(row, t.fast[1, i], fast.mean[i][:3], fast.covariance[i][:3, :3], f"theta_{i}, {method}")
    return [row.check()]


@check("T10", ("numpy",))
def fixed_point(twin: str, seed: int) -> list[Check]:
    """The Lyapunov solution is where 2000 cycles of the recurrence end."""
    row = Tally("T10", "Lyapunov = 2000 cycles", twin, FIXED, statement="Sigma* = O Sigma* O' + N")
    A, root = _problem(seed)
    for inner, convention, outer in _conventions("numpy"):
        setting: dict[str, Any] = {"lr": 0.2, "k": 4, "mu": -0.5, "alpha": 0.2, "beta": 0.6}
        one = stochastic.cycle(A, root @ root.T, **setting, outer=outer, inner=ENGINE[inner], convention=convention)
        end = stochastic.propagate(one, np.zeros(3), T=2000).covariance[-1]
        scale = float(np.abs(end).max())
        row.add(stochastic.stationary(one), end, scale=scale, setting=f"{inner}, {convention}, {outer}")
    return [row.check()]
