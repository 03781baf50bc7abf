"""Every lesson runs from its .py, without an error and without a warning; none is left out."""

import pytest

from tests.tools.tree import ROOT, name
from tools import notebooks as tool

SCRIPTS = sorted((ROOT / "notebooks").glob("*.py"))


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=name)
def test_a_lesson_runs_from_top_to_bottom(script):
    lesson = tool.executed(script)  # an assertion that fails in a cell is an error here
    assert not tool.warnings(lesson)
    outputs = [output for cell in lesson.cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs), "a lesson shows a picture"


@pytest.mark.parametrize("script", SCRIPTS, ids=name)
def test_a_lesson_asserts_and_asks(script):
    text = script.read_text(encoding="utf-8")
    assert text.count("assert") >= 5, "every claim is followed by an assertion"
    assert "Exercises" in text and "**Before" in text and 'tags=["parameters"]' in text


def test_the_overview_lists_every_lesson_and_no_other():
    overview = (ROOT / "notebooks" / "README.md").read_text(encoding="utf-8")
    listed = {word for word in overview.replace("(", " ").replace(")", " ").split() if word.endswith(".ipynb")}
    assert listed == {script.with_suffix(".ipynb").name for script in SCRIPTS}
