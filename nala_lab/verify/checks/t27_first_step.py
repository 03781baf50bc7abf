"""T27: the first step of Adam and AdaBelief on every problem of the registry, alone and inside NALA."""

from __future__ import annotations

from typing import Any

import numpy as np

from nala_lab.core import stream
from nala_lab.drive import Method, run
from nala_lab.theory import first_step
from nala_lab.verify import Check, Tally, check
from nala_lab.verify.shared import F64, size
from problems import PROBLEMS


@check("T27")
def first_step_of_adam(twin: str, seed: int) -> list[Check]:
    """Adam as the inner rule: theta_{1,1} - phi_0, with eps from negligible to as large as the gradient."""
    row = Tally("T27", "first Adam step, every problem", twin, F64)
    for name, make in PROBLEMS.items():
        p = make()
        x = p.start + 0.1 * stream(seed, "T27", name).normal(size=p.dim)
        for eps in (1e-8, float(np.abs(p.grad(x)).max())):
            method = Method("NALA", inner=Method("Adam", lr=0.05, eps=eps), k=2, mu=-0.5, alpha=1e-3)
            t = run(twin, method, p.grad, x, cycles=1)
            predicted = first_step.adam_first_step(p.grad(x), lr=0.05, eps=eps)
            row.add(predicted, t.fast[0, 1] - x, scale=size(t.fast), setting=f"{name}, {method}")
    return [row.check()]


@check("T27")
def first_step_of_adabelief(twin: str, seed: int) -> list[Check]:
    """AdaBelief alone: theta_1 - theta_0 in both denominators."""
    statement = "-lr g/(sqrt(beta1^2 g^2 + eps/(1-beta2)) + eps) (hat), -lr g/sqrt((1-beta2) beta1^2 g^2 + 2 eps) (raw)"
    row = Tally("T27", "first AdaBelief step, every problem", twin, F64, statement=statement)
    for name, make in PROBLEMS.items():
        p = make()
        x = p.start + 0.1 * stream(seed, "T27", name).normal(size=p.dim)
        for denominator in ("hat", "raw"):
            setting: dict[str, Any] = {"lr": 0.05, "betas": (0.8, 0.9), "eps": 1e-2, "denominator": denominator}
            method = Method("AdaBelief", **setting)
            t = run(twin, method, p.grad, x, steps=1)
            predicted = first_step.adabelief_first_step(p.grad(x), **setting)
            row.add(predicted, t.x[1] - x, scale=size(t.x), setting=f"{name}, {method}")
    return [row.check()]
