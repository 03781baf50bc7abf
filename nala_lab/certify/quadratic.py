"""Rigorous enclosures of the rate of a cycle on quadratics, by interval arithmetic (python-flint's arb).

For gradient descent inside, a cycle multiplies the mode lam by

    rho(lam) = (1 - alpha lam) [ (1+mu)(1 - lr lam)^k - mu ]

and for heavy ball or NAG inside it multiplies (phi, v) by a 2 x 2 matrix O(lam); see `_cycle_map`. Wanted is the
largest spectral radius over single values of lam, or over every lam of an interval. Numbers given as integers,
fractions or strings are exact, a float is the dyadic number it is. The interval is split, the part with the largest
upper bound first, until the best value found at a point and the largest upper bound differ by at most `tol` (above 1:
by that part of the value), or by two floats, or MOST_PARTS evaluations are spent. Every operation is rounded outward,
so ``lower <= sup <= upper`` is a theorem about the numbers given, however wide; only the code could be wrong.
"""

from __future__ import annotations

import heapq
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any

import numpy as np

from nala_lab.core import require, require_choice, require_int, require_number
from nala_lab.methods.hyper import INNER_STATES

__all__ = ["INNER", "Enclosure", "certify_quadratic", "exact"]

INNER = ("gd", "heavy-ball", "nag")
MOST_PARTS = 100_000


@dataclass(frozen=True)
class Enclosure:
    """Bounds on a largest spectral radius: ``lower <= radius <= upper`` is proved.

    Attributes
    ----------
    lower, upper : floats, rounded outward.
    worst : the lam, exact, at which `lower` was found; None for a single matrix.
    gradients : gradients a cycle costs.
    parts : evaluations it took.
    """

    lower: float
    upper: float
    worst: Fraction | None
    gradients: int
    parts: int

    @property
    def verdict(self) -> str:
        """``"stable"``, ``"unstable"``, or ``"cannot tell"`` when 1 lies between the bounds."""
        if self.upper < 1:
            return "stable"
        return "unstable" if self.lower > 1 else "cannot tell"

    @property
    def per_gradient(self) -> tuple[float, float]:
        """The bounds to the power 1/gradients, each moved out by the rounding of the power and of its exponent."""
        ends = []
        for bound, outwards in ((self.lower, -4e-16), (self.upper, 4e-16)):
            away = 1 + abs(math.log(bound)) / self.gradients if bound > 0 else 1.0
            ends.append(bound ** (1 / self.gradients) * (1 + outwards * away))
        return max(0.0, ends[0]), ends[1]


def exact(name: str, value: Any) -> Fraction:
    """Read a number without rounding: int, Fraction, "1/3", "0.1", or a float as the dyadic number it is.

    Raises
    ------
    ValueError
        For anything else, NaN and infinities included.

    Examples
    --------
    >>> exact("mu", "-1/2"), exact("lr", 0.1) == Fraction(1, 10)
    (Fraction(-1, 2), False)
    """
    try:
        return Fraction(getattr(value, "item", lambda: value)())  # NumPy's scalars as Python's
    except (TypeError, ValueError, ArithmeticError) as error:  # an infinity, a denominator of 0
        raise ValueError(f"{name} must satisfy a finite number or fraction, got {name}={value!r}") from error


def certify_quadratic(*, lr: Any, k: int, mu: Any, alpha: Any, interval: tuple[Any, Any] | None = None,
                      points: Sequence[Any] | None = None, inner: str = "gd", momentum: Any = 0,
                      inner_state: str = "keep", tol: float = 1e-6, bits: int = 192) -> Enclosure:  # fmt: skip
    """Enclose the largest spectral radius of a cycle over an interval of lam, or over single values.

    Parameters
    ----------
    lr, k, mu, alpha : the setting of NALA, whose cycle spends k + 1 gradients at every alpha: grad J(y_t) is evaluated
    before it is multiplied. At alpha = 0 the radius is Lookahead's with slow step 1+mu, which spends k.
    interval : (low, high), every lam between. points : a list of single values. One of the two.
    inner : ``"gd"``, ``"heavy-ball"`` or ``"nag"`` (Eq. 2). momentum : its factor in [0, 1).
    inner_state : what happens to the momentum at the synchronisation: keep, reset or pullback.
    tol : over an interval ``upper - lower <= tol * max(1, lower)`` is wanted; it stays wider where floats are too
    coarse for that, or MOST_PARTS = 100,000 evaluations too few. bits : precision.

    Raises
    ------
    ValueError
        When a number is out of range or not finite, or `interval` or `points` is no list of numbers.
    ModuleNotFoundError
        Without python-flint.

    Examples
    --------
    >>> from fractions import Fraction
    >>> from nala_lab.certify import certify_quadratic
    >>> e = certify_quadratic(lr="1/10", k=5, mu="-1/2", alpha="1/1000", points=[1])  # 0.999 * 159049/200000, exactly
    >>> e.lower <= Fraction(999 * 159049, 200_000_000) <= e.upper, e.upper - e.lower < 1e-15, e.verdict
    (True, True, 'stable')
    >>> e = certify_quadratic(lr=1, k=5, mu="-1/2", alpha="1/1000", interval=("1/10", 1))
    >>> f"{e.lower:.6f} {e.upper:.6f} at {e.worst}"
    '0.795165 0.795165 at 1/10'
    """
    require_int("k", k, low=1, hint="k counts inner steps per cycle")
    require_choice("inner", inner, INNER)
    require_choice("inner_state", inner_state, INNER_STATES)
    require_number("tol", tol, low=0, open_low=True)
    require_int("bits", bits, low=64)
    setting = {name: exact(name, value) for name, value in
               {"lr": lr, "mu": mu, "alpha": alpha, "momentum": momentum}.items()}  # fmt: skip
    require_number("lr", setting["lr"], low=0)
    require_number("mu", setting["mu"], low=-1)
    require_number("alpha", setting["alpha"], low=0)
    require_number("momentum", setting["momentum"], low=0, high=1, open_high=True)
    require("momentum", momentum, inner != "gd" or setting["momentum"] == 0, "0 for inner='gd'")
    one = (interval is None) != (points is None)
    require("interval", interval, one, "interval or points, one of the two")
    size = _radius_of(setting, k, inner, inner_state)
    gradients = k + 1  # NALA evaluates its outer gradient at alpha = 0 too
    from flint import ctx

    with ctx.workprec(bits):
        if points is not None:
            require("points", points, _listed(points), "a list of values")
            return _over_points([exact("points", p) for p in points], size, gradients)
        assert interval is not None
        require("interval", interval, _listed(interval) and len(interval) == 2, "two numbers (low, high)")
        low, high = (exact("interval", end) for end in interval)
        require("interval", interval, 0 <= low <= high, "0 <= low <= high")
        return _over_interval(low, high, size, tol, gradients)


def _listed(values: Any) -> bool:
    return isinstance(values, list | tuple) or np.ndim(values) == 1  # a text, which has entries too, has 0 axes


def arb_of(x: Fraction) -> Any:
    """Enclose a rational."""
    from flint import arb, fmpq

    return arb(fmpq(x.numerator, x.denominator))


def ends(ball: Any) -> tuple[float, float]:
    """Give floats below and above everything in `ball`."""
    from flint import arb

    if not ball.is_finite():
        return -math.inf, math.inf
    low, high = float(ball.lower()), float(ball.upper())
    while not arb(low) <= ball.lower():
        low = math.nextafter(low, -math.inf)
    while not arb(high) >= ball.upper():
        high = math.nextafter(high, math.inf)
    return low, high


def _bounds(radius: Any) -> tuple[float, float]:
    """`ends` of a size: a ball around 0 reaches below it, the size does not."""
    low, high = ends(radius)
    return max(0.0, low), high


def _radius_of(setting: dict[str, Fraction], k: int, inner: str, inner_state: str) -> Callable[[Any], Any]:
    """Make the function lam (ball) -> ball around the spectral radius of a cycle."""

    def gd(lam: Any) -> Any:
        lr, mu, alpha = (arb_of(setting[name]) for name in ("lr", "mu", "alpha"))
        return abs((1 - alpha * lam) * ((1 + mu) * (1 - lr * lam) ** k - mu))

    def with_momentum(lam: Any) -> Any:
        o = _cycle_map(lam, setting, k, inner, inner_state)
        return abs(o[0][0]) if len(o) == 1 else _radius_2x2(o)

    return gd if inner == "gd" else with_momentum


def _cycle_map(lam: Any, setting: dict[str, Fraction], k: int, inner: str, inner_state: str) -> list[list[Any]]:
    """O(lam) on (phi, v): theory.md 1.2, P = M^k, c = 1 - alpha lam, s = 1+mu.

    keep [[c(s P11 - mu), c s P12], [P21, P22]];  reset c(s P11 - mu);  pullback diag(c, 1)(s P - mu I)
    """
    from flint import arb_mat

    lr, mu, alpha, beta = (arb_of(setting[name]) for name in ("lr", "mu", "alpha", "momentum"))
    a, c, s = lr * lam, 1 - alpha * lam, 1 + mu
    b = beta * (1 - a) if inner == "nag" else beta
    p = arb_mat(2, 2, [1 - a, b, -a, b]) ** k
    first = c * (s * p[0, 0] - mu)
    if inner_state == "reset":
        return [[first]]
    if inner_state == "keep":
        return [[first, c * s * p[0, 1]], [p[1, 0], p[1, 1]]]
    return [[first, c * s * p[0, 1]], [s * p[1, 0], s * p[1, 1] - mu]]


def _radius_2x2(o: list[list[Any]]) -> Any:
    """Roots of z^2 - tau z + delta: a pair of size sqrt(delta), or (|tau| + sqrt(disc))/2; both when disc holds 0."""
    tau, delta = o[0][0] + o[1][1], o[0][0] * o[1][1] - o[0][1] * o[1][0]
    disc = (o[0][0] - o[1][1]) ** 2 + 4 * o[0][1] * o[1][0]  # = tau^2 - 4 delta, with less to cancel
    if disc < 0:
        return delta.nonnegative_part().sqrt()
    if disc >= 0:
        return (abs(tau) + disc.nonnegative_part().sqrt()) / 2
    low = (tau.abs_lower() / 2).max(delta.abs_lower().sqrt())  # radius >= |tau|/2 and >= sqrt|delta|, always
    high = (tau.abs_upper() + disc.abs_upper().sqrt()) / 2
    return low.lower().union(high.upper())


def _over_points(values: list[Fraction], size: Callable[[Any], Any], gradients: int) -> Enclosure:
    require("points", values, len(values) >= 1 and min(values) >= 0, "at least one value, none negative")
    bounds = [(*_bounds(size(arb_of(lam))), lam) for lam in values]
    low, _, worst = max(bounds)
    return Enclosure(low, max(high for _, high, _ in bounds), worst, gradients, len(bounds))


def _over_interval(low: Fraction, high: Fraction, size: Callable[[Any], Any], tol: float, gradients: int) -> Enclosure:
    best, worst = max((_bounds(size(arb_of(lam)))[0], lam) for lam in (high, low))
    parts = [(-ends(size(arb_of(low).union(arb_of(high))))[1], low, high)]
    count = 3
    while -parts[0][0] - best > tol * max(1, best) and count < MOST_PARTS:
        if -parts[0][0] <= math.nextafter(math.nextafter(best, math.inf), math.inf):
            break  # as near as floats come: a ball around a float reaches to the one below it and the one above
        _, left, right = heapq.heappop(parts)
        middle = (left + right) / 2
        here = ends(size(arb_of(middle)))[0]
        best, worst = max((best, worst), (here, middle))
        for a, b in ((left, middle), (middle, right)):
            heapq.heappush(parts, (-ends(size(arb_of(a).union(arb_of(b))))[1], a, b))
        count += 3
    return Enclosure(best, max(best, -parts[0][0]), worst, gradients, count)
