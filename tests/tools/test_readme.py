"""The README's examples run, its table is that of the records, and every path it names exists."""

import re
from pathlib import Path

import numpy as np
import pytest

ROOT = Path(__file__).resolve().parents[2]
README = (ROOT / "README.md").read_text(encoding="utf-8")


def test_the_first_example_shows_what_it_says(capsys):
    code = re.search(r"```python\n(.*?)```", README, re.S)[1]
    assert len([line for line in code.splitlines() if line.strip()]) <= 12
    exec(compile(code, "README.md", "exec"), {})
    outcome, measured, predicted = re.match(r"(.*) \d+ (\S+) (\S+)\n", capsys.readouterr().out).groups()
    assert outcome == "out of budget"
    # the second mode is behind by (0.951 / 0.971)^400 = 3e-4, squared in the norm: 1e-7
    assert np.isclose(float(measured), float(predicted), rtol=1e-6, atol=0)


def test_the_tables_of_results_are_those_of_the_records():
    matplotlib = pytest.importorskip("matplotlib")
    matplotlib.use("Agg")
    from paper_figs import drawing_of
    from tools.readme import END, TABLES, with_results

    assert with_results(README, map(drawing_of, TABLES)) == README
    with pytest.raises(AssertionError, match="once each"):  # what stands below is not lost
        with_results(README.replace(END, ""), [])
    assert README.count("family-wise error rate") == 1  # what holds for both tables is said once
    assert "for the paper's own 230 epochs" in " ".join(README.split()) and "CIFAR-10, 230 epochs, batch 256" in README


def test_a_mistyped_option_writes_nothing(capsys):
    from tools.readme import main

    with pytest.raises(SystemExit):
        main(["--chekc"])
    assert "unrecognized arguments: --chekc" in capsys.readouterr().err


def test_every_path_it_names_exists():
    linked = re.findall(r"\]\(([^)#:]+)\)", README)
    assert len(linked) >= 5
    missing = [path for path in linked if not (ROOT / path).exists()]
    assert not missing


def test_the_gallery_names_the_lesson_in_which_each_explorer_is_first_met():
    gallery = (ROOT / "docs" / "gallery.md").read_text(encoding="utf-8")
    first = {}
    for path in sorted((ROOT / "notebooks").glob("[0-9]*.py")):
        for name in re.findall(r"(\w+Explorer|FamilyChooser)\(", path.read_text(encoding="utf-8")):
            first.setdefault(name, path.stem)
    assert sorted(re.findall(r"lessons/(\w+)\.ipynb\) \|", gallery)) == sorted(first.values()) and len(first) == 6


def test_two_commands_and_the_browser_edition_stand_in_the_first_screen():
    first_screen = "\n".join(README.splitlines()[:16])
    assert "(docs/publishing.md)" in first_screen
    for target in ("make lab", "make site"):
        assert target in first_screen
        assert re.search(rf"^{target.split()[1]}:", (ROOT / "Makefile").read_text(), re.M)
