"""Each notebook is a pair: the .py that is reviewed and the .ipynb that was run from it."""

import json

import jupytext
import pytest

from tests.tools.tree import ROOT, files, name

LARGEST = 300_000  # bytes: a notebook opens at once and its diff can be looked at
NOTEBOOKS = [path for path in files() if path.parent == ROOT / "notebooks"]
SCRIPTS = sorted(path for path in NOTEBOOKS if path.suffix == ".py")


def cells(notebook) -> list[tuple[str, str]]:
    return [(c["cell_type"], source(c).strip()) for c in notebook["cells"] if source(c).strip()]


def source(cell) -> str:
    return cell["source"] if isinstance(cell["source"], str) else "".join(cell["source"])


def test_every_notebook_has_both_files():
    stems = {suffix: {p.stem for p in NOTEBOOKS if p.suffix == suffix} for suffix in (".py", ".ipynb")}
    assert stems[".py"], "notebooks/ holds no lesson"
    assert stems[".py"] == stems[".ipynb"], "run `make notebooks`"


@pytest.mark.parametrize("script", SCRIPTS, ids=name)
def test_the_pair_says_the_same(script):
    executed = json.loads(script.with_suffix(".ipynb").read_text(encoding="utf-8"))
    assert cells(executed) == cells(jupytext.read(script)), "the .py changed since: run `make notebooks`"


@pytest.mark.parametrize("script", SCRIPTS, ids=name)
def test_the_committed_notebook_was_run_from_top_to_bottom_without_an_error(script):
    path = script.with_suffix(".ipynb")
    code = [c for c in json.loads(path.read_text(encoding="utf-8"))["cells"] if c["cell_type"] == "code"]
    assert [c["execution_count"] for c in code] == list(range(1, len(code) + 1))
    outputs = [output for cell in code for output in cell["outputs"]]
    assert outputs, "a lesson shows something"
    assert not [o for o in outputs if o["output_type"] == "error" or o.get("name") == "stderr"]
    assert path.stat().st_size < LARGEST
