"""The rate of one cycle on an eigenvalue, predicted for all of them and measured on some."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from nala_lab.core import Array, require
from nala_lab.plots.style import ROLES, axes_or_new, label, look, rim

__all__ = ["rates"]


def rates(ax: Axes | None, eta_lambda: Array, predicted: Array, *, name: str,
          measured: tuple[Array, Array] | None = None, limits: Mapping[str, float] | None = None, signed: bool = False,
          legend: str | None = None, per: str = "cycle") -> Axes:  # fmt: skip
    """Draw the factor by which an eigen-direction shrinks, against step size times curvature.

    Parameters
    ----------
    ax : axes to draw on (call again to add a method); None makes a figure.
    eta_lambda : (n,) inner step size times eigenvalue, dimensionless.
    predicted : (n,) the closed form's factor rho.
    name : registry name of the optimizer.
    measured : (x, rho) of runs, drawn as markers over the curve.
    limits : text -> place of a stability limit, drawn as a dotted line; |rho| = 1 is drawn too.
    signed : draw rho itself; False draws |rho|.
    legend : text in the legend; None takes the optimizer's name.
    per : what one factor stands for, "cycle" or "gradient".

    Raises
    ------
    ValueError
        When two arrays that belong together have different shapes.

    Examples
    --------
    >>> import numpy as np
    >>> from nala_lab.plots import rates
    >>> import matplotlib.pyplot as plt
    >>> x = np.linspace(0, 2, 5)
    >>> ax = rates(None, x, 1 - x, name="sgd", measured=(x[1:2], 1 - x[1:2]), limits={"limit 2": 2.0})
    >>> ax.lines[0].get_ydata().tolist()
    [1.0, 0.5, 0.0, 0.5, 1.0]
    >>> plt.close(ax.figure)
    """
    same = np.shape(predicted) == np.shape(eta_lambda)
    require("predicted", np.shape(predicted), same, "the shape of eta_lambda")
    shape = np.asarray if signed else np.abs
    ax = axes_or_new(ax)
    text = legend or label(name)
    ax.plot(eta_lambda, shape(predicted), **look(name, marker=False), label=f"{text}: predicted", zorder=3)
    if measured is not None:
        x, rho = measured
        shapes = (np.shape(x), np.shape(rho))
        require("measured", shapes, shapes[0] == shapes[1], "two arrays of one shape")
        style = look(name) | {"linestyle": ""}
        ax.plot(x, shape(rho), **style, **rim(name), ms=9, label=f"{text}: measured", zorder=4)
    for words, place in (limits or {}).items():
        ax.axvline(place, color=ROLES["limit"], ls=":", lw=2, label=words)
    for level in (1.0, -1.0) if signed else (1.0,):
        ax.axhline(level, color="#444444", lw=1.0)
    bar = r"$\rho$" if signed else r"$|\rho|$"
    ax.set(xlabel=r"inner step times curvature, $\eta\lambda$",
           ylabel=f"factor {bar} per {per}")  # fmt: skip
    ax.legend(loc="best")
    return ax
