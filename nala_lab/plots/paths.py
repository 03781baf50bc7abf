"""Paths in the plane: the two loops as in Fig. 1 of the NALA paper, and a single loop."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.patches import FancyArrowPatch

from nala_lab.core import Array, OneLoop, TwoLoop, require, require_int
from nala_lab.plots.style import ROLES, axes_or_new, label, look

__all__ = ["one_loop", "two_loop"]


def _plane(name: str, points: Array, ndim: int) -> Array:
    array = np.asarray(points, dtype=float)
    ok = array.ndim == ndim and array.shape[-1] == 2
    require(name, array.shape, ok, "a single path in the plane", "pick one member of an ensemble, d = 2")
    return array


def _arrow(ax: Axes, start: Array, end: Array, colour: str, width: float) -> None:
    if not (np.isfinite(start).all() and np.isfinite(end).all()):
        return
    ax.add_patch(
        FancyArrowPatch(
            tuple(start), tuple(end), arrowstyle="-|>", mutation_scale=15, lw=width, color=colour,
            shrinkA=0, shrinkB=4, zorder=5,
        )
    )  # fmt: skip


def two_loop(
    ax: Axes | None, trajectory: TwoLoop, *, cycles: int | None = None, momentum: bool = True
) -> Axes:
    r"""Draw a run of Lookahead or NALA as the NALA paper's Fig. 1 does, from real numbers.

    Black: the fast weights of each inner loop. Dark blue arrow: slow weights phi_{t-1} to the look-ahead
    point ``y_t = (1 + mu) theta_{t,k} - mu phi_{t-1}``. Purple arrow: the outer step ``-alpha grad J(y_t)`` from
    y_t to phi_t. Dashed: from phi_{t-1} to theta_{t,k}, the paper's "direction of the classical momentum"; y_t
    lies before theta_{t,k} when mu < 0 and beyond when mu > 0.

    Parameters
    ----------
    ax : axes to draw on (over a landscape, say); None makes a figure.
    trajectory : a run in two dimensions, one member (no ensemble axes).
    cycles : how many cycles to draw, from the first; None draws all.
    momentum : whether to draw the dashed line.

    Raises
    ------
    ValueError
        When the run is not one path in the plane, or `cycles` < 1.

    Source: Zuo et al. 2024, Fig. 1 and Algorithm 1.

    Examples
    --------
    >>> from nala_lab.core import TwoLoop
    >>> import numpy as np
    >>> from nala_lab.plots import two_loop
    >>> import matplotlib.pyplot as plt
    >>> fast = np.array([[[0.0, 0.0], [1.0, 1.0]]])
    >>> t = TwoLoop(method="NALA", outcome="out of budget", diverged_at=None, evals=np.array([0, 2]),
    ...             timesteps=np.array([0, 1]), k=1, slow=np.array([[0.0, 0.0], [0.5, 0.4]]), fast=fast,
    ...             lookahead=np.array([[0.5, 0.5]]), outer_grad=np.ones((1, 2)),
    ...             inner_grads=np.ones((1, 1, 2)))
    >>> ax = two_loop(None, t)
    >>> plt.close(ax.figure)
    """
    slow, fast = _plane("slow", trajectory.slow, 2), _plane("fast", trajectory.fast, 3)
    ahead = _plane("lookahead", trajectory.lookahead, 2)
    if cycles is not None:
        require_int("cycles", cycles, low=1)
    shown = len(fast) if cycles is None else min(cycles, len(fast))
    ax = axes_or_new(ax, figsize=(7.6, 5.6))
    nesterov = bool(np.any(trajectory.outer_grad))
    for t in range(shown):
        ax.plot(*fast[t].T, "-", color=ROLES["fast"], lw=1.4, marker=".", ms=5, zorder=4,
                label=r"fast weights $\theta_{t,0},\ldots,\theta_{t,k}$" if t == 0 else None)  # fmt: skip
        if momentum:
            line = np.stack([slow[t], fast[t, -1]])
            ax.plot(*line.T, "--", color=ROLES["slow"], lw=1.3, zorder=3,
                    label=r"direction $\theta_{t,k}-\phi_{t-1}$" if t == 0 else None)  # fmt: skip
        target = ahead[t] if nesterov else slow[t + 1]
        _arrow(ax, slow[t], target, ROLES["slow"], 2.4)
        if nesterov:
            _arrow(ax, ahead[t], slow[t + 1], ROLES["gradient"], 2.4)
    if nesterov:
        ax.plot(*ahead[:shown].T, "d", color="white", mec=ROLES["slow"], mew=1.8, ms=8, zorder=6,
                label=r"look-ahead point $y_t$")  # fmt: skip
    ax.plot(*slow[: shown + 1].T, "o", color=ROLES["slow"], mec="white", ms=9, zorder=7,
            label=r"slow weights $\phi_t$")  # fmt: skip
    target_name = "y_t" if nesterov else r"\phi_t"
    ax.plot([], [], "-", color=ROLES["slow"], lw=2.4, marker=">", label=rf"$\phi_{{t-1}} \to {target_name}$")
    if nesterov:
        ax.plot([], [], "-", color=ROLES["gradient"], lw=2.4, marker=">",
                label=r"outer step $-\alpha\nabla J(y_t)$")  # fmt: skip
    return _finish(ax)


def one_loop(ax: Axes | None, trajectory: OneLoop, *, name: str, probes: bool = True, **options: Any) -> Axes:
    """Draw the iterates of a method with one loop, in its optimizer's colour.

    Parameters
    ----------
    ax : axes to draw on; None makes a figure.
    trajectory : a run in two dimensions, one member.
    name : registry name of the optimizer, for colour and legend.
    probes : for AdaLA, whether to show where the extra gradient of each step was taken, as hollow markers.
    options : passed to ``Axes.plot`` for the path.

    Raises
    ------
    ValueError
        When the run is not one path in the plane or the name has no colour.

    Examples
    --------
    >>> from nala_lab.core import OneLoop
    >>> import numpy as np
    >>> from nala_lab.plots import one_loop
    >>> import matplotlib.pyplot as plt
    >>> t = OneLoop(method="SGD", outcome="out of budget", diverged_at=None, evals=np.arange(3),
    ...             timesteps=np.arange(3), x=np.array([[0.0, 0.0], [1.0, 0.0], [1.0, 2.0]]),
    ...             grads=np.ones((2, 2)), points=np.ones((2, 2)))
    >>> ax = one_loop(None, t, name="sgd")
    >>> ax.get_legend_handles_labels()[1]
    ['SGD']
    >>> plt.close(ax.figure)
    """
    x = _plane("x", trajectory.x, 2)
    ax = axes_or_new(ax, figsize=(7.6, 5.6))
    style = look(name) | {"ms": 5, "lw": 1.8, "label": label(name), "zorder": 4}
    ax.plot(*x.T, **(style | options))
    if probes and trajectory.probes is not None:
        points = _plane("probes", trajectory.probes, 2)
        ax.plot(*points.T, linestyle="", marker=look(name)["marker"], mfc="none", mec=look(name)["color"],
                ms=7, zorder=3, label=f"{label(name)}: probe")  # fmt: skip
    return _finish(ax)


def _finish(ax: Axes) -> Axes:
    if not ax.get_xlabel():
        ax.set(xlabel=r"$x_1$", ylabel=r"$x_2$")
    ax.legend(loc="best")
    return ax
