"""Each committed notebook is a pair: the .py that is reviewed and the .ipynb that was run from it without an error."""

import json
import re
from base64 import b64decode
from io import BytesIO

import pytest
from matplotlib.image import imread

from tests.tools.tree import ROOT, files, name
from tools.notebooks import disagreement

LESSONS = [path for path in files() if path.parent == ROOT / "notebooks" and path.suffix in (".py", ".ipynb")]
STEMS = sorted({path.with_suffix("") for path in LESSONS})
DARK = 0.75  # of white: a text's or a line's pixel is darker, a legend's pale edge is not


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


@pytest.mark.parametrize("stem", STEMS, ids=name)
def test_formulas_are_what_mathjax_reads(stem):
    """A tag ends its formula, brackets and all, and words inside a formula hold no commands: they would be printed."""
    cells = json.loads(stem.with_suffix(".ipynb").read_text(encoding="utf-8"))["cells"]
    for text in ("".join(cell["source"]) for cell in cells if cell["cell_type"] == "markdown"):
        for formula in re.findall(r"\$\$(.+?)\$\$", text, re.S):
            words = re.findall(r"\\(?:text|tag)\{((?:[^{}]|\{[^{}]*\})*)\}", formula)
            assert not [word for word in words if "\\" in re.sub(r"\$[^$]*\$", "", word)], formula
            assert "\\tag" not in formula or formula.strip().endswith(rf"\tag{{{words[-1]}}}"), formula


@pytest.mark.parametrize("stem", STEMS, ids=name)
def test_no_picture_is_cut_off(stem):
    """What runs over a picture's edge, such as a label that is too long, leaves dark pixels on its last row."""
    for cell in json.loads(stem.with_suffix(".ipynb").read_text(encoding="utf-8"))["cells"]:
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                picture = imread(BytesIO(b64decode("".join(output["data"]["image/png"]))), format="png")[..., :3]
                edges = (picture[0], picture[-1], picture[:, 0], picture[:, -1])
                assert min(edge.min() for edge in edges) > DARK, cell["source"]


def test_the_timings_that_a_lesson_shows_are_those_on_file():
    text = (ROOT / "benchmarks" / "RESULTS.md").read_text(encoding="utf-8")
    shown = (ROOT / "notebooks" / "12_scaling_up.ipynb").read_text(encoding="utf-8")
    ratios = re.findall(r"\| (?:NALA|AdaLA) \| ([\d.]+ \([\d.]+ to [\d.]+\)) \|", shown)
    assert ratios and not [ratio for ratio in ratios if ratio not in text]
