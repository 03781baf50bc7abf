"""The certified-rate badge: a run of a twin against the enclosure of its rate.

A setting and a range of curvature [low, high] earn the badge "certified" when

1. the largest rate is enclosed below 1 (`certify_quadratic`),
2. no measured rate of a twin on quadratics with spectra in [low, high] is above the enclosure's upper end, and
3. started along the worst mode, it attains at least 99 % of the lower end: the certificate is not loose.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nala_lab.certify.quadratic import Enclosure, certify_quadratic, exact
from nala_lab.core import Array, require, require_int, stream
from nala_lab.drive import Method, run
from nala_lab.measure.rates import ESTIMATED, rate

__all__ = ["Badge", "badge"]

ATTAINED = 0.99
CYCLES = 120
# Rates are measured on floats that round lr, mu, alpha and lam to 2^-53, through 6 gradients a cycle: 1e-14, times 1e3
# for the fit of a mode. The interval of the estimate says when it is worse.
ROUNDING = 1e-11


@dataclass(frozen=True)
class Badge:
    """What was certified, what was measured, and whether the two fit.

    Attributes
    ----------
    enclosure : of the rate per cycle. measured : largest measured rate. attained : rate on the worst mode.
    verdict : ``"certified"``, ``"not stable"`` (a rate of at least 1 is proved), ``"exceeded"``, ``"not attained"`` or
        ``"cannot tell"`` (the enclosure has its upper end only at or above 1, or a run gave no rate).
    """

    enclosure: Enclosure
    measured: float
    attained: float
    verdict: str


def badge(
    twin: str, *, lr: float, k: int, mu: float, alpha: float, interval: tuple[float, float], inner: str = "gd",
    momentum: float = 0.0, inner_state: str = "keep", runs: int = 4, seed: int = 0,
) -> Badge:  # fmt: skip
    """Certify a setting on a range of curvature and hold a twin to it.

    Parameters
    ----------
    twin : ``"numpy"`` or ``"torch"``. The setting : as `certify_quadratic`.
    runs : quadratics with random spectra, both ends included, in random axes. seed : of these.

    Raises
    ------
    ValueError
        As `certify_quadratic`; for no run; for NAG in torch with kept or reset momentum, whose cycle is another map.

    Examples
    --------
    >>> from nala_lab.certify import badge
    >>> b = badge("numpy", lr=1.0, k=5, mu=-0.5, alpha=0.001, interval=(0.1, 1.0))
    >>> b.verdict, round(b.enclosure.upper, 6), round(b.attained, 6)
    ('certified', 0.795165, 0.795165)
    """
    require_int("runs", runs, low=1)
    setting: dict[str, Any] = {"lr": lr, "k": k, "mu": mu, "alpha": alpha}
    extra: dict[str, Any] = {"inner": inner, "momentum": momentum, "inner_state": inner_state}
    hint = "torch's NAG stands at the look-ahead point: kept or reset momentum makes its cycle another map"
    same = twin == "numpy" or inner != "nag" or inner_state == "pullback"
    require("inner_state", inner_state, same, "'pullback' for NAG in torch", hint)
    enclosure = certify_quadratic(**setting, **extra, interval=interval)
    floats = {name: value if name == "k" else float(exact(name, value)) for name, value in setting.items()}
    method = _method(floats, extra | {"momentum": float(exact("momentum", momentum))})
    low, high = (float(exact("interval", end)) for end in interval)
    assert enclosure.worst is not None  # over an interval there is always a worst value
    rng, rates = stream(seed, "badge", str(method)), []
    for _ in range(runs):
        lam = np.concatenate([[low, high], rng.uniform(low, high, 3)])
        rates.append(_measure(twin, method, lam, rng))
    worst = _measure(twin, method, np.full(2, float(enclosure.worst)), rng)
    measured = max([worst, *rates])  # a NaN rate is told apart below
    return Badge(enclosure, measured, worst, _verdict(enclosure, [worst, *rates]))


def _verdict(enclosure: Enclosure, rates: list[float]) -> str:
    if enclosure.verdict != "stable":
        return "not stable" if enclosure.lower >= 1 else "cannot tell"
    if not np.all(np.isfinite(rates)):
        return "cannot tell"
    if max(rates) > enclosure.upper + ROUNDING:
        return "exceeded"
    return "certified" if rates[0] >= ATTAINED * enclosure.lower else "not attained"


def _method(setting: dict[str, Any], extra: dict[str, Any]) -> Method:
    names = {"gd": "SGD", "heavy-ball": "HeavyBall", "nag": "NAG"}
    momentum = {} if extra["inner"] == "gd" else {"momentum": extra["momentum"]}
    rule = Method(names[extra["inner"]], lr=setting["lr"], **momentum)
    return Method("NALA", inner=rule, k=setting["k"], mu=setting["mu"], alpha=setting["alpha"],
                  inner_state=extra["inner_state"])  # fmt: skip


def _measure(twin: str, method: Method, lam: Array, rng: np.random.Generator) -> float:
    """Low end of the measured rate's interval, in random axes around 0 (rounding is relative there), or NaN."""
    axes = np.linalg.qr(rng.normal(size=(len(lam), len(lam))))[0]
    hessian = (axes * lam) @ axes.T
    t = run(twin, method, lambda x: hessian @ x, axes @ rng.uniform(0.5, 1.5, len(lam)), cycles=CYCLES)
    found = rate(t, minimizer=np.zeros(len(lam)))
    return found.low if found.verdict == ESTIMATED else float("nan")
