"""T22: Huber's function attains the value bound at every setting; convex runs respect it where it is certified."""

from __future__ import annotations

from typing import Any

import numpy as np

from nala_lab.certify.worst_cases import nala
from nala_lab.core import Array, stream
from nala_lab.drive import run
from nala_lab.theory import worst_functions as worst_case
from nala_lab.verify import Check, Tally, Tolerance, check
from nala_lab.verify.shared import F64, quadratic, settings_of_a_cycle, size
from problems import Quadratic

# The certificates are equal to the formula within 2e-6 (the solver's tolerance), the runs round 1e-13 of their numbers.
SOLVER = Tolerance(1e-5, 1e-12, "solver's tolerance of the certificate; rounding of the run")
CENTER = 0.8


class _Huber:
    """L x^2/2 up to |x| = c/L, a line of slope c beyond, moved to CENTER."""

    def __init__(self, L: float, c: float) -> None:
        self.L, self.c = L, c

    def value(self, x: Array) -> Array:
        z = np.abs(x[..., 0] - CENTER)
        return np.asarray(np.where(z <= self.c / self.L, self.L * z**2 / 2, self.c * z - self.c**2 / (2 * self.L)))

    def grad(self, x: Array) -> Array:
        return np.asarray(np.clip(self.L * (x - CENTER), -self.c, self.c))


def _drawn(rng: np.random.Generator, L: float) -> dict[str, Any]:
    return settings_of_a_cycle(rng, L, lr=(0.05, 1), k=7, mu=(-0.5, 0.5), alpha=(0, 2))


@check("T22")
def huber_attains_the_bound(twin: str, seed: int) -> list[Check]:
    """No guarantee can be below the bound: a run on Huber's function from distance R ends exactly there."""
    statement = "f(phi_T) = L R^2 / (2(2H+1)) on Huber's function of slope L R/(2H+1)"
    row = Tally("T22", "value on the worst Huber function", twin, F64, kind="tight", statement=statement)
    rng, L, R = stream(seed, "T22 huber"), 1.6, 2.5
    for _ in range(12):
        setting, cycles = _drawn(rng, L), int(rng.integers(1, 5))
        f = _Huber(L, R * worst_case.huber_slope(L=L, cycles=cycles, **setting))
        t = run(twin, nala(setting), f.grad, np.array([CENTER + R]), cycles=cycles)
        if not np.all(t.fast - CENTER >= f.c / L):  # left the line inside a cycle: less travelled, a worse value still
            continue
        predicted = R**2 * worst_case.value_bound(L=L, cycles=cycles, **setting)
        row.add(predicted, f.value(t.slow[-1]), scale=size(t.slow), setting=f"{setting}, T={cycles}")
    return [row.check()]


@check("T22")
def huber_is_never_better(twin: str, seed: int) -> list[Check]:
    """The same as a lower bound, at settings drawn without regard to where the inner loop ends."""
    statement = "f(phi_T) >= L R^2 / (2(2H+1)) on that Huber function, every mu >= -1, lr and alpha"
    row = Tally("T22", "Huber as a lower bound", twin, F64, kind="lower", statement=statement)
    rng, L, R = stream(seed, "T22 lower"), 0.7, 3.0
    for _ in range(20):
        setting, cycles = _drawn(rng, L) | {"mu": float(rng.uniform(-0.95, 1.5))}, int(rng.integers(1, 4))
        f = _Huber(L, R * worst_case.huber_slope(L=L, cycles=cycles, **setting))
        t = run(twin, nala(setting), f.grad, np.array([CENTER - R]), cycles=cycles)
        bound = R**2 * worst_case.value_bound(L=L, cycles=cycles, **setting)
        row.add(bound, f.value(t.slow[-1]), scale=size(t.slow), setting=f"{setting}, T={cycles}")
    return [row.check()]


@check("T22")
def convex_runs_respect_the_bound(twin: str, seed: int) -> list[Check]:
    """Quadratics with flat directions and Huber's functions, at every certified setting with T = 1, 2, 3."""
    row = Tally("T22", "value after T cycles", twin, SOLVER, kind="upper")
    for i, (mu, k, cycles, step) in enumerate(worst_case.CERTIFIED):
        L = 1.3
        setting: dict[str, Any] = {"lr": 1 / L, "k": k, "mu": mu, "alpha": step / L}
        bound = worst_case.value_bound(L=L, cycles=cycles, **setting)
        for p, minimizer, start in _convex(seed + i, L):
            t = run(twin, nala(setting), p.grad, start, cycles=cycles)
            radius = float(np.sum((start - minimizer) ** 2))
            value = p.value(t.slow[-1]) - p.value(minimizer)
            row.add(radius * bound, value, scale=size(t.slow) ** 2, setting=f"{setting}, T={cycles}")
    return [row.check()]


def _convex(seed: int, L: float) -> list[tuple[Any, Array, Array]]:
    steep = quadratic(seed, "T22", low=1e-3, high=L)
    flat = Quadratic([L, 0.3 * L, 1e-9], rotation=seed, shift=[1.0, -2.0, 0.5], offset=0.0)
    found: list[tuple[Any, Array, Array]] = [(p, p.minimizers[0], p.start + 1.0) for p in (steep, flat)]
    return [*found, *((_Huber(L, c), np.array([CENTER]), np.array([CENTER - 2.0])) for c in (0.2, 0.5, 1.1))]
