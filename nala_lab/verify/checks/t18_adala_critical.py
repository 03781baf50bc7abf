"""T18: AdaLA started next to a minimum leaves it above the critical curvature and returns below it, every probe."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from nala_lab.drive import Method, late_steps, probes
from nala_lab.theory.adala_critical import critical_curvature, growth
from nala_lab.verify import Check, Tally, Tolerance, check

# so near that (g - g')^2 is below 1e-16 of eps even for the reading adam, whose probe is lr g / eps there
STEPS, NEAR = 80, 1e-20
SIGN = Tolerance(0.0, 0.0, "sign test 3 % from the limit: 80 steps shrink by 0.1 at least, or grow by 1e2")
# off the limit the two eigenvalues are apart by 0.1 or more: 20 roundings of 2^-53 over that
LINEAR = Tolerance(1e-9, 0.0, "20 roundings of 2^-53, eigenvalues apart by 0.1; terms beyond the linear one 1e-16")
SETTINGS: tuple[dict[str, Any], ...] = (
    {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8},
    {"lr": 0.1, "betas": (0.5, 0.8), "eps": 1e-2},
)


@check("T18")
def sign_test(twin: str, seed: int) -> list[Check]:
    """Distance after 80 steps over the distance at the start, at 0.97 and 1.03 of the limit, bias corrections over."""
    below = Tally("T18", "returns at 0.97 of the limit", twin, SIGN, kind="upper", statement="|x_80| < |x_0|")
    above = Tally("T18", "leaves at 1.03 of the limit", twin, SIGN, kind="lower", statement="|x_80| > 100 |x_0|")
    for setting, method, limit in _readings(twin):
        for share, row, bound in ((0.97, below, 1.0), (1.03, above, 100.0)):
            before = {"m": np.zeros(1), "s": np.array([setting["eps"] / (1 - setting["betas"][1])])}
            x, _ = late_steps(twin, method, lambda x, lam=share * limit: lam * x, np.array([NEAR]), before, STEPS)
            row.add(bound, abs(float(x[0])) / NEAR, setting=f"lam={share} lam_crit, {method}")
    return [below.check(), above.check()]


def _readings(twin: str) -> Iterator[tuple[dict[str, Any], Method, float]]:
    """Setting, method and critical curvature of every reading of AdaLA that the twin has."""
    for setting in SETTINGS:
        for form in ("hat", "raw"):
            for probe in probes(twin):
                method = Method("AdaLA", **setting, probe=probe, denominator=form)
                yield setting, method, critical_curvature(**setting, probe=probe, denominator=form)


@check("T18")
def growth_at_the_minimum(twin: str, seed: int) -> list[Check]:
    """Spectral radius of the twin's own linear map on (x, m) at the minimum, s at rest, both denominators."""
    row = Tally("T18", "spectral radius at the minimum", twin, LINEAR, statement="z^2 - (1+b1-(1-b1) h lam) z + b1 = 0")
    for setting, method, limit in _readings(twin):
        for lam in (0.2 * limit, 0.8 * limit, 1.03 * limit, 2.0 * limit):
            size = _radius(twin, method, lam, setting["eps"] / (1 - setting["betas"][1]))
            row.add(growth(lam, **method.settings), size, setting=f"{lam=}, {method}")
    return [row.check()]


def _radius(twin: str, method: Method, lam: float, rest: float) -> float:
    """Of the map (x, m) to (x', m'), from the two basis states as two coordinates of one weight."""
    x, m = np.array([NEAR, 0.0]), np.array([0.0, NEAR])
    reached, after = late_steps(twin, method, lambda z: lam * z, x, {"m": m, "s": np.full(2, rest)})
    return float(np.abs(np.linalg.eigvals(np.stack([reached, after["m"]]) / NEAR)).max())
