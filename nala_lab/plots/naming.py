"""Names on the lines themselves, at the right end, moved apart where lines end together."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from nala_lab.core import Array, require

__all__ = ["name_lines"]

_HEIGHT = 1.25  # of a line of text, in font sizes


def name_lines(ax: Axes, *, size: float = 12, reach: float = 0.06, legend: bool = False) -> None:
    """Write each line's label to the right of the axes, beside the place where the line leaves them.

    Labels that would cover each other are moved apart; a thin line in the line's own colour leads to each.

    Parameters
    ----------
    ax : axes with lines; limits and scales are set, and what comes later does not move the labels.
    size : of the letters, in points.
    reach : width of the gap between axes and label, in widths of the axes.
    legend : whether to keep a legend that the axes have.

    Raises
    ------
    ValueError
        When no line has a label.

    Examples
    --------
    >>> from nala_lab.plots import name_lines
    >>> import matplotlib.pyplot as plt
    >>> figure, ax = plt.subplots()
    >>> for power in (1, 2):
    ...     _ = ax.plot([0, 1, 2], [0, 1, 2**power], label=f"power {power}")
    >>> name_lines(ax)
    >>> [text.get_text() for text in ax.texts]
    ['power 1', 'power 2']
    >>> plt.close(figure)
    """
    lines = [line for line in ax.lines if not str(line.get_label()).startswith("_")]
    require("lines", len(lines), len(lines) > 0, "at least one line with a label")
    if ax.get_legend() is not None and not legend:
        ax.get_legend().remove()
    ax.figure.draw_without_rendering()  # type: ignore[union-attr]  # the layout decides how high the axes are
    ends = np.array([_end(ax, line) for line in lines])
    rows = np.array([str(line.get_label()).count("\n") + 1 for line in lines])
    rooms = rows * _HEIGHT * size * ax.figure.dpi / 72 / ax.bbox.height
    for line, end, height in zip(lines, ends, _apart(ends[:, 1], rooms), strict=True):
        lead: dict[str, Any] = {"arrowstyle": "-", "color": line.get_color(), "lw": 1.2, "shrinkA": 0, "shrinkB": 0}
        ax.annotate(str(line.get_label()), end, (1 + reach, height), "axes fraction", "axes fraction", lead,
                    annotation_clip=False, va="center", ha="left", size=size)  # fmt: skip


def _end(ax: Axes, line: Line2D) -> Array:
    """Where the line is last seen inside the axes, in fractions of them."""
    shown = ax.transAxes.inverted().transform(line.get_transform().transform(line.get_xydata()))
    inside = shown[np.isfinite(shown).all(axis=1) & (np.abs(shown - 0.5) <= 0.5 + 1e-9).all(axis=1)]
    return inside[-1] if len(inside) else np.array([1.0, 0.5])


def _apart(heights: Array, rooms: Array) -> Array:
    """Heights with room for each label, in their order, as near to the given ones as pushing in pairs brings them.

    Examples
    --------
    >>> _apart(np.array([0.5, 0.5, 0.9]), np.full(3, 0.1)).round(3).tolist()
    [0.45, 0.55, 0.9]
    """
    order, moved = np.argsort(heights, kind="stable"), np.array(heights, dtype=float)
    for _ in range(200):  # a pair a step; the few labels of a picture are apart long before
        for low, high in zip(order, order[1:], strict=False):
            lacks = (rooms[low] + rooms[high]) / 2 - (moved[high] - moved[low])
            if lacks > 0:
                moved[low] -= lacks / 2
                moved[high] += lacks / 2
    return moved
