"""The same curves against timesteps, gradients and seconds: which optimizer leads can depend on the axis alone."""

from __future__ import annotations

from collections.abc import Sequence

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from nala_lab.core import require
from nala_lab.plots.record_curves import training_curves
from nala_lab.plots.style import RC
from nala_lab.results.records import FINISHED, Record

__all__ = ["THREE_AXES", "three_axes"]

THREE_AXES: dict[str, str] = {
    "timestep": "timesteps",
    "grad_evals": "gradient evaluations",
    "seconds": "seconds of training",
}
"""Column of a record -> what its axis is called."""


def three_axes(
    records: Sequence[Record], kind: str, column: str, *, ylabel: str, factor: float = 1.0, start: int = 0,
    log: bool = False, figsize: tuple[float, float] = (10.2, 4.6),
) -> Figure:  # fmt: skip
    """Draw one column of records three times, against each of THREE_AXES; mean over seeds, band from lowest to highest.

    Parameters
    ----------
    records : of one task and protocol, one setting an optimizer; those that did not finish are left out.
    kind, column : which rows, and which number of theirs.
    ylabel : what it is, with its unit.
    factor : what the number is multiplied by, 100 for per cent.
    start : rows left out at the beginning; 1 leaves out the measurement before training.
    log : logarithmic y-axis.

    Notes
    -----
    Seconds are means over seeds. They belong to the machine and to what else it did, unlike the other two axes: theirs
    says whether the machine was shared, quiet, or both in turn, where the records say it (`Record.machine`).

    Raises
    ------
    ValueError
        When no run has finished, none has rows after `start`, or two runs of an optimizer have rows at different
        timesteps or gradients, or the same seed.
    """
    done = [record for record in records if record.outcome == FINISHED]
    require("records", len(records), len(done) > 0, "at least one finished run")
    runs = {name: [record for record in done if record.optimizer == name] for name in (one.optimizer for one in done)}
    for name, several in runs.items():
        seeds = [run.seed for run in several]
        require("seeds", seeds, len({*seeds}) == len(seeds), "different ones", f"runs of {name}: one setting of it")
        rows = {tuple(zip(*(run.column(kind, axis) for axis in list(THREE_AXES)[:2]), strict=True)) for run in several}
        require("rows", sorted(map(len, rows)), len(rows) == 1, "the same for every seed", f"runs of {name}")
        (length,) = map(len, rows)
        require("kind", kind, length > 0, f"that of rows of the runs of {name}")
        require("start", start, 0 <= start < length, f"0 <= start < {length}, the rows")
    dpi = plt.rcParams["figure.dpi"]  # the session's: a notebook keeps its pictures small
    with plt.rc_context(RC):
        figure, axes = plt.subplots(1, 3, figsize=figsize, sharey=True, dpi=dpi)
    for ax, (axis, xlabel) in zip(axes, THREE_AXES.items(), strict=True):
        curves = {
            name: (np.mean([run.column(kind, axis)[start:] for run in several], axis=0),
                   factor * np.stack([run.column(kind, column)[start:] for run in several]))
            for name, several in runs.items()
        }  # fmt: skip
        if axis == "seconds":
            states = sorted({record.machine or "not marked" for record in done})
            xlabel = f"{xlabel}\n(machine: {', '.join(states)})"
        training_curves(ax, curves, xlabel=xlabel, ylabel=ylabel if axis == "timestep" else "", log=log)
        ax.get_legend().remove()
        ax.xaxis.set_major_locator(MaxNLocator(nbins=4))
    figure.legend(*axes[0].get_legend_handles_labels(), loc="outside lower center", ncols=5)
    return figure
