"""From a claim to its verdict: each test goes to its judge, and the weakest evidence decides."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from typing import Any

from nala_lab.core import require_choice
from paper_figs.beside.runs import TASKS
from paper_figs.ledger.by_records import by_records
from paper_figs.ledger.loading import TESTS, Ledger, load
from paper_figs.ledger.model import Claim, Entry, Evidence
from paper_figs.ledger.printed import by_audit, by_published, by_released
from paper_figs.ledger.probes import probe
from paper_figs.ledger.theorems import by_number, by_theory, by_verify, slow
from paper_figs.published import paper

__all__ = ["JUDGES", "entries", "entry", "judge_claim"]

Judge = Callable[[Mapping[str, Any], Ledger], Evidence]

JUDGES: dict[str, Judge] = {
    "theory": lambda test, ledger: by_theory(test),
    "number": lambda test, ledger: by_number(test),
    "verify": lambda test, ledger: by_verify(test),
    "audit": lambda test, ledger: by_audit(test),
    "published": lambda test, ledger: by_published(test),
    "released": lambda test, ledger: by_released(test),
    "records": by_records,
    "probe": lambda test, ledger: probe(test["probe"]),
    "slow": lambda test, ledger: slow(test),
}
"""Test -> what computes its evidence."""


def _tried(key: str) -> set[str]:
    """The tasks of a paper's tables."""
    columns = (column for one in paper(key).tables for column in one.columns)
    return {TASKS[c.model, c.dataset] for c in columns if (c.model, c.dataset) in TASKS}


def judge_claim(claim: Claim, ledger: Ledger) -> Entry:
    """Run the tests of one claim.

    Raises ValueError, naming the claim, when a test names what is not there.
    """
    evidence = []
    for test in claim.tests:
        kind = next(key for key in test if key in TESTS)
        try:
            found = JUDGES[kind](test, ledger)
        except (ValueError, KeyError) as error:
            raise ValueError(f"claim {claim.id}, {kind}: {error}") from error
        if kind == "records" and test["records"] not in _tried(claim.paper):
            found = replace(found, verdict=None, words=f"a task that the paper did not try, so it decides nothing; "
                            f"{found.words}")  # fmt: skip
        evidence.append(found)
    return Entry(claim, tuple(evidence))


def entries(ledger: Ledger | None = None, progress: Callable[[Iterable[Claim]], Iterable[Claim]] = iter) -> list[Entry]:
    """Judge every claim; `progress` may wrap the claims, as tqdm does."""
    ledger = load() if ledger is None else ledger
    return [judge_claim(claim, ledger) for claim in progress(ledger.claims)]


def entry(name: str) -> Entry:
    """Judge the claim called `name`.

    Raises ValueError, listing the claims, for another name.
    """
    ledger = load()
    require_choice("claim", name, tuple(claim.id for claim in ledger.claims))
    return judge_claim(next(claim for claim in ledger.claims if claim.id == name), ledger)
