"""Tests of a claim by training runs: committed records, the evidence rule, and how large the runs were."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from nala_lab.core import require_choice
from nala_lab.core.evidence import BETTER, EQUIVALENT, Judgement, Rule, judge_table, seeds_needed
from nala_lab.core.records import FINISHED, Record, config_hash, load_records
from nala_lab.core.tables import LABELS
from paper_figs.ledger.loading import Ledger, Metric
from paper_figs.ledger.model import NOT_REPRODUCED, NOT_RUN, REPRODUCED, Evidence
from paper_figs.published import table

__all__ = ["RECORDS", "SCALES", "by_records", "value_of"]

RECORDS = Path(__file__).parents[1] / "records"
CUT = "paper, cut short"
SCALES = ("smoke", "cpu", CUT, "paper")  # smallest first
NAMES = {**LABELS, "fromage": "Fromage", "adamw": "AdamW", "radam": "RAdam", "msvag": "MSVAG", "yogi": "Yogi",
         "adabound": "AdaBound"}  # fmt: skip
RELATIONS = {"better": (BETTER,), "comparable": (EQUIVALENT,), "better or comparable": (BETTER, EQUIVALENT)}


@dataclass(frozen=True)
class Arm:
    """An optimizer at one setting: what a line of a table stands for."""

    name: str
    setting: Mapping[str, Any]
    label: str

    def fits(self, record: Record) -> bool:
        """Whether the run is of this arm; a hyperparameter that it does not name may be anything."""
        config = record.header["config"].get("optimizer", {})
        return record.optimizer == self.name and all(config.get(key) == value for key, value in self.setting.items())


@cache
def _records(folder: Path) -> tuple[Record, ...]:
    return tuple(load_records(folder)) if any(folder.rglob("*.jsonl")) else ()


def by_records(test: Mapping[str, Any], ledger: Ledger, folder: Path = RECORDS) -> Evidence:
    """``records = "task"``: is `optimizer` in the `relation` to each of `than`, in `metric`, by the evidence rule?

    Only runs at the paper's scale decide; smaller ones are told as seen or not seen at their scale.
    """
    require_choice("relation", test["relation"], tuple(RELATIONS))
    task, metric = test["records"], ledger.metrics[test["metric"]]
    mine, rivals = _arm(test["optimizer"], ledger), [_arm(one, ledger) for one in test["than"]]
    require_choice("records", task, tuple(ledger.full))
    runs, scale, size = _largest(_records(folder / task), [mine, *rivals], ledger.full[task])
    how = f"records {task}, {test['metric']}"
    if not runs:
        return Evidence(NOT_RUN, f"no records of {task}", how)
    values = {arm.label: _by_seed(runs, arm, metric) for arm in (mine, *rivals)}
    pairs = {arm.label: _pair(values[mine.label], values[arm.label]) for arm in rivals}
    ran, lost = f"{scale} scale ({size})", _diverged(runs, [mine, *rivals])
    missing = [name for name, (a, _) in pairs.items() if len(a) < 2]
    lost = f"; fewer than 2 common seeds with {', '.join(missing)}{lost}" if missing else lost
    there = {name: pair for name, pair in pairs.items() if name not in missing}
    if not there:
        return Evidence(NOT_RUN, ran + lost, how)
    found = judge_table(there, Rule(threshold=metric.threshold, higher_is_better=metric.higher_is_better))
    holds = all(one.verdict in RELATIONS[test["relation"]] for one in found.values())
    words = "; ".join(f"{mine.label} - {name} {_words(one)}" for name, one in found.items())
    words += _needed(test, mine.label, found) + lost
    if scale == "paper" and not missing:
        return Evidence(REPRODUCED if holds else NOT_REPRODUCED, f"{ran}: {words}", how)
    return Evidence(NOT_RUN, f"{'seen' if holds else 'not seen'} at {ran}: {words}", how)


def _arm(spec: str | Mapping[str, Any], ledger: Ledger) -> Arm:
    named = {"name": spec} if isinstance(spec, str) else dict(spec)
    name = str(named.pop("name"))
    words = "".join(f", {key} = {value:g}" for key, value in named.items())
    return Arm(name, {**ledger.settings.get(name, {}), **named}, NAMES.get(name, name) + words)


def _largest(records: Sequence[Record], arms: Sequence[Arm], full: Mapping[str, int]) -> tuple[list[Record], str, str]:
    """The runs of the arms under one protocol: the largest scale there is, and of its protocols the most run one.

    Raises
    ------
    ValueError
        When an arm stands for several settings that were run equally often.
    """
    fitting = [record for record in records if any(arm.fits(record) for arm in arms)]
    if not fitting:
        return [], "", ""
    scale = max((_scale(record, full) for record in fitting), key=SCALES.index)
    fitting = [record for record in fitting if _scale(record, full) == scale]
    [(protocol, _), *_] = Counter(_protocol(record) for record in fitting).most_common(1)
    fitting = [record for record in fitting if _protocol(record) == protocol]
    kept = [record for arm in arms for record in _one_setting(fitting, arm)]
    return kept, scale, _size(kept[0].header["config"])


def _size(config: Mapping[str, Any]) -> str:
    batches, fid = config.get("batches"), _data(config).get("fid", {}).get("extractor")
    parts = [f"{config.get('epochs', '?')} epochs", f"{batches} mini-batches each" if batches else "",
             f"FID by {fid}" if fid else ""]  # fmt: skip
    return ", ".join(part for part in parts if part)


def _data(config: Mapping[str, Any]) -> Mapping[str, Any]:
    found = config.get("data", {})
    return found if isinstance(found, dict) else {}


def _scale(record: Record, full: Mapping[str, int]) -> str:
    """The scale of a run: "paper" only when it is as long, on as much real data, and measured as the paper's."""
    config = record.header["config"]
    scale, data = str(config.get("scale")), _data(config)
    require_choice(f"{record.path.name}, scale", scale, SCALES)
    whole = config.get("epochs", 0) >= full["epochs"] and data.get("train", 0) >= full["train"]
    real = "(generated)" not in str(data.get("name", ""))
    measured = "not comparable" not in str(data.get("fid", {}).get("extractor", ""))
    kept = whole and real and measured and config.get("batches") is None
    return scale if scale != "paper" or kept else CUT


def _protocol(record: Record) -> str:
    config = record.header["config"]
    return config_hash({key: value for key, value in config.items() if key not in ("seed", "optimizer", "device")})


def _one_setting(records: Sequence[Record], arm: Arm) -> list[Record]:
    runs = [record for record in records if arm.fits(record)]
    counts = Counter(config_hash(record.header["config"]["optimizer"]) for record in runs).most_common(2)
    if len(counts) == 2 and counts[0][1] == counts[1][1]:
        raise ValueError(f"{arm.label} stands for several settings in {runs[0].path.parent.name}: name one")
    return [record for record in runs if config_hash(record.header["config"]["optimizer"]) == counts[0][0]]


def _by_seed(runs: Sequence[Record], arm: Arm, metric: Metric) -> dict[int, float]:
    done = [record for record in runs if arm.fits(record) and record.outcome == FINISHED]
    found = {record.seed: value_of(record, metric) for record in done}
    return {seed: value for seed, value in found.items() if math.isfinite(value)}


def value_of(record: Record, metric: Metric) -> float:
    """The number of one run; NaN where the record lacks the column.

    A level that is never reached counts as the whole length of the run, which is a lower bound. Rows of epoch 0 are of
    an untrained network.
    """
    rows = [row for row in record.rows if row["kind"] == metric.row and metric.column in row and row.get("epoch") != 0]
    column = np.array([row[metric.column] for row in rows], dtype=float)
    if column.size == 0:
        return math.nan
    if metric.take == "last":
        return float(column[-1])
    if metric.take == "best":  # of accuracies the highest, of losses, perplexities and FID the lowest
        return float(column.max() if metric.higher_is_better else column.min())
    reached = np.flatnonzero(column >= metric.level)
    return float(rows[reached[0] if reached.size else -1]["timestep"])


def _pair(a: Mapping[int, float], b: Mapping[int, float]) -> tuple[list[float], list[float]]:
    seeds = sorted(a.keys() & b.keys())
    return [a[seed] for seed in seeds], [b[seed] for seed in seeds]


def _words(one: Judgement) -> str:
    return f"{one.gap:+.4g} [{one.low:+.4g}, {one.high:+.4g}], n = {one.n}, {one.verdict}"


def _needed(test: Mapping[str, Any], mine: str, found: Mapping[str, Judgement]) -> str:
    """How many seeds the printed differences would need at the spread measured here; ``printed`` names the column."""
    if "printed" not in test:
        return ""
    paper, number, column, unit = test["printed"]
    cells = table(paper, number).column(column)
    said = []
    for name, one in found.items():
        ours, theirs = cells[mine].value, cells[name].value if name in cells else None
        sd = one.se * math.sqrt(one.n)
        if ours is not None and theirs is not None and sd > 0:
            seeds = seeds_needed((ours - theirs) * unit, sd, comparisons=len(found))
            many = f"{seeds} seeds" if seeds else "no number of seeds"
            said.append(f"{(ours - theirs) * unit:+.4g} over {name} {many}")
    return f"; to be separated at this spread, what is printed would need: {', '.join(said)}" if said else ""


def _diverged(runs: Sequence[Record], arms: Sequence[Arm]) -> str:
    lost = Counter(arm.label for arm in arms for run in runs if arm.fits(run) and run.outcome != FINISHED)
    return "".join(f"; {count} run(s) of {name} diverged and are left out" for name, count in lost.items())
