"""Every bug of mutants_theory.py makes the named checks fail: limits, cycles, noise, games, scaling."""

import pytest

from nala_lab.verify import run_checks
from tests.verify.mutants import plant
from tests.verify.mutants_theory import MUTANTS


@pytest.mark.parametrize("mutant", MUTANTS, ids=str)
def test_a_bug_fails_the_checks_that_speak_of_it(mutant, monkeypatch):
    for edit in mutant.edits:
        plant(monkeypatch, *edit)
    rows = run_checks(mutant.caught_by, twins=[mutant.twin])
    assert {row.id for row in rows if row.verdict != "pass"} == set(mutant.caught_by)
    # caught by a number, not only because something crashed
    assert any(row.cases and row.ratio > 1 for row in rows)


def test_every_theorem_with_a_check_of_its_own_here_is_shown_able_to_fail():
    named = {theorem for mutant in MUTANTS for theorem in mutant.caught_by}
    assert named >= {"T05", "T06", "T07", "T08", "T09", "T10", "T11", "T15", "T16", "T18", "T19", "T20", "T23", "T24",
                     "T26"}  # fmt: skip
