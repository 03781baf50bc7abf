"""The factor of a cycle against lr x curvature, the edge of stability, and rates for three condition numbers.

Of a linear method the factor is the spectral radius of its extracted map (`nala_lab.measure.cycle_factors`). With the
problem scaled as suits the method best, which is to tune its learning rate (and alpha with it), its rate for spectra
[c, c kappa] is

    min over c of max over [c, c kappa] of factor^(1/gradients)

Beside it stand, for that kappa, with s = sqrt(kappa), each at its best setting on quadratics (Polyak 1964; Lessard,
Recht and Packard 2016, Table 1):

    gradient descent  (kappa-1)/(kappa+1)      NAG  1 - 2/sqrt(3 kappa+1)
    heavy ball, and the Chebyshev bound  (s-1)/(s+1)

No method whose points are sums of the start and of gradients stays below the bound (Nemirovski). Of a method that is
not linear, runs are measured.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from nala_lab.core import Array, require, stream
from nala_lab.measure import Factors, NotLinear, cycle_factors, rate
from nala_lab.study.lines import BAD, GOOD, Line, Section, drawn, short
from nala_lab.study.sizes import Sizes
from nala_lab.study.subject import Studied

__all__ = ["BESIDE", "KAPPAS", "best_rate", "factors"]

KAPPAS = (10, 100, 1000)
BESIDE: dict[str, Callable[[float], float]] = {
    "gradient descent": lambda kappa: (kappa - 1) / (kappa + 1),
    "NAG": lambda kappa: 1 - 2 / math.sqrt(3 * kappa + 1),
    "heavy ball": lambda kappa: (math.sqrt(kappa) - 1) / (math.sqrt(kappa) + 1),
}
BOUND = BESIDE["heavy ball"]
_FINE = np.geomspace(1e-5, 1e2, 1401)  # of lr x curvature; neighbours are 1.2 % apart
_WIDE = 6.0  # of lr x curvature in the picture, unless the edge is further out
_CLOSE = 0.01  # of 1 - rate: what the grid can tell
_FAR = (1, 3, 10, 30, 100, 300, 1000)  # starts of a nonlinear method, in units of its lr


def factors(one: Studied, sizes: Sizes) -> Section:
    """The section: factor, edge, three condition numbers."""
    try:
        map_ = cycle_factors(one.method, _FINE / one.unit, steps=one.period)
    except NotLinear as told:
        return _measured(one, sizes, told.why)
    lines = [_linear(one, map_), _edge(one, map_)]
    found = {kappa: best_rate(_FINE, map_.per_gradient, kappa) for kappa in KAPPAS}
    own = _moves_by_itself(one)
    lines += [_judged(kappa, best, f"at lr x L = {short(at * kappa)}", own) for kappa, (best, at) in found.items()]
    step = 100 * (_FINE[1] / _FINE[0] - 1)
    note = (
        f"Curvatures on a grid with neighbours {step:.1f} % apart; for a condition number the problem is "
        "scaled to suit the method, all else as it is. Per gradient; smaller is faster. No slower: 1 - rate "
        "is at least 0.99 times the other's."
    )
    best = {kappa: value for kappa, (value, _) in found.items()}
    return Section("factors", "Quadratics", tuple(lines), note, _picture(one, _FINE, map_.radius, best, "extracted"))


def best_rate(lam: Array, values: Array, kappa: float) -> tuple[float, float]:
    """Least over c of the largest of `values` on [c, c kappa], and that c; `lam` is a geometric grid.

    Examples
    --------
    >>> lam = np.geomspace(1e-3, 4, 2001)
    >>> value, at = best_rate(lam, np.abs(1 - lam), 3.0)  # gradient descent: 1/2 with steps of 2/(m + L)
    >>> round(value, 2), round(at, 2)
    (0.5, 0.5)
    """
    require("lam", len(lam), len(lam) > 2, "a grid of more than two points")
    width = math.ceil(math.log(kappa) / math.log(lam[1] / lam[0]) - 1e-9) + 1
    windows = np.lib.stride_tricks.sliding_window_view(values, width).max(axis=1)
    at = int(np.argmin(windows))
    # between the neighbours of the best point of the grid, with straight lines between its values
    fine = np.geomspace(lam[max(at - 1, 0)], lam[min(at + 1, len(windows) - 1)], 101)
    log, inside = np.log(lam), values[at + 1 : at + width - 2]
    ends = np.maximum(*(np.interp(np.log(end), log, values) for end in (fine, fine * kappa)))
    worst = np.maximum(ends, inside.max() if len(inside) else 0.0)
    return float(worst.min()), float(fine[int(np.argmin(worst))])


def _linear(one: Studied, map_: Factors) -> Line:
    at = np.array([0.1, 0.5, 1.0, 1.5])
    values = np.interp(at, _FINE, map_.radius)
    told = ", ".join(f"{short(v)} at {a:g}" for a, v in zip(at, values, strict=True))
    memory = ", ".join(map_.memory)
    data = {"lr_times_curvature": _FINE[::14], "factor": map_.radius[::14], "memory": map_.memory}
    return Line("factor of a cycle", f"linear in ({memory})", f"extracted: {told}", GOOD, data)


def _edge(one: Studied, map_: Factors) -> Line:
    stable = map_.radius < 1
    first = int(stable.argmax())
    until = f"lr x curvature = {_FINE[-1]:g}"
    if not stable.any():
        why = f"the factor is 1 or more at each of {len(_FINE)} curvatures up to {until}"
        return Line("stability edge", "never stable", why, BAD, {"edge": 0.0})
    small = f"; it is 1 or more below {_FINE[first]:.3g}" if first else ""
    grown = first + np.flatnonzero(~stable[first:])
    if not len(grown):
        return Line("stability edge", "none found", f"the factor is below 1 up to {until}{small}")
    low, high = _FINE[grown[0] - 1] / one.unit, _FINE[grown[0]] / one.unit
    for _ in range(40):
        middle = (low + high) / 2
        inside = cycle_factors(one.method, [middle], steps=one.period).radius[0] < 1
        low, high = (middle, high) if inside else (low, middle)
    edge = low * one.unit
    evidence = "the factor reaches 1 there, found by halving" + small + _again(map_.radius, grown[0])
    return Line("stability edge", f"lr x curvature = {edge:.6g}", evidence, data={"edge": edge})


def _again(radius: Array, first: int) -> str:
    later = np.flatnonzero(radius[first:] < 1)
    return f"; stable once more at {_FINE[first + later[0]]:.3g}" if len(later) else ""


def _beside(kappa: int) -> tuple[dict[str, float], str]:
    """The other methods' rates, and these in words."""
    rates = {name: of(kappa) for name, of in BESIDE.items()}
    return rates, ", ".join(f"{name} {short(value)}" for name, value in rates.items()) + " = Chebyshev bound"


def _moves_by_itself(one: Studied) -> bool:
    """Whether it moves where every gradient is 0, as weight decay does: to the origin, which is the minimiser here."""
    still = one.run(lambda x: 0 * x, np.array([1.0, -2.0]), 10).x
    return not np.allclose(still, still[0], rtol=1e-9, atol=0)


def _judged(kappa: int, best: float, how: str, own: bool) -> Line:
    beside, told = _beside(kappa)
    data = {"rate": best, **beside, "bound": BOUND(kappa)}
    evidence = f"{how}; {told}"
    what = f"rate, condition {kappa}"
    if own:
        why = "it moves where the gradient is 0 (weight decay?), and the minimiser here is the origin"
        return Line(what, f"{best:.5f}: not comparable", f"{evidence}; {why}", data=data)
    if best >= 1:
        return Line(what, f"{best:.5f}: it does not shrink", evidence, data=data)
    if best < BOUND(kappa) * (1 - 1e-3):
        return Line(what, f"{best:.5f}: below the bound", f"{evidence}: its gradients are miscounted", BAD, data)
    gaps = {name: value for name, value in beside.items() if 1 - best >= (1 - value) * (1 - _CLOSE)}
    verdict = f"no slower than {list(gaps)[-1]}" if gaps else "slower than gradient descent"
    return Line(what, f"{best:.5f}: {verdict}", evidence, data=data)


def _measured(one: Studied, sizes: Sizes, why: str) -> Section:
    """Of a method that is no linear map: mean factors of runs, and what `rate` can tell of them."""
    at = np.geomspace(1e-3, 10.0, sizes.curve)
    found = [_mean_factor(one, a / one.unit, 100 * one.unit, sizes.long) for a in at]
    values, told = np.array([value for value, _ in found]), sum(known for _, known in found)
    data = {"lr_times_curvature": at, "mean_factor": values, "rates_told": told}
    far = f"from 100 lr away, over {sizes.long} gradients: {short(np.nanmin(values))} to {short(np.nanmax(values))}"
    lines = [
        Line("factor of a cycle", "not linear", why),
        Line("mean factor, measured", f"a rate is told for {told} of {len(at)} curvatures", far, data=data),
    ]
    grown = np.flatnonzero(~(values < 1))
    edge = f"no run grew up to lr x curvature = {at[-1]:g}" if not len(grown) else f"first seen at {at[grown[0]]:.3g}"
    lines.append(Line("runs that end further away", "none" if not len(grown) else f"{len(grown)} of {len(at)}", edge))
    best = {}
    for kappa in KAPPAS:
        best[kappa], far_at = min((_reduction(one, kappa, r, sizes.long), r) for r in _FAR)
        how = f"mean of {sizes.long} gradients, from {far_at} lr away at lr x L = 1, the best of {len(_FAR)} starts"
        beside, others = _beside(kappa)
        data = {"mean": best[kappa], **beside}
        lines.append(Line(f"mean rate, condition {kappa}", f"{best[kappa]:.5f}", f"{how}; {others}", data=data))
    note = ("A mean over a run is no limit: it belongs to this length and these starts. The bound is one of limits for "
            "the worst start, so a mean may lie below it. The quadratics lie across the coordinates.")  # fmt: skip
    return Section("factors", "Quadratics", tuple(lines), note, _picture(one, at, values, best, "mean of a run"))


def _mean_factor(one: Studied, curvature: float, start: float, gradients: int) -> tuple[float, bool]:
    rows = one.run(lambda x: curvature * x, np.array([start]), gradients)
    last = abs(float(rows.x[-1, 0]))
    value = math.nan if not math.isfinite(last) else (last / start) ** (1 / (len(rows.x) - 1))
    return (math.inf if math.isnan(value) else value), rate(rows.x, minimizer=[0.0]).verdict == "estimated"


def _reduction(one: Studied, kappa: float, far: float, gradients: int) -> float:
    lam = np.geomspace(1 / kappa, 1.0, 10) / one.unit
    x0 = np.full(10, far * one.unit)
    q, _ = np.linalg.qr(stream(0, "study", "turned quadratic").normal(size=(10, 10)))
    hessian = (q * lam) @ q.T  # not along the coordinates, which adaptive methods would scale one by one
    rows = one.run(lambda x: hessian @ x, x0, gradients)
    left = float(np.linalg.norm(rows.x[-1]) / np.linalg.norm(x0))
    return left ** (1 / float(rows.evals[-1])) if math.isfinite(left) else math.inf


def _picture(one: Studied, at: Array, values: Array, best: dict[int, float], how: str) -> Any:
    from nala_lab.plots import COLOURS

    def draw(axes: Any) -> None:
        left, right = axes
        inside = at <= _WIDE
        dash = "-" if how == "extracted" else "o-"
        shown = np.minimum(values[inside], 2.2)
        left.plot(at[inside], shown, dash, ms=3, color=one.colour, label=f"{one.name}, {how}")
        left.plot([0, _WIDE], [1, 1], "k:", lw=1, label="1: neither grows nor shrinks")
        left.set(xlabel="lr x curvature", ylabel="factor of a cycle", xlim=(0, _WIDE), ylim=(0, 2.2))
        left.legend(loc="best")
        for (name, of), key, dash in zip(BESIDE.items(), ("sgd", "nag", "heavyball"), (":", "-.", "--"), strict=True):
            text = name + (" = bound" if of is BOUND else "")
            right.plot(KAPPAS, [1 - of(k) for k in KAPPAS], dash, color=COLOURS[key], label=text)
        right.plot(KAPPAS, [max(1 - best[k], 1e-6) for k in KAPPAS], "o-", color=one.colour, label=one.name)
        right.set(xscale="log", yscale="log", xlabel="condition number", ylabel="1 - rate per gradient")
        right.legend(loc="lower left")

    alt = (f"Left: factor of a cycle of {one.name} against lr x curvature, {how}. Right: 1 - rate per gradient for "
           "condition numbers 10, 100, 1000, beside gradient descent, NAG and heavy ball.")  # fmt: skip
    return drawn(draw, alt, columns=2)
