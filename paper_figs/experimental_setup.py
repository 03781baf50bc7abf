"""AdaLA Table 1: the experimental setup, with the tasks and runs of the lab that stand for it."""

from __future__ import annotations

from pathlib import Path

from paper_figs.beside import RECORDS, Runs, arms_of, pick
from paper_figs.beside.captions import caption
from paper_figs.beside.runs import TASKS
from paper_figs.beside.values import metric_of
from paper_figs.drawing import Drawing, Table
from paper_figs.published import table

__all__ = ["draw"]

RESULTS = (2, 3, 4)  # the tables with the results, in the order of the rows


def draw(folder: Path = RECORDS) -> Drawing:
    """Make it, with what was run of each task according to the records in `folder`."""
    printed = table("adala", 1)
    rows, found, metrics = [], [], []
    for row, number in zip(printed.rows, RESULTS, strict=True):
        runs, metric = _runs(number, folder), metric_of(table("adala", number).columns[0]).metric.definition
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


def _runs(number: int, folder: Path) -> list[Runs]:
    printed = table("adala", number)
    return [pick(TASKS[column.model, column.dataset], arms_of(printed), folder) for column in printed.columns]
