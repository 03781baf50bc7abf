"""The weights of Eq. (5): how much each past cycle counts in the slow weights of today."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes

from nala_lab.core import Array, require, require_number
from nala_lab.plots.style import ROLES, axes_or_new

__all__ = ["eq5_weights"]

_POSITIVE, _NEGATIVE = ROLES["adds"], ROLES["subtracts"]


def eq5_weights(ax: Axes | None, weights: Array, *, start: float | None = None, horizon: float | None = None,
                title: str = "") -> Axes:  # fmt: skip
    """Draw the weights of Eq. (5) against age: blue bars add, red bars subtract.

    Parameters
    ----------
    ax : axes to draw on; None makes a figure.
    weights : (t,) weight of theta_{i,k}, oldest first: entry i-1 is (1+mu) (-mu)^(t-i).
    start : weight of phi_0, (-mu)^t; drawn as a hollow bar one place further back. None leaves it out.
    horizon : how many cycles are remembered, 1/(1-|mu|); a line has so many bars on its left.
    title : what is drawn, for instance the value of mu.

    Raises
    ------
    ValueError
        When `weights` is not a non-empty vector of finite numbers, or `horizon` is negative.

    Source: Zuo et al. 2024, Eq. (5); the sign of the odd powers as derived, not as printed.

    Examples
    --------
    >>> import numpy as np
    >>> from nala_lab.plots import eq5_weights
    >>> import matplotlib.pyplot as plt
    >>> ax = eq5_weights(None, np.array([0.125, 0.25, 0.5]), start=0.125, horizon=2.0)
    >>> [float(bar.get_height()) for bar in ax.containers[0]]
    [0.5, 0.25, 0.125]
    >>> plt.close(ax.figure)
    """
    w = np.asarray(weights, dtype=float)
    good = w.ndim == 1 and w.size > 0 and bool(np.isfinite(w).all())
    require("weights", w, good, "a vector of finite numbers")
    if horizon is not None:
        require_number("horizon", horizon, low=0)
    ax = axes_or_new(ax)
    newest_first = w[::-1]
    age = np.arange(len(w))
    signs = ((_POSITIVE, "adds", newest_first >= 0), (_NEGATIVE, "subtracts", newest_first < 0))
    for colour, words, sign in signs:
        if sign.any():
            ax.bar(age[sign], newest_first[sign], width=0.7, color=colour, zorder=3,
                   label=rf"$\theta_{{t-a,k}}$ {words}")  # fmt: skip
    if start is not None:
        ax.bar([len(w)], [start], width=0.7, fill=False, edgecolor="#444444", lw=1.8, zorder=3,
               label=r"$\phi_0$")  # fmt: skip
    if horizon is not None:
        ax.axvline(horizon - 0.5, color="#444444", ls="--", lw=1.6, label=f"horizon {horizon:.3g} cycles")
    ax.axhline(0, color="#444444", lw=1.0)
    # The caller's weights decide the axis; a sum of one is the sanity check a reader can do by eye.
    total = float(w.sum() + (start or 0.0))
    ax.set(xlabel="age $a$ in cycles\n(0 = newest)", title=title)
    ax.set_ylabel(rf"weight in $\phi_t$ (sum {total:.4g})")
    ax.xaxis.get_major_locator().set_params(integer=True)
    ax.legend(loc="best")
    return ax
