"""Tests of a claim by what is printed and released: the audit, the papers' own tables, the artefacts."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from itertools import product
from typing import Any

from nala_lab.core import require_choice
from paper_figs.ledger.model import NOT_REPRODUCED, REPRODUCED, UNTESTABLE, Evidence
from paper_figs.published import Cell, table
from paper_figs.published_audit import AUDIT, SEEN, UNDECIDED, Finding, run

__all__ = ["by_audit", "by_published", "by_released"]

MEANS = ("supports", "against", "hides", "agrees")


@cache
def _finding(name: str) -> Finding:
    return run(name)


def by_audit(test: Mapping[str, Any]) -> Evidence:
    """``audit = "id"``: a finding of the audit. ``means`` says what it is to the claim when it is seen:

    "supports" it, speaks "against" it, "hides" what one would need to test it, or says that the printed numbers
    "agree" with it ("agrees"), which decides nothing; if they do not, the sentence is not reproduced.
    """
    require_choice("audit", test["audit"], tuple(AUDIT))
    require_choice("means", test["means"], MEANS)
    found, means = _finding(test["audit"]), test["means"]
    said = f"{found.statement.rstrip('.')}: {found.verdict}"
    if found.verdict == UNDECIDED:
        return Evidence(UNTESTABLE, f"{said}. {found.note}", found.rerun)
    if found.verdict == SEEN:
        verdict = {"supports": REPRODUCED, "against": NOT_REPRODUCED, "hides": UNTESTABLE, "agrees": None}[means]
    else:
        verdict = NOT_REPRODUCED if means in ("supports", "agrees") else None
    more = "; the printed numbers agree with it" if verdict is None and means == "agrees" else ""
    return Evidence(verdict, said + more, found.rerun)


def by_published(test: Mapping[str, Any]) -> Evidence:
    """``published = [paper, table, column]``: do the paper's own numbers say what its sentence says?

    ``relation``: the optimizer is "better" than each of ``than``, "at least as good", or equal "within" a margin. If
    they do, nothing is decided: the numbers still have to be reproduced. If they do not, the sentence is not.
    """
    paper, number, column = test["published"]
    cells = table(paper, number).column(column)
    mine = cells[test["optimizer"]]
    said = {name: _holds(mine, cells[name], test) for name in test["than"]}
    wrong = [name for name, holds in said.items() if holds is False]
    unclear = [name for name, holds in said.items() if holds is None]
    printed = ", ".join(f"{name} {cells[name].printed}" for name in (test["optimizer"], *test["than"]))
    words = f"Table {number}, {mine.column.name}: {printed}"
    if wrong:
        return Evidence(NOT_REPRODUCED, f"{words}: not so against {', '.join(wrong)}", f"Table {number}")
    more = f"; cannot be read off against {', '.join(unclear)}" if unclear else "; the printed numbers agree with it"
    return Evidence(None, words + more, f"Table {number}")


def _holds(mine: Cell, other: Cell, test: Mapping[str, Any]) -> bool | None:
    """Whether the relation holds for every reading of the two cells, for none, or (None) for some."""
    sign = -1 if mine.column.lower_is_better else 1
    relation, margin = test["relation"], float(test.get("within", 0))
    require_choice("relation", relation, ("better", "at least as good", "equal"))
    never = float("inf") if sign < 0 else float("-inf")
    answers = set()
    for a, b in product(mine.readings or (never,), other.readings or (never,)):
        gain = sign * (a - b) if a != b else 0.0
        held = {"better": gain > margin, "at least as good": gain >= -margin, "equal": abs(gain) <= margin}
        answers.add(held[relation])
    return answers.pop() if len(answers) == 1 else None


def by_released(test: Mapping[str, Any]) -> Evidence:
    """``released = "NALA Table 1"``: how many of its numbers have a released file, and are they what is printed?"""
    each = _finding("released-files").numbers["each"]
    require_choice("released", test["released"], tuple(each))
    cells, files, equal = (each[test["released"]][key] for key in ("numbers", "with a file", "equal to the file"))
    if equal < files:
        verdict = NOT_REPRODUCED
    else:
        verdict = UNTESTABLE if files < cells else REPRODUCED
    words = f"of {cells} numbers {files} have a released file, {equal} of them equal it to the printed digit"
    return Evidence(verdict, words, _finding("released-files").rerun)
