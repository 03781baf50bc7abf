"""T19: the state of AdaLA's two-cycle is put into both twins and stepped once, for four readings of the probe."""

from __future__ import annotations

from typing import Any

import numpy as np

from nala_lab.drive import Method, late_steps, probes
from nala_lab.theory import adala_critical, adala_cycle
from nala_lab.verify import Check, Tally, Tolerance, check

# twenty roundings of 2^-53; g - g' is a difference of numbers of its own size; 1 - beta2 >= 1e-3 divides one of them
STEP = Tolerance(1e-9, 1e-12, "20 roundings of 2^-53, 1 - beta2 = 1e-3; implicit: iterated to a relative 1e-13")
SETTINGS: tuple[dict[str, Any], ...] = (
    {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8},
    {"lr": 0.3, "betas": (0.5, 0.8), "eps": 1e-2},
    {"lr": 0.2, "betas": (0.0, 0.9), "eps": 1e-6},
)


@check("T19")
def one_application(twin: str, seed: int) -> list[Check]:
    """(x, m, s) to (-x, -m, s) at 1.02, 2 and 50 times the critical curvature, both denominators."""
    row = Tally("T19", "one step of the two-cycle", twin, STEP)
    for setting in SETTINGS:
        for form in ("hat", "raw"):
            limit = adala_critical.critical_curvature(**setting, denominator=form)
            for probe in (p for p in adala_cycle.PROBES if p in probes(twin)):
                rest: dict[str, Any] = {"probe": probe, "denominator": form}
                lam = limit * np.array([1.02, 2.0, 50.0])
                states = [adala_cycle.state(value, **setting, **rest) for value in lam]
                x, m, s, last = (np.array(column) for column in zip(*states, strict=True))
                before = {"m": m, "s": s} | ({"last": last} if probe == "lagged" else {})
                method = Method("AdaLA", **setting, **rest)
                reached, after = late_steps(twin, method, lambda z, lam=lam: lam * z, x, before)
                for name, want, got in (("x", -x, reached), ("m", -m, after["m"]), ("s", s, after["s"])):
                    row.add(want, got, scale=np.abs(want), setting=f"{name}, {method}")
    return [row.check()]
