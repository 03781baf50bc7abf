"""tools/notebooks.py: a lesson is run, written without what varies, and its pair compared."""

import jupytext
import nbformat
import pytest

from tools import notebooks as tool

LESSON = """# %% [markdown]
# # A lesson

# %%
print("one")
print("two")

# %%
1 + 1
"""


@pytest.fixture
def pair(tmp_path):
    """A lesson and its .ipynb, with the counts that a run would have left."""
    script = tmp_path / "01_lesson.py"
    script.write_text(LESSON, encoding="utf-8")
    notebook = tool.fresh(script)
    for count, cell in enumerate((c for c in notebook.cells if c.cell_type == "code"), 1):
        cell.execution_count = count
    nbformat.write(notebook, script.with_suffix(".ipynb"))
    return script


def test_a_pair_agrees(pair, capsys):
    assert tool.check(pair.parent) == 0
    assert capsys.readouterr().out == "1 pairs agree\n"


@pytest.mark.parametrize(
    ("old", "new", "where"),
    [("1 + 1", "1 + 2", "at cell 3"), ("# # A lesson", "# # Another", "at cell 1"), ("", "# %%\n0\n\n", "at cell 1")],
)
def test_an_edited_lesson_is_named_with_its_first_changed_cell(pair, capsys, old, new, where):
    pair.write_text(LESSON.replace(old, new, 1), encoding="utf-8")
    assert tool.check(pair.parent) == 1
    assert where in capsys.readouterr().out


def test_a_cell_added_at_the_end_is_a_difference(pair):
    pair.write_text(LESSON + "\n# %%\n3\n", encoding="utf-8")
    assert "at cell 4" in tool.disagreement(pair.with_suffix(""))


def test_a_notebook_that_was_not_run_is_refused(pair):
    nbformat.write(tool.fresh(pair), pair.with_suffix(".ipynb"))
    assert "not run from top to bottom" in tool.disagreement(pair.with_suffix(""))


@pytest.mark.parametrize(("missing", "words"), [(".py", "has no 01_lesson.py"), (".ipynb", "is missing")])
def test_half_a_pair_is_named(pair, missing, words):
    pair.with_suffix(missing).unlink()
    assert words in tool.disagreement(pair.with_suffix(""))


def test_an_empty_folder_is_no_success(tmp_path):
    assert tool.check(tmp_path) == 1


@pytest.mark.parametrize("name", ["nowhere.py", "01_lesson.ipynb"])
def test_what_is_no_source_of_a_lesson_is_refused(pair, capsys, name):
    with pytest.raises(SystemExit):
        tool.main([str(pair.with_name(name))])
    assert f"must be the .py file of a pair, got {name}" in capsys.readouterr().err


def test_a_warning_in_a_lesson_is_found():
    cell = nbformat.v4.new_code_cell("x")
    cell.outputs = [nbformat.v4.new_output("stream", name="stderr", text="a warning")]
    assert tool.warnings(nbformat.v4.new_notebook(cells=[cell])) == ["a warning"]


GRADED = (
    '# %% nbgrader={"grade": true, "grade_id": "check", "locked": true, "points": 1, '
    '"schema_version": 3, "solution": false}'
)


def test_what_a_grader_reads_survives_the_pair(pair):
    pair.write_text(LESSON.replace("# %%\n1 + 1", f"{GRADED}\n1 + 1"), encoding="utf-8")
    assert tool.fresh(pair).cells[-1].metadata["nbgrader"]["points"] == 1
    assert "at cell 3" in tool.disagreement(pair.with_suffix(""))  # the .ipynb was made without it


def test_a_control_leaves_its_picture():
    data = {tool.WIDGET: {"model_id": "random"}, "image/png": "AA==", "text/plain": "words"}
    cell = nbformat.v4.new_code_cell("x", outputs=[nbformat.v4.new_output("display_data", data=data)])
    tool.without_live_controls(cell)
    assert set(cell.outputs[0].data) == {"image/png", "text/plain"}


@pytest.mark.slow
def test_running_a_lesson_twice_writes_the_same_bytes(pair):
    target = pair.with_suffix(".ipynb")
    assert tool.write(pair) == 0
    first = target.read_bytes()
    assert tool.write(pair) == 0
    assert target.read_bytes() == first
    outputs = [o for c in nbformat.read(target, 4).cells for o in c.get("outputs", [])]
    assert [o.get("text", o.get("data", {}).get("text/plain")) for o in outputs] == ["one\ntwo\n", "2"]
    assert tool.sources(jupytext.read(pair)) == tool.sources(nbformat.read(target, 4))
