"""Where an axis ends when a few values lie far from all others: at a quantile, and the picture says so."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from nala_lab.core import Real

__all__ = ["RULE", "SHARE", "ends_of", "limit"]

SHARE = 0.05  # of the plotted values, at either end
RULE = (
    f"Where the highest or the lowest {100 * SHARE:g} % of a panel's plotted values would take more than two thirds "
    "of its axis, the axis ends before them, and a line in the panel says how far they go."
)
"""The sentence for the caption of a figure to which the rule was applied."""
_ROOM = 0.06  # of the axis, beyond the quantile


def ends_of(values: Real) -> tuple[float | None, float | None]:
    """Where an axis ends below and above; None at an end that needs no cut.

    With q and Q the quantiles at SHARE and 1 - SHARE, the upper end is cut when max - Q > 2 (Q - q), the lower one when
    q - min > 2 (Q - q); none where q = Q. Of fewer than 20 equally long curves none goes as a whole.

    Examples
    --------
    >>> ends_of(np.array([0.0] * 50 + [1.0] * 50 + [50.0]))
    (None, 1.06)
    >>> ends_of(np.linspace(0, 1, 40))
    (None, None)
    """
    finite = values[np.isfinite(values)]
    if finite.size == 0:
        return None, None
    low, high = np.quantile(finite, (SHARE, 1 - SHARE))
    middle = high - low
    if not middle > 0:
        return None, None
    first = float(low - _ROOM * middle) if low - finite.min() > 2 * middle else None
    return first, float(high + _ROOM * middle) if finite.max() - high > 2 * middle else None


def limit(ax: Axes, curves: dict[str, tuple[Real, Real]]) -> bool:
    """End the y-axis by the rule and say at each cut end how far the values go; return whether there is one.

    Parameters
    ----------
    ax : with a linear y-axis. curves : label -> (x (rows,), values (seeds, rows)), as drawn.
    """
    values = np.concatenate([ys.ravel() for _, ys in curves.values()])
    low, high = ends_of(values)
    if low is None and high is None:
        return False
    finite = np.where(np.isfinite(values), values, np.nan)
    kept = np.array([np.nanmin(finite) if low is None else low, np.nanmax(finite) if high is None else high])
    room = _ROOM * (kept[1] - kept[0])
    ax.set_ylim(low if low is not None else kept[0] - room, high if high is not None else kept[1] + room)
    for end, farthest, arrow, y, side in ((low, np.nanargmin, "↓", 0, 12), (high, np.nanargmax, "↑", 1, -10)):
        if end is not None:
            at = int(farthest(finite))
            ax.annotate(f"{arrow} off the axis, up to {values[at]:.3g}" if y else f"{arrow} off the axis, down to "
                        f"{values[at]:.3g}", (0.98, y), (0, side), "axes fraction", "offset points", va="center",
                        ha="right", size=12, bbox={"fc": "white", "ec": "none", "pad": 1.5, "alpha": 0.85})  # fmt: skip
    return True
