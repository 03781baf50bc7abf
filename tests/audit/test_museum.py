"""Every bug of the museum fits the source, and the audit catches it."""

import pytest

from nala_lab.audit import MUTANTS, Mutant, audit, examine, examine_bug, load_items, planted
from nala_lab.audit.examining import ELSEWHERE
from nala_lab.audit.museum import edited

FEW = ("lazy-slow", "lost-counter", "gradient-at-theta", "eps-under-root", "aliased-base", "hooks-twice",
       "closure-no-sync", "first-of-group", "first-group-options", "settings-not-loaded",
       "numbered-by-group")  # fmt: skip


def caught(name, items=None):
    """Rows that are bad with the bug planted."""
    return {row.item: row for row in examine_bug(name, items) if row.bad}


def test_there_are_at_least_thirty_and_each_has_its_story():
    assert len(MUTANTS) >= 30
    assert all(len(one.seen) > 60 and one.bug and one.caught_by for one in MUTANTS.values())
    assert len({one.seen for one in MUTANTS.values()}) == len(MUTANTS)
    known = {item.name for item in load_items()}
    assert all(set(one.caught_by) <= known for one in MUTANTS.values())


@pytest.mark.parametrize("name", MUTANTS)
def test_the_text_that_a_bug_replaces_is_there_once(name):
    for module, text in edited(MUTANTS[name]).items():
        compile(text, module, "exec")


def test_a_bug_that_no_longer_fits_says_so():
    gone = Mutant("gone", "", (("nala", "text that is not there", ""),), "", "", ())
    with pytest.raises(ValueError, match=r"one occurrence in optim/nala.py.*update the bug gone"):
        edited(gone)
    with pytest.raises(ValueError, match="mutant must satisfy"), planted("nothing"):
        pass


@pytest.mark.parametrize("name", FEW)
def test_a_bug_is_caught_and_gone_afterwards(name):
    items = [item for item in MUTANTS[name].caught_by if item != ELSEWHERE]
    assert set(caught(name, items)) == set(items)
    one = MUTANTS[name]
    assert not [row for row in examine(one.target, one.options, inner=one.inner, only=items) if row.bad]


@pytest.mark.slow
def test_every_bug_is_caught(capsys):
    missed, lines = {}, []
    for name, one in MUTANTS.items():
        rows = caught(name)
        missed[name] = set(one.caught_by) - set(rows) - {ELSEWHERE}
        lines.append(f"{name:<20} {len(rows):>3} bad rows   {', '.join(sorted(rows))}")
    with capsys.disabled():
        print("", *lines, sep="\n")
    assert not {name: items for name, items in missed.items() if items}


@pytest.mark.slow
@pytest.mark.parametrize("name", ["lost-counter", "slow-not-saved", "object-in-state"])
def test_a_new_process_has_the_bug_too(name):
    assert [row.verdict for row in audit(**planted_target(name), only=[ELSEWHERE])] == ["fail"]


def planted_target(name):
    one = MUTANTS[name]
    return {"target": one.target, "options": one.options, "inner": one.inner, "mutant": name}


def test_a_bug_that_is_not_there_is_named():
    with pytest.raises(ValueError, match="name must satisfy .* got name='nosuch'"):
        examine_bug("nosuch")
