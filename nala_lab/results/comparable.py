"""Which of many runs may stand side by side: one size, one protocol, one setting for each line of a table.

Figures, ledger and lessons all choose with `choose`. What it takes, in this order:

setting    of an arm, the runs at its named hyperparameters and, for those it does not name, the task's defaults; only
           where there is no such run, the setting that was run most often.
scale      the largest at which every arm that was run has two seeds, for one run is no comparison; without such a
           scale, the largest that any arm has. So a sweep that goes on for days shows itself once it can be read.
protocol   everything in a configuration but seed, optimizer and device: the one with the most runs; of equally frequent
           ones the longest, and of those the one with equal gradients. What still ties is refused: no hash decides.

Part of a protocol is its budget. A method that spends one gradient a timestep makes the same run at either, so its runs
count for both; only those of a method that looks ahead differ.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

from nala_lab.core.validate import require_choice
from nala_lab.methods.counting import counted
from nala_lab.methods.table import METHODS, rank
from nala_lab.methods.task_settings import default_settings
from nala_lab.results.records import Record, config_hash, read_record

__all__ = ["BUDGETS", "CUT", "SCALES", "Arm", "Choice", "budget_of", "budgets_of", "choose", "choose_at", "comparable",
           "one_a_seed", "runs_of", "scale_of"]  # fmt: skip

CUT = "paper, cut short"
SCALES = ("smoke", "cpu", CUT, "paper")  # smallest first
BUDGETS = ("timesteps", "gradients")
_APART = ("seed", "optimizer", "device", "equal")  # not in a protocol's hash
_ABSENT = object()
K = TypeVar("K")


@dataclass(frozen=True)
class Arm:
    """An optimizer at one setting: what a line of a table stands for.

    Attributes
    ----------
    label : the head of the line. optimizer : its name in the records.
    settings : hyperparameters that a run must have; what is not named stands for the task's default.
    """

    label: str
    optimizer: str
    settings: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        held = {key: list(value) if isinstance(value, tuple) else value for key, value in self.settings.items()}
        object.__setattr__(self, "settings", held)  # a record has no tuples

    def fits(self, record: Record) -> bool:
        """Whether the run may be of this arm: it has the named hyperparameters, whatever the others are."""
        config = _hyperparameters(record)
        return record.optimizer == self.optimizer and all(config.get(k) == v for k, v in self.settings.items())

    def means(self, record: Record) -> bool:
        """Whether the run is of this arm: each hyperparameter that it holds is the named or the default one."""
        wanted = {**default_settings(record.task, self.optimizer), **self.settings, "name": self.optimizer}
        held = _hyperparameters(record).items()
        return self.fits(record) and all(wanted.get(key, _ABSENT) == value for key, value in held)


@dataclass(frozen=True)
class Choice:
    """The runs that are shown together.

    Attributes
    ----------
    scale : one of SCALES, or "" where nothing has been run.
    by_arm : label of the arm -> its runs by seed, the diverged ones included; without the arms that were not run.
    left_out : runs that fit an arm and are not shown.
    budget : what every run got the same number of, one of BUDGETS, or "" where nothing has been run.
    """

    scale: str
    by_arm: Mapping[str, tuple[Record, ...]]
    left_out: int
    budget: str = ""

    @property
    def records(self) -> list[Record]:
        """All of them, arm by arm."""
        return [record for group in self.by_arm.values() for record in group]


def choose(records: Sequence[Record], arms: Sequence[Arm], full: Mapping[str, int] | None = None,
           equal: str | None = None) -> Choice:  # fmt: skip
    """Choose the runs of one task that stand for the arms of one table.

    Raises ValueError for another budget or a record of an unknown scale; when an arm stands for several settings, or
    the arms for several protocols, that were run equally often; and as `one_a_seed` does.

    Parameters
    ----------
    records : whole runs. arms : with different labels. full : see `scale_of`.
    equal : one of BUDGETS, to take runs at this one only.
    """
    if equal is not None:
        require_choice("equal", equal, BUDGETS)
    budgets = BUDGETS if equal is None else (equal,)
    at = [record for record in records if set(budgets).intersection(budgets_of(record))]
    candidates = {arm.label: _candidates(at, arm) for arm in arms}
    pool = {id(run): run for runs in candidates.values() for run in runs}
    if not pool:
        return Choice("", {}, 0)
    scales = {key: scale_of(run, full) for key, run in pool.items()}
    scale = max(_in_twos(candidates.values(), scales) or scales.values(), key=SCALES.index)
    protocol, budget = _protocol([run for key, run in pool.items() if scales[key] == scale], budgets)
    by_arm = {}
    for label, runs in candidates.items():
        kept = _one_setting([run for run in runs if scales[id(run)] == scale
                             and (protocol, budget) in _protocols_of(run, budgets)], label)  # fmt: skip
        if kept:
            by_arm[label] = tuple(one_a_seed(kept))
    fitting = sum(any(arm.fits(run) for arm in arms) for run in records)
    shown = {id(run) for group in by_arm.values() for run in group}
    return Choice(scale, by_arm, fitting - len(shown), budget)


def choose_at(records: Sequence[Record], arms: Sequence[Arm], full: Mapping[str, int] | None, equal: str) -> Choice:
    """Choose the runs at one of the BUDGETS, or, where an arm was not run at it, those of `choose` at either."""
    at, any_ = (choose(records, arms, full, budget) for budget in (equal, None))
    return at if at.by_arm.keys() >= any_.by_arm.keys() else any_


def _in_twos(groups: Iterable[Sequence[Record]], scales: Mapping[int, str]) -> list[str]:
    """The scales at which each group that is not empty has at least two seeds."""
    seeds = [{(scales[id(run)], run.seed) for run in runs} for runs in groups if runs]
    return [scale for scale in SCALES if all(sum(at == scale for at, _ in group) > 1 for group in seeds)]


def comparable(records: Sequence[Record], equal: str | None = None) -> list[Record]:
    """Keep the runs of every optimizer that may stand together, at the task's default settings where these were run.

    With one of BUDGETS as `equal`, as `choose_at` does. They come in the order of the papers' tables, then of seeds.
    """
    arms = [Arm(name, name) for name in sorted({record.optimizer for record in records}, key=rank)]
    return (choose(records, arms) if equal is None else choose_at(records, arms, None, equal)).records


def runs_of(folder: Path | str, task: str) -> list[Record]:
    """The whole runs in FOLDER/TASK that are `comparable`; an empty list where there is none.

    Raises RecordError for a record that is broken.
    """
    return comparable([read_record(path) for path in sorted((Path(folder) / task).glob("*.jsonl"))])


def one_a_seed(runs: Iterable[Record]) -> list[Record]:
    """One run of each seed, in the order of seeds, of runs of one optimizer at one setting and protocol.

    Of copies the first by name is kept; of a run that was made at either budget, that at equal gradients.

    Raises ValueError for two runs of one configuration with different numbers, as two versions of the code make them.
    """
    found: dict[int, Record] = {}
    for run in sorted(runs, key=lambda run: (run.seed, str(run.header["config"].get("equal")), run.path)):
        kept = found.setdefault(run.seed, run)
        copy = kept is not run and kept.header["config_hash"] == run.header["config_hash"]
        if copy and _numbers(kept) != _numbers(run):
            raise ValueError(f"{run.optimizer}, seed {run.seed}, was run twice, with different numbers: leave out "
                             f"{kept.path} or {run.path}")  # fmt: skip
    return [*found.values()]


def _numbers(run: Record) -> str:
    """How it ended and all rows but their seconds, as text: there NaN is equal to NaN."""
    return repr((run.outcome, [{**row, "seconds": 0} for row in run.rows]))


def scale_of(record: Record, full: Mapping[str, int] | None = None) -> str:
    """The scale of a run, one of SCALES.

    Raises ValueError for another scale.

    Parameters
    ----------
    full : ``epochs`` and ``train`` (examples) that a run at the paper's scale has at least. With it, a run is "paper"
        only when it is as long, on as much real data, and measured as the paper's; else it was cut short.
    """
    config = record.header["config"]
    scale = str(config.get("scale", SCALES[0]))
    require_choice(f"{record.path.name}, scale", scale, SCALES)
    if scale != "paper" or full is None:
        return scale
    data: Mapping[str, Any] = config.get("data", {})
    whole = config.get("epochs", 0) >= full["epochs"] and data.get("train", 0) >= full["train"]
    real = "(generated)" not in str(data.get("name", ""))
    measured = "not comparable" not in str(data.get("fid", {}).get("extractor", ""))
    return scale if whole and real and measured and config.get("batches") is None else CUT


def budgets_of(record: Record) -> tuple[str, ...]:
    """Which of BUDGETS the run had in common with the others of its protocol.

    Both, for a method of the lab that spends one gradient a timestep: it is the same run at either.
    """
    if record.optimizer in METHODS and all(counted(record.optimizer, _hyperparameters(record))):
        return BUDGETS
    return BUDGETS[:1] if record.header["config"].get("equal") == "timesteps" else BUDGETS[1:]


def budget_of(records: Iterable[Record]) -> str:
    """What all of these runs got the same number of: gradients where both can be said, "" where they have none."""
    shared = set(BUDGETS).intersection(*map(budgets_of, records))
    return max(shared & {BUDGETS[1]} or shared, default="")


def _hyperparameters(record: Record) -> Mapping[str, Any]:
    found: Mapping[str, Any] = record.header["config"].get("optimizer", {})
    return found


def _candidates(records: Sequence[Record], arm: Arm) -> list[Record]:
    fitting = [record for record in records if arm.fits(record)]
    return [record for record in fitting if arm.means(record)] or fitting


def _one_setting(runs: Sequence[Record], label: str) -> list[Record]:
    """The runs of the setting that was run most often."""
    keys = [config_hash(_hyperparameters(run)) for run in runs]
    best = _most(keys)
    if len(best) > 1:
        raise ValueError(f"{label} stands for several settings in {runs[0].task}, each run equally often: name one")
    return [run for run, key in zip(runs, keys, strict=True) if key in best]


def _protocol(runs: Sequence[Record], budgets: Sequence[str]) -> tuple[str, str]:
    """The protocol that was run most often, and its budget."""
    keys = {key: run.header["config"] for run in runs for key in _protocols_of(run, budgets)}
    best = _most([key for run in runs for key in _protocols_of(run, budgets)])
    longest = max(_length(keys[key]) for key in best)
    tied = [key for key in best if _length(keys[key]) == longest]
    tied = [key for key in tied if key[1] == BUDGETS[1]] or tied
    if len(tied) > 1:
        names = sorted({name for key in tied for name in keys[key]} - {*_APART})
        apart = [name for name in names if len({str(keys[key].get(name)) for key in tied}) > 1]
        raise ValueError(f"{runs[0].task} has runs of several protocols, each run equally often, that differ in "
                         f"{', '.join(apart)}: leave some out")  # fmt: skip
    return tied[0]


def _protocols_of(run: Record, budgets: Sequence[str]) -> list[tuple[str, str]]:
    rest = config_hash({key: value for key, value in run.header["config"].items() if key not in _APART})
    return [(rest, budget) for budget in budgets_of(run) if budget in budgets]


def _length(config: Mapping[str, Any]) -> tuple[float, float]:
    batches = config.get("batches")
    return float(config.get("epochs", 0)), math.inf if batches is None else float(batches)


def _most(keys: Sequence[K]) -> list[K]:
    """The most frequent keys: one, or several that are equally frequent."""
    counts = Counter(keys)
    return [key for key, count in counts.items() if count == max(counts.values())]
