"""Which changes of the problem a method does not notice: to the ulp, approximately, or not.

A run on f is put beside a run on the changed f from the changed start; an invariant method visits the changed points.

    shift        f(x - s), x_0 + s        scale of x   f(x / 16), 16 x_0        scale of f   f / 32, x_0
    rotation     f(Q'x), Q x_0            order        the coordinates permuted

Scales are powers of 2, so nothing is rounded by them.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from nala_lab.core import Array, stream
from nala_lab.study.lines import BAD, GOOD, Line, Section, cannot
from nala_lab.study.subject import Studied

__all__ = ["CHANGES", "invariances"]

_D = 4
_GRADIENTS = 40
_ROUNDINGS = 16  # ulps of rounding a gradient and its step may add
_NEAR = 1e-3  # of the path's length


@dataclass(frozen=True)
class _Change:
    """x -> scale Q x + shift, f -> height f."""

    Q: Array
    scale: float = 1.0
    shift: float = 0.0
    height: float = 1.0


def _rotation() -> Array:
    q, _ = np.linalg.qr(stream(0, "study", "rotation").normal(size=(_D, _D)))
    return np.asarray(q)


CHANGES: dict[str, _Change] = {
    "shift of x": _Change(np.eye(_D), shift=64.0),
    "scale of x": _Change(np.eye(_D), scale=16.0),
    "scale of f": _Change(np.eye(_D), height=1 / 32),
    "rotation": _Change(_rotation()),
    "order of coordinates": _Change(np.eye(_D)[[2, 0, 3, 1]]),
}


def invariances(one: Studied) -> Section:
    """The section, one line a change."""
    lines = []
    for name, change in CHANGES.items():
        try:
            lines.append(_line(name, one, change))
        except Exception as error:  # the method is anybody's
            lines.append(cannot(name, error))
    note = (
        f"Paths of {_GRADIENTS} gradients on a quartic in R^{_D}. To the ulp: apart by rounding only; "
        f"approximately: by less than {_NEAR:g} of the path's length, as a small eps does."
    )
    return Section("invariances", "What it does not notice", tuple(lines), note)


def _line(name: str, one: Studied, change: _Change) -> Line:
    radius = 2.0 ** np.round(np.log2(20 * one.unit))
    grad, x0 = _problem(0.3 / one.unit, radius), radius * np.array([1.0, -0.75, 0.5, 0.25])
    shift = change.shift * radius * np.array([1.0, -1.0, 1.0, 0.5])
    move: Callable[[Array], Array] = lambda x: change.scale * x @ change.Q.T + shift  # noqa: E731
    back: Callable[[Array], Array] = lambda x: (x - shift) @ change.Q / change.scale  # noqa: E731

    def changed(x: Array) -> Array:
        return np.asarray(change.height / change.scale * grad(back(x)) @ change.Q.T)

    here, there = one.run(grad, x0, _GRADIENTS).x, one.run(changed, move(x0), _GRADIENTS).x
    if len(here) != len(there) or not (np.isfinite(here).all() and np.isfinite(there).all()):
        return Line(name, "cannot tell", "a run left the numbers", BAD)
    gap = float(np.abs(move(here) - there).max())
    ulp = np.finfo(float).eps * float(np.abs(there).max())
    path = change.scale * float(np.linalg.norm(np.diff(here, axis=0), axis=1).sum())
    if path == 0:
        return Line(name, "cannot tell", "it does not move")
    share = gap / path
    data = {"gap": gap, "ulps": gap / ulp, "share_of_path": share}
    if gap <= _ROUNDINGS * _GRADIENTS * ulp and share <= _NEAR:
        return Line(name, "to the ulp", f"{gap / ulp:.3g} ulps apart at most", GOOD, data)
    verdict = "approximately" if share <= _NEAR else "not"
    return Line(name, verdict, f"{share:.2g} of the path's length apart", data=data)


def _problem(curvature: float, radius: float) -> Callable[[Array], Array]:
    """Gradient of curvature (x'Bx/2 + |x|_4^4 / (20 radius^2)): coupled, and no quadratic."""
    half = np.array([[1.0, 0.2, 0.0, 0.1], [0.0, 0.7, 0.1, 0.0], [0.0, 0.0, 0.5, 0.2], [0.0, 0.0, 0.0, 0.4]])
    B = (half + half.T) / 2
    return lambda x: np.asarray(curvature * (x @ B + 0.2 * x * (x / radius) ** 2))
