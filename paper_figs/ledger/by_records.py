"""Tests of a claim by training runs: committed records, the evidence rule, and how large the runs were."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nala_lab.core import require_choice
from nala_lab.methods.table import label
from nala_lab.results.comparable import Arm, Choice, choose_at
from nala_lab.results.evidence import (
    EXCLUDED,
    RELATIONS,
    SUPPORTED,
    UNDECIDED,
    Decision,
    Judgement,
    decide,
    judge_table,
)
from nala_lab.results.metrics import ANY_PHASE, Metric, at_phase_0, matched, reached, values_of
from nala_lab.results.records import FINISHED, Record
from paper_figs.beside.runs import RECORDS, records_of
from paper_figs.ledger import model
from paper_figs.ledger.loading import Ledger
from paper_figs.ledger.model import Evidence
from paper_figs.published import table

__all__ = ["by_records"]

_SAYS = {SUPPORTED: "seen", EXCLUDED: "not seen", UNDECIDED: "undecided"}
_VERDICT = {SUPPORTED: model.REPRODUCED, EXCLUDED: model.NOT_REPRODUCED, UNDECIDED: model.UNDECIDED}


def by_records(test: Mapping[str, Any], ledger: Ledger, folder: Path = RECORDS) -> Evidence:
    """``records = "task"``: is `optimizer` in the `relation` to each of `than`, in `metric`, by `evidence.decide`?

    Only runs at the paper's scale, at the budget that the claim holds `equal`, and logged by its clock decide; others
    are told.
    """
    require_choice("relation", test["relation"], tuple(RELATIONS))
    require_choice("records", test["records"], tuple(ledger.full))
    task, metric = test["records"], ledger.metrics[test["metric"]]
    mine, rivals = _arm(test["optimizer"], ledger), [_arm(one, ledger) for one in test["than"]]
    chosen = choose_at(records_of(folder / task), [mine, *rivals], ledger.full[task], test["equal"])
    how = f"records {task}, {test['metric']}"
    if not chosen.records:
        return Evidence(model.NOT_RUN, f"no records of {task}", how)
    pairs = {arm.label: matched(chosen.by_arm.get(mine.label, ()), chosen.by_arm.get(arm.label, ()), metric)
             for arm in rivals}  # fmt: skip
    there = {name: (one.a, one.b) for name, one in pairs.items() if len(one.a) > 1}
    found = judge_table(there, metric.rule) if there else {}
    said = {name: _decide(test, mine.label, name, one, metric, len(found)) for name, one in found.items()}
    words = [f"{mine.label} - {name} {_words(found[name], chosen, mine.label, name, metric)}, {one.words}"
             for name, one in said.items()]  # fmt: skip
    lacking, silent = _missing(pairs, chosen, mine.label, metric)
    outcome = _together([one.outcome for one in said.values()] + [UNDECIDED] * bool(silent))
    first = chosen.records[0]
    clock = at_phase_0(chosen.records, metric.row)
    ran = f"{chosen.scale} scale ({_size(first, chosen.budget, test['equal'])}{'' if clock else f', {ANY_PHASE}'})"
    decides = chosen.scale == "paper" and clock and not lacking and chosen.budget == test["equal"]
    seen = f"{_SAYS[outcome]} at " if said and not decides else ""
    told = "; ".join([*words, *silent, *lacking, *_diverged(chosen.by_arm)])
    return Evidence(_VERDICT[outcome] if decides else model.NOT_RUN, f"{seen}{ran}: {told}", how)


def _arm(spec: str | Mapping[str, Any], ledger: Ledger) -> Arm:
    named = {"name": spec} if isinstance(spec, str) else dict(spec)
    name = str(named.pop("name"))
    words = "".join(f", {key} = {value:g}" for key, value in named.items())
    return Arm(label(name) + words, name, {**ledger.settings.get(name, {}), **named})


def _size(record: Record, equal: str, claimed: str) -> str:
    config = record.header["config"]
    batches, fid = config.get("batches"), config.get("data", {}).get("fid", {}).get("extractor")
    epochs = config.get("epochs", "?")
    parts = [f"{epochs} epoch{'' if epochs == 1 else 's'}", f"{batches} mini-batches each" if batches else "",
             f"equal {equal}" + ("" if equal == claimed else f" where the claim means equal {claimed}"),
             f"FID by {fid}" if fid else ""]  # fmt: skip
    return ", ".join(part for part in parts if part)


def _decide(test: Mapping[str, Any], mine: str, name: str, one: Judgement, metric: Metric, many: int) -> Decision:
    """Decide one comparison; ``printed = [paper, table, column, unit]`` says where the claimed difference stands."""
    claimed = None
    if "printed" in test:
        paper, number, column, unit = test["printed"]
        cells = table(paper, number).column(column)
        ours, theirs = cells[mine].value, cells[name].value if name in cells else None
        claimed = (ours - theirs) * unit if ours is not None and theirs is not None else None
    return decide(one, metric.rule, test["relation"], comparisons=many, claimed=claimed)


def _words(one: Judgement, chosen: Choice, mine: str, name: str, metric: Metric) -> str:
    if one.se > 0:
        return f"{one.gap:+.4g} [{one.low:+.4g}, {one.high:+.4g}], n = {one.n}"
    if one.se == 0:
        return f"{one.gap:+.4g} at every seed, n = {one.n}"
    ours, theirs = (reached(chosen.by_arm[label], metric) for label in (mine, name))
    return f"reached by {ours} against {theirs}, {one.n} pairs tell, p = {one.p:.2g}"


def _missing(pairs: Mapping[str, Any], chosen: Choice, mine: str, metric: Metric) -> tuple[list[str], list[str]]:
    """What keeps the runs from deciding: rivals with too few common seeds, and levels that nobody reached."""
    few, silent = [], []
    for name, one in pairs.items():
        if len(one.a) > 1:
            continue
        groups = [chosen.by_arm.get(label, ()) for label in (mine, name)]
        common = set.intersection(*({run.seed for run in runs if run.outcome == FINISHED} for runs in groups))
        if metric.take != "first" or len(common) < 2:
            few.append(name)
        elif not any(values_of(runs, metric) for runs in groups):
            silent.append(f"{mine} - {name}: reached by nobody, no evidence")
        else:
            ours, theirs = (reached(runs, metric) for runs in groups)
            silent.append(f"{mine} - {name}: reached by {ours} against {theirs}, {len(one.a)} pairs tell, undecided")
    return [f"fewer than 2 common seeds with {', '.join(few)}"] if few else [], silent


def _together(outcomes: Sequence[str]) -> str:
    """A claim about several rivals holds when each comparison supports it, and falls with one that excludes it."""
    return next((one for one in (EXCLUDED, UNDECIDED) if one in outcomes), SUPPORTED)


def _diverged(by_arm: Mapping[str, Sequence[Record]]) -> list[str]:
    lost = {name: sum(run.outcome != FINISHED for run in runs) for name, runs in by_arm.items()}
    return [f"{n} run(s) of {name} diverged and are left out" for name, n in lost.items() if n]
