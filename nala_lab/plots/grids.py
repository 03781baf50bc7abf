"""Maps of the rate over two settings: where a method converges, how fast, and against whom it wins."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from nala_lab.core import Array, require
from nala_lab.plots.style import ROLES, axes_or_new, label, look

if TYPE_CHECKING:
    from nala_lab.theory.maps import RateMap

__all__ = ["MAP_LABELS", "rate_map"]

MAP_LABELS: dict[str, str] = {
    "lr": r"inner step $\eta$ (1/curvature)",
    "mu": r"outer factor $\mu$ (dimensionless)",
    "alpha": r"outer step $\alpha$ (1/curvature)",
    "k": "inner steps $k$ per cycle",
    "lam": r"eigenvalue $\lambda$ (curvature)",
    "kappa": r"condition number $\kappa = L/m$ (dimensionless)",
}
"""Name of a setting -> its label on an axis."""

_FAST = LinearSegmentedColormap.from_list("fast", ["#2F6690", "#8FB9D3", "#DCE9EE", "#FBF6E6"]).with_extremes(
    under="#17375E", bad="#C9C9C9"
)
_MARKS = "*PDX"


def rate_map(ax: Axes | None, grid: RateMap, *, rivals: Mapping[str, Array] | None = None, floor: float | None = None,
             points: Mapping[str, tuple[float, float]] | None = None, levels: Sequence[float] | None = None,
             bar: bool = True) -> Axes:  # fmt: skip
    r"""Draw a map of rates: dark is fast, grey does not converge, the brown line is the edge between.

    An axis spaced like a geometric series is logarithmic. With an axis "k" the cells are drawn as cells, without
    contours: between two whole numbers there is nothing to interpolate.

    Parameters
    ----------
    ax : axes to draw on; None makes a figure.
    grid : the map, `theory.maps.rate_map` makes it.
    rivals : registry name -> rates that broadcast to ``grid.rate``, in the same units ("per" gradient or cycle). Where
        the two are equal a break-even line in the rival's colour is drawn.
    floor : a rate that no setting can beat (Chebyshev's), stated above the map beside the best rate on it.
    points : text -> (x, y) of settings to mark, at most four.
    levels : rates to draw as contours; None takes five between the best rate and 1.
    bar : whether to draw the colour bar.

    Raises
    ------
    ValueError
        When a rival does not broadcast to the map or one axis is "k", the floor is above the best rate, there are more
        points than marks, or no cell converges.

    Examples
    --------
    >>> import numpy as np
    >>> from nala_lab.plots import rate_map
    >>> import matplotlib.pyplot as plt
    >>> from types import SimpleNamespace
    >>> eta, mu = np.linspace(0.1, 3, 30), np.linspace(-0.9, 0.9, 20)
    >>> rate = np.abs((1 + mu[:, None]) * (1 - eta) - mu[:, None])
    >>> ax = rate_map(None, SimpleNamespace(x=("lr", eta), y=("mu", mu), rate=rate, per="cycle"))
    >>> ax.get_xlabel()
    'inner step $\\eta$ (1/curvature)'
    >>> plt.close(ax.figure)
    """
    (x_name, x), (y_name, y), rate = grid.x, grid.y, np.asarray(grid.rate, dtype=float)
    alive = rate < 1
    require("grid", rate.shape, bool(alive.any()), "at least one rate below 1", "nothing converges here")
    require("grid", rate.shape, min(rate.shape) > 1, "two values or more on each axis", "one value makes no map")
    lowest, counted = float(rate[alive].min()), "k" in (x_name, y_name)
    # a floor that is attained is computed by another formula: allow 1e-9 for the roundings of both
    require("floor", floor, floor is None or 0 <= floor <= lowest + 1e-9, f"0 <= floor <= {lowest:.6g}, the best rate")
    require("rivals", list(rivals or ()), not (rivals and counted), "none", "no line between two whole numbers k")
    require("points", list(points or ()), len(points or ()) <= len(_MARKS), f"at most {len(_MARKS)}, a mark for each")
    ax = axes_or_new(ax, figsize=(8.2, 5.6))
    mesh = ax.pcolormesh(
        x, y, np.ma.masked_where(~alive, rate), cmap=_FAST, vmin=lowest, vmax=1, shading="nearest", rasterized=True
    )
    entries: list[Any] = []
    if not counted:
        _contours(ax, x, y, rate, alive, levels)
        if not alive.all():
            entries.append(_line(ax, x, y, rate - 1, {"color": ROLES["limit"], "linestyle": "-"}, "stability edge"))
    for name, other in (rivals or {}).items():
        entries += _rival(ax, x, y, rate, name, other)
    if not alive.all():
        entries.append(Patch(color=_FAST.get_bad(), label="does not converge"))
    for (text, place), mark in zip((points or {}).items(), _MARKS, strict=False):
        (dot,) = ax.plot(
            *place, mark, ms=14, color="white", mec="black", mew=1.4, ls="", zorder=6, clip_on=False, label=text
        )
        entries.append(dot)
    _finish(ax, grid, entries)
    if floor is not None:
        ax.set_title(f"best {lowest:.4g}; no setting is below the floor {floor:.4g}", fontsize=13, loc="left")
    if bar:
        ax.figure.colorbar(mesh, ax=ax, pad=0.02).set_label(f"rate per {grid.per} (smaller is faster)")
    return ax


def _contours(ax: Axes, x: Array, y: Array, rate: Array, alive: Array, levels: Sequence[float] | None) -> None:
    inside = np.where(np.isfinite(rate), rate, 1e3)
    chosen = np.linspace(float(rate[alive].min()), 1, 7)[1:-1] if levels is None else np.unique(levels)
    drawn = ax.contour(x, y, inside, levels=chosen, colors="#4A5A66", linewidths=0.8)
    ax.clabel(drawn, fmt="%.3g", fontsize=12)


def _line(ax: Axes, x: Array, y: Array, gap: Array, style: dict[str, Any], text: str) -> Line2D:
    """Draw where `gap` changes its sign, and give the line's entry for the legend."""
    gap = np.clip(np.nan_to_num(gap, posinf=1e3), -1e3, 1e3)
    if gap.min() < 0 < gap.max():
        ax.contour(x, y, gap, levels=[0.0], colors=[style["color"]], linestyles=[style["linestyle"]], linewidths=2.4)
    return Line2D([], [], lw=2.4, label=text, **style)


def _rival(ax: Axes, x: Array, y: Array, rate: Array, name: str, other: Array) -> list[Line2D]:
    """Draw where a rival is as fast, and give the line's entry for the legend, if there is a line."""
    against = np.asarray(other, dtype=float)
    fits = against.ndim <= 2 and all(n in (1, m) for n, m in zip(against.shape[::-1], rate.shape[::-1], strict=False))
    require(name, against.shape, fits, f"an array that broadcasts to {rate.shape}", "the rates of a rival")
    with np.errstate(divide="ignore", invalid="ignore"):
        # Divergence on both sides is no tie: outside the stable part there is no line.
        gap = np.where((rate < 1) | (against < 1), np.log(rate) - np.log(against), np.nan)
    style = look(name, marker=False)
    finite = np.ma.masked_invalid(gap)
    if not finite.count() or not finite.min() < 0 < finite.max():
        return []
    ax.contour(x, y, finite, levels=[0.0], colors=[style["color"]], linestyles=[style["linestyle"]], linewidths=2.4)
    return [Line2D([], [], lw=2.4, label=f"break-even with {label(name)}", **style)]


def _geometric(values: Array) -> bool:
    """Whether the axis is spaced like a geometric series (and not like an arithmetic one)."""
    if len(values) < 3 or values.min() <= 0:
        return False
    ratios, steps = np.diff(np.log(values)), np.diff(values)
    return bool(np.allclose(ratios, ratios[0], rtol=1e-6) and not np.allclose(steps, steps[0], rtol=1e-6))


def _finish(ax: Axes, grid: RateMap, entries: list[Any]) -> None:
    for name, axis in zip("xy", (grid.x, grid.y), strict=True):
        ax.set(**{f"{name}label": MAP_LABELS.get(axis[0], axis[0])})
        if axis[0] == "k":
            ax.set(**{f"{name}ticks": axis[1]})
        elif _geometric(np.asarray(axis[1])):
            ax.set(**{f"{name}scale": "log"})
    ax.grid(False)
    if entries:
        ax.legend(handles=entries, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, fontsize=12)
