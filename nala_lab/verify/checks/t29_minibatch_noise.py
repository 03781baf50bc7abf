"""T29: mini-batch noise, by running every sequence of batches that can occur: no sampling, so the match is to rounding.

Three examples in the plane. Each member of an ensemble meets one sequence of batches, and together they meet all,
equally often: its averages are expectations.
"""

from __future__ import annotations

from itertools import combinations, product
from typing import Any

import numpy as np

from nala_lab.core import Array, require
from nala_lab.drive import Method, run
from nala_lab.theory.minibatch_cycle import Loop, expected_loss, in_x, propagate, start
from nala_lab.theory.minibatch_noise import FiniteSum
from nala_lab.theory.minibatch_variance import loss_moments
from nala_lab.verify import Check, Tally, check
from nala_lab.verify.shared import F64, nala, size
from problems import LeastSquares

E0 = np.array([1.0, -0.5])
LR, ALPHA, NU = 0.3, 0.2, 0.7
OUTER = {"k": 2, "nu": NU, "alpha": ALPHA}
SGD = Method("SGD", lr=LR)
# (twins, method, the settings as the engine takes them, batches drawn in a cycle)
CASES: tuple[tuple[tuple[str, ...], Method, dict[str, Any], int], ...] = (
    (("numpy", "torch"), nala({"k": 2, "mu": NU - 1, "alpha": ALPHA}, SGD), OUTER, 3),
    (("numpy", "torch"), Method("Lookahead", inner=SGD, k=2, alpha=NU), {"k": 2, "nu": NU}, 2),
    *(
        (twins, Method("OuterMomentum", inner=SGD, **setting), setting, workers * 2 + 1)
        for twins, style, workers in (
            (("numpy", "torch"), "nesterov", 1), (("numpy", "torch"), "heavy-ball", 1), (("numpy",), "nesterov", 2),
        )
        for setting in [{**OUTER, "beta": 0.6, "style": style, "workers": workers}]
    ),
)  # fmt: skip


def _batches(n: int, B: int, replace: bool) -> Array:
    """Every batch, equally likely, (number, B)."""
    return np.array(list(product(range(n), repeat=B)) if replace else list(combinations(range(n), B)))


class _Every:
    """Gradients on batch sequences[:, c] at call c, one sequence for each member."""

    def __init__(self, f: LeastSquares, batches: Array, calls: int) -> None:
        self.f, self.batches, self.call = f, batches, 0
        self.sequences = np.array(list(product(range(len(batches)), repeat=calls)))

    def __call__(self, x: Array) -> Array:
        planned = self.sequences.shape[1]
        require("gradients", self.call + 1, self.call < planned, f"at most {planned}, as its cycles have")
        chosen = self.batches[self.sequences[:, self.call]]
        self.call += 1
        return self.f.batch_grad(x, chosen)


@check("T29")
def every_batch_sequence(twin: str, seed: int) -> list[Check]:
    """Mean, covariance and loss after each of two cycles (one where the sequences are too many)."""
    moments = Tally("T29", "mean and covariance over every batch sequence", twin, F64)
    losses = Tally("T29", "variance of the loss over every batch sequence", twin, F64)
    f = LeastSquares.generated(3, 2, seed=seed)
    best = f.minimizers[0]
    residuals = f.X @ best - f.y
    for twins, method, setting, calls in CASES:
        if twin not in twins:
            continue
        for B, replace in ((1, True), (2, False)):
            cycles = 2 if calls < 4 else 1
            grad = _Every(f, _batches(3, B, replace), calls * cycles)
            members = np.broadcast_to(best + E0, (len(grad.sequences), 2))
            t = run(twin, method, grad, members, cycles=cycles)
            noise = FiniteSum(f.X, f.X * residuals[:, None], B=B, replace=replace)
            loop = Loop(lr=LR, **setting)
            predicted = propagate(noise, loop, start(noise, E0), T=cycles)
            of_loss = loss_moments(f.X, residuals, loop, E0, B=B, replace=replace, T=cycles)
            for i in range(1, cycles + 1):
                e, where = t.slow[i] - best, f"phi_{i}, B={B}, replace={replace}, {method}"
                mean, covariance = in_x(noise, predicted[i])
                moments.add(mean, e.mean(0), scale=size(E0), setting=where)
                centred = e - e.mean(0)
                moments.add(covariance, centred.T @ centred / len(e), scale=size(E0) ** 2, setting=where)
                loss = ((e @ f.A) * e).sum(1) / 2
                losses.add(expected_loss(noise, predicted[i]), loss.mean(), setting=where)
                losses.add(of_loss.variance[i], loss.var(), setting=where)
    return [moments.check(), losses.check()]
