"""The surface under a path: filled level sets of a function of two variables."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap

from nala_lab.core import Array, require, require_int
from nala_lab.plots.style import ROLES, axes_or_new

__all__ = ["landscape"]

# Pale on purpose: paths are drawn over it in black, dark blue and purple.
_PALE = LinearSegmentedColormap.from_list("pale", ["#9DB7C9", "#C9DAE3", "#E9F0EC", "#FBF6E6"])


def landscape(ax: Axes | None, value: Callable[[Array], Array], box: Sequence[Sequence[float]], *,
              minimum: float | None = None, minimizers: Array | None = None, levels: int = 14, resolution: int = 201,
              names: tuple[str, str] = (r"$x_1$", r"$x_2$")) -> Axes:  # fmt: skip
    """Draw level sets of ``log10(value(x) - minimum)``: low is blue, high is cream, and white where it is not finite.

    Parameters
    ----------
    ax : axes to draw on; None makes a figure.
    value : function of points (..., 2), giving (...).
    box : ((x1 low, x1 high), (x2 low, x2 high)).
    minimum : the function's minimum; None takes the lowest value on the grid.
    minimizers : (n, 2) points to mark with a star; None marks nothing.
    levels : how many level sets.
    resolution : grid points along each axis.
    names : labels of the two axes; the coordinates have no unit.

    Raises
    ------
    ValueError
        When `box` is not two increasing pairs, `value` does not map (..., 2) to (...), nothing in the box lies above
        the minimum or all of it is one level, or the minimizers are no points of the plane.

    Examples
    --------
    >>> from nala_lab.plots import landscape
    >>> import matplotlib.pyplot as plt
    >>> ax = landscape(None, lambda x: (x**2).sum(-1), ((-1, 1), (-2, 2)))
    >>> ax.get_xlabel()
    '$x_1$'
    >>> plt.close(ax.figure)
    """
    require_int("resolution", resolution, low=2)
    require_int("levels", levels, low=2)
    limits = np.asarray(box, dtype=float)
    good = limits.shape == (2, 2) and bool((limits[:, 0] < limits[:, 1]).all())
    require("box", box, good, "((low, high), (low, high)) with low < high")
    ax = axes_or_new(ax, figsize=(7.6, 5.6))
    x1, x2 = (np.linspace(low, high, resolution) for low, high in limits)
    grid = np.stack(np.meshgrid(x1, x2), axis=-1)
    z = np.asarray(value(grid), dtype=float)
    require("value", z.shape, z.shape == grid.shape[:-1], f"value(x).shape = {grid.shape[:-1]}")
    finite = z[np.isfinite(z)]
    lowest = minimum if minimum is not None else finite.min(initial=np.inf)
    most = finite.max(initial=-np.inf) - lowest
    require("value", f"up to {most:.3g} above it", most > 0, "somewhere in the box a finite number above the minimum")
    # The lowest grid value need not be zero; one part in 1e6 of the range keeps the logarithm finite there.
    shown = np.log10(np.maximum(np.where(np.isfinite(z), z, np.nan) - lowest, 1e-6 * most))
    low, high = np.nanpercentile(shown, 0.5), np.nanmax(shown)  # one number, where the basin is a few cells
    low = low if low < high else np.nanmin(shown)
    require("value", f"{finite.min():.6g} everywhere", low < high, "two different numbers in the box at least")
    edges = np.linspace(low, high, levels)
    ax.contourf(x1, x2, shown, levels=edges, cmap=_PALE, extend="both")
    ax.contour(x1, x2, shown, levels=edges, colors="#7C93A3", linewidths=0.5, linestyles="solid")
    if minimizers is not None:
        points = np.atleast_2d(minimizers)
        require("minimizers", points.shape, points.ndim == 2 and points.shape[1] == 2, "shape (n, 2)")
        star = {"ms": 15, "color": ROLES["minimum"], "mec": "white", "zorder": 4}  # over the paths that end there
        ax.plot(points[:, 0], points[:, 1], "*", label="minimum", **star)
    ax.set(xlim=tuple(limits[0]), ylim=tuple(limits[1]), xlabel=names[0], ylabel=names[1])
    ax.grid(False)
    return ax
