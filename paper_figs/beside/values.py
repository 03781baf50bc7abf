"""What a printed number is in a record: its definition, its value for one run, and the words of a cell."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nala_lab.core import require_choice
from nala_lab.results.comparable import trained_rows
from nala_lab.results.evidence import summary
from nala_lab.results.records import FINISHED, Record
from paper_figs.published import Column

__all__ = ["NOT_RUN", "Metric", "metric_of", "value_of", "words"]

NOT_RUN = "not yet run"


@dataclass(frozen=True)
class Metric:
    """A number of a run.

    Attributes
    ----------
    row, column : kind of row and column of the record.
    take : ``lowest``, ``highest`` of the rows, or ``first``: the timestep of the first row that reaches `level`.
    factor, digits : how it is printed. unit : after the word "measured".
    definition : what it is, in words.
    """

    row: str
    column: str
    take: str
    definition: str
    factor: float = 1.0
    digits: int = 4
    unit: str = ""
    level: float = math.nan


_MINI = "of the logged single training mini-batches, before their update (the paper's metric)"
_METRICS = {
    "loss": Metric("train", "loss", "lowest", f"the lowest loss (nats) {_MINI}"),
    "accuracy": Metric("train", "accuracy", "highest", f"the highest accuracy (share of the mini-batch) {_MINI}"),
    "accuracy_percent": Metric("test", "accuracy", "highest", "the highest test accuracy (%) among the epochs",
                               100, 2, ", %"),
    "perplexity": Metric("test", "perplexity", "lowest", "the lowest test perplexity among the epochs", 1, 2),
    "fid": Metric("test", "fid", "lowest", "the lowest FID among the epochs", 1, 2),
}  # fmt: skip


def metric_of(column: Column) -> Metric:
    """Give what a column of a published table is in the lab's records.

    Raises
    ------
    ValueError
        For a column of words.

    Examples
    --------
    >>> from paper_figs.published import table
    >>> metric_of(table("nala", 2).columns[1]).definition
    'the timestep of the first logged training mini-batch with an accuracy of at least 0.9'
    """
    if column.quantity == "timesteps" and column.target is not None:
        what = f"the timestep of the first logged training mini-batch with an accuracy of at least {column.target:g}"
        return Metric("train", "accuracy", "first", what, digits=0, level=column.target)
    require_choice("quantity", column.quantity, tuple(_METRICS))
    return _METRICS[column.quantity]


def value_of(record: Record, metric: Metric) -> float:
    """Give the number of one run, as recorded; NaN where the run never reaches the level or has no such row."""
    rows = trained_rows(record, metric.row, metric.column)
    values = np.array([row[metric.column] for row in rows], dtype=float)
    if values.size == 0:
        return math.nan
    if metric.take == "first":
        reached = np.flatnonzero(values >= metric.level)
        return float(rows[reached[0]]["timestep"]) if reached.size else math.nan
    return float(values.min() if metric.take == "lowest" else values.max())


def words(records: Sequence[Record], metric: Metric) -> str:
    """Give a cell: mean ± sample standard deviation [number of seeds], and what is not in them.

    Examples
    --------
    >>> words([], _METRICS["loss"])
    'not yet run'
    """
    if not records:
        return NOT_RUN
    done = [record for record in records if record.outcome == FINISHED]
    found = [value for value in (value_of(record, metric) for record in done) if math.isfinite(value)]
    lost = len(records) - len(done)
    diverged = f"{lost} diverged" if lost else ""
    missed = len(done) - len(found)
    not_reached = (f"{missed} of {len(done)} not reached" if found else f"not reached [{missed}]") if missed else ""
    return ", ".join(part for part in (_mean(found, metric), not_reached, diverged) if part)


def _mean(values: Sequence[float], metric: Metric) -> str:
    if not values:
        return ""
    one = summary([metric.factor * value for value in values])
    spread = f" ± {one.sd:,.{metric.digits}f}" if one.n > 1 else ""
    return f"{one.mean:,.{metric.digits}f}{spread} [{one.n}]"
