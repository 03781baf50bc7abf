"""The house keeps its arrows: layers, no circle of modules, no module behind a function; and the contracts bite."""

import ast
import importlib
import inspect
import re
import shutil
import subprocess
import sys
import tomllib
import types
from graphlib import TopologicalSorter

import pytest

from tests.tools.tree import LIBRARY, ROOT, python_files


def contracts():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


def test_the_page_of_rooms_has_the_floors_of_the_contract():
    page = (ROOT / "docs" / "where.md").read_text(encoding="utf-8")
    (table,) = re.findall(r"^\| rooms of one floor \|.*\n\| --- .*\n((?:\|.*\n)+)", page, re.M)
    shown = [set(re.findall(r"`(\w+)`", row.split(" | ")[0])) for row in table.splitlines()]
    assert shown == [set(floor.split(" | ")) for floor in contracts()[0]["layers"]]


def modules() -> dict[str, ast.Module]:
    """Dotted name to syntax tree of every module of the library; a package is called by its own name."""
    found = {}
    for path in python_files(*LIBRARY):
        name = ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def imported(tree: ast.Module, known: set[str]) -> set[str]:
    """The modules among `known` that are imported anywhere in a module, inside functions too."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names} & known
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            whole = {f"{node.module}.{alias.name}" for alias in node.names} & known
            found |= whole or {node.module} & known
    return found


def test_no_circle_of_modules():
    trees = modules()
    # A package that gives away names imports its own modules, and they may not import the package back.
    graph = {name: imported(tree, set(trees)) for name, tree in trees.items()}
    order = list(TopologicalSorter(graph).static_order())  # CycleError names a circle
    arrows = sum(map(len, graph.values()))
    print(f"{len(order)} modules, {arrows} imports between them, no circle")


def test_no_module_hides_behind_another_name():
    """``import nala_lab.a.b as b`` gives the module b, not a function that its package also calls b."""
    names, hidden = 0, []
    for name in modules():
        if name.endswith("__main__"):
            continue
        parent, _, last = name.rpartition(".")
        if parent:
            importlib.import_module(name)
            names += 1
            if not isinstance(getattr(importlib.import_module(parent), last), types.ModuleType):
                hidden.append(name)
    print(f"{names} modules are reached by their names, {len(hidden)} are hidden")
    assert not hidden, f"hidden by a name of their package: {hidden}"


def test_what_a_package_gives_away_is_public_and_says_what_it_is():
    counted = {}
    for name in modules():
        if hasattr(module := importlib.import_module(name), "__path__"):
            counted[name] = public = getattr(module, "__all__", [])
            silent = [n for n in public if callable(getattr(module, n)) and not inspect.getdoc(getattr(module, n))]
            assert not silent, f"{name} gives away {silent} without a docstring"
    print(", ".join(f"{name} {len(public)}" for name, public in counted.items() if public))


PLANTED = {
    "theory sees the twin": ("nala_lab/theory/__init__.py", "import nala_lab.reference"),
    "the twins share code": ("nala_lab/optim/__init__.py", "from nala_lab import reference"),
    "inside a function": ("problems/__init__.py", "def f():\n    import nala_lab.core"),
    "through another room": ("nala_lab/core/__init__.py", "import problems.torch_adapter"),
    "a figure trains": ("paper_figs/__init__.py", "import torch"),
    "the tests are imported": ("nala_lab/verify/__init__.py", "import tests.tools.tree"),
    "a measurement asks the theorem": ("nala_lab/measure/__init__.py", "import nala_lab.theory.noise_one_mode"),
    "a lesson trains": ("nala_lab/classroom/__init__.py", "import nala_lab.optim"),
    "records are read by what trains": ("nala_lab/results/__init__.py", "import nala_lab.experiments.tasks"),
    "the table loads a twin": ("nala_lab/methods/__init__.py", "import nala_lab.optim"),
    "a picture runs": ("nala_lab/plots/__init__.py", "import nala_lab.reference"),
    "a task knows the loop": ("nala_lab/experiments/tasks/base.py", "import nala_lab.experiments.run.loop"),
    "a check draws": ("nala_lab/verify/__init__.py", "import nala_lab.plots"),
    "a neighbour": ("nala_lab/audit/__init__.py", "import nala_lab.verify"),
    "a room without a floor": ("nala_lab/attic/__init__.py", "import numpy"),
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("arrows")
    for package in LIBRARY:
        shutil.copytree(ROOT / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def lint(folder):
    """lint-imports on a folder: its exit status and what it printed."""
    code = "import sys; from importlinter.cli import lint_imports_command as main; sys.exit(main())"
    command = [sys.executable, "-P", "-c", code, "--no-cache"]
    run = subprocess.run(command, cwd=folder, capture_output=True, text=True)
    return run.returncode, run.stdout + run.stderr


@pytest.mark.parametrize("case", [None, *PLANTED])
def test_a_planted_import_breaks_a_contract(copy, case):
    if case is None:
        status, said = lint(copy)
        assert status == 0, said
        return
    file, line = PLANTED[case]
    path = copy / file
    original = path.read_text() if path.exists() else None
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{original or ''}\n{line}\n")
    try:
        status, said = lint(copy)
    finally:
        if original is None:
            shutil.rmtree(path.parent)
        else:
            path.write_text(original)
    assert status == 1 and ("BROKEN" in said or "attic" in said), f"{line!r} in {file} went unnoticed:\n{said}"
