"""T08: mean and variance of noisy modes after every cycle, and the variance that a cycle reproduces, by Monte Carlo."""

from __future__ import annotations

from typing import Any

import numpy as np

from nala_lab.core import Array, stream
from nala_lab.drive import run
from nala_lab.theory import noise_one_mode
from nala_lab.verify import Check, Tally, check
from nala_lab.verify.shared import CENTER, OUTER, Batches, false_alarms, nala, plan

DRAWS = 20_000
LAM, W = np.array([0.5, 1.0, 0.1]), np.array([1.0, 0.3, 2.0])
SETTINGS: tuple[dict[str, Any], ...] = (
    {"lr": 0.3, "k": 5, "mu": -0.5, "alpha": 0.1},  # the last batch costs 41 % more variance on the first mode
    {"lr": 1.4, "k": 3, "mu": -0.3, "alpha": 0.4},  # R < 0 on the second mode
    {"lr": 0.5, "k": 2, "mu": 0.2, "alpha": 0.9},
)
MOMENTS = 3 * 3 * 4 * 6  # settings x outer batches x cycles x (mean, variance of three modes)


def _sample(twin: str, setting: dict[str, Any], outer: str, start: Array, cycles: int, rng: Any) -> Array:
    """phi_0 .. phi_T of an ensemble, less the minimum; the modes do not see each other."""
    grad = Batches(np.diag(LAM), np.diag(np.sqrt(W)), rng, plan(setting["k"], outer), CENTER)
    return np.asarray(run(twin, nala(setting, outer_batch=outer), grad, start + CENTER, cycles=cycles).slow - CENTER)


def _add(row: Tally, sample: Array, mean: Array, variance: Array, setting: str) -> None:
    n = len(sample)
    row.add(mean, sample.mean(0), scale=np.sqrt(variance / n), setting=f"mean, {setting}")
    row.add(variance, sample.var(0), scale=variance * np.sqrt(2 / n), setting=f"variance, {setting}")


@check("T08")
def moments_of_a_mode(twin: str, seed: int) -> list[Check]:
    """Four cycles from a fixed point, and one from the stationary distribution, which it must reproduce."""
    name = "mean and variance, Monte Carlo"
    row = Tally("T08", name, twin, false_alarms(MOMENTS, DRAWS), statement="E phi' = T E phi;  Var phi' = T^2 Var + N")
    fixed = Tally("T08", "stationary variance, Monte Carlo", twin, false_alarms(54, DRAWS), statement="V* = N/(1-T^2)")
    for outer in OUTER[twin]:
        for i, setting in enumerate(SETTINGS):
            rng, label = stream(seed, "T08", outer, i), f"{outer}, {setting}"
            factor, noise = noise_one_mode.cycle_moments(LAM, W, **setting, outer=outer)
            mean, variance = np.array([1.0, -2.0, 0.5]), np.zeros(3)
            slow = _sample(twin, setting, outer, np.broadcast_to(mean, (DRAWS, 3)), 4, rng)
            for t in range(1, 5):
                mean, variance = factor * mean, factor**2 * variance + noise
                _add(row, slow[t], mean, variance, f"cycle {t}, {label}")
            still = noise_one_mode.stationary_variance(LAM, W, **setting, outer=outer)
            start = rng.standard_normal((DRAWS, 3)) * np.sqrt(still)
            _add(fixed, _sample(twin, setting, outer, start, 2, rng)[-1], np.zeros(3), still, label)
    return [row.check(), fixed.check()]
