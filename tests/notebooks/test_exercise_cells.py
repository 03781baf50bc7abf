"""The exercise cells at the end of each lesson: a question, an answer cell, a check, and what a grader reads."""

import jupytext
import pytest

from nala_lab.classroom import LESSONS, exercise, exercises, grades
from tests.tools.tree import ROOT

STUDENT = "tester"


def lesson(number):
    (script,) = (ROOT / "notebooks").glob(f"{number}_*.py")
    return jupytext.read(script)


def graded(notebook):
    """grade_id -> cell, of the cells that a grader reads."""
    cells = [cell for cell in notebook.cells if "nbgrader" in cell.metadata]
    found = {cell.metadata["nbgrader"]["grade_id"]: cell for cell in cells}
    assert len(found) == len(cells), "each grade_id is used once"
    return found


@pytest.mark.parametrize("number", LESSONS)
def test_each_exercise_has_its_three_cells_in_order(number):
    notebook = lesson(number)
    sources = [cell.source for cell in notebook.cells]
    for item in exercises(number):
        name = f"answer_{item.id.replace('.', '_')}"
        asked = sources.index(f'exercise("{item.id}", STUDENT)')
        assert sources[asked + 1] == f"{name} = ..."
        assert sources[asked + 2] == f'check("{item.id}", {name}, STUDENT)'
    assert any(source.startswith("grades()") for source in sources[-2:])


@pytest.mark.parametrize("number", LESSONS)
def test_a_grader_finds_its_metadata(number):
    found = graded(lesson(number))
    assert len(found) == 2 * len(exercises(number))
    for item in exercises(number):
        key = item.id.replace(".", "-")
        answer, check = found[f"answer-{key}"].metadata["nbgrader"], found[f"check-{key}"].metadata["nbgrader"]
        assert answer["schema_version"] == check["schema_version"] == 3
        assert (answer["grade"], answer["solution"], answer["locked"]) == (False, True, False)
        assert (check["grade"], check["solution"], check["locked"]) == (True, False, True)
        assert check["points"] == item.points and "points" not in answer


@pytest.mark.parametrize("number", LESSONS)
def test_the_name_is_a_parameter_and_a_prediction_is_asked(number):
    notebook = lesson(number)
    (cell,) = (cell for cell in notebook.cells if "parameters" in cell.metadata.get("tags", []))
    assert cell.source.startswith('STUDENT = "demo"')
    text = "\n".join(cell.source for cell in notebook.cells if cell.cell_type == "code")
    assert text.count("= predict(") == text.count(".meets(") >= 1
    assert "..." in text


@pytest.mark.parametrize("number", LESSONS)
def test_the_cells_give_full_marks_to_right_answers_and_none_to_dots(number):
    grades().clear()
    cells = [cell.source for cell in graded(lesson(number)).values()]
    names: dict = {"STUDENT": STUDENT}
    exec("from nala_lab.classroom import check", names)
    for source in cells:
        exec(source, names)
    assert grades().as_json()["students"] == {}  # dots are no try
    for source in cells:
        exec(source, names)
        if source.startswith("answer"):
            variable = source.split(" ")[0]
            names[variable] = exercise(variable.removeprefix("answer_").replace("_", "."), STUDENT).solution
    marks = grades().as_json()["students"][STUDENT]
    grades().clear()
    assert [row["points"] for row in marks.values()] == [item.points for item in exercises(number)]


@pytest.mark.parametrize("number", LESSONS)
def test_the_committed_notebook_holds_no_address_of_an_object(number):
    (committed,) = (ROOT / "notebooks").glob(f"{number}_*.ipynb")
    assert " at 0x" not in committed.read_text(encoding="utf-8")  # another one in each run
