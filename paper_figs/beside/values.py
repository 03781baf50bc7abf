"""What a printed number is in a record: its metric, how it is printed, and the words of a cell."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from nala_lab.core import require_choice
from nala_lab.results.evidence import summary
from nala_lab.results.metrics import METRICS, Metric, timesteps_to, values_of
from nala_lab.results.records import FINISHED, Record
from paper_figs.published import Column

__all__ = ["NOT_RUN", "Shown", "metric_of", "words"]

NOT_RUN = "not yet run"


class Shown(NamedTuple):
    """A metric as a column prints it: times `factor`, with so many digits; `unit` stands after the word "measured"."""

    metric: Metric
    digits: int = 4
    factor: float = 1.0
    unit: str = ""


_SHOWN = {
    "loss": Shown(METRICS["batch loss"]),
    "accuracy": Shown(METRICS["batch accuracy"]),
    "accuracy_percent": Shown(METRICS["best test accuracy"], 2, 100, ", %"),
    "perplexity": Shown(METRICS["test perplexity"], 2),
    "fid": Shown(METRICS["FID"], 2),
}


def metric_of(column: Column) -> Shown:
    """Give what a column of a published table is in the lab's records.

    Raises ValueError for a column of words.

    Examples
    --------
    >>> from paper_figs.published import table
    >>> metric_of(table("nala", 2).columns[1]).metric.definition
    'the timestep of the first logged training mini-batch with an accuracy of at least 0.9'
    """
    if column.quantity == "timesteps" and column.target is not None:
        return Shown(timesteps_to(column.target), 0)
    require_choice("quantity", column.quantity, tuple(_SHOWN))
    return _SHOWN[column.quantity]


def words(records: Sequence[Record], shown: Shown) -> str:
    """Give a cell: mean ± sample standard deviation [number of seeds], and what is not in them.

    Examples
    --------
    >>> words([], _SHOWN["loss"])
    'not yet run'
    """
    if not records:
        return NOT_RUN
    done = [record for record in records if record.outcome == FINISHED]
    found = values_of(done, shown.metric)
    lost, missed = len(records) - len(done), len(done) - len(found)
    diverged = f"{lost} diverged" if lost else ""
    not_reached = (f"{missed} of {len(done)} not reached" if found else f"not reached [{missed}]") if missed else ""
    return ", ".join(part for part in (_mean(found, shown), not_reached, diverged) if part)


def _mean(values: Sequence[float], shown: Shown) -> str:
    if not values:
        return ""
    one = summary([shown.factor * value for value in values])
    spread = f" ± {one.sd:,.{shown.digits}f}" if one.n > 1 else ""
    return f"{one.mean:,.{shown.digits}f}{spread} [{one.n}]"
