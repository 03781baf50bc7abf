"""tools/student.py: in the student edition an answer waits until a prediction is written down."""

import re

import nbformat
import pytest
from IPython.core.interactiveshell import InteractiveShell
from IPython.utils.capture import capture_output

from nala_lab.classroom.hiding import WAIT, load_ipython_extension
from tests.tools.tree import ROOT
from tools import student

LESSONS = sorted((ROOT / "notebooks").glob("*.ipynb"))


def lesson():
    """A question with an answer of two cells, and one that the lesson asks for itself."""
    new = nbformat.v4
    cells = [new.new_markdown_cell("# A lesson\n\n**Predict:** what is six times seven?"),
             new.new_code_cell("answer = 6 * 7\nprint('it is', answer)", outputs=[new.new_output("stream", text="42")]),
             new.new_code_cell("answer + 1"),
             new.new_markdown_cell("Forty-two.\n\n## 2\n\n**Predict:** and twice that?"),
             new.new_code_cell("guess = predict('Twice?', ...)  # a number\ntwice = 2 * answer\nguess.meets(twice)"),
             new.new_markdown_cell("The end."), new.new_code_cell("twice")]  # fmt: skip
    return new.new_notebook(cells=cells)


@pytest.fixture
def shell():
    made = InteractiveShell.instance()  # whom display() speaks to
    made.display_formatter.active_types = made.display_formatter.format_types  # as a notebook has them
    load_ipython_extension(made)
    yield made
    made.history_manager.end_session()
    InteractiveShell.clear_instance()


def run(shell, cells, typed):
    """What the cells show, joined; `typed` takes the place of the dots."""
    shown = []
    for cell in cells:
        source = cell.source.replace("%load_ext nala_lab.classroom.hiding\n", "")
        with capture_output() as seen:
            result = shell.run_cell(source.replace("...)", f"{typed})"))
        result.raise_error()
        shown.append(seen.stdout + "".join(str(output.data) for output in seen.outputs))
    return shown


@pytest.mark.parametrize("typed", ["...", "42", "'more than forty'", "'0,5'"])
def test_an_answer_is_shown_once_something_is_written_down(shell, typed):
    code = [cell for cell in student.edition(lesson()).cells if cell.cell_type == "code"]
    shown = run(shell, code, typed)
    waits = [WAIT.strip("*")[:20] in text for text in shown]
    hidden = typed in ("...", "'0,5'")
    assert waits == [False, hidden, hidden, False, hidden, False]
    assert ("it is 42" in shown[1]) == ("43" in shown[2]) == (not hidden)
    assert ("with a point" in shown[1]) == (typed == "'0,5'")
    assert "84" in shown[-1]  # hidden or not, the cells were run


def test_what_gives_the_answer_away_is_folded_and_what_it_printed_is_gone():
    whole = lesson()
    made = student.edition(whole)
    folded = made.cells[4].source
    assert folded.startswith("<details>")
    assert folded.index("</details>") < folded.index("## 2") < folded.index("Predict")
    assert not any(cell.get("outputs") for cell in made.cells) and whole.cells[1].outputs
    assert [cell.source.count("predict(") for cell in made.cells if cell.metadata.get("predicting")] == [1, 1]


@pytest.mark.parametrize("path", LESSONS, ids=lambda path: path.stem)
def test_no_lesson_shows_what_it_asks_for(path):
    made = student.edition(nbformat.read(path, as_version=4))
    nbformat.validate(made)
    asked = ""
    for cell in made.cells:
        if cell.cell_type == "markdown":
            asked = "asked" if student.ASKED.search(cell.source) else ""
        elif asked and not cell.metadata.get("predicting") and "nbgrader" not in cell.metadata:
            assert cell.source.startswith("%%once_predicted ") and not cell.outputs
            name = cell.source.split()[1]
            assert re.fullmatch(r"\w+", name)
    code = "\n".join(cell.source for cell in made.cells if cell.cell_type == "code")
    for name in set(re.findall(r"^%%once_predicted (\w+)", code, re.MULTILINE)):
        assert code.index(f"{name} = predict(") < code.index(f"%%once_predicted {name}")
