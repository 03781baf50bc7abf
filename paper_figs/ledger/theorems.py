"""Tests of a claim by theory: verdicts of `nala_lab.theory.claims`, exact numbers, checks of the NumPy twin."""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from functools import cache
from typing import Any

from nala_lab.core import require_choice
from nala_lab.proofs import kernel_checked
from nala_lab.theory import cards
from nala_lab.theory.claims import Claim, claims
from nala_lab.verify import Check, run_checks
from paper_figs.ledger.model import CONTRADICTED, NOT_REPRODUCED, NOT_RUN, REPRODUCED, UNTESTABLE, Evidence

__all__ = ["by_number", "by_theory", "by_verify", "slow"]


@cache
def _claims() -> dict[str, Claim]:
    return claims()


@cache
def _rows(name: str) -> tuple[Check, ...]:
    return tuple(run_checks([name], twins=["numpy"]))


def _about(name: str) -> Claim:
    require_choice("theory", name, tuple(_claims()))
    return _claims()[name]


def by_theory(test: Mapping[str, Any]) -> Evidence:
    """``theory = "V03"``: what the theory room computes about that reading of the claim.

    ``says = "false"`` when the sentence asserts that the reading is false; "true" is the default.
    """
    found, says = _about(test["theory"]), test.get("says", "true")
    require_choice("says", says, ("true", "false"))
    decided = found.verdict in ("true", "false")
    verdict = (REPRODUCED if found.verdict == says else CONTRADICTED) if decided else NOT_RUN
    words = f'{found.id}, "{found.statement}" ({found.where}): {found.verdict}. {found.evidence}{_kernel(found.id)}'
    return Evidence(verdict, words, f"nala_lab.theory.claims.claims()['{found.id}']")


def by_number(test: Mapping[str, Any]) -> Evidence:
    """``number = "V06", of = "NALA"``: an exact number, against ``printed`` digits or a ``sign`` (">0" or "<=0")."""
    found = _about(test["number"])
    require_choice("of", test["of"], tuple(found.numbers))
    value: Fraction = found.numbers[test["of"]]
    how = f"nala_lab.theory.claims.claims()['{found.id}'].numbers[{test['of']!r}]"
    if "printed" in test:
        digits = len(test["printed"].partition(".")[2])
        holds = f"{float(value):.{digits}f}" == test["printed"]
        return Evidence(REPRODUCED if holds else NOT_REPRODUCED, f"{test['of']}: exactly {_short(value)}, printed "
                        f"{test['printed']}", how)  # fmt: skip
    require_choice("sign", test["sign"], (">0", "<=0"))
    holds = (value > 0) == (test["sign"] == ">0")
    words = f'the explicit function "{test["of"]}" has the exact gap {_short(value)}, NALA minus Lookahead'
    return Evidence(REPRODUCED if holds else CONTRADICTED, words, how)


def _kernel(name: str) -> str:
    """Name the files of theorems that the proof kernel has checked, from its record; nothing where there are none."""
    files = dict.fromkeys(theorem.partition(".")[0] for theorem in kernel_checked(name))
    return f"; kernel-checked: {', '.join(f'{file}.v' for file in files)}" if files else ""


def _short(value: Fraction) -> str:
    exact = str(value)
    return f"{exact} = {float(value):.6g}" if len(exact) <= 30 else f"{float(value):.6g} (a fraction)"


def by_verify(test: Mapping[str, Any]) -> Evidence:
    """``verify = ["T12"]``: checks of the NumPy twin; with ``refutes = true`` passing refutes the claim."""
    rows = [row for name in test["verify"] for row in _rows(name)]
    failed = [row for row in rows if row.verdict != "pass"]
    said = "; ".join(f"{name}: {_rows(name)[0].statement}" for name in test["verify"])
    words = f"{len(rows) - len(failed)} of {len(rows)} checks pass, {sum(row.cases for row in rows)} numbers ({said})"
    words += "".join(_kernel(name) for name in test["verify"] if cards()[name].status == "proved")
    refutes = bool(test.get("refutes", False))
    verdict = {
        (False, False): REPRODUCED,
        (False, True): NOT_REPRODUCED,
        (True, False): CONTRADICTED,
        (True, True): UNTESTABLE,  # a refutation that fails refutes nothing
    }[refutes, bool(failed)]
    return Evidence(verdict, words, f"nala-lab verify --only {' '.join(test['verify'])}")


def slow(test: Mapping[str, Any]) -> Evidence:
    """``slow = "tests/...::test_name"``: a certificate of minutes; the ledger says where, and does not run it."""
    return Evidence(NOT_RUN, "a semidefinite programme, not run for the ledger", f"make test-slow: {test['slow']}")
