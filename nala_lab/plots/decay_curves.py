"""How an error falls, against each of the three costs, with the predicted line over it."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from nala_lab.core import Array, Trajectory, require, require_choice
from nala_lab.plots.style import ROLES, axes_or_new, label, look

__all__ = ["COSTS", "cost", "decay", "distance"]

COSTS: dict[str, str] = {
    "cycles": "outer cycles $t$ (steps, for one loop)",
    "gradients": "gradient evaluations",
    "timesteps": "timesteps (inner steps, as the papers count)",
}
"""Name of an x-axis -> its label."""


def cost(trajectory: Trajectory, against: str) -> Array:
    """Give the cost at which each row of the run was reached, (rows,).

    Parameters
    ----------
    trajectory : a run.
    against : ``"cycles"`` (rows: cycles of two loops, steps of one), ``"gradients"`` or ``"timesteps"``.

    Raises
    ------
    ValueError
        For another `against`, and for the cycles of a run with ``keep="last"``.

    Examples
    --------
    >>> from nala_lab.core import Trajectory
    >>> import numpy as np
    >>> from nala_lab.plots import cost
    >>> t = Trajectory(method="", outcome="", diverged_at=None, evals=np.array([0, 6, 12]),
    ...                timesteps=np.array([0, 5, 10]))
    >>> cost(t, "gradients"), cost(t, "cycles")
    (array([ 0,  6, 12]), array([0, 1, 2]))
    """
    require_choice("against", against, tuple(COSTS))
    if against == "cycles":
        hint = "a run with keep='last' says what it cost, not how many cycles it took"
        require("against", against, trajectory.keep != "last", "gradients or timesteps", hint)
        return np.arange(len(trajectory.evals))
    return np.asarray(trajectory.evals if against == "gradients" else trajectory.timesteps)


def distance(trajectory: Trajectory, minimizers: Array) -> Array:
    """Give the Euclidean distance of each row's weights to the nearest minimizer, (rows, ...).

    Parameters
    ----------
    trajectory : a run of one loop (x is measured) or two (the slow weights are).
    minimizers : (d,) or (n, d).

    Raises
    ------
    ValueError
        When the run has neither x nor slow weights, or the minimizers are not points of its space.

    Examples
    --------
    >>> import numpy as np
    >>> from nala_lab.plots import distance
    >>> from nala_lab.core import OneLoop
    >>> t = OneLoop(method="", outcome="", diverged_at=None, evals=np.arange(2), timesteps=np.arange(2),
    ...             x=np.array([[3.0, 5.0], [0.0, 1.0]]), grads=np.ones((1, 2)), points=np.ones((1, 2)))
    >>> distance(t, np.array([0.0, 1.0]))
    array([5., 0.])
    """
    points = getattr(trajectory, "slow", getattr(trajectory, "x", None))
    require("trajectory", type(trajectory).__name__, points is not None, "OneLoop or TwoLoop")
    places, d = np.atleast_2d(minimizers), np.shape(points)[-1]
    fits = places.ndim == 2 and len(places) > 0 and places.shape[1] == d
    require("minimizers", places.shape, fits, f"shape (n, {d})")
    gaps = np.asarray(points)[..., None, :] - places
    # In units of a power of two, so that squares neither vanish nor overflow; the digits are the same.
    _, size = np.frexp(np.abs(gaps).max(axis=-1, keepdims=True))
    lengths = np.linalg.norm(np.ldexp(gaps, -size), axis=-1)
    return np.asarray(np.ldexp(lengths, size[..., 0]).min(axis=-1))


def decay(ax: Axes | None, trajectory: Trajectory, error: Array, *, name: str, against: str = "cycles",
          predicted: Array | None = None, quantity: str = r"$\|x - x^\star\|$", legend: str | None = None,
          **options: Any) -> Axes:  # fmt: skip
    """Draw an error on a logarithmic axis against one of the three costs.

    Parameters
    ----------
    ax : axes to draw on (call again to add a run); None makes a figure.
    trajectory : the run, for the cost of each row.
    error : (rows,) positive numbers, one for each row of the run: a distance, or f - f*. Zeros are not shown.
    name : registry name of the optimizer.
    against : ``"cycles"``, ``"gradients"`` or ``"timesteps"``.
    predicted : (rows,) numbers of a closed form, drawn as a thin line over the measured ones.
    quantity : label of the y-axis.
    legend : text in the legend; None takes the optimizer's name.
    options : passed to ``Axes.plot`` for the measured curve.

    Raises
    ------
    ValueError
        When `error` or `predicted` has another length than the run has rows.

    Examples
    --------
    >>> from nala_lab.core import Trajectory
    >>> import numpy as np
    >>> from nala_lab.plots import decay
    >>> import matplotlib.pyplot as plt
    >>> t = Trajectory(method="", outcome="", diverged_at=None, evals=np.array([0, 6, 12]),
    ...                timesteps=np.array([0, 5, 10]))
    >>> ax = decay(None, t, np.array([1.0, 0.1, 0.01]), name="nala", against="gradients")
    >>> ax.get_xlabel()
    'gradient evaluations'
    >>> plt.close(ax.figure)
    """
    x = cost(trajectory, against)
    for key, values in (("error", error), ("predicted", predicted)):
        if values is not None:
            require(key, np.shape(values), np.shape(values) == x.shape, f"shape {x.shape}, one number a row")
    ax = axes_or_new(ax)
    every = max(1, len(x) // 12)
    style = look(name) | {"markevery": every, "label": legend or label(name)}
    ax.plot(x, error, **(style | options))
    if predicted is not None:
        shown = "predicted" not in ax.get_legend_handles_labels()[1]
        ax.plot(x, predicted, "-", color=ROLES["predicted"], lw=1.0, zorder=5,
                label="predicted" if shown else None)  # fmt: skip
    ax.set_yscale("log", nonpositive="mask")  # zeros are not shown, and no fall to the bottom of the axis
    ax.set(xlabel=COSTS[against], ylabel=quantity)
    ax.legend(loc="best")
    return ax
