"""T12: Eq. (5) along logged runs, whatever the inner rule, the objective, the noise and the sign of mu."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from nala_lab.core import stream
from nala_lab.drive import Method, run
from nala_lab.theory import eq5
from nala_lab.verify import Check, Tally, check
from nala_lab.verify.shared import F64, IDENTITY, quadratic, rosenbrock, size
from problems import NoisyQuadratic

CYCLES = 8
INNER = (
    Method("SGD", lr=2e-4, weight_decay=0.1),
    Method("HeavyBall", lr=1e-4, momentum=0.9),
    Method("Adam", lr=0.02, eps=1e-2),
    Method("AdaBelief", lr=0.02, eps=1e-3),
    Method("AdaLA", lr=2e-4, eps=1e-3),
)
MUS = (-1.0, -0.5, 0.0, 0.3, 1.0)


def _noisy(seed: int) -> NoisyQuadratic:
    return NoisyQuadratic([0.3, 2.0, 7.0], [0.5, 1.0, 0.2], rotation=seed + 5, shift=[1.0, -2.0, 0.5])


def _runs(twin: str, seed: int) -> Iterator[tuple[Any, Callable[..., Any] | None, Any, float, float, str]]:
    """Give (trajectory, gradient, start, mu, alpha, setting); `gradient` is None for a noisy run."""
    rng = stream(seed, "T12")
    for number, inner in enumerate(INNER):
        problems = (quadratic(seed, "T12", number), rosenbrock(), _noisy(seed))
        for i, mu in enumerate((*MUS, float(rng.uniform(-1, 1.2)))):
            problem = problems[(number + i) % 3]
            k, alpha = int(rng.integers(1, 7)), float(rng.uniform(0, 1e-3))
            batch = ("fresh", "last")[(number + i) % 2]
            method = Method("NALA", inner=inner, k=k, mu=mu, alpha=alpha, outer_batch=batch)
            setting = f"{problem.name}, {method}"
            if isinstance(problem, NoisyQuadratic):
                batches = stream(seed, "T12 batches", number, mu)
                t = run(twin, method, problem.noisy_grad, problem.start, cycles=CYCLES, rng=batches)
                yield t, None, problem.start, mu, alpha, setting
            else:
                t = run(twin, method, problem.grad, problem.start, cycles=CYCLES)
                yield t, problem.grad, problem.start, mu, alpha, setting


@check("T12")
def unrolled_form(twin: str, seed: int) -> list[Check]:
    """phi_1 .. phi_T from inner results, start and outer gradients; and where those gradients were taken."""
    unrolled = Tally("T12", "phi_t from theta_{i,k}, phi_0 and the gradients", twin, IDENTITY)
    statement = "y_t = (1+mu) theta_{t,k} - mu phi_{t-1}, and the outer gradient is grad J(y_t)"
    at_y = Tally("T12", "the outer gradient is taken at y_t", twin, F64, statement=statement)
    for t, gradient, start, mu, alpha, setting in _runs(twin, seed):
        predicted = eq5.unroll(t.fast[:, -1], start, t.outer_grad, mu, alpha)
        # |weights| sum to at most (1+|mu|) (1 + |mu| + ... + |mu|^(T-1)); each term is rounded
        reach = (1 + abs(mu)) * sum(abs(mu) ** j for j in range(CYCLES))
        scale = reach * size(t.slow, t.fast, alpha * t.outer_grad, start)
        unrolled.add(predicted, t.slow[1:], scale=scale, setting=setting)
        y = (1 + mu) * t.fast[:, -1] - mu * t.slow[:-1]
        at_y.add(y, t.lookahead, scale=size(t.slow, t.fast), setting=setting)
        if gradient is not None:
            # a gradient of size G is computed from terms of size up to 1e3 G, in Rosenbrock's valley
            at_y.add(gradient(y), t.outer_grad, scale=1e3 * size(t.slow, t.outer_grad), setting=setting)
    return [unrolled.check(), at_y.check()]


@check("T12")
def weights_sum_to_one(twin: str, seed: int) -> list[Check]:
    """Started at the minimiser of a problem without noise, a correct method never moves: the weights sum to one."""
    row = Tally(
        "T12", "a minimiser is a fixed point", twin, IDENTITY, statement="(1+mu) sum_{j<t} (-mu)^j + (-mu)^t = 1"
    )
    p = quadratic(seed, "T12 rest")
    for mu in MUS:
        method = Method("NALA", inner=Method("SGD", lr=0.1), k=3, mu=mu, alpha=0.2)
        t = run(twin, method, p.grad, p.center, cycles=CYCLES)
        row.add(np.broadcast_to(p.center, t.slow.shape), t.slow, scale=size(p.center), setting=f"mu={mu}")
    return [row.check()]
