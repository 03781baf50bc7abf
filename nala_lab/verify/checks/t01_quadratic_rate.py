"""T01: the rate of a cycle on a quadratic, where a cycle stands at y_t, and what a cycle costs."""

from __future__ import annotations

from typing import Any

import numpy as np

from nala_lab.core import stream
from nala_lab.drive import Method, run
from nala_lab.theory import quadratic_rate
from nala_lab.verify import Check, Tally, Tolerance, check
from nala_lab.verify.shared import F64, nala, quadratic, settings_of_a_cycle, size

CYCLES = 6
# alpha is large enough that a gradient at theta_k instead of y_t moves the result at first order; k of both parities
HARD: list[dict[str, Any]] = [
    {"lr": 0.9, "k": 1, "mu": -0.5, "alpha": 0.3},
    {"lr": 1.9, "k": 3, "mu": -0.5, "alpha": 0.3},
    {"lr": 1.9, "k": 4, "mu": -0.5, "alpha": 1.4},
    {"lr": 0.3, "k": 5, "mu": 0.5, "alpha": 0.8},
    {"lr": 0.3, "k": 5, "mu": -1.0, "alpha": 0.8},
    {"lr": 0.1, "k": 7, "mu": 0.0, "alpha": 0.0},
]


@check("T01")
def rate_on_quadratics(twin: str, seed: int) -> list[Check]:
    """Slow weights at every cycle, and y_t, for hard settings and random ones, stable or not."""
    slow = Tally("T01", "slow weights, every cycle", twin, F64)
    ahead = Tally(
        "T01", "look-ahead point y_t", twin, F64, statement="e_y = Q diag((1+mu)(1 - lr lam)^k - mu) Q' e_phi"
    )
    rng = stream(seed, "T01")
    for i, setting in enumerate(HARD + [settings_of_a_cycle(rng, 1.0) for _ in range(10)]):
        p = quadratic(seed, "T01", i)
        t = run(twin, nala(setting), p.grad, p.start, cycles=CYCLES)
        scale = size(t.slow, t.fast, t.lookahead)
        predicted = quadratic_rate.trajectory(p.eigenvalues, p.eigenvectors, p.start - p.center, CYCLES, **setting)
        slow.add(predicted, t.slow - p.center, scale=scale, setting=str(setting))
        factor = quadratic_rate.lookahead_factor(p.eigenvalues, lr=setting["lr"], k=setting["k"], mu=setting["mu"])
        e_y = ((t.slow[:-1] - p.center) @ p.eigenvectors * factor) @ p.eigenvectors.T
        ahead.add(e_y, t.lookahead - p.center, scale=scale, setting=str(setting))
    return [slow.check(), ahead.check()]


@check("T01")
def rate_of_lookahead(twin: str, seed: int) -> list[Check]:
    """Lookahead is the case alpha = 0 with slow step 1+mu."""
    row = Tally("T01", "Lookahead, every cycle", twin, F64, statement="rho = 1 - s + s (1 - lr lam)^k, s the slow step")
    for i, (k, s) in enumerate([(1, 0.5), (2, 0.3), (5, 0.5), (6, 1.3)]):
        p = quadratic(seed, "T01 lookahead", i)
        t = run(twin, Method("Lookahead", inner=Method("SGD", lr=0.7), k=k, alpha=s), p.grad, p.start, cycles=CYCLES)
        predicted = quadratic_rate.trajectory(
            p.eigenvalues, p.eigenvectors, p.start - p.center, CYCLES, lr=0.7, k=k, mu=s - 1, alpha=0.0
        )
        row.add(predicted, t.slow - p.center, scale=size(t.slow, t.fast), setting=f"k={k}, s={s}")
    return [row.check()]


@check("T01")
def rate_of_a_game(twin: str, seed: int) -> list[Check]:
    """The bilinear game has eigenvalues +-i; its field is normal, so the distance shrinks by exactly |rho|."""
    row = Tally("T01", "distance in the game xy", twin, F64, statement="||e_t|| = |rho(i)|^t ||e_0||")
    field, center = np.array([[0.0, 1.0], [-1.0, 0.0]]), np.array([3.0, -2.0])
    settings: list[dict[str, Any]] = [
        HARD[3] | {"mu": -0.5, "alpha": 0.3},
        {"lr": 0.2, "k": 4, "mu": 0.2, "alpha": 0.0},
    ]
    for setting in settings:
        t = run(twin, nala(setting), lambda z: (z - center) @ field.T, center + [1.0, 2.0], cycles=CYCLES)
        rho = abs(complex(quadratic_rate.rho(1j, **setting)))
        distance = np.linalg.norm(t.slow - center, axis=-1)
        row.add(np.sqrt(5) * rho ** np.arange(CYCLES + 1), distance, scale=size(t.slow), setting=str(setting))
    return [row.check()]


@check("T01")
def cost_of_a_cycle(twin: str, seed: int) -> list[Check]:
    """Gradients spent: k+1 for NALA, k for Lookahead."""
    exact = Tolerance(0.0, 0.0, "counts are exact")
    row = Tally("T01", "gradients spent", twin, exact, kind="identity", statement="(k+1) T for NALA, k T for Lookahead")
    p = quadratic(seed, "T01 cost")
    for k in (1, 2, 5):
        for name, cost, rest in (("NALA", k + 1, {"mu": -0.5, "alpha": 0.1}), ("Lookahead", k, {"alpha": 0.5})):
            method = Method(name, inner=Method("SGD", lr=0.1), k=k, **rest)
            t = run(twin, method, p.grad, p.start, cycles=3)
            row.add(cost * np.arange(4), t.evals, setting=f"{name}, k={k}")
            row.add(k + 1, t.fast.shape[1], setting=f"{name}, k={k}, fast weights per cycle")
    return [row.check()]
