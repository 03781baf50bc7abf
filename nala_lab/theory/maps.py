"""Maps of the rate and of stability over any two of (lr, mu, alpha, k, lam, kappa), for gradient descent inside.

Each cell is the worst |rho(lam)| over a spectrum, rho of `quadratic_rate`, to the power 1 / (gradients per cycle):

    rate = max_lam |(1 - alpha lam)((1+mu)(1 - lr lam)^k - mu)| ^ (1 / (k + 1))

NALA evaluates its outer gradient at alpha = 0 too, so a cycle costs k + 1 everywhere on its map. Lookahead, the same
points at alpha = 0, costs k and has a map of its own.

A cell is stable when its rate is below 1. With an axis "kappa" the spectrum is log-spaced from L / kappa to L.

Source: T01. Status: proved; tight.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nala_lab.core import Real, eigenvalues, require, require_choice, require_int, require_number
from nala_lab.core.threads import in_threads
from nala_lab.theory.quadratic_rate import TINY, gradients_of, rate_per_gradient

__all__ = ["AXES", "RateMap", "rate_map"]

AXES = ("lr", "mu", "alpha", "k", "lam", "kappa")
_CELLS = 1 << 17  # numbers a thread holds at a time: 1 MB, so that the passes over them stay in the cache
_THREADS = 2


@dataclass(frozen=True)
class RateMap:
    """A rectangle of rates.

    Attributes
    ----------
    x, y : (name, values) of the axes. rate : (len(y), len(x)), dimensionless, per gradient or per cycle.
    per : ``"gradient"`` or ``"cycle"``. fixed : the settings that are not axes.
    """

    x: tuple[str, Real]
    y: tuple[str, Real]
    rate: Real
    per: str
    fixed: Mapping[str, Any]

    @property
    def stable(self) -> NDArray[np.bool_]:
        """Where every mode shrinks."""
        return self.rate < 1

    def best(self) -> tuple[float, float, float]:
        """The best cell: (x, y, rate)."""
        row, column = np.unravel_index(int(np.argmin(self.rate)), self.rate.shape)
        return float(self.x[1][column]), float(self.y[1][row]), float(self.rate[row, column])


def rate_map(x: tuple[str, ArrayLike], y: tuple[str, ArrayLike], *, lr: float = 1.0, mu: float = -0.5,
             alpha: float = 0.0, k: int = 5, lam: ArrayLike = 1.0, modes: int = 100, per: str = "gradient",
             method: str = "nala") -> RateMap:  # fmt: skip
    """Compute the map; every setting that is not an axis keeps its one value.

    Raises ValueError for an unknown or repeated axis, an empty one, or a value outside its setting's range.

    Parameters
    ----------
    x, y : (name, values), two different names of AXES. lr, mu, alpha, k : settings. lam : the spectrum, (n,) or one
    eigenvalue; with an axis "kappa" only its largest value L is used and `modes` values down to L / kappa are made.
    per : ``"gradient"`` or ``"cycle"``. method : whose cycle, ``"nala"`` or ``"lookahead"`` (alpha = 0).

    Examples
    --------
    >>> from nala_lab.theory.maps import rate_map
    >>> m = rate_map(("lr", [0.5, 1.0, 3.0]), ("mu", [-0.5, 0.0]), k=1, lam=1.0, per="cycle")
    >>> m.rate.round(3)
    array([[0.75, 0.5 , 0.5 ],
           [0.5 , 0.  , 2.  ]])
    >>> m.stable.tolist()
    [[True, True, True], [True, True, False]]
    """
    names = (x[0], y[0])
    for axis in names:
        require_choice("axis", axis, AXES)
    require("axes", names, names[0] != names[1] and set(names) != {"lam", "kappa"}, "two different settings")
    require_choice("per", per, ("gradient", "cycle"))
    require_int("modes", modes, low=2)
    values = {"lr": lr, "mu": mu, "alpha": alpha, "k": k, "lam": lam}
    axes = {name: _axis(name, given) for name, given in (x, y)}
    for name, fixed in values.items():
        if name not in axes:
            one = np.atleast_1d(eigenvalues(name, fixed))
            require(name, fixed, one.size > 0 if name == "lam" else one.size == 1, "one number, or an axis of them")
            _require_range(name, one)
    spread = _spread(values, axes, names, modes)
    cost = gradients_of(method, spread["k"], spread["alpha"])
    rate = _fill(spread, len(axes[names[1]]), len(axes[names[0]]))
    if per == "gradient":
        lost = np.argwhere((rate < TINY) & (np.broadcast_to(spread["mu"], (*rate.shape, 1))[..., 0] == 0))
        rate **= 1 / np.broadcast_to(cost, (*rate.shape, 1))[..., 0]
        for row, column in lost:  # (1 - lr lam)^k is below all floats there, and its root is not
            at = {n: np.broadcast_to(a, (*rate.shape, a.shape[2]))[row, column] for n, a in spread.items()}
            lam = at.pop("lam")
            given: dict[str, Any] = {n: a.item() for n, a in at.items()} | {"k": int(at["k"].item())}
            rate[row, column] = rate_per_gradient(lam, **given, method=method).max()
    kept = {name: fixed for name, fixed in values.items() if name not in names}
    return RateMap((names[0], axes[names[0]]), (names[1], axes[names[1]]), rate, per, kept)


def _axis(name: str, values: ArrayLike) -> Real:
    array: Real = eigenvalues(name, values)
    require(name, array.shape, array.ndim == 1 and array.size > 0, "a one-dimensional, non-empty axis")
    _require_range(name, array)
    return array


def _require_range(name: str, values: Real) -> None:
    low = {"lr": 0.0, "mu": -1.0, "alpha": 0.0, "k": 1.0, "kappa": 1.0, "lam": -np.inf}[name]
    for extreme in (values.min(), values.max()):  # NaN is both, so it is refused
        require_number(name, float(extreme), low=low)
    if name == "k":
        require("k", values.tolist(), bool(np.all(values == np.round(values))), "integers k >= 1")


def _spread(values: Mapping[str, Any], axes: Mapping[str, Real], names: tuple[str, str], modes: int) -> dict[str, Real]:
    """Every setting as an array that broadcasts over (y, x, mode)."""
    shapes = {names[0]: (1, -1, 1), names[1]: (-1, 1, 1)}
    spread = {n: np.asarray(v, np.float64).reshape(1, 1, -1) for n, v in values.items() if n not in axes}
    spread.update({n: v.reshape(shapes[n]) for n, v in axes.items()})
    if "kappa" in spread:
        top = float(np.max(np.asarray(values["lam"], np.float64)))
        require_number("lam", top, low=0, open_low=True, hint="L, the largest eigenvalue, with an axis 'kappa'")
        spread["lam"] = top * spread.pop("kappa") ** -np.linspace(0, 1, modes)
    return spread


def _fill(spread: Mapping[str, Real], rows: int, columns: int) -> Real:
    out = np.empty((rows, columns))
    width = columns * max(a.shape[2] for a in spread.values())
    block = max(1, _CELLS // width)

    def one(start: int) -> None:
        cut = {n: a[start : start + block] if a.shape[0] > 1 else a for n, a in spread.items()}
        out[start : start + block] = _worst(cut, min(block, rows - start), columns)

    if spread["lr"].shape[0] == spread["lam"].shape[0] == spread["k"].shape[0] == 1:
        spread = {**spread, "power": _shrinkage(spread)}  # the same in every row
    in_threads(one, range(0, rows, block), _THREADS)  # NumPy works without the interpreter lock inside a pass
    return out


def _worst(s: Mapping[str, Real], rows: int, columns: int) -> Real:
    """max over modes of |rho|, (rows, columns)."""
    with np.errstate(over="ignore", invalid="ignore"):
        power = s["power"] if "power" in s else _shrinkage(s)
        rho = (1 + s["mu"]) * power - s["mu"]
        left = 1 - s["alpha"] * s["lam"]
        rho = rho * left
        if not np.isfinite(rho).all():  # what overflowed times 0: mu = -1 moves nothing, alpha lam = 1 leaves nothing
            rho = np.where(left == 0, 0.0, np.where(s["mu"] == -1, left, rho))
        np.abs(rho, out=rho)
        worst = rho.max(axis=2)
    return np.broadcast_to(np.where(np.isnan(worst), np.inf, worst), (rows, columns))


@np.errstate(over="ignore", invalid="ignore")  # divergence is a result
def _shrinkage(s: Mapping[str, Real]) -> Real:
    """(1 - lr lam)^k: what the inner loop leaves of a mode."""
    return _power(1 - s["lr"] * s["lam"], s["k"])


def _power(r: Real, k: Real) -> Real:
    """r^k for whole k: by repeated squaring where k is one number, ten times faster than a float exponent."""
    if k.size > 1:
        return np.asarray(np.power(r, k))
    result, base, n = np.ones_like(r), r, int(k.item())
    while n:
        if n & 1:
            result = result * base
        base, n = base * base, n >> 1
    return result
