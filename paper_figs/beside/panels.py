"""The curve figures of both papers, of the lab's runs, panel by panel; published end points where nothing was run."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from nala_lab.core import Array, require
from nala_lab.plots import RC, label, look, median_window, running_mean, running_median, training_curves
from paper_figs.beside.captions import caption
from paper_figs.beside.dots import DOTS, few, final_dots
from paper_figs.beside.limits import RULE, limit
from paper_figs.beside.runs import RECORDS, TASKS, Runs, arms_of, pick
from paper_figs.beside.tables import beside, floor_of
from paper_figs.beside.values import NOT_RUN
from paper_figs.drawing import Drawing
from paper_figs.published import Table as Printed
from paper_figs.published import figure as figure_of
from paper_figs.published import table

__all__ = ["Panel", "curves_drawing", "curves_of", "epochs_drawing", "training_drawing", "wrapped"]

_ROOM = 90  # letters of a title's size beside each other in the width of a figure
_SMOOTH = {"accuracy": ("mean", running_mean)}  # a share of few images has few values: its median jumps

_STEPS = "timesteps: steps as the paper counts them, without the gradient at y_t"
_PASSES = "epochs: passes over the training data; in one AdaLA takes half as many steps, each of 2 gradients"
_Y = {"accuracy_percent": ("accuracy", "test accuracy (%)", 100.0, False),
      "perplexity": ("perplexity", "test perplexity", 1.0, True)}  # fmt: skip


@dataclass(frozen=True)
class Panel:
    """What one panel shows: a column of a published table, and the column of the records behind its curves.

    Attributes
    ----------
    column : of the published table, whose model and data set name the task.
    row, y, x : kind of row and columns of the records.   xlabel, ylabel : axis labels.
    factor : what the recorded numbers are multiplied by.   log : logarithmic y-axis.
    """

    column: int
    row: str
    y: str
    x: str
    xlabel: str
    ylabel: str
    factor: float = 1.0
    log: bool = False


def training_drawing(number: int, printed: int, folder: Path = RECORDS, *, twice: bool = False) -> Drawing:
    """Draw Fig. 2, 3 or 4 of the NALA paper: loss above, accuracy below, against timesteps.

    Parameters
    ----------
    number : of the figure. printed : of the table with its end points. folder : where the records are.
    twice : whether the table also has the runs with the softmax taken twice.
    """
    loss = [Panel(column, "train", "loss", "timestep", "timesteps", "training loss (nats)") for column in (0, 2)]
    accuracy = [Panel(column, "train", "accuracy", "timestep", "timesteps", "top-1 accuracy") for column in (1, 3)]
    return curves_drawing(
        "nala", number, printed, (*loss, *accuracy), folder, shape=(2, 2), size=(10.0, 9.6), twice=twice,
        metric="loss (nats) and accuracy of one training mini-batch, before its update, at every logged step",
        xaxis=_STEPS,
    )  # fmt: skip


def epochs_drawing(number: int, printed: int, folder: Path = RECORDS) -> Drawing:
    """Draw Fig. 1 or 2 of the AdaLA paper: accuracy or perplexity on the test data after each epoch.

    Parameters
    ----------
    number : of the figure. printed : of the table with its end points. folder : where the records are.
    """
    columns = table("adala", printed).columns
    column, name, factor, log = _Y[columns[0].quantity]
    panels = [Panel(i, "test", column, "epoch", "epoch", name, factor, log) for i in range(len(columns))]
    return curves_drawing(
        "adala", number, printed, panels, folder, shape=(1, 3), size=(10.0, 6.4), xaxis=_PASSES,
        metric=f"{name} on the held-out data, all of them where no number is given, of the weights as evaluated after "
        "each epoch, epoch 0 before training",
    )  # fmt: skip


def curves_of(runs: Runs, panel: Panel) -> dict[str, tuple[Array, Array]]:
    """Give label -> (x (rows,), values (seeds, rows)) of the finished runs.

    Raises ValueError when the seeds of an optimizer were not logged at the same points.
    """
    found = {}
    for name in runs.by_arm:
        done = runs.finished(name)
        if done:
            xs = [record.column(panel.row, panel.x) for record in done]
            same = all(np.array_equal(x, xs[0]) for x in xs)
            require(f"{runs.task}, {name}, {panel.x}", "differs", same, "the same rows for each seed")
            found[name] = (xs[0], panel.factor * np.stack([record.column(panel.row, panel.y) for record in done]))
    return found


def curves_drawing(
    paper: str, number: int, printed: int, panels: Sequence[Panel], folder: Path = RECORDS, *, metric: str, xaxis: str,
    shape: tuple[int, int], size: tuple[float, float], twice: bool = False,
) -> Drawing:  # fmt: skip
    """Draw figure `number` of a paper from records, with the table `printed` of the paper beside.

    Parameters
    ----------
    panels : in the order of the paper's. metric, xaxis : definitions for the caption.
    shape, size : rows and columns of panels, and inches. twice : see `beside`.
    """
    source, words = table(paper, printed), figure_of(paper, number)
    arms = arms_of(source)
    picked = [pick(_task(source, panel), arms, folder) for panel in panels]
    with plt.rc_context(RC):
        figure, axes = plt.subplots(*shape, figsize=size, squeeze=False)
        titles = [one.title.replace("MINIST", "MNIST") for one in words.panels]  # a slip of the NALA paper's Fig. 4
        heads = [f"{one.letter}. {title}" if one.letter else title
                 for one, title in zip(words.panels, titles, strict=True)]  # fmt: skip
        across = _ROOM // shape[1]
        cut = [_panel(ax, panel, runs, source, head, across)
               for ax, panel, runs, head in zip(axes.flat, panels, picked, heads, strict=True)]  # fmt: skip
        _names_once(axes)
        _legend(figure, axes.flat, [row.head for row in source.rows], high=size[1])
    name = f"{source.subject} Fig. {number}"
    missing = sorted({runs.task for runs in picked if not runs.by_arm})
    ends = f" A panel without runs shows the published numbers of Table {printed} instead." if missing else ""
    ends += f" {RULE}" if any(cut) else ""
    dots = [few(curves_of(runs, panel)) for panel, runs in zip(panels, picked, strict=True)]
    ends += f" {DOTS}" if any(dots) else ""
    what = f"{name}, from our own runs; the paper's own curves are not in this repository. "
    what = f"{what}{floor_of(source)}{ends}".strip()
    found = beside(source, folder, twice=twice)
    spread = "line: mean over the finished seeds, band: lowest to highest seed"
    if dots and all(dots):
        spread, xaxis = "none: each dot is one run, not a mean", f"{panels[0].ylabel} at the end of the runs"
    under = caption(what, list({runs.task: runs for runs in picked}.values()), metrics=[metric], xaxis=xaxis,
                    spread=spread)  # fmt: skip
    note = f"Table {printed} of the paper beside our runs: mean ± sample standard deviation [number of seeds]."
    return Drawing(
        figure=figure,
        title=f"{name}: {words.caption.rstrip('.')} (our runs)",
        caption=under,
        alt=f"{len(panels)} panels. " + " ".join(_alt(p, r, t) for p, r, t in
                                                 zip(panels, picked, titles, strict=True)),
        table=found.noted(note),
    )  # fmt: skip


def _task(source: Printed, panel: Panel) -> str:
    column = source.columns[panel.column]
    return TASKS[column.model, column.dataset]


def _panel(ax: Axes, panel: Panel, runs: Runs, source: Printed, title: str, across: int) -> bool:
    """Draw one panel, its title `across` letters wide; say whether its axis ends before some of the curves."""
    curves = curves_of(runs, panel)
    if not curves:
        _end_points(ax, source, panel.column)
        why = "all runs diverged" if runs.by_arm else NOT_RUN
        words = (title, f"{why}; shown: published, Table {source.number}")
        ax.set_title("\n".join(wrapped(line, across) for line in words), fontsize=12)
        return False
    absent = [row.head for row in source.rows if row.head not in curves]
    lacks = f"not shown (not run or diverged): {', '.join(absent)}" if absent else ""
    size = runs.size_tested if panel.row == "test" else runs.size
    how, smoothed = _smoothed(panel, curves)
    lines = [wrapped(line, across) for line in (title, size, how and f"thick: {how}", lacks) if line]
    ax.set_title("\n".join(lines), fontsize=12)
    if few(curves):
        final_dots(ax, curves, [row.head for row in source.rows], runs, xlabel=panel.ylabel, log=panel.log)
        return False
    if how:
        for name, (x, values) in curves.items():
            ax.plot(x, values.T, color=look(name)["color"], lw=0.8, alpha=0.35 / len(values) ** 0.5)
    training_curves(ax, smoothed, xlabel=panel.xlabel, ylabel=panel.ylabel, log=panel.log)
    for line in ax.lines[-len(curves) :]:
        line.set(linewidth=2.2, markersize=6)
    for band in ax.collections:
        band.set_alpha(0.1)  # up to ten lie on each other
    ax.get_legend().remove()
    ax.xaxis.set_major_locator(MaxNLocator(nbins=6, integer=True))
    return not panel.log and limit(ax, curves_of(runs, panel))


def _smoothed(panel: Panel, curves: dict[str, tuple[Array, Array]]) -> tuple[str, dict[str, tuple[Array, Array]]]:
    """How the thick lines are smoothed, "" where they are not, and what they show."""
    window = median_window(min((len(x) for x, _ in curves.values()), default=0))
    if window == 1 or panel.row != "train":
        return "", curves
    kind, smooth = _SMOOTH.get(panel.y, ("median", running_median))
    return f"running {kind} of {window}", {name: (x, smooth(values, window)) for name, (x, values) in curves.items()}


def wrapped(text: str, characters: int) -> str:
    """Lines of so many characters; no line ends inside a word or between a number and what it counts."""
    held = re.sub(r"(\d) (%|seeds?\b|mini-batches\b)", "\\1\N{NO-BREAK SPACE}\\2", text)
    return "\n".join(textwrap.wrap(held, characters, break_long_words=False, break_on_hyphens=False))


def _end_points(ax: Axes, source: Printed, column: int) -> None:
    """The published numbers of one column, a marker a line."""
    cells = list(source.column(column).items())
    values = [cell.value for _, cell in cells if cell.value is not None]
    middle = (min(values) + max(values)) / 2
    for row, (name, cell) in enumerate(cells):
        if cell.value is not None:
            ax.plot([cell.value], [row], **(look(name) | {"linestyle": "", "markersize": 9}))
            side, ha = (-9, "right") if cell.value > middle else (9, "left")
            ax.annotate(cell.printed, (cell.value, row), (side, 0), textcoords="offset points", va="center", ha=ha,
                        size=12)  # fmt: skip
    ax.set_yticks(range(len(cells)), [label(name) for name, _ in cells])
    ax.set(ylim=(len(cells) - 0.5, -0.5), xlabel=f"published: {source.columns[column].name}")
    ax.margins(x=0.1)
    ax.grid(axis="y", visible=False)


def _names_once(axes: NDArray[np.object_]) -> None:
    """Leave out the names of rows that the panel to the left has already."""
    said = [[[text.get_text() for text in ax.get_yticklabels()] for ax in line] for line in axes]
    for line, names in zip(axes, said, strict=True):
        for ax, here, left in zip(line[1:], names[1:], names, strict=False):
            if here == left and not here[0][:1].isdigit():
                ax.tick_params(labelleft=False)


def _legend(figure, axes, heads, *, high: float) -> None:  # type: ignore[no-untyped-def]
    """One legend for all panels with curves, below them."""
    axes = list(axes)
    handles = {text: handle for ax in axes for handle, text in zip(*ax.get_legend_handles_labels(), strict=True)}
    order = [label(head) for head in heads if label(head) in handles]
    if order:
        figure.legend([handles[text] for text in order], order, loc="outside lower center", ncols=5,
                      title="thin lines: single mini-batches" if any("thick:" in ax.get_title() for ax in axes) else "",
                      title_fontsize=12)  # fmt: skip


def _alt(panel: Panel, runs: Runs, title: str) -> str:
    how, curves = _smoothed(panel, curves_of(runs, panel))
    if not curves:
        why = "all runs diverged" if runs.by_arm else NOT_RUN
        return f"{title}: {why}; a marker for each published number."
    ends = ", ".join(f"{label(name)} ends at {values[:, -1].mean():.4g}" for name, (_, values) in curves.items())
    if few(curves):
        return f"{title}: {panel.ylabel} at the end of the runs, a row an optimizer, a dot a run; {ends}."
    lines = f"one line an optimizer, {how}" if how else "one line an optimizer"
    return f"{title}: {panel.ylabel} against {panel.xlabel}, {lines}; {ends}."
