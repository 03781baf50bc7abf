"""T20: the mean of (g - g')^2 over mini-batches, next and same, and the variance of SGD with an averaged gradient."""

from __future__ import annotations

from typing import Any

import numpy as np

from nala_lab.core import stream
from nala_lab.drive import Method, run
from nala_lab.theory import adala_noise
from nala_lab.verify import Check, Tally, check
from nala_lab.verify.shared import CENTER, Batches, false_alarms

DRAWS = 20_000
LAM, SIGMA2 = np.array([0.5, 3.0, 20.0]), np.array([1.0, 0.2, 4.0])
PLAN = {"next": ("new", "new"), "same": ("new", "again")}


@check("T20")
def surprise(twin: str, seed: int) -> list[Check]:
    """Mean of (g - g')^2 at the first step from a fixed point, probe grad."""
    rows = []
    for batch in ("next", "same"):
        row = Tally("T20", f"E (g - g')^2, {batch} batch, Monte Carlo", twin, false_alarms(6, DRAWS))
        for lr in (1e-3, 0.2):
            rng, e = stream(seed, "T20", batch, lr), np.array([1.0, -0.3, 0.1])
            grad = Batches(np.diag(LAM), np.diag(np.sqrt(SIGMA2)), rng, PLAN[batch], CENTER)
            method = Method("AdaLA", lr=lr, probe="grad", probe_batch=batch)
            t = run(twin, method, grad, np.broadcast_to(CENTER + e, (DRAWS, 3)), steps=1)
            squares = (t.grads[0] - t.probe_grads[0]) ** 2
            predicted = adala_noise.expected_surprise(e**2, LAM, SIGMA2, lr=lr, batch=batch)
            row.add(predicted, squares.mean(0), scale=squares.std(0) / np.sqrt(DRAWS), setting=str(method))
        rows.append(row.check())
    return rows


@check("T20")
def averaged_sgd(twin: str, seed: int) -> list[Check]:
    """Started at rest, 200 steps later the ensemble has the stationary variance of SGD with an averaged gradient."""
    row = Tally("T20", "variance of averaged SGD, Monte Carlo", twin, false_alarms(4, 4000),
                statement="V = h(1+b1) sigma^2/(lam(2(1+b1) - h lam(1-b1)))")  # fmt: skip
    lam, root = np.array([1.0, 4.0]), np.sqrt([0.5, 2.0])
    for h, beta1 in ((0.3, 0.9), (0.2, 0.5)):
        rng = stream(seed, "T20 averaged", beta1)
        # -h m is the velocity of heavy ball with step h (1-beta1); its factors are below 0.949; 0.949^400 is 1e-9
        method = Method("HeavyBall", lr=h * (1 - beta1), momentum=beta1)
        t = run(twin, method, Batches(np.diag(lam), np.diag(root), rng, center=CENTER), np.full((4000, 2), CENTER),
                steps=200)  # fmt: skip
        predicted = adala_noise.averaged_sgd_variance(lam, root**2, h=h, beta1=beta1)
        measured = t.final.var(0)
        row.add(predicted, measured, scale=predicted * np.sqrt(2 / 4000), setting=f"h={h}, beta1={beta1}")
    return [row.check()]


def wandering(twin: str, seed: int, batch: str, lr: float, steps: int) -> tuple[float, float]:
    """E x^2 of AdaLA at its noise floor, predicted by `stationary_step` and measured over the run's last half."""
    rng, setting = stream(seed, "T20 floor", batch, lr), {"betas": (0.9, 0.999), "eps": 1e-8}
    _, predicted = adala_noise.stationary_step(2.0, 1.0, lr=lr, **setting, batch=batch)  # type: ignore[arg-type]
    method = Method("AdaLA", lr=lr, **setting, probe="grad", probe_batch=batch)
    start: Any = CENTER + rng.standard_normal((200, 1)) * np.sqrt(predicted)
    t = run(twin, method, Batches([[2.0]], [[1.0]], rng, PLAN[batch], CENTER), start, steps=steps)
    return predicted, float(np.mean((t.x[steps // 2 :] - CENTER) ** 2))
