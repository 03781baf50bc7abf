"""Where a run was tested once after its start, there is no curve: its end as a dot, with the bar of its test images."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, NullLocator

from nala_lab.core import Array
from nala_lab.plots import ROLES, label, look
from paper_figs.beside.runs import Runs

__all__ = ["DOTS", "few", "final_dots", "wilson"]

DOTS = (
    "Where the runs were tested at most twice after their start, no line is drawn: a dot is the end of one run. The "
    "bar of an accuracy is the 95 % interval of so many test images (Wilson); what another seed would change comes on "
    "top of it and is unknown where there is one seed. A perplexity has no such bar."
)
"""The sentences for the caption of a figure with such a panel."""
_Z = 1.959964  # standard normal quantile at 97.5 %

Curves = Mapping[str, tuple[Array, Array]]


def few(curves: Curves) -> bool:
    """Whether there are curves, and none has more than three points, the one before training among them."""
    return bool(curves) and all(len(x) <= 3 for x, _ in curves.values())


def wilson(share: float, n: int) -> tuple[float, float]:
    """Give Wilson's 95 % interval of a share found in n trials (Wilson 1927).

    Examples
    --------
    >>> [round(end, 4) for end in wilson(0.5, 100)]
    [0.4038, 0.5962]
    >>> [round(end, 4) for end in wilson(0.0, 100)]
    [0.0, 0.037]
    """
    middle, spread = share + _Z**2 / (2 * n), _Z * np.sqrt(share * (1 - share) / n + (_Z / (2 * n)) ** 2)
    low, high = ((middle + side * spread) / (1 + _Z**2 / n) for side in (-1, 1))
    return max(0.0, float(low)), min(1.0, float(high))


def final_dots(ax: Axes, curves: Curves, heads: Sequence[str], runs: Runs, *, xlabel: str, log: bool) -> None:
    """Draw the last value of every seed, a row an optimizer in the order of `heads`; none where none finished.

    Parameters
    ----------
    curves : label -> (x (rows,), values (seeds, rows)); accuracies in per cent. runs : for the number of test images.
    xlabel : the metric with its unit. log : a logarithmic axis, for perplexities, which have no binomial bar.
    """
    for row, head in enumerate(heads):
        for seed, value in enumerate(curves[head][1][:, -1] if head in curves else ()):
            style, at = look(head), row + 0.22 * (seed - (len(curves[head][1]) - 1) / 2)
            if not log:
                ends = [100 * end for end in wilson(value / 100, runs.held_out)]
                ax.plot(ends, [at, at], color=style["color"], lw=2.4, alpha=0.55, zorder=2)
            ax.plot([value], [at], marker=style["marker"], color=style["color"], ms=9, ls="", zorder=3)
    if not log:
        before = float(np.mean([values[:, 0].mean() for _, values in curves.values()]))
        ax.axvline(before, color=ROLES["limit"], ls=":", lw=2, zorder=1)
    ax.set_yticks(range(len(heads)), [label(head) for head in heads], size=12)
    ax.set(ylim=(len(heads) - 0.4, -0.6), xlabel=xlabel + ("" if log else "\nbars: 95 %; dotted: untrained"))
    if log:
        ends = [values[:, -1] for _, values in curves.values()]
        low, high = min(map(np.min, ends)), max(map(np.max, ends))
        ax.set(xscale="log", xlim=(low / 1.5, high * 1.5))
        marks = [m for power in range(9) for m in (10**power, 3 * 10**power) if low / 1.5 < m < high * 1.5]
        ax.xaxis.set_major_locator(FixedLocator(marks))
        ax.xaxis.set_minor_locator(NullLocator())
        ax.xaxis.set_major_formatter(lambda value, _: f"{value:,.0f}")
