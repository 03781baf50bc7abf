"""T28: the outer step of a full-batch run lowers the objective by at least the descent lemma's amount."""

from __future__ import annotations

import numpy as np

from nala_lab.drive import Method, run
from nala_lab.theory import descent
from nala_lab.verify import Check, Tally, Tolerance, check
from nala_lab.verify.shared import quadratic
from problems import Logistic

# f is a sum of at most 100 rounded terms of its own size: 100 * 2^-53 = 1e-14 of it; theory.md 8 grants 1e-12
SLACK = Tolerance(1e-12, 1e-12, "rounding of f itself, 100 terms of 2^-53")
INNER = (Method("SGD", lr=0.3), Method("HeavyBall", lr=0.1, momentum=0.9), Method("Adam", lr=0.05))


@check("T28")
def descent_of_the_outer_step(twin: str, seed: int) -> list[Check]:
    """f(phi_t) under the bound from y_t, on a quadratic and a regularised logistic loss, any inner rule."""
    row = Tally("T28", "f(phi_t) after the outer step", twin, SLACK)
    for p in (quadratic(seed, "T28", low=0.02), Logistic.generated(40, 4, seed=seed, l2=0.05)):
        for inner in INNER:
            for alpha in (0.3 / p.L, 1.0 / p.L, 1.9 / p.L):
                for mu in (-0.5, 0.4):
                    method = Method("NALA", inner=inner, k=3, mu=mu, alpha=alpha)
                    t = run(twin, method, p.grad, p.start + 1.0, cycles=10)
                    value, grad = p.value(t.lookahead), p.grad(t.lookahead)
                    bound = descent.value_after_outer_step(value, grad, alpha=alpha, smoothness=p.L)
                    scale = float(np.abs(value).max())
                    row.add(bound, p.value(t.slow[1:]), scale=scale, setting=f"{p.name}, {method}")
    return [row.check()]
