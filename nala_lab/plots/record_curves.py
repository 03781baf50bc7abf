"""Training curves and final results, every seed shown, with the caption that says what was measured."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes

from nala_lab.core import Array, require
from nala_lab.plots.style import axes_or_new, label, look, rim

__all__ = ["caption", "final_values", "training_curves"]


def training_curves(ax: Axes | None, curves: Mapping[str, tuple[Array, Array]], *, xlabel: str, ylabel: str,
                    log: bool = False) -> Axes:  # fmt: skip
    """Draw mean over seeds as a line, and lowest to highest seed as a band, for each optimizer.

    Parameters
    ----------
    ax : axes to draw on; None makes a figure.
    curves : registry name -> (x, values): x (n,) epochs, timesteps, gradient evaluations or seconds; values
        (seeds, n), or (n,) for a single seed.
    xlabel, ylabel : what is on the axes, with its unit.
    log : logarithmic y-axis.

    Raises
    ------
    ValueError
        When there is no curve, or values and x differ in length.

    Examples
    --------
    >>> import numpy as np
    >>> from nala_lab.plots import training_curves
    >>> import matplotlib.pyplot as plt
    >>> ax = training_curves(None, {"adam": (np.arange(3), np.array([[3.0, 2, 1], [5, 2, 1]]))},
    ...                      xlabel="epoch", ylabel="test loss (nats)")
    >>> ax.lines[0].get_ydata().tolist()
    [4.0, 2.0, 1.0]
    >>> plt.close(ax.figure)
    """
    require("curves", list(curves), len(curves) > 0, "at least one optimizer")
    ax = axes_or_new(ax)
    for name, (x, values) in curves.items():
        seeds = np.atleast_2d(np.asarray(values, dtype=float))
        fits = seeds.shape[1] == len(x)
        require("values", seeds.shape, fits, f"shape (seeds, {len(x)})", f"curve of {name}")
        style = look(name) | {"markevery": max(1, len(x) // 8)}
        ax.plot(x, seeds.mean(axis=0), label=label(name), zorder=3, **style)
        if len(seeds) > 1:
            ax.fill_between(x, seeds.min(axis=0), seeds.max(axis=0), color=style["color"], alpha=0.18, lw=0)
    ax.set(xlabel=xlabel, ylabel=ylabel)
    if log:
        ax.set_yscale("log", nonpositive="mask")  # zeros are not shown, and no fall to the bottom of the axis
    ax.legend(loc="best")
    return ax


def final_values(
    ax: Axes | None, finals: Mapping[str, Array], *, xlabel: str, higher_is_better: bool
) -> Axes:
    """Draw the last value of each seed as a dot, their mean as a bar and one standard deviation as a line.

    The dots of a row stand a little above each other, in the order given, so that equal values are both seen.

    Parameters
    ----------
    ax : axes to draw on; None makes a figure.
    finals : registry name -> (seeds,) final values; drawn best on top.
    xlabel : the metric, with its unit.
    higher_is_better : whether the best mean is the largest.

    Raises
    ------
    ValueError
        When there is nothing to draw, or a value is not finite.

    Examples
    --------
    >>> import numpy as np
    >>> from nala_lab.plots import final_values
    >>> import matplotlib.pyplot as plt
    >>> ax = final_values(None, {"sgd": np.array([80.0, 82.0]), "nala": np.array([90.0, 91.0])},
    ...                   xlabel="test accuracy (%)", higher_is_better=True)
    >>> [text.get_text() for text in ax.get_yticklabels()]
    ['NALA', 'SGD']
    >>> plt.close(ax.figure)
    """
    require("finals", list(finals), len(finals) > 0, "at least one optimizer")
    for name, values in finals.items():
        told = np.size(values) > 0 and bool(np.isfinite(values).all())
        require(name, values, told, "finite numbers, at least one", "runs that diverged stay out")
    ax = axes_or_new(ax)
    order = sorted(finals, key=lambda name: float(np.mean(finals[name])), reverse=higher_is_better)
    for row, name in enumerate(order):
        values = np.atleast_1d(np.asarray(finals[name], dtype=float))
        colour, mean = look(name)["color"], values.mean()
        spread = values.std(ddof=1) if len(values) > 1 else 0.0
        ax.plot([mean - spread, mean + spread], [row, row], color=colour, lw=3, alpha=0.5, zorder=2)
        ax.plot([mean], [row], marker="|", ms=24, mew=3, color=colour, zorder=3)
        apart = 0.14 * (np.arange(len(values)) - (len(values) - 1) / 2) / max(1, (len(values) - 1) / 2)
        ax.plot(values, row + apart, linestyle="", marker=look(name)["marker"], ms=11,
                color=colour, zorder=4, **{"mew": 0.6, **rim(name)})  # fmt: skip
    ax.set_yticks(range(len(order)), [label(name) for name in order])
    ax.set(xlabel=xlabel, ylabel="optimizer", ylim=(len(order) - 0.5, -0.5))
    ax.grid(axis="y", visible=False)
    return ax


def caption(*, task: str, scale: str, seeds: int | str, metric: str, xaxis: str, spread: str) -> str:
    """Write the sentence under a figure of records: what was trained, how long, how often, what was measured.

    Parameters
    ----------
    task : model and data.
    scale : how much was run ("5 epochs, batch 256").
    seeds : number of seeds, "2 to 3" where the lines differ in it.
    metric : definition of what is on the y-axis.
    xaxis : what is on the x-axis.
    spread : what the band or bar shows.

    Examples
    --------
    >>> from nala_lab.plots import caption
    >>> caption(task="LeNet-5 on digits", scale="5 epochs", seeds=3, xaxis="gradient evaluations",
    ...         metric="test loss of the slow weights (nats)", spread="lowest to highest seed")
    'LeNet-5 on digits, 5 epochs, n = 3 seeds. Shown: test loss of the slow weights (nats), against gradient
    evaluations; line: mean over seeds; band: lowest to highest seed.'
    """
    return (
        f"{task}, {scale}, n = {seeds} seed{'s' if seeds != 1 else ''}. Shown: {metric}, against {xaxis}; "
        f"line: mean over seeds; band: {spread}."
    )
