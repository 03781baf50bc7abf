"""Tests of a claim by training runs: committed records, the evidence rule, and how large the runs were."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from nala_lab.core import require_choice
from nala_lab.methods.table import label
from nala_lab.results.comparable import Arm, choose, trained_rows
from nala_lab.results.evidence import BETTER, EQUIVALENT, Judgement, Rule, judge_table, seeds_needed
from nala_lab.results.records import FINISHED, Record, load_records
from paper_figs.ledger.loading import Ledger, Metric
from paper_figs.ledger.model import NOT_REPRODUCED, NOT_RUN, REPRODUCED, Evidence
from paper_figs.published import table

__all__ = ["RECORDS", "by_records", "value_of"]

RECORDS = Path(__file__).parents[1] / "records"
RELATIONS = {"better": (BETTER,), "comparable": (EQUIVALENT,), "better or comparable": (BETTER, EQUIVALENT)}


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
    chosen = choose(_records(folder / task), [mine, *rivals], ledger.full[task])
    how = f"records {task}, {test['metric']}"
    if not chosen.records:
        return Evidence(NOT_RUN, f"no records of {task}", how)
    values = {arm.label: _by_seed(chosen.by_arm.get(arm.label, ()), metric) for arm in (mine, *rivals)}
    pairs = {arm.label: _pair(values[mine.label], values[arm.label]) for arm in rivals}
    ran = f"{chosen.scale} scale ({_size(chosen.records[0].header['config'])})"
    lost = _diverged(chosen.by_arm)
    missing = [name for name, (a, _) in pairs.items() if len(a) < 2]
    lost = f"; fewer than 2 common seeds with {', '.join(missing)}{lost}" if missing else lost
    there = {name: pair for name, pair in pairs.items() if name not in missing}
    if not there:
        return Evidence(NOT_RUN, ran + lost, how)
    found = judge_table(there, Rule(threshold=metric.threshold, higher_is_better=metric.higher_is_better))
    holds = all(one.verdict in RELATIONS[test["relation"]] for one in found.values())
    words = "; ".join(f"{mine.label} - {name} {_words(one)}" for name, one in found.items())
    words += _needed(test, mine.label, found) + lost
    if chosen.scale == "paper" and not missing:
        return Evidence(REPRODUCED if holds else NOT_REPRODUCED, f"{ran}: {words}", how)
    return Evidence(NOT_RUN, f"{'seen' if holds else 'not seen'} at {ran}: {words}", how)


def _arm(spec: str | Mapping[str, Any], ledger: Ledger) -> Arm:
    named = {"name": spec} if isinstance(spec, str) else dict(spec)
    name = str(named.pop("name"))
    words = "".join(f", {key} = {value:g}" for key, value in named.items())
    return Arm(label(name) + words, name, {**ledger.settings.get(name, {}), **named})


def _size(config: Mapping[str, Any]) -> str:
    batches, fid = config.get("batches"), config.get("data", {}).get("fid", {}).get("extractor")
    parts = [f"{config.get('epochs', '?')} epochs", f"{batches} mini-batches each" if batches else "",
             f"FID by {fid}" if fid else ""]  # fmt: skip
    return ", ".join(part for part in parts if part)


def _data(config: Mapping[str, Any]) -> Mapping[str, Any]:
    found = config.get("data", {})
    return found if isinstance(found, dict) else {}


def _by_seed(runs: Sequence[Record], metric: Metric) -> dict[int, float]:
    done = [record for record in runs if record.outcome == FINISHED]
    found = {record.seed: value_of(record, metric) for record in done}
    return {seed: value for seed, value in found.items() if math.isfinite(value)}


def value_of(record: Record, metric: Metric) -> float:
    """The number of one run; NaN where the record lacks the column.

    A level that is never reached counts as the whole length of the run, which is a lower bound.
    """
    rows = trained_rows(record, metric.row, metric.column)
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


def _diverged(by_arm: Mapping[str, Sequence[Record]]) -> str:
    lost = {name: sum(run.outcome != FINISHED for run in runs) for name, runs in by_arm.items()}
    return "".join(f"; {n} run(s) of {name} diverged and are left out" for name, n in lost.items() if n)
