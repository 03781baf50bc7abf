"""What was released beside the papers, in numbers: summaries of the logs, and facts about the programs.

The logs themselves are not in this checkout. ``released()`` gives what is stored of them (``released.toml``), the
same on every machine; ``recounted()`` computes the same summaries from the files in a folder of NALA_LAB_DATA.
"""

from __future__ import annotations

import csv
import gzip
import os
import tomllib
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path
from typing import Any

from nala_lab.core import require
from nala_lab.results.records import Record

__all__ = ["FILES", "LATE", "TARGETS", "Curve", "Log", "Released", "folder_of", "of_run", "recounted", "released"]

FILES = ("nala_cifar_curves.csv.gz", "adabelief_cifar10_curves.csv.gz", "adabelief_ptb_lstm_curves.csv.gz")
"""The logs, one file for NALA's and two for AdaBelief's and its rivals'."""

LATE = 40_000
"""From this timestep on a NALA log counts as late: its last 50 records."""

TARGETS = (0.5, 0.6, 0.7, 0.8, 0.9)
"""The accuracies of Tables 2, 4 and 6 of the NALA paper."""


@dataclass(frozen=True)
class Log:
    """Summary of one log of the NALA authors: loss and accuracy of one mini-batch at every 100th timestep.

    Attributes
    ----------
    records : how many.   best_loss, best_accuracy : lowest and highest record.   *_at : their first timestep.
    late_records, late_loss, late_accuracy, late_sd : number, means, and sample deviation of the accuracy, late.
    first : accuracy -> first timestep whose record reaches it; an accuracy that is never reached is left out.
    """

    model: str
    dataset: str
    records: int
    best_loss: float
    best_loss_at: int
    best_accuracy: float
    best_accuracy_at: int
    late_records: int
    late_loss: float
    late_accuracy: float
    late_sd: float
    first: Mapping[float, int]


@dataclass(frozen=True)
class Curve:
    """Summary of one stored test curve of the AdaBelief repository: one run.

    Attributes
    ----------
    best, best_epoch, last, epochs : best value over the epochs, where, last value, number of epochs.
    weight_decay, eps : as in the name of the file; None where the name has none.
    """

    model: str
    optimizer: str
    epochs: int
    best: float
    best_epoch: int
    last: float
    weight_decay: float | None
    eps: float | None


@dataclass(frozen=True)
class Released:
    """Everything about the released files that the audit uses.

    Attributes
    ----------
    basis : where logs and curves come from: stored summaries, or the files.
    facts : name -> number or list, of the programs and the notebook; sources are in ``released.toml``.
    """

    basis: str
    logs: tuple[Log, ...]
    curves: tuple[Curve, ...]
    facts: Mapping[str, Any]

    def log(self, model: str, dataset: str) -> Log:
        """Give the log of one network on one data set."""
        return next(one for one in self.logs if (one.model, one.dataset) == (model, dataset))

    def curve(self, model: str, optimizer: str) -> Curve | None:
        """Give one curve; None where none was released."""
        return next((one for one in self.curves if (one.model, one.optimizer) == (model, optimizer)), None)


@cache
def released() -> Released:
    """Give what is stored, the same on every machine.

    Examples
    --------
    >>> released().log("LeNet-5", "CIFAR-10").best_accuracy, len(released().curves)
    (0.9453125, 51)
    """
    data = tomllib.loads((Path(__file__).parent / "released.toml").read_text(encoding="utf-8"))
    first = [{float(target): step for target, step in log.pop("first").items()} for log in data["log"]]
    return Released(
        basis="summaries stored in paper_figs/published/released.toml",
        logs=tuple(Log(**log, first=steps) for log, steps in zip(data["log"], first, strict=True)),
        curves=tuple(Curve(**{"weight_decay": None, "eps": None, **curve}) for curve in data["curve"]),
        facts=data["facts"],
    )


def folder_of(names: Sequence[str] = FILES) -> Path | None:
    """Give the first folder of NALA_LAB_DATA that holds all of `names`, or None."""
    folders = [Path(part) for part in os.environ.get("NALA_LAB_DATA", "").split(os.pathsep) if part]
    return next((folder for folder in folders if all((folder / name).is_file() for name in names)), None)


def recounted(folder: Path | None = None) -> Released:
    """Give the same, with logs and curves summarised from the files in `folder` (default: found by NALA_LAB_DATA).

    Raises ValueError when no folder holds the files.
    """
    folder = folder_of() if folder is None else folder
    require("NALA_LAB_DATA", os.environ.get("NALA_LAB_DATA"), folder is not None, f"a folder with {', '.join(FILES)}")
    assert folder is not None
    nala, cifar, ptb = (list(_read(folder / name)) for name in FILES)
    return replace(
        released(),
        basis=f"the files {', '.join(FILES)}",
        logs=tuple(_logs(nala)),
        curves=tuple([*_curves(cifar, best=max), *_curves(ptb, best=min)]),
    )


def _read(path: Path) -> Iterator[dict[str, str]]:
    with gzip.open(path, "rt", encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines)


def _logs(rows: Sequence[Mapping[str, str]]) -> Iterator[Log]:
    series: dict[tuple[str, str], dict[str, dict[int, float]]] = defaultdict(lambda: defaultdict(dict))
    for row in rows:
        if row["timestep"]:
            key = row["network"], row["dataset"]
            series[key][row["metric"]][int(row["timestep"])] = float(row["value"])
    for (model, dataset), of in series.items():
        yield _summary(model, dataset, of["loss"], of["accuracy"])


def of_run(run: Record) -> Log:
    """Summarise the training rows of a run of this lab as the authors' logs are.

    Raises ValueError for a run that ends before two of its rows are late.
    """
    steps = [int(step) for step in run.column("train", "timestep")]
    late = sum(step >= LATE for step in steps)
    require("rows", late, late > 1, f"two or more at timestep {LATE} or later")
    loss, accuracy = (dict(zip(steps, run.column("train", of).tolist(), strict=True)) for of in ("loss", "accuracy"))
    return _summary(run.task, str(run.header["data"]["name"]), loss, accuracy)


def _summary(model: str, dataset: str, loss: Mapping[int, float], accuracy: Mapping[int, float]) -> Log:
    late = [step for step in accuracy if step >= LATE]
    mean = sum(accuracy[step] for step in late) / len(late)
    reached = {target: [step for step, a in accuracy.items() if a >= target] for target in TARGETS}
    return Log(
        model, dataset, len(accuracy),
        best_loss=min(loss.values()), best_loss_at=min(loss, key=loss.__getitem__),
        best_accuracy=max(accuracy.values()), best_accuracy_at=max(accuracy, key=accuracy.__getitem__),
        late_records=len(late), late_loss=sum(loss[step] for step in late) / len(late), late_accuracy=mean,
        late_sd=(sum((accuracy[step] - mean) ** 2 for step in late) / (len(late) - 1)) ** 0.5,
        first={target: min(steps) for target, steps in reached.items() if steps},
    )  # fmt: skip


def _curves(rows: Sequence[Mapping[str, str]], best: Callable[..., int]) -> Iterator[Curve]:
    series: dict[tuple[str, str, str], dict[int, float]] = defaultdict(dict)
    for row in rows:
        if row["split"] == "test":
            series[row["model"], row["optimizer"], row["hyperparameters"]][int(row["epoch"])] = float(row["value"])
    for (model, optimizer, text), curve in series.items():
        options = dict(part.split("=", 1) for part in text.split(";"))
        where = best(curve, key=curve.__getitem__)
        decay, eps = (float(options[name]) if name in options else None for name in ("weight_decay", "eps"))
        yield Curve(model, optimizer, max(curve), curve[where], where, curve[max(curve)], decay, eps)
