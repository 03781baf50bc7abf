"""T09: Lookahead's stationary variance against SGD's: two routes in closed form, and both measured."""

from __future__ import annotations

from typing import Any

import numpy as np

from nala_lab.core import stream
from nala_lab.drive import Method, run
from nala_lab.theory import noise_one_mode
from nala_lab.verify import Check, Tally, Tolerance, check
from nala_lab.verify.shared import CENTER, Batches, false_alarms

DRAWS = 20_000
LAM = np.array([1.0, 0.4])
SETTINGS = ((1.4, 3, -0.5), (0.3, 5, -0.5), (0.9, 4, 0.3), (1.7, 1, -0.8))  # (lr, k, mu); R < 0 in the first and last
# V* divides by 1 - T^2 >= 1e-3 and the ratio by 2 - s (1 - R) >= 1e-3: 20 roundings of 2^-53 times 1e3
CLOSED = Tolerance(1e-10, 0.0, "20 roundings of 2^-53, condition 1e3")


@check("T09", ("numpy",))
def two_routes(twin: str, seed: int) -> list[Check]:
    """Closed against closed: the ratio, the quotient of T08 variances, and Prop. 2 as it is printed."""
    row = Tally("T09", "ratio = V* (T08) / V_SGD = Prop. 2", twin, CLOSED)
    rng = stream(seed, "T09")
    for _ in range(300):
        a, k, mu = float(rng.uniform(0.02, 1.98)), int(rng.integers(1, 11)), float(rng.uniform(-0.99, 0.8))
        big_r, s = (1 - a) ** k, 1 + mu
        if not abs(s * big_r - mu) < 1 - 1e-3:
            continue
        setting: dict[str, Any] = {"lr": a, "k": k, "mu": mu}
        ratio = noise_one_mode.lookahead_variance_ratio(1.0, **setting)
        quotient = noise_one_mode.stationary_variance(1.0, 1.0, **setting, alpha=0.0)
        row.add(ratio, quotient / noise_one_mode.sgd_variance(1.0, 1.0, lr=a), setting=f"lr lam={a}, {k=}, {mu=}")
        printed = s**2 * (1 - big_r**2) / (s**2 * (1 - big_r**2) + 2 * s * (1 - s) * (1 - big_r))
        row.add(ratio, printed, setting=f"Prop. 2, lr lam={a}, {k=}, {mu=}")
    return [row.check()]


@check("T09")
def variance_of_lookahead(twin: str, seed: int) -> list[Check]:
    """Ensembles started at the predicted stationary variance keep it: Lookahead's and SGD's."""
    row = Tally(
        "T09", "both variances, Monte Carlo", twin, false_alarms(16, DRAWS), statement="Var phi_{t+1} = Var phi_t"
    )
    noise = np.sqrt([0.7, 1.5])
    for lr, k, mu in SETTINGS:
        rng = stream(seed, "T09", lr, k)
        sgd = noise_one_mode.sgd_variance(LAM, noise**2, lr=lr)
        ahead = sgd * noise_one_mode.lookahead_variance_ratio(LAM, lr=lr, k=k, mu=mu)
        inner = Method("SGD", lr=lr)
        for variance, method, length in (
            (ahead, Method("Lookahead", inner=inner, k=k, alpha=1 + mu), {"cycles": 3}),
            (sgd, inner, {"steps": 3 * k}),
        ):
            start = CENTER + rng.standard_normal((DRAWS, 2)) * np.sqrt(variance)
            t = run(twin, method, Batches(np.diag(LAM), np.diag(noise), rng, center=CENTER), start, **length)
            measured = t.final.var(0)
            row.add(variance, measured, scale=variance * np.sqrt(2 / DRAWS), setting=f"{method}")
    return [row.check()]
