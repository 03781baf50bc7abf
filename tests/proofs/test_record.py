"""The committed record speaks of the files that are here; these tests need no Coq."""

import re
from dataclasses import replace

import pytest

from nala_lab.proofs import kernel_checked
from nala_lab.proofs.record import differences, load, make, valid
from nala_lab.proofs.sources import FOLDER, Source, digest, in_order, read
from nala_lab.theory import Card, cards
from nala_lab.theory.claims import claims

SOURCES = read()


def test_the_record_is_that_of_the_files():
    record = load()
    again = make(SOURCES, record["axioms"], record["coq"])
    assert differences(record, again) == [], "a proof has changed: nala-lab prove --record (needs Coq)"
    assert valid(record, SOURCES).keys() == SOURCES.keys()


def test_there_are_enough_theorems_and_each_has_a_name_of_its_own():
    names = [f"{source.name}.{theorem}" for source in SOURCES.values() for theorem in source.theorems]
    assert len(names) >= 30 and len(set(names)) == len(names)


@pytest.mark.parametrize("below", ["T12_eq5", "Algorithm1"])
def test_a_change_in_a_file_or_in_one_that_it_needs_turns_the_mark_off(below):
    changed = SOURCES | {below: replace(SOURCES[below], text=SOURCES[below].text + "\n")}
    still = valid(load(), changed)
    assert "T12_eq5" not in still
    assert ("T01_quadratic_rate" in still) == (below == "T12_eq5")  # which needs Algorithm1 only


def test_every_file_about_a_number_is_about_one_that_the_lab_has():
    numbers = {source.about for source in SOURCES.values()} - {""}
    assert numbers <= cards().keys() | claims().keys()
    assert {"T12", "T01", "T03", "T04", "T05", "T07", "T08", "T09", "T13", "T14", "T21", "T22", "T25", "T28"} <= numbers
    assert {f"V0{i}" for i in range(1, 10)} <= numbers


def test_a_card_shows_the_mark_only_where_the_claim_is_the_proved_one():
    assert cards()["T12"].evidence == "proved, kernel-checked" and "T12_eq5.eq5" in cards()["T12"].kernel_checked
    assert cards()["T22"].kernel_checked and cards()["T22"].evidence == "certificate"  # the kernel has the lower half
    unknown = Card(id="T99", title="", statement="", assumptions="", source="", status="proved", kind="tight")
    assert kernel_checked("T99") == () and unknown.evidence == "proved"


def test_nothing_is_taken_for_granted_in_the_files():
    assert not {source.name: source.forbidden for source in SOURCES.values() if source.forbidden}
    assert not [line for path in FOLDER.glob("*.v") for line in path.read_text().splitlines() if len(line) > 120]


@pytest.mark.parametrize("word", ["Admitted", "Axiom", "Parameter", "Conjecture", "admit", "Unset Guard Checking"])
def test_the_words_are_seen_where_they_are_said_and_not_in_comments(word):
    assert Source("x", f"Lemma a : True. {word}.").forbidden and not Source("x", f"(* {word} *) Qed.").forbidden


def test_a_ring_of_imports_is_refused():
    ring = {name: Source(name, f"From NalaLab Require Import {other}.") for name, other in ("AB", "BA")}
    with pytest.raises(ValueError, match="A -> B -> A"):
        in_order(ring)
    with pytest.raises(ValueError, match="X"):
        digest("Y", {"Y": Source("Y", "From NalaLab Require Import X.")})


def test_every_file_begins_by_saying_what_it_shows():
    assert all(re.match(r"\(\*\* \S", source.text) for source in SOURCES.values())
