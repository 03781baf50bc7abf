"""Which records stand for a line of a published table: one task, one scale, one protocol, one setting an optimizer."""

from __future__ import annotations

import tomllib
from collections import Counter
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache, lru_cache
from pathlib import Path
from typing import Any

from nala_lab.core import require_choice
from nala_lab.core.records import FINISHED, Record, config_hash, load_records
from paper_figs.published import Table

__all__ = ["RECORDS", "SCALES", "TASKS", "TWICE", "Arm", "Runs", "arms_of", "pick"]

RECORDS = Path(__file__).parents[1] / "records"
CUT = "paper, cut short"
SCALES = ("smoke", "cpu", CUT, "paper")  # smallest first
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

_NAMED = {"nala": ("lr", "k", "mu", "alpha"), "lookahead": ("lr", "k"), "adam": ("lr",)}


@dataclass(frozen=True)
class Arm:
    """An optimizer at one setting: what a line of a table stands for.

    Attributes
    ----------
    label : the head of the line. optimizer : its name in the records.
    settings : hyperparameters that a run must have; what is not named may be anything.
    """

    label: str
    optimizer: str
    settings: Mapping[str, float]

    def fits(self, record: Record) -> bool:
        """Whether the run is of this arm."""
        config = record.header["config"]["optimizer"]
        return record.optimizer == self.optimizer and all(config.get(k) == v for k, v in self.settings.items())


@dataclass(frozen=True)
class Runs:
    """The runs that are shown of one task.

    Attributes
    ----------
    task : its name. scale : one of SCALES, or "" where nothing has been run.
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
        config = self._first.header["config"]
        epochs, batches, full = config["epochs"], config.get("batches"), _full_epochs(self.task)
        some = f" of {full}" if epochs != full else ""
        limit = "" if batches is None else f", {batches} mini-batches each"
        data = ", generated data" if self.generated else ""
        scale = "paper scale cut short" if self.scale == CUT else f"{self.scale} scale"
        return f"{scale} ({epochs}{some} epochs{limit}, batch {config['batch_size']}{data})"

    @property
    def generated(self) -> bool:
        """Whether the data are a generated stand-in."""
        return bool(self.by_arm) and "(generated)" in str(self._first.header["data"].get("name", ""))

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
    arms = []
    for row in table.rows:
        name = "nala" if table.varied else row.head.lower()
        printed = {**table.setting, table.varied: float(row.head)} if table.varied else table.setting
        settings = {key: printed[key] for key in _NAMED.get(name, ()) if key in printed}
        arms.append(Arm(row.head, name, settings))
    return tuple(arms)


def pick(task: str, arms: Sequence[Arm], folder: Path = RECORDS) -> Runs:
    """Pick the runs to show: the largest scale there is, then the protocol and the settings with the most runs.

    A protocol is everything in a configuration but seed, optimizer and device. Only whole runs count.

    Raises
    ------
    ValueError
        For a record without one of the three scales.
    """
    fitting = [record for record in _records(folder / task) if any(arm.fits(record) for arm in arms)]
    if not fitting:
        return Runs(task, "", {}, 0)
    scale = max((_scale(record) for record in fitting), key=SCALES.index)
    kept = _most(_most([r for r in fitting if _scale(r) == scale], _budget), _protocol)
    by_arm = {arm.label: _by_seed([r for r in kept if arm.fits(r)]) for arm in arms}
    by_arm = {label: group for label, group in by_arm.items() if group}
    shown = sum(len(group) for group in by_arm.values())
    return Runs(task, scale, by_arm, len(fitting) - shown)


@lru_cache(maxsize=8)
def _records(folder: Path) -> tuple[Record, ...]:
    return tuple(load_records(folder)) if any(folder.rglob("*.jsonl")) else ()


def _scale(record: Record) -> str:
    """The scale; a run at the paper's that has fewer epochs is one that was cut short."""
    config = record.header["config"]
    scale = str(config.get("scale"))
    require_choice(f"{record.path.name}, scale", scale, SCALES)
    whole = config["epochs"] >= _full_epochs(record.task) and config.get("batches") is None
    return CUT if scale == "paper" and not whole else scale


@cache
def _full_epochs(task: str) -> int:
    """Epochs of the paper, as the ledger has them."""
    full = tomllib.loads((RECORDS.parent / "ledger.toml").read_text(encoding="utf-8"))["full"]
    return int(full[task.removesuffix(TWICE)]["epochs"])


def _most(records: Sequence[Record], key: Callable[[Record], Hashable]) -> list[Record]:
    """The records with the most frequent key; of equally frequent ones the first in the order of keys."""
    counts = Counter(key(record) for record in records)
    best = min(counts, key=lambda one: (-counts[one], str(one)), default=None)
    return [record for record in records if key(record) == best]


def _budget(record: Record) -> str:
    return str(record.header["config"].get("equal", "grad_evals"))


def _protocol(record: Record) -> str:
    config = record.header["config"]
    return config_hash({key: value for key, value in config.items() if key not in ("seed", "optimizer", "device")})


def _setting(record: Record) -> str:
    config: dict[str, Any] = record.header["config"]["optimizer"]
    return config_hash(config)


def _by_seed(records: Sequence[Record]) -> tuple[Record, ...]:
    """One run a seed, of the setting with the most runs."""
    chosen = _most(records, _setting)
    return tuple({record.seed: record for record in sorted(chosen, key=lambda r: r.seed)}.values())
