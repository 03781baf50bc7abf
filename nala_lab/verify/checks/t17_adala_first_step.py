"""T17: the first step of AdaLA on a quadratic tells which probe was taken, and whether the weights were restored."""

from __future__ import annotations

from typing import Any

from nala_lab.core import stream
from nala_lab.drive import Method, probes, run
from nala_lab.theory import adala_first_step
from nala_lab.verify import Check, Tally, Tolerance, check
from nala_lab.verify.shared import size
from problems import Quadratic

# g - g' carries 2^-52 |g| <= 2e-14 against a denominator of at least sqrt(eps/(1-beta2)) = 1e-2; the fixed point of the
# implicit probe is iterated to a relative change of 1e-13 by the reference
FIRST = Tolerance(1e-8, 1e-12, "a difference of gradients, 2^-52 |g| / 1e-2; implicit: relative 1e-13, times 1e2")


@check("T17")
def first_step_per_probe(twin: str, seed: int) -> list[Check]:
    """Displacement of the first step, and where the probe stood."""
    step = Tally("T17", "first AdaLA step, per probe", twin, FIRST)
    where = Tally("T17", "where the first probe stands", twin, FIRST, statement="probe = x - p, p as the reading says")
    for probe in probes(twin):
        for denominator in ("hat", "raw"):
            rng = stream(seed, "T17", probe, denominator)
            p = Quadratic(rng.uniform(0.05, 20, 4), shift=rng.normal(size=4) + 2, offset=3.0)
            x = p.center + rng.normal(size=4) + 0.5
            rest: dict[str, Any] = {"betas": (0.9, 0.99), "eps": 1e-6, "probe": probe, "denominator": denominator}
            for lr in (1e-3, 0.05):
                method = Method("AdaLA", lr=lr, **rest)
                t = run(twin, method, p.grad, x, steps=1)
                e, lam = x - p.center, p.eigenvalues
                predicted = adala_first_step.adala_first_step(e, lam, lr=lr, **rest)
                step.add(predicted, t.x[1] - x, scale=size(t.x), setting=str(method))
                if probe != "lagged":
                    moved = adala_first_step.probe_displacement(lam * e, lam, lr=lr, **rest)
                    where.add(-moved, t.probes[0] - x, scale=size(t.x), setting=str(method))
    return [step.check(), where.check()]
