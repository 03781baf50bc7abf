"""All theorem checks in one picture: how much of its tolerance each one used."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes

from nala_lab.core import require
from nala_lab.plots.style import ROLES, axes_or_new

__all__ = ["check_errors"]

# An error of exactly zero has no logarithm; it is drawn here, left of everything float64 can tell apart.
FLOOR = 1e-6


def check_errors(
    ax: Axes | None, names: Sequence[str], errors: Sequence[float], tolerances: Sequence[float]
) -> Axes:
    """Draw error over tolerance of each check on a logarithmic axis; left of the line at 1 passes.

    Parameters
    ----------
    ax : axes to draw on; None makes a figure as tall as the list needs.
    names : one line of text for each check.
    errors, tolerances : same length, in the unit of each check (only their ratio is drawn); tolerances > 0.

    Raises
    ------
    ValueError
        When lengths differ, the list is empty, or a tolerance is not positive.

    Examples
    --------
    >>> from nala_lab.plots import check_errors
    >>> import matplotlib.pyplot as plt
    >>> ax = check_errors(None, ["T01", "T12"], [1e-13, 3.0], [1e-12, 1.0])
    >>> [line.get_xdata().tolist() for line in ax.lines[:2]]
    [[0.1], [3.0]]
    >>> plt.close(ax.figure)
    """
    same = len(names) == len(errors) == len(tolerances) > 0
    require("names", len(names), same, "one name, one error and one tolerance for each check")
    tolerance = np.asarray(tolerances, dtype=float)
    require("tolerances", tolerances, bool((tolerance > 0).all()), "tolerances > 0")
    ratio = np.asarray(errors, dtype=float) / tolerance
    ax = axes_or_new(ax, figsize=(8.6, 1.4 + 0.34 * len(names)))
    # A NaN error is a failure; it is drawn at the right edge rather than left out.
    edge = max(10.0, 2 * float(np.nanmax(np.where(np.isfinite(ratio), ratio, 0), initial=0)))
    for row, value in enumerate(ratio):
        passed = bool(value <= 1)
        place = max(value, FLOOR) if np.isfinite(value) else edge
        ax.plot([place], [row], "o" if passed else "X", ms=8 if passed else 11,
                color=ROLES["pass" if passed else "fail"], zorder=3)  # fmt: skip
    ax.axvline(1.0, color="#444444", lw=1.6)
    ax.set_yticks(range(len(names)), list(names))
    ax.set(xscale="log", xlim=(FLOOR / 2, edge * 1.5), ylim=(len(names) - 0.5, -0.5), ylabel="check",
           xlabel=f"error / tolerance\n(dimensionless; less than {FLOOR:g} is drawn at {FLOOR:g})")  # fmt: skip
    return ax
