"""Each committed notebook is a pair: the .py that is reviewed and the .ipynb that was run from it without an error."""

import json

import pytest

from tests.tools.tree import ROOT, files, name
from tools.notebooks import disagreement

LESSONS = [path for path in files() if path.parent == ROOT / "notebooks" and path.suffix in (".py", ".ipynb")]
STEMS = sorted({path.with_suffix("") for path in LESSONS})


def test_there_are_lessons():
    assert STEMS


@pytest.mark.parametrize("stem", STEMS, ids=name)
def test_the_pair_agrees_and_is_small_enough(stem):
    assert disagreement(stem) == ""


@pytest.mark.parametrize("stem", STEMS, ids=name)
def test_the_committed_notebook_shows_something_and_no_error(stem):
    cells = json.loads(stem.with_suffix(".ipynb").read_text(encoding="utf-8"))["cells"]
    outputs = [output for cell in cells for output in cell.get("outputs", [])]
    assert outputs
    assert not [o for o in outputs if o["output_type"] == "error" or o.get("name") == "stderr"]
