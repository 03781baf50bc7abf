"""AdaLA Table 1: the experimental setup, with the tasks and runs of the lab that stand for it."""

from __future__ import annotations

from pathlib import Path

from paper_figs.beside import RECORDS, Runs, arms_of, pick, picture_of
from paper_figs.beside.captions import caption
from paper_figs.beside.picture import Head
from paper_figs.beside.runs import TASKS
from paper_figs.beside.values import metric_of
from paper_figs.drawing import Drawing, Table
from paper_figs.published import table

__all__ = ["draw"]

RESULTS = (2, 3, 4)  # the tables with the results, in the order of the rows
WRAP = {2: 22, 4: 90, 5: 26}  # characters in a line of the picture, by column


def draw(folder: Path = RECORDS) -> Drawing:
    """Draw it, with what was run of each task according to the records in `folder`."""
    printed = table("adala", 1)
    heads = [Head("", printed.corner), *(Head("published", column.name) for column in printed.columns),
             Head("ours", "task and runs"), Head("ours", "metric")]  # fmt: skip
    rows, found, metrics = [], [], []
    for row, number in zip(printed.rows, RESULTS, strict=True):
        runs, metric = _runs(number, folder), metric_of(table("adala", number).columns[0]).definition
        said = "; ".join(f"{one.task}: {len(one.by_arm)} of 10 optimizers, {one.size_tested}" for one in runs)
        rows.append((row.head, *(cell.printed for cell in row.cells), said, metric))
        found += runs
        metrics.append(metric)
    under = caption(
        "AdaLA Table 1: the experimental setup, with the tasks of this lab that stand for it.", found, metrics=metrics,
        spread="in the tables with the results, mean ± sample standard deviation over seeds", xaxis="none, a table",
    )  # fmt: skip
    shown = [[text.replace("; ", ";\n") for text in row] for row in rows]
    columns = tuple(f"{head.group}: {head.name}" if head.group else head.name for head in heads)
    return Drawing(
        figure=picture_of("AdaLA Table 1: Experimental Setup", heads, shown, wrap=WRAP),
        title="AdaLA Table 1: experimental setup, published beside ours",
        caption=under,
        alt="A table with the three kinds of task of the AdaLA paper: data, networks and metric as published, and the "
        f"tasks and runs of this lab: {'; '.join(row[4] for row in rows)}.",
        table=Table(columns, tuple(rows), under),
    )


def _runs(number: int, folder: Path) -> list[Runs]:
    printed = table("adala", number)
    return [pick(TASKS[column.model, column.dataset], arms_of(printed), folder) for column in printed.columns]
