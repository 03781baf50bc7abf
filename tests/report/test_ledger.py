"""The ledger's section of the report, and ``nala-lab figures``: what they run, show and refuse."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace

import pytest

from nala_lab.cli import main as cli
from nala_lab.report import figures_command, ledger
from nala_lab.report.page import report_page
from nala_lab.report.results import ClaimRow, Part
from tests.report.test_page import read

ROW = {"id": "N01", "paper": "NALA", "kind": "theorem", "where": "line 95", "sentence": "a < b & c", "note": "a <note>",
       "verdict": "contradicted by theory",
       "evidence": [{"verdict": None, "words": "1 < 2", "test": "x <y>"}]}  # fmt: skip
WRITES = """
import pathlib, sys
out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1]); out.mkdir(parents=True, exist_ok=True)
(out / "ledger.json").write_text({text!r})
(out / "words").write_text(" ".join(sys.argv[1:]))
sys.exit({status})
"""


def plant(root, text="[]", status=0):
    (root / "paper_figs").mkdir(parents=True)
    (root / "paper_figs" / "__init__.py").touch()
    (root / "paper_figs" / "ledger.toml").touch()
    (root / "paper_figs" / "__main__.py").write_text(WRITES.format(text=text, status=status), encoding="utf-8")
    return root


def options(*words):
    parser = argparse.ArgumentParser()
    figures_command.add_arguments(parser)
    return parser.parse_args(words)


def test_the_section_shows_every_claim_and_loads_nothing(results, tmp_path):
    part = Part((ClaimRow(**ROW), ClaimRow(**{**ROW, "id": "N02", "verdict": "reproduced"})))
    page = report_page(replace(results, ledger=part), tmp_path)
    reader = read(page)
    assert (
        not reader.problems and {"ledger", "claim-N01", "claim-N02"} <= set(reader.ids) and "#ledger" in reader.anchors
    )
    assert "2 claims: 1 contradicted by theory, 1 reproduced" in page and "claims: 2 of 2 judged" in page
    assert "a &lt; b &amp; c" in page and "<code>x &lt;y&gt;</code>" in page and "a &lt;note&gt;" in page


def test_the_rows_come_from_a_process_of_its_own(tmp_path):
    part = ledger.collect(plant(tmp_path / "root", json.dumps([ROW])), tmp_path / "out")
    assert [row.verdict for row in part.items] == ["contradicted by theory"] and not part.bad


@pytest.mark.parametrize("text", ["not json", '[{"id": "N01"}]'])
def test_a_ledger_that_cannot_be_judged_fails_the_report(tmp_path, text):
    part = ledger.collect(plant(tmp_path / "root", text), tmp_path / "out")
    assert part.bad == 1 and part.absent.startswith("The ledger could not be judged")


def test_a_checkout_without_a_ledger_says_so(tmp_path):
    assert ledger.collect(tmp_path, tmp_path / "out") == Part(absent="There is no paper_figs/ledger.toml here, so no "
                                                              "claim was judged.")  # fmt: skip


def test_the_figures_command_passes_its_words_on(tmp_path):
    root = plant(tmp_path / "root", status=1)
    out = tmp_path / "out"
    assert figures_command.main(options("--root", str(root), "--out", str(out), "--ledger", "a", "b")) == 1
    assert (out / "words").read_text(encoding="utf-8") == f"a b --ledger --out {out}"


def test_the_figures_command_refuses_a_folder_without_figures(tmp_path, capsys):
    assert cli(["figures", "--root", str(tmp_path)]) == 2
    said = capsys.readouterr().err.strip()
    assert said.startswith("nala-lab figures: error: root must satisfy a checkout") and "\n" not in said


def test_an_unknown_figure_is_refused_in_one_sentence(capfd):
    assert cli(["figures", "fig99"]) == 2
    said = capfd.readouterr().err.strip()
    assert "\n" not in said and said.startswith("python -m paper_figs: error: figure must satisfy") and "fig99" in said
