"""A claim stops the lesson's own numbers, and answers a student's."""

from pathlib import Path

import jupytext
import numpy as np
import pytest
import sympy
from nbclient import NotebookClient
from nbclient.exceptions import CellExecutionError

from nala_lab.classroom.claims import _is_the_lesson, agree, at_most, by_chance, claim
from tools.notebooks import environment

LESSON = """# %% [markdown]
# # A lesson
# %%
from nala_lab.classroom import claim
# %%
x = {x}  # a number
# %%
claim(x < 2, "x is small")
print("on we go")
"""


def test_a_claim_that_holds_is_silent(capsys):
    claim(np.array([True, True]), "both")
    claim(1, "one")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("false", [False, [True, False], np.float64(0), float("nan") < 1])
def test_outside_a_notebook_a_false_claim_is_an_error_with_its_words(false):
    with pytest.raises(AssertionError, match="The text says: the moon is square. That is not so."):
        claim(false, "the moon is square")


UNTOLD = [(False for _ in range(3)), {False}, {"a": False}.values(), lambda: False, [], "False"]


@pytest.mark.parametrize("untold", UNTOLD)
def test_what_would_always_pass_is_refused(untold):
    with pytest.raises(ValueError, match="condition must satisfy a value or an array"):
        claim(untold, "none")


def test_a_number_that_is_none_and_a_truth_of_sympy():
    claim(sympy.Eq(2, sympy.Integer(2)), "two is two")
    with pytest.raises(AssertionError):
        claim(sympy.Eq(2, 3), "two is three")
    with pytest.raises(AssertionError):
        claim(float("nan"), "a number that is none")


def ran(folder: Path, edit: tuple[str, str] | None, x: str) -> str:
    """What a lesson prints that runs in `folder`, after an edit in one of its cells."""
    script = folder / "00_small.py"
    script.write_text(LESSON.format(x=x))
    notebook = jupytext.read(script)
    for cell in notebook.cells:
        cell.source = cell.source.replace(*edit) if edit and cell.cell_type == "code" else cell.source
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(notebook, timeout=60, kernel_name="python3", resources=resources).execute(env=environment())
    return "".join(output["text"] for cell in notebook.cells for output in cell.get("outputs", []))


def test_the_lessons_own_false_claim_stops_the_notebook(tmp_path):
    with pytest.raises(CellExecutionError, match="The text says: x is small. That is not so."):
        ran(tmp_path, None, x="3")


def test_a_students_number_gets_a_sentence_and_the_notebook_goes_on(tmp_path):
    said = ran(tmp_path, ("x = 1", "x = 3"), x="1")
    words = "The text says: x is small. That was claimed for the lesson's own numbers; with yours it does not hold."
    assert said == f"{words}\non we go\n"


def test_a_cell_of_ones_own_or_a_missing_script_makes_it_an_answer(tmp_path):
    (tmp_path / "00_small.py").write_text(LESSON.format(x="1"))
    cells = jupytext.read(tmp_path / "00_small.py").cells
    own = ["", *(cell.source for cell in cells if cell.cell_type == "code")]
    assert _is_the_lesson(own, tmp_path) and _is_the_lesson(None, tmp_path)
    assert not _is_the_lesson([*own, "x = 5"], tmp_path)
    assert not _is_the_lesson(own, tmp_path / "elsewhere")


def test_every_cell_of_every_lesson_is_known_as_its_own():
    folder = Path(__file__).parents[2] / "notebooks"
    for script in folder.glob("*.py"):
        cells = [cell.source for cell in jupytext.read(script).cells if cell.cell_type == "code"]
        assert _is_the_lesson(cells, folder), script.name


def test_agreement_is_to_digits_of_the_largest_or_of_each():
    assert agree(np.pi, np.pi * (1 + 1e-10)) and not agree(np.pi, np.pi * (1 + 1e-8)) and agree(1.0, 1.004, digits=2)
    assert agree([1e3, 1e-9], [1e3, 0.0]) and not agree([1e3, 1e-9], [1e3, 0.0], each=True)
    assert agree(0.0, 0.0) and not agree([], []) and not agree([], 3.0)
    assert agree([1j, -1j], [1j, -1j]) and not agree(np.array([1j, -1j]), np.array([7j, -7j]))
    for bad in (np.nan, np.inf):
        assert not agree(bad, bad)


def test_at_most_and_by_chance():
    assert at_most([0.3, 1.0], [0.1 + 0.2, 1.0]) and not at_most([0.3, 1.001], [0.3, 1.0]) and not at_most(np.nan, 1.0)
    assert not at_most([5.0, 0.0], [1.0, np.inf]) and at_most([0.1 + 0.2, 1e300], [0.3, np.inf])
    assert not at_most(1.0, -np.inf) and at_most(-np.inf, -np.inf)
    assert by_chance([4.4, -4.4]) and not by_chance([0.0, -4.6]) and not by_chance(np.nan)
    for say in (by_chance, lambda z: at_most(z, 5.0), lambda z: at_most(0.0, z)):
        with pytest.raises(ValueError, match="must satisfy real numbers"):
            say(np.array([1 + 100j]))
