"""Every bug of mutants.py and mutants_theory.py makes named checks fail, and the unbroken code passes all of them."""

import pytest

from nala_lab.verify import load_checks, run_checks
from tests.verify import mutants_theory
from tests.verify.mutants import MUTANTS, plant


def failing(rows):
    return {row.id for row in rows if row.verdict != "pass"}


@pytest.fixture(scope="module")
def unbroken():
    return run_checks()


def test_unbroken_code_passes_every_check(unbroken):
    bad = [f"{row.id} {row.name} {row.twin}: {row.ratio} {row.message}" for row in unbroken if row.verdict != "pass"]
    assert not bad
    assert {(row.id, row.twin) for row in unbroken} == {(e.id, twin) for e in load_checks() for twin in e.twins}


@pytest.mark.parametrize("mutant", [*MUTANTS, *mutants_theory.MUTANTS], ids=str)
def test_a_bug_fails_the_checks_that_speak_of_it(mutant, monkeypatch):
    for edit in mutant.edits:
        plant(monkeypatch, *edit)
    rows = run_checks(mutant.caught_by, twins=[mutant.twin])
    assert failing(rows) == set(mutant.caught_by)
    # caught by a number, not only because something crashed
    assert any(row.cases and row.ratio > 1 for row in rows)


def test_every_theorem_of_mutants_theory_is_shown_able_to_fail():
    named = {theorem for mutant in mutants_theory.MUTANTS for theorem in mutant.caught_by}
    assert named >= {"T05", "T06", "T07", "T08", "T09", "T10", "T11", "T15", "T16", "T18", "T19", "T20", "T23", "T24",
                     "T26"}  # fmt: skip


def test_every_bug_the_issue_names_is_planted_in_both_twins():
    named = ("mu's sign flipped", "one inner step too many", "one inner step too few", "slow slot at zero")
    named += ("gradient at theta_k instead of y", "AdaLA's probe not restored")
    for twin in ("numpy", "torch"):
        bugs = {mutant.bug for mutant in MUTANTS if mutant.twin == twin}
        assert bugs >= set(named)
        assert any("eps inside the root" in bug for bug in bugs)
        assert any("eps missing" in bug for bug in bugs)


def test_a_mutant_that_no_longer_fits_the_source_says_so(monkeypatch):
    with pytest.raises(ValueError, match="old text must satisfy one occurrence in failing"):
        plant(monkeypatch, failing, "text that is not there", "")
