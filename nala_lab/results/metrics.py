"""What is measured of a run, defined once: figures, ledger, tables, README and lessons take their numbers from here.

A value that was not reached is not a number. A run that never reached a level says that it takes longer than the run
lasted, and no more: `matched` lets a run that reached it beat one that had as long and did not, and drops the pairs
that tell nothing.

A row may say its ``phase``: gradients spent since the last slow update, 0 right after it (always 0 for a method without
slow weights). The released program of the NALA paper logs at phase 0 only; so rows at another phase are no candidates.
Rows of older records say nothing, and stand at any phase: `at_phase_0` tells, and what is printed of them says so.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from nala_lab.core.validate import require_choice, require_number
from nala_lab.results.evidence import Rule
from nala_lab.results.records import FINISHED, Record

__all__ = ["ANY_PHASE", "METRICS", "Matched", "Metric", "at_phase_0", "matched", "reached", "timesteps_to",
           "trained_rows", "value_of", "values_of"]  # fmt: skip

ANY_PHASE = "training rows at any phase of a cycle, the paper's right after a slow update"
TAKES = ("last", "lowest", "highest", "first")


@dataclass(frozen=True, kw_only=True)
class Metric:
    """A number of a run, and the difference in it that matters, fixed before the runs.

    Attributes
    ----------
    row, column : kind of row and column of the record.
    take : ``"last"``, ``"lowest"``, ``"highest"``, or ``"first"``: the timestep at which `column` reaches `level`.
    higher_is_better : of the number itself.
    threshold : a smaller difference does not matter; in the unit of the number.
    level : to be reached, for ``"first"``.
    definition : what the number is, in words.
    """

    row: str
    column: str
    take: str
    higher_is_better: bool
    threshold: float
    level: float = math.nan
    definition: str = ""

    def __post_init__(self) -> None:
        require_choice("take", self.take, TAKES)

    @property
    def rule(self) -> Rule:
        """The rule by which two optimizers are compared in it."""
        return Rule(threshold=self.threshold, higher_is_better=self.higher_is_better)


def timesteps_to(level: float) -> Metric:
    """The timestep at which a training mini-batch first has an accuracy of at least `level`.

    Raises ValueError for a level outside [0, 1].
    """
    require_number("level", level, low=0, high=1)
    # 200 timesteps: about one epoch of CIFAR, which has 195 whole mini-batches of 256 in its 50,000 images.
    what = f"the timestep of the first logged training mini-batch with an accuracy of at least {level:g}"
    return Metric(row="train", column="accuracy", take="first", level=level, higher_is_better=False, threshold=200,
                  definition=what)  # fmt: skip


def _of(row: str, column: str, take: str, threshold: float, definition: str) -> Metric:
    return Metric(row=row, column=column, take=take, higher_is_better=column == "accuracy", threshold=threshold,
                  definition=definition)  # fmt: skip


# Why the thresholds are what they are. 0.002 of accuracy: 20 of 10,000 test images, about one standard error of a share
# of 95 %, sqrt(0.95 * 0.05 / 10,000) = 0.0022. 2 / 256: two images of the mini-batch, which counts whole images. 0.02
# nats of loss, 0.5 of perplexity and 2.0 of FID follow from nothing: they are conventions of this lab, fixed before the
# runs.
_MINI = "of the logged single training mini-batches, before their update (the paper's metric)"
METRICS: dict[str, Metric] = {
    "test accuracy": _of("test", "accuracy", "last", 0.002, "the test accuracy after the last epoch"),
    "test loss": _of("test", "loss", "last", 0.02, "the test loss (nats) after the last epoch"),
    "best test accuracy": _of("test", "accuracy", "highest", 0.002, "the highest test accuracy among the epochs"),
    "batch accuracy": _of("train", "accuracy", "highest", 2 / 256,
                          f"the highest accuracy (share of the mini-batch) {_MINI}"),
    "batch loss": _of("train", "loss", "lowest", 0.02, f"the lowest loss (nats) {_MINI}"),
    "test perplexity": _of("test", "perplexity", "lowest", 0.5, "the lowest test perplexity among the epochs"),
    "FID": _of("test", "fid", "lowest", 2.0, "the lowest FID among the epochs"),
    **{f"timesteps to {percent} %": timesteps_to(percent / 100) for percent in (50, 60, 70, 80, 90)},
}  # fmt: skip
"""Name -> metric; the only place where a threshold stands."""


def trained_rows(record: Record, kind: str, column: str) -> list[dict[str, Any]]:
    """The rows of one kind that hold `column`, without those of epoch 0 and training rows at another phase than 0.

    What is measured before the first epoch is of an untrained network, and so is no candidate for the best epoch.
    """
    rows = [row for row in record.rows if row["kind"] == kind and column in row and row.get("epoch") != 0]
    return [row for row in rows if kind != "train" or row.get("phase", 0) == 0]


def at_phase_0(records: Iterable[Record], row: str = "train") -> bool:
    """Whether every training row says its phase, so that those that count are at phase 0; True for rows of tests."""
    rows = (one for record in records for one in record.rows if one["kind"] == "train")
    return row != "train" or all("phase" in one for one in rows)


def value_of(record: Record, metric: Metric) -> float | None:
    """The number of one run; None where it has no such row, where the level was not reached, or for NaN."""
    rows = trained_rows(record, metric.row, metric.column)
    values = [record.number(row, metric.column) for row in rows]
    if metric.take == "first":
        high = (row for row, value in zip(rows, values, strict=True) if value >= metric.level)
        return next((record.number(row, "timestep") for row in high), None)
    if not values or any(math.isnan(value) for value in values):
        return None
    found = {"last": values[-1], "lowest": min(values), "highest": max(values)}[metric.take]
    return found if math.isfinite(found) else None


def values_of(records: Iterable[Record], metric: Metric) -> list[float]:
    """The numbers of the finished runs that have one."""
    found = (value_of(record, metric) for record in records if record.outcome == FINISHED)
    return [value for value in found if value is not None]


def reached(records: Iterable[Record], metric: Metric) -> str:
    """How many of the finished runs have a number: "2 of 5"."""
    done = [record for record in records if record.outcome == FINISHED]
    return f"{len(values_of(done, metric))} of {len(done)}"


@dataclass(frozen=True)
class Matched:
    """The pairs of runs of one seed that tell something: numbers of each side, in the order of the seeds.

    ``inf`` stands for a run that had as long as the other and did not reach the level.
    """

    a: tuple[float, ...]
    b: tuple[float, ...]


def matched(mine: Iterable[Record], theirs: Iterable[Record], metric: Metric) -> Matched:
    """Pair the finished runs of two optimizers by seed.

    A pair in which neither reached the level says nothing. Nor does one in which only one did, later than the other
    run lasted: at equal gradients a run of NALA ends after 5/6 of the timesteps.
    """
    first, second = _by_seed(mine), _by_seed(theirs)
    pairs = [_pair(first[seed], second[seed], metric) for seed in sorted(first.keys() & second.keys())]
    told = [pair for pair in pairs if pair is not None]
    return Matched(tuple(a for a, _ in told), tuple(b for _, b in told))


def _pair(mine: Record, theirs: Record, metric: Metric) -> tuple[float, float] | None:
    a, b = value_of(mine, metric), value_of(theirs, metric)
    if a is not None and b is not None:
        return a, b
    if metric.take != "first":
        return None
    if a is not None and a <= _end(theirs, metric):
        return a, math.inf
    if b is not None and b <= _end(mine, metric):
        return math.inf, b
    return None


def _end(record: Record, metric: Metric) -> float:
    """The last timestep at which the level could have been seen."""
    rows = trained_rows(record, metric.row, metric.column)
    return max((record.number(row, "timestep") for row in rows), default=-math.inf)


def _by_seed(records: Iterable[Record]) -> Mapping[int, Record]:
    found: dict[int, Record] = {}
    for record in records:
        if record.outcome == FINISHED:
            if record.seed in found:
                raise ValueError(f"seed {record.seed} of {record.optimizer} occurs twice: compare one task and setting")
            found[record.seed] = record
    return found
