"""Every lesson runs from its .py, without an error and without a warning; none is left out."""

import ast
import subprocess
import sys

import pytest

from tests.tools.tree import ROOT, name
from tools import notebooks as tool

SCRIPTS = sorted((ROOT / "notebooks").glob("*.py"))


@pytest.mark.slow
@pytest.mark.parametrize("script", SCRIPTS, ids=name)
def test_a_lesson_runs_from_top_to_bottom(script):
    lesson = tool.executed(script)  # a claim that fails in a cell is an error here
    assert not tool.warnings(lesson)
    outputs = [output for cell in lesson.cells for output in cell.get("outputs", [])]
    assert any("image/png" in output.get("data", {}) for output in outputs), "a lesson shows a picture"


@pytest.mark.parametrize("script", SCRIPTS, ids=name)
def test_a_lesson_claims_and_asks(script):
    text = script.read_text(encoding="utf-8")
    assert text.count("claim(") >= 5, "what the text says is followed by a claim"
    nodes = list(ast.walk(ast.parse(text)))
    assert not any(isinstance(node, ast.Assert) for node in nodes), "an assert stops a student without a word"
    assert "np.testing" not in text and "torch.testing" not in text
    assert "Exercises" in text and "**Before" in text and 'tags=["parameters"]' in text


@pytest.mark.parametrize("script", SCRIPTS, ids=name)
def test_a_claim_says_in_words_what_it_claims(script):
    """Small at the start, without a full stop, and no two alike: it is put into a sentence."""
    calls = [node for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))) if isinstance(node, ast.Call)]
    words = [ast.unparse(node.args[1]).strip("f'\"") for node in calls if getattr(node.func, "id", "") == "claim"]
    for text in words:
        assert len(text.split()) >= 3 and text[-1] not in ".!?", text
    assert len(set(words)) == len(words)


WITHOUT = """
import sys, jupytext
sys.modules["torch"] = None
names = {}
for cell in jupytext.read(sys.argv[1]).cells:
    if cell.cell_type == "code":
        if "import torch\\n" in cell.source and "if torch_is_here" not in cell.source:
            break
        exec(cell.source, names)
"""


@pytest.mark.slow
@pytest.mark.parametrize("number", ["06", "19"])
def test_torch_is_needed_only_where_it_is_used(number):
    """Lesson 06 runs to its end without torch, lesson 19 up to the cell that imports it; both say how to add it."""
    (script,) = (ROOT / "notebooks").glob(f"{number}_*.py")
    command = [sys.executable, "-c", WITHOUT, str(script)]
    found = subprocess.run(
        command, capture_output=True, text=True, cwd=ROOT / "notebooks", env=tool.environment() | {"MPLBACKEND": "agg"}
    )
    assert found.returncode == 0, found.stderr
    text = script.read_text(encoding="utf-8")
    assert "`make torch` adds it" in (found.stdout if number == "06" else text)
    assert text.index("import torch\n") > text.index("## 3 · " if number == "19" else "## 7 · ")


def test_the_overview_says_what_each_part_is():
    """Its rows are the first lines of the parts' own docstrings, so the map cannot be out of date."""
    overview = (ROOT / "notebooks" / "README.md").read_text(encoding="utf-8")
    rooms = [ROOT / "problems", ROOT / "paper_figs", *(path.parent for path in ROOT.glob("nala_lab/*/__init__.py"))]
    for room in rooms:
        said = ast.get_docstring(ast.parse((room / "__init__.py").read_text(encoding="utf-8")))
        assert f"| `{room.name}` | {said.splitlines()[0]} |" in overview, room.name


def test_the_overview_lists_every_lesson_and_no_other():
    overview = (ROOT / "notebooks" / "README.md").read_text(encoding="utf-8")
    listed = {word for word in overview.replace("(", " ").replace(")", " ").split() if word.endswith(".ipynb")}
    assert listed == {script.with_suffix(".ipynb").name for script in SCRIPTS}
