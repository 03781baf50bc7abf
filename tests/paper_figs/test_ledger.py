"""The ledger: verdicts are computed, the committed page is what is computed now, and bad input is refused."""

from __future__ import annotations

import json
import re
import tomllib
from dataclasses import replace
from itertools import product

import pytest

from paper_figs import ledger
from paper_figs.__main__ import main
from paper_figs.ledger import loading, printed, theorems
from paper_figs.ledger.loading import LEDGER, TESTS, load
from paper_figs.ledger.model import (
    CONTRADICTED,
    NOT_REPRODUCED,
    NOT_RUN,
    REPRODUCED,
    UNDECIDED,
    UNTESTABLE,
    Evidence,
    weakest,
)
from paper_figs.ledger.rendering import COMMITTED, markdown
from paper_figs.ledger.theorems import by_number, by_theory, by_verify
from paper_figs.published import paper
from paper_figs.published_audit import NOT_SEEN, SEEN
from tests.tools.tree import ROOT


@pytest.fixture(scope="module")
def entries():
    return ledger.entries()


def by_id(entries, name):
    return next(one for one in entries if one.claim.id == name)


def test_the_committed_page_is_what_is_computed_now(entries):
    assert COMMITTED.read_text(encoding="utf-8") == markdown(entries), "run `nala-lab figures --ledger` and commit it"


def test_there_are_enough_claims_of_every_kind_and_paper(entries):
    kinds = {one.claim.kind for one in entries}
    papers = [one.claim.paper for one in entries]
    assert len(entries) >= 40 and kinds == set(ledger.KINDS)
    assert papers.count("nala") >= 25 and papers.count("adala") >= 15 and papers.count("lab") >= 15
    assert {one.verdict for one in entries} <= set(ledger.VERDICTS)


def test_every_reading_of_the_faster_claim_is_in_with_its_evidence(entries):
    said = " ".join(e.words for one in entries for e in one.evidence)
    for claim in theorems._claims().values():
        assert f'{claim.id}, "{claim.statement}"' in said and claim.evidence in said


def test_what_is_tempting_and_false_is_listed_as_false(entries):
    for name in ("S04", "S09", "S13", "S19", "S20", "S21", "S22"):
        assert by_id(entries, name).verdict == CONTRADICTED, name
    page = markdown(entries)
    assert "tempting, and false" in page and "notes" not in page.partition("## this lab's own statements")[2]


def test_no_verdict_is_typed_in():
    text = LEDGER.read_text(encoding="utf-8")
    data = tomllib.loads(text)
    assert set(data["claim"][0]) <= {"id", "paper", "where", "kind", "sentence", "tests", "note"}
    assert not any(verdict in json.dumps(data) for verdict in (CONTRADICTED, NOT_REPRODUCED, UNTESTABLE, NOT_RUN))


def test_slow_certificates_that_are_named_exist(entries):
    named = [test["slow"] for one in entries for test in one.claim.tests if "slow" in test]
    assert named
    for node in named:
        file, _, function = node.partition("::")
        assert f"def {function}(" in (ROOT / file).read_text(encoding="utf-8")


def test_a_changed_theory_changes_the_verdict(monkeypatch):
    assert by_theory({"theory": "V06"}).verdict == CONTRADICTED
    assert by_theory({"theory": "V06", "says": "false"}).verdict == REPRODUCED
    found = theorems._claims()
    turned = {"V06": replace(found["V06"], verdict="true"), "V04": replace(found["V04"], verdict="not refuted")}
    monkeypatch.setattr(theorems, "_claims", lambda: turned)
    assert by_theory({"theory": "V06"}).verdict == REPRODUCED
    assert by_theory({"theory": "V04"}).verdict == NOT_RUN


def test_numbers_are_compared_to_the_printed_digit():
    assert by_number({"number": "V06", "of": "NALA", "printed": "0.100153"}).verdict == REPRODUCED
    assert by_number({"number": "V06", "of": "NALA", "printed": "0.100154"}).verdict == NOT_REPRODUCED
    assert by_number({"number": "V03", "of": "farther, m=1/10", "sign": "<=0"}).verdict == CONTRADICTED


def test_a_failing_check_supports_and_refutes_nothing(monkeypatch):
    assert by_verify({"verify": ["T27"]}).verdict == REPRODUCED
    assert by_verify({"verify": ["T27"], "refutes": True}).verdict == CONTRADICTED
    rows = tuple(replace(row, message="planted") for row in theorems._rows("T27"))
    monkeypatch.setattr(theorems, "_rows", lambda name: rows)
    assert by_verify({"verify": ["T27"]}).verdict == NOT_REPRODUCED
    assert by_verify({"verify": ["T27"], "refutes": True}).verdict == UNTESTABLE


@pytest.mark.parametrize(
    ("found", "means", "verdict"),
    [
        (SEEN, "supports", REPRODUCED), (SEEN, "against", NOT_REPRODUCED), (SEEN, "hides", UNTESTABLE),
        (SEEN, "agrees", None), (NOT_SEEN, "supports", NOT_REPRODUCED), (NOT_SEEN, "agrees", NOT_REPRODUCED),
        (NOT_SEEN, "against", None), (NOT_SEEN, "hides", None), (UNDECIDED, "supports", UNTESTABLE),
    ],
)  # fmt: skip
def test_a_finding_says_what_its_meaning_says(monkeypatch, found, means, verdict):
    monkeypatch.setattr(printed, "_finding", lambda name: replace(printed.run(name), verdict=found))
    assert printed.by_audit({"audit": "last-digits", "means": means}).verdict == verdict


@pytest.mark.parametrize(
    ("files", "equal", "verdict"),
    [(10, 10, REPRODUCED), (10, 9, NOT_REPRODUCED), (4, 4, UNTESTABLE), (4, 3, NOT_REPRODUCED), (0, 0, UNTESTABLE)],
)
def test_released_files_reproduce_a_table_when_they_are_all_there_and_equal(monkeypatch, files, equal, verdict):
    each = {"NALA Table 1": {"numbers": 10, "with a file": files, "equal to the file": equal}}
    found = replace(printed.run("released-files"), numbers={"each": each})
    monkeypatch.setattr(printed, "_finding", lambda name: found)
    assert printed.by_released({"released": "NALA Table 1"}).verdict == verdict


def test_a_certificate_that_the_ledger_does_not_run_is_not_yet_run():
    assert theorems.slow({"slow": "tests/certify/test_worst_case.py::test_x"}).verdict == NOT_RUN


def test_sentences_are_read_against_the_papers_own_tables():
    def said(optimizer, than, relation, column=3, number=1, **more):
        test = {"published": ["nala", number, column], "optimizer": optimizer, "than": than, "relation": relation}
        return printed.by_published(test | more)

    assert said("NALA", ["Adam", "NAG"], "better").verdict is None  # agreeing proves nothing
    assert said("Adam", ["NAG"], "better").verdict == NOT_REPRODUCED  # 0.72265625 twice
    assert said("Adam", ["NAG"], "equal").verdict is None
    assert said("Adam", ["NAG"], "at least as good").verdict is None
    assert said("NALA", ["Adam"], "equal", within=0.01).verdict == NOT_REPRODUCED  # 0.7383 and 0.7227
    unclear = said("NALA", ["NAG"], "better", number=2, column=0)  # 12,00 is 1,200 or 12,000; NAG 1,900
    assert unclear.verdict is None and "cannot be read off" in unclear.words
    assert said("SGD", ["NALA"], "better", number=2, column=1).verdict == NOT_REPRODUCED  # never reached


def test_the_weakest_evidence_decides_in_this_order():
    order = (CONTRADICTED, NOT_REPRODUCED, UNTESTABLE, NOT_RUN, UNDECIDED, REPRODUCED)
    assert set(order) == set(ledger.VERDICTS)
    for (i, a), (j, b) in product(enumerate(order), repeat=2):
        assert weakest([a, None, b]) == order[min(i, j)]
    assert weakest([]) == weakest([None]) == UNTESTABLE


@pytest.mark.parametrize(("column", "where"), [(0, 2), (1, 1)])
def test_a_cell_without_a_number_is_the_worst_of_its_column(monkeypatch, column, where):
    """Never reached: later than every timestep, and lower than every accuracy."""
    plain = paper("nala").table(where)
    monkeypatch.setattr(printed, "table", lambda *_: planted(plain, column))

    def said(optimizer, than, relation):
        return printed.by_published({"published": ["nala", where, column], "optimizer": optimizer, "than": [than],
                                     "relation": relation}).verdict  # fmt: skip

    assert said("SGD", "NAG", "better") == NOT_REPRODUCED and said("NAG", "SGD", "better") is None
    assert said("NAG", "SGD", "at least as good") is None and said("SGD", "NAG", "equal") == NOT_REPRODUCED


def planted(table, column):
    cell = table.cell("SGD", column)
    empty = replace(cell, value=None, readings=(), slip=False)
    rows = tuple(replace(row, cells=tuple(empty if one is cell else one for one in row.cells)) for row in table.rows)
    return replace(table, rows=rows)


def test_a_task_that_the_paper_did_not_try_decides_none_of_its_claims(entries):
    said = by_id(entries, "N12").evidence[1]
    assert said.test.startswith("records lenet5-fashion-mnist") and said.verdict is None
    assert said.words.startswith("a task that the paper did not try")
    tried = [one for one in by_id(entries, "N14").evidence if one.test.startswith("records")]
    assert tried and all(one.verdict is not None for one in tried)


def test_no_line_makes_an_interval_of_runs_that_were_stopped(entries):
    for one in entries:
        for evidence in one.evidence:
            assert not re.search(r"(-?[\d.]+) \[\1, \1\]", evidence.words), one.claim.id


CLAIM = """
[settings]
[full]
[[claim]]
id = "X1"
paper = "nala"
where = "here"
kind = "{kind}"
sentence = "A sentence."
tests = [{test}]
{more}
"""


@pytest.mark.parametrize(
    ("kind", "test", "more", "sentence"),
    [
        ("theorem", '{ theory = "V01" }', 'verdict = "reproduced"', "no key 'verdict'"),
        ("theorem", '{ theory = "V01" }', 'note = "not reproduced"', "something else than a verdict"),
        ("theorem", '{ theory = "V01", seen = "reproduced" }', "", "something else than a verdict"),
        ("guess", '{ theory = "V01" }', "", "kind"),
        ("theorem", '{ oracle = "V01" }', "", "one of theory"),
        ("theorem", "", "", "at least one test"),
        ("theorem", '"V01"', "", "each a table"),
        ("theorem", "5", "", "each a table"),
        ("theorem", '{ theory = "V01", metric = "loss" }', "", "the options says"),
        ("table", '{ records = "t", metric = "FID", equal = "seconds" }', "", "equal must"),
        ("table", '{ records = "t", metric = "FID" }', "", "equal must"),
        ("table", '{ records = "t", metric = "speed" }', "", "metric"),
        ("theorem", "{ verify = [] }", "", "verify must satisfy at least one name"),
        ("theorem", '{ verify = ["T01"], refutes = "false" }', "", "refutes must satisfy true or false"),
        ("table", '{ records = "t", than = [], metric = "FID", equal = "timesteps" }', "", "than must satisfy"),
        ("table", '{ theory = "V01" }', 'pages = "3"', "the keys"),
        ("table", "{", "", "not valid TOML"),
    ],
)  # fmt: skip
def test_a_bad_ledger_is_refused_in_a_sentence(tmp_path, kind, test, more, sentence):
    path = tmp_path / "ledger.toml"
    path.write_text(CLAIM.format(kind=kind, test=test, more=more), encoding="utf-8")
    with pytest.raises(ValueError, match=sentence):
        load(path)


def test_two_claims_of_one_number_are_refused(tmp_path):
    text = CLAIM.format(kind="theorem", test='{ theory = "V01" }', more="")
    path = tmp_path / "ledger.toml"
    path.write_text(text + text[text.index("[[claim]]") :], encoding="utf-8")
    with pytest.raises(ValueError, match="each once"):
        load(path)


def test_a_test_that_names_what_is_not_there_names_the_claim(tmp_path):
    path = tmp_path / "ledger.toml"
    path.write_text(CLAIM.format(kind="theorem", test='{ theory = "V99" }', more=""), encoding="utf-8")
    with pytest.raises(ValueError, match="claim X1, theory: theory must satisfy"):
        ledger.entries(load(path))


def test_every_kind_of_test_has_a_judge_and_is_used(entries):
    used = {key for one in entries for test in one.claim.tests for key in test if key in TESTS}
    assert set(ledger.JUDGES) == set(TESTS) == used


def test_the_page_survives_signs_of_markdown(entries):
    claim = replace(entries[0].claim, sentence="a | b *c* _d_ <e>", note="")
    page = markdown([ledger.Entry(claim, (Evidence(None, "|mu|", "x | y"),))])
    line = page.splitlines()[-1]
    assert line.count("|") - line.count("\\|") == 5, line  # four cells


def test_the_command_writes_both_files_and_counts(tmp_path, capsys, monkeypatch, entries):
    monkeypatch.setattr(ledger, "entries", lambda progress: entries)
    assert main(["--ledger", "--out", str(tmp_path)]) == 0
    rows = json.loads((tmp_path / "ledger.json").read_text(encoding="utf-8"))
    assert len(rows) == len(entries) and (tmp_path / "LEDGER.md").is_file()
    assert f"{len(entries)} claims" in capsys.readouterr().out


def test_a_file_in_the_way_of_the_ledger_is_said_before_claims_are_judged(tmp_path, capsys, monkeypatch):
    monkeypatch.setattr(ledger, "entries", lambda progress: pytest.fail("judged"))
    (tmp_path / "taken").write_text("")
    with pytest.raises(SystemExit, match="2"):
        main(["--ledger", "--out", str(tmp_path / "taken")])
    assert "taken" in capsys.readouterr().err


def test_the_command_refuses_figures_beside_the_ledger_and_a_broken_one(tmp_path, capsys, monkeypatch):
    for words in (["--ledger", "family_map"], ["--ledger", "--out", str(tmp_path)]):
        monkeypatch.setattr(loading.load, "__defaults__", (tmp_path / "absent.toml",))
        with pytest.raises(SystemExit) as stop:
            main(words)
        assert stop.value.code == 2
        assert capsys.readouterr().err.strip().splitlines()[-1].startswith("nala-lab figures: error:")
