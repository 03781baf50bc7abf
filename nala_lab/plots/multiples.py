"""Noisy curves of many runs: a panel for each optimizer, single mini-batches faint, their running median thick."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure

from nala_lab.core import Array, require, require_int
from nala_lab.plots.style import RC, label, look
from nala_lab.results.records import FINISHED, Record

__all__ = ["median_window", "running_mean", "running_median", "small_multiples"]

_OTHERS = "#CCCCCC"


def median_window(rows: int) -> int:
    """Give the odd window for so many rows: an eighth of them, at most 31, and 1 (no smoothing) below 24 rows.

    Examples
    --------
    >>> from nala_lab.plots import median_window
    >>> [median_window(rows) for rows in (12, 24, 60, 360)]
    [1, 3, 7, 31]
    """
    return min(31, rows // 8 - (rows // 8 + 1) % 2) if rows >= 24 else 1


def running_median(values: Array, window: int) -> Array:
    """Give the median of the `window` values around each one; fewer at the two ends. Last axis: rows.

    Parameters
    ----------
    values : (..., rows). window : odd.

    Raises
    ------
    ValueError
        For an even window, or no rows.

    Examples
    --------
    >>> import numpy as np
    >>> from nala_lab.plots import running_median
    >>> running_median(np.array([1.0, 9.0, 2.0, 3.0]), 3).tolist()
    [5.0, 2.0, 3.0, 2.5]
    """
    return _running(np.median, values, window)


def running_mean(values: Array, window: int) -> Array:
    """Give the mean of the `window` values around each one, as `running_median` does the median.

    Examples
    --------
    >>> import numpy as np
    >>> from nala_lab.plots import running_mean
    >>> running_mean(np.array([1.0, 9.0, 2.0, 3.0]), 3).tolist()
    [5.0, 4.0, 4.666666666666667, 2.5]
    """
    return _running(np.mean, values, window)


def _running(of: Callable[..., Array], values: Array, window: int) -> Array:
    require_int("window", window, low=1)
    require("window", window, window % 2 == 1, "odd", "so that a value stands in the middle")
    values = np.asarray(values)
    require("values", values.shape, values.ndim > 0 and values.shape[-1] > 0, "(..., rows) with a row at least")
    half, rows = window // 2, values.shape[-1]
    return np.stack([of(values[..., max(0, i - half) : i + half + 1], axis=-1) for i in range(rows)], axis=-1)


def small_multiples(
    records: Sequence[Record], kind: str, column: str, *, ylabel: str, xlabel: str = "gradient evaluations",
    x: str = "grad_evals", across: int = 4, figsize: tuple[float, float] = (9.3, 7.4),
) -> Figure:  # fmt: skip
    """Draw a panel for each optimizer: its first finished run, faint, and the running median; the others' in grey.

    Parameters
    ----------
    records : of one task and protocol.
    kind, column, x : which rows, and which of their numbers are drawn against which.
    ylabel, xlabel : what they are, with units.
    across : panels in a row.

    Raises
    ------
    ValueError
        When no run has finished, or one has no finite number there.
    """
    require_int("across", across, low=1)
    runs: dict[str, Record] = {}
    for record in records:
        if record.outcome == FINISHED:
            runs.setdefault(record.optimizer, record)
    require("records", len(records), len(runs) > 0, "at least one finished run")
    curves = {name: (run.column(kind, x), run.column(kind, column)) for name, run in runs.items()}
    finite = [y[np.isfinite(y)] for _, y in curves.values()]
    require("kind", (kind, column), all(map(len, finite)), "rows and numbers that every run has")
    windows = {name: median_window(len(y)) for name, (_, y) in curves.items()}
    middle = {name: running_median(y, windows[name]) for name, (_, y) in curves.items()}
    dpi = plt.rcParams["figure.dpi"]  # the session's: a notebook keeps its pictures small
    with plt.rc_context(RC):
        figure, axes = plt.subplots(-(-len(runs) // across), across, figsize=figsize, sharex=True, sharey=True,
                                    squeeze=False, dpi=dpi)  # fmt: skip
    for ax, (name, (at, y)) in zip(axes.flat, curves.items(), strict=False):
        colour = look(name)["color"]
        for other in curves:
            ax.plot(curves[other][0], middle[other], color=_OTHERS, lw=0.9, zorder=1)
        ax.plot(at, y, color=colour, lw=0.7, alpha=0.45, zorder=2)
        ax.plot(at, middle[name], color=colour, lw=2.6, zorder=3)
        ax.set_title(label(name), fontsize=13, color="black")
    inner = np.concatenate([np.quantile(y, (0.01, 0.99)) for y in finite])
    room = 0.05 * np.ptp(inner)
    axes.flat[0].set_ylim(inner.min() - room, inner.max() + room)
    for ax in axes.flat[len(runs) :]:
        ax.set_axis_off()
    for number, ax in enumerate(axes.flat[: len(runs)]):
        ax.tick_params(labelbottom=number + across >= len(runs))
    figure.supxlabel(xlabel, fontsize=14)
    figure.supylabel(ylabel, fontsize=14)
    return figure
