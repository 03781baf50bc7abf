"""The command runs what it says, ends with 1 when something failed, and writes the page all the same."""

from __future__ import annotations

import argparse

import nbformat
import pytest

from nala_lab.report import checks, command, figures, lessons
from nala_lab.report.checks import collect, row, words
from nala_lab.report.results import Part
from tests.report.conftest import BAD, check

MANIFEST = '[{"name": "f", "title": "T", "caption": "C", "alt": "A", "png": "f.png", "svg": "f.svg", "table": null}]'
FAKE = """
import pathlib, sys
out = pathlib.Path(sys.argv[sys.argv.index("--out") + 1]); out.mkdir(parents=True)
for name in ("f.png", "f.svg"): (out / name).write_bytes(b"x")
(out / "figures.json").write_text('''{manifest}''')
"""


def options(*words):
    parser = argparse.ArgumentParser()
    command.add_arguments(parser)
    return parser.parse_args(words)


def plant_figures(root, text):
    (root / "paper_figs").mkdir()
    (root / "paper_figs" / "__init__.py").touch()
    (root / "paper_figs" / "__main__.py").write_text(text, encoding="utf-8")


@pytest.fixture
def fake(monkeypatch, results):
    """Lessons without kernels and checks without optimizers; the test sets what they find."""
    found = {"checks": Part((row(check()),)), "lessons": Part(results.lessons.items[:1])}
    monkeypatch.setattr(checks, "collect", lambda: found["checks"])
    monkeypatch.setattr(lessons, "collect", lambda folder, out: found["lessons"])
    return found


def test_all_good_ends_with_0(fake, checkout, tmp_path, capsys):
    plant_figures(checkout, FAKE.format(manifest=MANIFEST))
    assert command.main(options("--root", str(checkout), "--out", str(tmp_path / "build" / "report"))) == 0
    page = (tmp_path / "build" / "report" / "index.html").read_text(encoding="utf-8")
    assert "All good." in page and "all good" in capsys.readouterr().out


@pytest.mark.parametrize("part", ["checks", "notebooks", "figures", "no figures"])
def test_a_failure_ends_with_1_and_the_page_is_written(fake, checkout, results, tmp_path, capsys, part):
    entries = '[{"name": "f", "error": "RecordError: none"}]' if part == "figures" else MANIFEST
    plant_figures(checkout, "raise SystemExit('broken')" if part == "no figures" else FAKE.format(manifest=entries))
    if part == "checks":
        fake["checks"] = Part((row(check("T99", "fail")),))
    if part == "notebooks":
        fake["lessons"] = Part(results.lessons.items)
    assert command.main(options("--root", str(checkout), "--out", str(tmp_path / "out"))) == 1
    assert "Something failed" in (tmp_path / "out" / "index.html").read_text(encoding="utf-8")
    said = {"checks": "check T99", "notebooks": "01_bad: Assertion", "figures": "f: RecordError"}
    assert said.get(part, "broken") in capsys.readouterr().err


def test_only_leaves_the_rest_out_and_says_so(monkeypatch, checkout, tmp_path):
    def never(*args):
        raise AssertionError("this part was left out")

    monkeypatch.setattr(checks, "collect", never)
    monkeypatch.setattr(lessons, "collect", never)
    plant_figures(checkout, FAKE.format(manifest=MANIFEST))
    assert command.main(options("--root", str(checkout), "--out", str(tmp_path / "out"), "--only", "figures")) == 0
    assert (tmp_path / "out" / "index.html").read_text(encoding="utf-8").count("Left out of this report") == 3


def test_bad_options(tmp_path):
    with pytest.raises(SystemExit):
        options("--only", "everything")
    with pytest.raises(ValueError, match="root must satisfy an existing folder"):
        command.main(options("--root", str(tmp_path / "absent")))


def test_an_empty_checkout_is_stated_not_hidden(tmp_path):
    lesson_part = lessons.collect(tmp_path, tmp_path / "out")
    figure_part = figures.collect(tmp_path, tmp_path / "figures")
    assert "no notebook" in lesson_part.absent and "no folder paper_figs" in figure_part.absent
    assert not lesson_part.failed and not figure_part.failed


def test_figures_of_an_earlier_run_are_not_shown(tmp_path, checkout):
    plant_figures(checkout, "raise SystemExit('broken today')")
    (tmp_path / "figures.json").write_text(MANIFEST)
    part = figures.collect(checkout, tmp_path)
    assert part.failed and not part.items and "broken today" in part.absent


def test_checks_that_cannot_run_fail_the_part():
    def broken():
        raise RuntimeError("no twins")

    assert collect(broken).failed and "RuntimeError: no twins" in collect(broken).absent
    assert collect(list).failed, "no check at all is no success"
    good = collect(lambda: [check(), check("T12", "fail")])
    assert good.bad == 1 and [item.passed for item in good.items] == [True, False]


def test_words_for_values():
    assert words(float("nan")) == "nan" and words(3) == "3" and words("diverged") == "diverged"
    assert words([[1.0, 2.5]]) == "1 … 2.5 (2 values)" and words([]) == "[]"


@pytest.mark.slow  # starts three kernels
def test_lessons_run_and_a_failure_keeps_what_was_reached(checkout, tmp_path):
    folder, out = checkout / "notebooks", tmp_path / "books"
    (folder / "01_bad.py").write_text(BAD, encoding="utf-8")
    (folder / "02_broken.py").write_text("# %%\nimport os; os._exit(3)\n", encoding="utf-8")
    part = lessons.collect(folder, out, progress=False)
    good, bad, dead = part.items
    assert (good.passed, good.title, good.error) == (True, r"Good: $\mu < 0$", "")
    data = nbformat.read(good.path, 4).cells[1].outputs[0]
    assert data["metadata"]["image/png"]["alt"] == "A line that falls from 3 to 1." and "image/png" in data["data"]
    assert not bad.passed and bad.error == "AssertionError: one is not <two>" and bad.title == "Bad"
    reached = nbformat.read(bad.path, 4).cells
    assert reached[1].outputs[0].output_type == "error" and reached[2].outputs == []
    assert not dead.passed and "died" in dead.error.lower()
    assert part.bad == 2
