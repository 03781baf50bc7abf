"""tools/slides.py: a lecture notebook becomes one HTML file that needs no network."""

import re

import jupytext
import nbformat
import pytest

from tests.tools.tree import ROOT
from tools import slides as tool

NOTEBOOKS = [ROOT / "notebooks" / f"{name}.ipynb" for name in tool.LECTURE]
lectures = pytest.mark.parametrize("notebook", NOTEBOOKS, ids=lambda path: path.stem)


@lectures
def test_each_lecture_has_slides_from_its_title_to_its_summary(notebook):
    cells = jupytext.read(notebook.with_suffix(".py")).cells
    kinds = [cell.metadata.get("slideshow", {}).get("slide_type", "-") for cell in cells]
    assert kinds[0] == "slide" and set(kinds) == {"slide", "subslide", "skip", "-"}
    for cell, kind in zip(cells, kinds, strict=True):
        if re.search(r"^## ", cell.source, re.MULTILINE) and cell.cell_type == "markdown":
            assert kind == ("skip" if "## Exercises" in cell.source else "slide")
        if "plots.show(" in cell.source or "Explorer(" in cell.source:
            assert tool.NO_CODE in cell.metadata.get("tags", []) and kind == "subslide"  # the figure has the slide
        if "nbgrader" in cell.metadata or "parameters" in cell.metadata.get("tags", []):
            assert kind == "skip"


@lectures
def test_the_export_stands_alone(notebook):
    page = tool.slides(notebook)
    assert not re.search(r"(src|href)\s*=\s*[\"']?(https?:)?//", page), "a slide loads nothing"
    assert page.count("<script") == 1 and "<math" in page and "MathJax" not in page
    # every section opens once and closes once
    assert page.count("<section") == page.count("</section>") > 15
    assert tool.WORDS.strip("*") not in page and "answer_0" not in page
    cells = nbformat.read(notebook, as_version=4).cells
    shown = [c for c in cells if c.metadata.get("slideshow", {}).get("slide_type") != "skip"]
    figures = [o for c in shown for o in c.get("outputs", []) if "image/png" in o.get("data", {})]
    images = re.findall(r"<img[^>]*>", page)
    assert len(images) == len(figures)
    assert all(re.search(r'alt="[^"]{40,}', image) for image in images), "each figure is also said in words"


def test_code_that_draws_stays_off_the_slide():
    page = tool.slides(NOTEBOOKS[0])
    text = re.sub(r"<[^>]+>", "", page)
    assert "plots.show" not in text and "theta = theta - lr" in text


@lectures
def test_no_scrap_of_code_is_on_a_slide(notebook):
    page = re.sub(r"<[^>]+>", "", tool.slides(notebook))
    for scrap in ("claim(", "predict(", ".meets(", "print(", "import "):
        assert scrap not in page, scrap


@lectures
def test_a_figure_has_text_on_its_slide(notebook):
    made = tool.prepared(nbformat.read(notebook, as_version=4))
    groups = []
    for cell in made.cells:
        if tool.kind(cell) in ("slide", "subslide"):
            groups.append([])
        groups[-1].append(cell)
    with_figure = [group for group in groups if any(tool._figure(cell) is not None for cell in group)]
    # a slide is named by its words; a cell of code alone says nothing to a listener
    assert with_figure and all(any(cell.cell_type == "markdown" for cell in group) for group in with_figure)


def test_the_command_writes_the_files(tmp_path, capsys):
    assert tool.main([str(NOTEBOOKS[0]), "--out", str(tmp_path / "new")]) == 0
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["00_start_here.html"]
    assert "wrote 00_start_here.html" in capsys.readouterr().out


def test_plain_nbconvert_makes_slides_too():
    from nbconvert import SlidesExporter

    page, _ = SlidesExporter().from_filename(str(NOTEBOOKS[0]))
    assert page.count("<section") > 20
