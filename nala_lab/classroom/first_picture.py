"""The first picture of the lessons: descent thrown out of a valley, a slow loop that rescues it, one that does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from nala_lab.reference import NALA, SGD, OneLoop, TwoLoop, run

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

__all__ = ["three_ways"]

Real = NDArray[np.float64]
FLOOR, WALL = 1.0, 8.0  # the two curvatures
LR = 2.1 / WALL  # a little more than descent can bear along the walls, 2 / WALL
GRADIENTS = 60
MINIMUM, START = np.array([2.0, -1.0]), np.array([-1.97, -1.71])
ALONG = np.array([0.956, 0.292])  # the direction of the floor, of length one to three digits
TITLES = ("gradient descent:\nthrown out", "two loops, 5 fast steps:\nrescued", "two loops, 4 fast steps:\nnot rescued")


def _hessian() -> Real:
    floor = ALONG / np.linalg.norm(ALONG)
    wall = np.array([-floor[1], floor[0]])
    return FLOOR * np.outer(floor, floor) + WALL * np.outer(wall, wall)


def runs() -> tuple[OneLoop, TwoLoop, TwoLoop]:
    """The three runs, with the same inner step and the same number of gradients.

    Examples
    --------
    >>> [int(t.grad_evals) for t in runs()]
    [60, 60, 60]
    """
    A = _hessian()

    def grad(x: Real) -> Real:
        return (x - MINIMUM) @ A

    def slow(k: int) -> TwoLoop:
        return run(NALA(SGD(lr=LR), k=k, mu=-0.5, alpha=0.001), grad, START, cycles=GRADIENTS // (k + 1))

    return run(SGD(lr=LR), grad, START, steps=GRADIENTS), slow(5), slow(4)


def three_ways() -> tuple[Figure, str]:
    """Draw the three runs in the same valley; the figure, and the picture in words.

    Examples
    --------
    >>> from nala_lab.classroom import three_ways
    >>> import matplotlib
    >>> matplotlib.use("agg")
    >>> figure, words = three_ways()
    >>> len(figure.axes)
    3
    """
    import matplotlib.pyplot as plt

    from nala_lab import plots

    A, found = _hessian(), runs()
    figure, panels = plt.subplots(1, 3, figsize=(10.2, 5.2), sharex=True, sharey=True)
    for ax, title, t in zip(panels, TITLES, found, strict=True):
        plots.landscape(
            ax, lambda x: 0.5 * ((x - MINIMUM) @ A * (x - MINIMUM)).sum(-1), ((-2.6, 4.0), (-4.6, 2.4)),
            minimum=0.0, minimizers=MINIMUM[None], levels=10, resolution=101, names=("one weight", "another weight"),
        )  # fmt: skip
        _path(ax, t)
        ax.set_title(title)
        ax.label_outer()
    handles, labels = panels[1].get_legend_handles_labels()
    figure.legend(handles, labels, loc="outside lower center", ncols=3)
    ends = [np.linalg.norm((t.x if isinstance(t, OneLoop) else t.slow)[-1] - MINIMUM) for t in found]
    words = (
        "Three maps of one valley, each with a path from the left. On the left gradient descent swings between the "
        "walls, farther each time, and leaves the map. In the middle slow weights that go half of the way after every "
        "five fast steps follow the floor to the minimum. On the right the same with four fast steps climbs the wall "
        f"and leaves the map. After {GRADIENTS} gradients each the distances to the minimum are {ends[0]:.0f}, "
        f"{ends[1]:.2f} and {ends[2]:.1f}."
    )
    return figure, words


def _path(ax: Axes, t: OneLoop | TwoLoop) -> None:
    from nala_lab import plots

    if isinstance(t, OneLoop):
        ax.plot(*t.x.T, color=plots.ROLES["fast"], marker=".", ms=6, lw=1)
        return
    for n, inner in enumerate(t.fast):
        label = "fast weights, which run ahead" if n == 0 else None
        ax.plot(*inner.T, color=plots.ROLES["fast"], marker=".", ms=6, lw=1, label=label)
    slow = {"color": plots.ROLES["slow"], "marker": "o", "ms": 8, "mec": "white", "lw": 3}
    ax.plot(*t.slow.T, **slow, label="slow weights, which follow")
