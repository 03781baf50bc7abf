"""A published table with what the lab measured beside every number."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from nala_lab.methods.task_settings import default_settings
from paper_figs.beside.captions import caption
from paper_figs.beside.runs import RECORDS, TASKS, TWICE, Runs, arms_of, pick
from paper_figs.beside.values import metric_of, words
from paper_figs.drawing import SLIP, Drawing, Table
from paper_figs.published import Column, table
from paper_figs.published import Table as Printed

__all__ = ["Beside", "beside", "floor_of", "setup_drawing", "table_drawing"]

FLOOR = (
    "The published ResNet losses lie above 1.4612 = log(e + 9) - 1, the floor of a cross-entropy whose softmax is "
    "taken twice. Plain cross-entropy, measured here where no column says softmax twice, has no such floor: these "
    "losses do not compare."
)
"""Belongs under every table or figure with losses of ResNet-18."""

_REMARKS = {
    "timesteps": "Timesteps leave out the gradient at y_t: where Adam spends 5 gradients, NALA spends 6.",
    "accuracy_percent": "Best means the best epoch on the test images themselves; so it is biased upwards.",
    "perplexity": "Best means the best epoch on the test text itself; so it is biased downwards.",
    "fid": "FIDs compare only where the same network gives the features; below paper scale that is a stand-in of ours.",
}
_RESULTS = (2, 3, 4)  # the tables of the AdaLA paper with the results, in the order of the rows of its Table 1
_SPREAD = "mean ± sample standard deviation over the finished seeds, whose number is in brackets"


@dataclass(frozen=True)
class Beside:
    """A published table with measured columns.

    Attributes
    ----------
    table : its note is about the cells whose printed string breaks the format of its column; the last row says how
        much was run.
    runs : what the measured columns are of, each task once.
    """

    table: Table
    runs: tuple[Runs, ...]

    def noted(self, text: str) -> Table:
        """The table with `text` before its note."""
        return replace(self.table, note=f"{text} {self.table.note}".strip())


def floor_of(printed: Printed) -> str:
    """FLOOR for a table with losses of ResNet-18, "" for another."""
    return FLOOR if any((c.model, c.quantity) == ("ResNet-18", "loss") for c in printed.columns) else ""


def beside(printed: Printed, folder: Path = RECORDS, *, twice: bool = False) -> Beside:
    """Put measured columns beside the published ones.

    Parameters
    ----------
    printed : the published table. folder : where the records are, a folder for each task.
    twice : whether to measure also with the softmax taken twice, on whose scale the published ResNet losses are.
    """
    arms = arms_of(printed)
    heads, columns, runs = [("", printed.corner)], [[row.head for row in printed.rows] + ["runs"]], []
    for number, column in enumerate(printed.columns):
        heads.append((column.name, "published"))
        cells = printed.column(number).values()
        columns.append([f"{cell.printed} {SLIP}" if cell.slip else cell.printed for cell in cells] + ["–"])
        for task, name in _measured(column, twice=twice):
            picked, shown = pick(task, arms, folder), metric_of(column)
            heads.append((column.name, name))
            said = [words(picked.by_arm.get(arm.label, ()), shown) for arm in arms]
            columns.append([*said, picked.size_tested if shown.metric.row == "test" else picked.size])
            runs.append(picked)
    notes = " ".join(f"{SLIP} {cell.printed}: {cell.note}." for cell in printed.cells() if cell.slip)
    groups, names = zip(*heads, strict=True)
    return Beside(Table(names, tuple(zip(*columns, strict=True)), notes, groups),
                  tuple({one.task: one for one in runs}.values()))  # fmt: skip


def _measured(column: Column, *, twice: bool) -> list[tuple[str, str]]:
    task = TASKS[column.model, column.dataset]
    plain = f"measured{metric_of(column).unit}"
    return [(task, plain), (task + TWICE, f"{plain}, softmax twice")] if twice else [(task, plain)]


def table_drawing(paper: str, number: int, folder: Path = RECORDS, *, twice: bool = False) -> Drawing:
    """Draw a published table with measured columns, as a table.

    Parameters
    ----------
    paper, number : which. folder, twice : see `beside`.
    """
    printed = table(paper, number)
    found = beside(printed, folder, twice=twice)
    title = f"{printed.subject} Table {number}: {printed.caption.rstrip('.')}"
    runs = f"Measured with {_settings(printed)}. " if printed.setting else ""
    quantities = dict.fromkeys(column.quantity for column in printed.columns)
    remarks = [one for one in (floor_of(printed), *map(_REMARKS.get, quantities)) if one]
    metrics = [f"{column.name}: {metric_of(column).metric.definition}" for column in printed.columns]
    under = caption(
        f"{title}, published beside measured. {runs}{' '.join(remarks)}".strip(), found.runs, metrics=metrics,
        spread=_SPREAD, xaxis="none, a table; the runs were logged against timesteps, steps as the papers count them",
    )  # fmt: skip
    made = found.noted(under)
    return Drawing(None, f"{title}: published beside measured", made.note, table=made)


def _settings(printed: Printed) -> str:
    """The printed hyperparameters of each line, or of all of them; a line without any has its task's rate."""

    def words(settings: Mapping[str, float]) -> str:
        return ", ".join(f"{key} = {value:g}" for key, value in settings.items())

    if printed.varied:
        return words(printed.setting)
    task, said = TASKS[printed.columns[0].model, printed.columns[0].dataset], []
    for arm in arms_of(printed):
        usual = default_settings(task, arm.optimizer)
        rate: dict[str, float] = {key: usual[key] for key in ("lr", "momentum") if key in usual}
        said.append(f"{arm.label}: {words(arm.settings or rate)}")
    return "; ".join(said)


def setup_drawing(folder: Path = RECORDS) -> Drawing:
    """Draw AdaLA Table 1, the experimental setup, with the tasks and runs of the lab in `folder` that stand for it."""
    printed = table("adala", 1)
    rows, found, metrics = [], [], []
    for row, number in zip(printed.rows, _RESULTS, strict=True):
        runs, metric = _runs_of(number, folder), metric_of(table("adala", number).columns[0]).metric.definition
        said = "; ".join(f"{one.task}: {len(one.by_arm)} of 10 optimizers, {one.size_tested}" for one in runs)
        rows.append((row.head, *(cell.printed for cell in row.cells), said, metric))
        found += runs
        metrics.append(metric)
    under = caption(
        "AdaLA Table 1: the experimental setup, with the tasks of this lab that stand for it.", found, metrics=metrics,
        spread="in the tables with the results, mean ± sample standard deviation over seeds", xaxis="none, a table",
    )  # fmt: skip
    names = (printed.corner, *(column.name for column in printed.columns), "task and runs", "metric")
    groups = ("", *["published"] * len(printed.columns), "ours", "ours")
    title = "AdaLA Table 1: experimental setup, published beside ours"
    return Drawing(None, title, under, table=Table(names, tuple(rows), under, groups))


def _runs_of(number: int, folder: Path) -> list[Runs]:
    printed = table("adala", number)
    return [pick(TASKS[column.model, column.dataset], arms_of(printed), folder) for column in printed.columns]
