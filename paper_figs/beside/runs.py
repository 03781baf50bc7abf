"""Which records stand for a line of a published table: one task, one scale, one protocol, one setting an optimizer."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from nala_lab.results.comparable import CUT, Arm, choose_at
from nala_lab.results.records import FINISHED, Record, RecordError, load_records
from paper_figs.published import Table, paper

__all__ = ["RECORDS", "TASKS", "TWICE", "Runs", "arms_of", "full_size", "load_task", "pick", "records_of"]

RECORDS = Path(__file__).parents[1] / "records"
WHOLE = 10_000  # images held out of each data set; Penn Treebank holds out more words
TWICE = "-softmax-twice"  # the task whose losses are on the scale of the published ones
TASKS: dict[tuple[str, str], str] = {
    ("LeNet-5", "CIFAR-10"): "lenet5-cifar10",
    ("LeNet-5", "CIFAR-100"): "lenet5-cifar100",
    ("AlexNet", "CIFAR-10"): "alexnet-cifar10",
    ("AlexNet", "CIFAR-100"): "alexnet-cifar100",
    ("ResNet-18", "CIFAR-10"): "resnet18-cifar10",
    ("ResNet-18", "Fashion-MNIST"): "resnet18-fashion-mnist",
    ("VGG11", "CIFAR-10"): "vgg11-cifar10",
    ("ResNet34", "CIFAR-10"): "resnet34-cifar10",
    ("DenseNet121", "CIFAR-10"): "densenet121-cifar10",
    ("LSTM-1layer", "PTB"): "lstm1-ptb",
    ("LSTM-2layer", "PTB"): "lstm2-ptb",
    ("LSTM-3layer", "PTB"): "lstm3-ptb",
    ("WGAN", "CIFAR-10"): "wgan-cifar10",
    ("WGAN-GP", "CIFAR-10"): "wgan-gp-cifar10",
}
"""(model, data set) as a column of a published table names them -> the task that trains it here."""


@dataclass(frozen=True)
class Runs:
    """The runs that are shown of one task.

    Attributes
    ----------
    task : its name. scale : one of `nala_lab.results.comparable.SCALES`, or "" where nothing has been run.
    by_arm : label of the arm -> its runs by seed, the diverged ones included; without the arms that were not run.
    left_out : whole runs of these arms at another scale, protocol or setting.
    """

    task: str
    scale: str
    by_arm: Mapping[str, tuple[Record, ...]]
    left_out: int

    def finished(self, label: str) -> list[Record]:
        """The finished runs of one arm."""
        return [record for record in self.by_arm.get(label, ()) if record.outcome == FINISHED]

    @property
    def seeds(self) -> str:
        """How many seeds an arm has: "3", or "2 to 3"."""
        counts = {len(group) for group in self.by_arm.values()}
        return "0" if not counts else " to ".join(str(n) for n in sorted({min(counts), max(counts)}))

    @property
    def size(self) -> str:
        """Scale and number of seeds, in words.

        Examples
        --------
        >>> Runs("lenet5-cifar10", "", {}, 0).size
        'not yet run, 0 seeds'
        """
        return f"{self.length}, {self.seeds} seed{'' if self.seeds == '1' else 's'}"

    @property
    def length(self) -> str:
        """Scale, in words."""
        if not self.by_arm:
            return "not yet run"
        config, full = self._first.header["config"], full_size(self.task)
        epochs, batches = config["epochs"], config.get("batches")
        train, precision = config.get("data", {}).get("train", full["train"]), config.get("precision", "float32")
        parts = [
            f"{epochs} of {full['epochs']} epochs" if epochs != full["epochs"] else f"{epochs} epochs",
            "" if batches is None else f"{batches} mini-batches each",
            f"batch {config['batch_size']}",
            "generated data" if self.generated else "",
            f"{100 * train / full['train']:.3g} % of the training data" if train < full["train"] else "",
            precision if precision != "float32" else "",
        ]
        scale = "paper scale cut short" if self.scale == CUT else f"{self.scale} scale"
        return f"{scale} ({', '.join(part for part in parts if part)})"

    @property
    def tested(self) -> str:
        """How much was held out, where it is less than all of it."""
        held = self.held_out
        return f"tested on {held:,} {'words' if 'ptb' in self.task else 'images'}" if held < WHOLE else ""

    @property
    def held_out(self) -> int:
        """Images tested on; of Penn Treebank at least so many words."""
        return int(self._first.header["config"].get("data", {}).get("test", WHOLE)) if self.by_arm else WHOLE

    @property
    def size_tested(self) -> str:
        """Scale, number of seeds and what was held out, in words."""
        return f"{self.size}, {self.tested}" if self.tested else self.size

    @property
    def generated(self) -> bool:
        """Whether the data are a generated stand-in."""
        return bool(self.by_arm) and self._first.generated

    @property
    def _first(self) -> Record:
        return next(iter(self.by_arm.values()))[0]


def arms_of(table: Table) -> tuple[Arm, ...]:
    """Give what the lines of a published table stand for, at the table's printed settings.

    Examples
    --------
    >>> from paper_figs.published import table
    >>> arms_of(table("nala", 5))[1]
    Arm(label='Lookahead', optimizer='lookahead', settings={'lr': 0.0002, 'k': 5})
    >>> arms_of(table("nala", 8))[0].settings["mu"]
    -0.3
    """
    arms, applies = [], paper(table.paper).applies
    for row in table.rows:
        name = (table.subject if table.varied else row.head).lower()
        printed = {**table.setting, table.varied: float(row.head)} if table.varied else table.setting
        settings = {key: printed[key] for key in applies.get(name, ()) if key in printed}
        arms.append(Arm(row.head, name, settings))
    return tuple(arms)


def pick(task: str, arms: Sequence[Arm], folder: Path = RECORDS) -> Runs:
    """Pick the runs to show, at the papers' budget, equal timesteps, where they are. Only whole runs count.

    Raises ValueError for a record without one of the three scales, and where it cannot be told which of several
    settings is meant.
    """
    found = choose_at(records_of(folder / task), arms, full_size(task), "timesteps")
    return Runs(task, found.scale, found.by_arm, found.left_out)


@cache
def records_of(folder: Path) -> tuple[Record, ...]:
    """All records below the folder of a task, read once."""
    return tuple(load_task(folder)) if any(folder.rglob("*.jsonl")) else ()


def load_task(folder: Path) -> list[Record]:
    """The records below the folder of a task. Raises RecordError when there is none, or one is of another task."""
    records = load_records(folder)
    for record in records:
        if record.task != folder.name:
            raise RecordError(f"{record.path}: a run of {record.task} in the folder of {folder.name}")
    return records


@cache
def _full() -> Mapping[str, Any]:
    full: Mapping[str, Any] = tomllib.loads((RECORDS.parent / "ledger.toml").read_text(encoding="utf-8"))["full"]
    return full


def full_size(task: str) -> Mapping[str, int]:
    """Epochs and training examples of the paper, as the ledger has them."""
    found: Mapping[str, int] = _full()[task.removesuffix(TWICE)]
    return found
