"""What a lesson invites to runs to its end: a claim that does not hold for it is a sentence, and no cell fails."""

import re

import nbformat
import pytest
from nbclient import NotebookClient

from tests.notebooks.invited import ROUNDS, Cell, Edit
from tests.tools.tree import ROOT
from tools import notebooks as tool

HOME = "**To try at home.**"
EACH = [
    pytest.param(number, one, id=f"{number}-{n}") for number, rounds in ROUNDS.items() for n, one in enumerate(rounds)
]


def lesson(number: str) -> nbformat.NotebookNode:
    (script,) = (ROOT / "notebooks").glob(f"{number}_*.py")
    return tool.fresh(script)


@pytest.mark.parametrize("number", [f"{n:02d}" for n in range(12)])
def test_every_suggestion_is_tried(number):
    (home,) = [cell.source for cell in lesson(number).cells if HOME in cell.source]
    suggested = {int(n) for n in re.findall(r"^(\d+)\. ", home, re.MULTILINE)}
    tried = {one.item for round_ in ROUNDS[number] for one in round_}
    assert suggested and suggested <= tried


@pytest.mark.parametrize(("number", "round_"), EACH)
def test_every_edit_is_found_once(number, round_):
    code = "\n".join(cell.source for cell in lesson(number).cells if cell.cell_type == "code")
    for one in round_:
        assert isinstance(one, Cell) or code.count(one.old) == 1, one


@pytest.mark.slow
@pytest.mark.parametrize(("number", "round_"), EACH)
def test_an_invited_edit_runs_to_the_end(number, round_):
    notebook = lesson(number)
    for cell in notebook.cells:
        for one in round_:
            if isinstance(one, Edit) and cell.cell_type == "code":
                cell.source = cell.source.replace(one.old, one.new)
    notebook.cells += [nbformat.v4.new_code_cell(one.code) for one in round_ if isinstance(one, Cell)]
    resources = {"metadata": {"path": str(ROOT / "notebooks")}}
    NotebookClient(notebook, timeout=600, kernel_name="python3", resources=resources).execute(env=tool.environment())
