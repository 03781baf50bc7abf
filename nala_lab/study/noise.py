"""Under noise a method pays for speed with variance: where it stands beside SGD, and beside SGD with averaging.

    g = lam x + xi,   xi ~ N(0, sigma^2)     drawn anew for every gradient and every one of many runs

speed      a third of the gradients until the mean of the runs is an eighth of what it was: gradients to halve it
variance   mean of x^2 over the last third of the runs, in units of (sigma/lam)^2

Both are measured in the same runs, of every method alike. SGD with steps a/lam has a/(2 - a) after log(1/2)/log(1 - a)
gradients; averaging is an exponential average of SGD's weights, which is what is measured then.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from nala_lab.core import Array, stream
from nala_lab.measure import NotLinear, cycle_factors
from nala_lab.measure.noisy_runs import run_alone
from nala_lab.reference import SGD
from nala_lab.study.lines import GOOD, Line, Section, cannot, drawn, short
from nala_lab.study.sizes import Sizes
from nala_lab.study.subject import Studied, studied

__all__ = ["noise"]

_SIGMA = 0.2  # of lam x_0
_STARTS = 30.0  # lr from the minimum, for a method whose step does not grow with the gradient
_STEP = 0.4  # lr x curvature at its own lr
_HALVINGS = 3  # of the mean, to time them: the first step of a method may be unlike the others
_EARLY = (10, 30)  # gradients in which most of the speed is measured, and a momentum of 0.9 has nearly run up
_GROWN = 1.3  # times as long steps late as early, for the same gradients: speed and variance are not of one method
_SETTLED = 0.05  # the two halves of the last third may differ by so much of their sum
_FACTORS = (1.0, 0.5, 0.25, 0.125)
_AVERAGES = (0.5, 0.7, 0.85)


class Averaged:
    """SGD whose weights are averaged as they come; the average is what is looked at. The first coordinate is SGD's."""

    def __init__(self, lr: float, keep: float) -> None:
        self.lr, self.keep = lr, keep

    def init(self, theta: Array) -> Array:
        """SGD's own weights, apart from the average."""
        return theta

    def step(self, theta: Array, grad: Callable[[Array], Array], fast: Array) -> tuple[Array, Array]:
        """A step of SGD from its own weights, and the average's step to it."""
        fast = fast - self.lr * grad(fast)
        return self.keep * theta + (1 - self.keep) * fast, fast


def noise(one: Studied, sizes: Sizes) -> Section:
    """The section: variance and speed at a few learning rates, beside SGD."""
    lam, far = _STEP / one.unit, _STARTS * one.unit
    points: list[tuple[float, float, float]] = []
    lines = []
    xi = _SIGMA * lam * far * stream(0, "study", "noise of two runs").standard_normal((100, 2, 1))
    if not run_alone(lambda grad, x0: one.run(grad, x0, 20).x, lam, xi, np.array([[far], [0.0]])):
        why = "it looks at all of its weights together, and the runs here are the rows of one array"
        return Section("noise", "Noise: variance against speed", (cannot("variance against speed", why),))
    grown = _grown(one, lam, far, sizes)
    for factor in _FACTORS:
        changed = one.times_lr(factor)
        if changed is None:
            lines.append(cannot("other learning rates", "it has no lr that changes its steps"))
            break
        half, variance = _measured(changed, lam, far, sizes)
        points.append((factor, half, variance))
        lines.append(_line(factor, half, variance, grown))
    averaged = [_measured(studied(Averaged(one.unit, keep)), lam, far, sizes) for keep in _AVERAGES]
    plain = [_measured(studied(SGD(one.unit * factor)), lam, far, sizes) for factor in _FACTORS]
    lines.append(_control(plain))
    error = 100 * math.sqrt(2 / sizes.members)
    note = (
        f"{sizes.members} runs of {sizes.noisy} gradients from {_STARTS:g} lr away, curvature {_STEP:g}/lr, "
        f"sigma = {_SIGMA:g} of the first gradient. Less variance at the same speed is better. A standard error of the "
        f"variance is at most {error:.2g} %. Where steps do not grow with gradients, the speed belongs to this start."
    )
    return Section("noise", "Noise: variance against speed", tuple(lines), note, _picture(one, points, plain, averaged))


def _measured(one: Studied, lam: float, far: float, sizes: Sizes) -> tuple[float, float]:
    """(gradients to halve the mean, variance in units of (sigma/lam)^2); inf and NaN where they cannot be told."""
    sd = _SIGMA * lam * far
    x0 = np.full((sizes.members, 1), far)
    rng = stream(0, "study", "noise")
    rows = one.run(lambda x, rng: lam * x + sd * rng.standard_normal(x.shape), x0, sizes.noisy, rng=rng)
    mean = np.abs(rows.x[:, :, 0].mean(axis=1))
    level = far / 2**_HALVINGS
    below = np.flatnonzero(~(mean > level))
    # One cycle that does it all is the method's first, and says nothing of the ones to come.
    if not len(below) or below[0] <= 1 or not np.isfinite(rows.x[-1]).all():
        return math.inf, math.nan
    i = int(below[0])
    # straight line in the log between the rows around the level
    share = math.log(mean[i - 1] / level) / math.log(mean[i - 1] / max(mean[i], 1e-300))
    half = float(rows.evals[i - 1] + share * (rows.evals[i] - rows.evals[i - 1])) / _HALVINGS
    tail = np.mean(rows.x[-max(4, len(rows.x) // 3) :, :, 0] ** 2, axis=1)
    early, late = (float(part.mean()) for part in np.array_split(tail, 2))
    settled = abs(early - late) <= _SETTLED * (early + late)
    return half, float(tail.mean() / (_SIGMA * far) ** 2) if settled else math.nan


def _grown(one: Studied, lam: float, far: float, sizes: Sizes) -> float:
    """Length of late steps over that of early ones, for the gradients of the start: far above 1 in a warm-up."""
    try:
        cycle_factors(one.method, [lam], steps=one.period)
    except NotLinear:
        g, rng = lam * far, stream(0, "study", "steps of one length")
        noisy: Callable[..., Array] = lambda x, rng: g + _SIGMA * g * rng.standard_normal(x.shape)  # noqa: E731
        rows = one.run(noisy, np.zeros((sizes.members, 1)), sizes.noisy, rng=rng)
        at = np.array([*_EARLY, rows.evals[-1] * 2 / 3, rows.evals[-1]])
        with np.errstate(invalid="ignore", divide="ignore"):
            first, last, third, end = np.interp(at, rows.evals, rows.x[:, :, 0].mean(axis=1))
            return float((end - third) / (at[3] - at[2]) / ((last - first) / (_EARLY[1] - _EARLY[0])))
    return 1.0


def sgd_at(half: float) -> float:
    """SGD's stationary variance, in units of (sigma/lam)^2, with the step that halves the mean in `half` gradients.

    Examples
    --------
    >>> sgd_at(1.0)  # a = 1/2: a/(2 - a)
    0.3333333333333333
    """
    a = 1 - 0.5 ** (1 / half)
    return a / (2 - a)


def _line(factor: float, half: float, variance: float, grown: float) -> Line:
    what = f"at {factor:g} lr"
    data = {"lr_factor": factor, "gradients_to_half": half, "variance": variance}
    if not math.isfinite(half):
        return Line(what, "cannot tell", "the mean did not fall to an eighth, or at once, or the runs left the numbers",
                    data=data)  # fmt: skip
    if math.isnan(variance):
        why = "but the variance has not settled by the end: more gradients are needed"
        return Line(what, "cannot tell", f"halves in {short(half)} gradients, {why}", data=data)
    if grown > _GROWN:
        why = f"but late steps are {short(grown)} times as long for the same gradients: a warm-up, or a filling average"
        return Line(what, "cannot tell", f"halves in {short(half)} gradients, {why}", data=data)
    beside = sgd_at(half)
    ratio = variance / beside
    data |= {"sgd": beside, "ratio": ratio}
    evidence = f"halves in {short(half)} gradients, variance {short(variance)}; SGD as fast as that: {short(beside)}"
    return Line(what, f"{ratio:.3g} x SGD's variance", evidence, GOOD if ratio < 0.95 else "plain", data)


def _control(plain: list[tuple[float, float]]) -> Line:
    """SGD measured in the same way against its own formula: what the instrument is worth here."""
    seen = [abs(v / sgd_at(h) - 1) for h, v in plain if math.isfinite(h) and math.isfinite(v)]
    if not seen:
        return cannot("SGD, measured the same way", "the runs are too short to settle")
    off = max(seen)
    told = f"within {100 * off:.2g} % of its formula"
    return Line("SGD, measured the same way", told, "the error of this instrument", data={"points": plain})


def _picture(one: Studied, points: list[tuple[float, float, float]], plain: list[tuple[float, float]],
             averaged: list[tuple[float, float]]) -> Any:  # fmt: skip
    from nala_lab.plots import ROLES

    def draw(axes: Any) -> None:
        ax = axes[0]
        known: Callable[[Any], Any] = lambda pairs: [p for p in pairs if math.isfinite(p[0]) and math.isfinite(p[1])]  # noqa: E731
        finite = known([(h, v) for _, h, v in points])
        most = max([10.0, *(h for h, _ in [*finite, *known(plain), *known(averaged)])])
        grid = np.geomspace(0.8, 1.2 * most, 200)
        ax.plot(grid, [sgd_at(h) for h in grid], "k-", lw=1, label="SGD, formula")
        ax.plot(*zip(*plain, strict=True), "k*", ms=8, label="SGD, measured")
        ax.plot(*zip(*averaged, strict=True), "s", color=ROLES["limit"], label="SGD with averaging")
        if finite:
            ax.plot(*zip(*finite, strict=True), "o-", color=one.colour, label=one.name)
        ax.set(xscale="log", yscale="log", xlabel="gradients to halve the mean", ylabel="variance, (sigma/curvature)^2")
        ax.legend(loc="lower left")

    alt = (f"Stationary variance against gradients to halve the mean, of {one.name} at {len(points)} learning rates, "
           "of SGD, and of SGD with averaging.")  # fmt: skip
    return drawn(draw, alt)
