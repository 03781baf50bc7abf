"""Every public name has a page, constants included, and a docstring is read as it was written."""

import importlib
import inspect
import sys

import pytest

from tests.tools.tree import ROOT
from tools.doors import api

sys.path.insert(0, str(ROOT / "docs"))
docstring_text = importlib.import_module("docstring_text")
readable = docstring_text.readable
sys.path.remove(str(ROOT / "docs"))


def test_every_public_name_has_a_page(tmp_path):
    modules = list(api.packages())
    assert api.write(tmp_path) == sum(len(api.public(module)) for module in modules) > 300
    stems = api.homes({module.__name__: module for module in modules})
    for (package, name), stem in stems.items():
        assert (tmp_path / "api" / f"{stem}.rst").is_file(), f"{package}.{name}"
        assert f":doc:`{name} <{stem}>`" in (tmp_path / "api" / f"{package}.rst").read_text(encoding="utf-8")


def test_a_name_that_is_handed_on_has_one_page_nearest_to_its_code():
    modules = {module.__name__: module for module in api.packages()}
    stems = api.homes(modules)
    assert stems["nala_lab", "Trajectory"] == stems["nala_lab.core", "Trajectory"] == "nala_lab.core.Trajectory"


def test_no_two_pages_differ_by_case_only():
    stems = set(api.homes({module.__name__: module for module in api.packages()}).values())
    assert len({stem.lower() for stem in stems}) == len(stems)


@pytest.mark.parametrize("name", ["METHODS", "PAPER_METHODS"])
def test_a_constant_is_described_by_the_text_at_its_definition(name):
    methods = importlib.import_module("nala_lab.methods")
    assert len(api.words_of_constant(methods, name)) > 20


def test_a_formula_in_a_sentence_is_no_markup():
    line, _ = readable(["x* and |mu| and `code|x|` and w_ are *at y* x"])
    assert line == r"x\* and \|mu\| and `code|x|` and w\_ are *at y* x"


def test_an_indented_equation_is_a_formula_and_a_table_stays_line_by_line():
    text = ["T.", "", "    a = b", "      = c", "", "Cases:", "    k odd   it stays", "End."]
    rows = [r"   \begin{align*}", r"   a & = b \\", r"    & = c", r"   \end{align*}"]
    formula = [".. math::", "   :no-wrap:", "", *rows, ""]
    assert readable(text) == ["T.", "", *formula, "Cases:", "", "::", "", "    k odd   it stays", "", "End.", ""]


@pytest.mark.parametrize("place, shown", [
    ("optim.NALA", True), ("reference.AdaLA", True), ("measure.rate", True), ("measure.RateEstimate", False),
    ("core.require", False),
])  # fmt: skip
def test_the_equations_of_a_file_are_on_the_pages_of_its_names(place, shown):
    module, _, name = place.partition(".")
    value = getattr(importlib.import_module(f"nala_lab.{module}"), name)
    lines = (inspect.getdoc(value) or "").splitlines()
    found = docstring_text.with_equations(lines, value)
    assert (".. math::" in readable(found)) == shown and found[0] == lines[0] and set(lines) <= set(found)


def test_words_after_a_parameter_are_no_type():
    text = ["A.", "", "Parameters", "----------", "k : inner |steps|", "on the next line.", "", "Examples", "--------",
            ">>> 2 * 3 | 1", "7"]  # fmt: skip
    found = readable(text)
    assert found[4:7] == ["k", r"    inner \|steps\|", "    on the next line."] and found[-2:] == [">>> 2 * 3 | 1", "7"]
