"""The import-linter contracts say what architecture.md says, for every part that exists, and they bite."""

import shutil
import subprocess
import sys
import tomllib

import pytest

from tests.tools.tree import ROOT, python_files

# What each part may import of this repository, directly. All else is forbidden, through others as well.
ALLOWED = {
    "problems": set(),
    "nala_lab.core": set(),
    "nala_lab.theory": {"nala_lab.core"},
    "nala_lab.reference": {"nala_lab.core"},
    "nala_lab.optim": {"nala_lab.core"},
    "nala_lab.registry": {"nala_lab.core"},
    "nala_lab.verify": {
        "nala_lab.core",
        "nala_lab.theory",
        "nala_lab.reference",
        "nala_lab.optim",
        "nala_lab.registry",
        "problems",
    },
    "nala_lab.audit": {"nala_lab.core", "nala_lab.reference", "nala_lab.optim", "nala_lab.registry"},
    "nala_lab.experiments": {"nala_lab.core", "nala_lab.optim", "nala_lab.registry"},
    "nala_lab.plots": {"nala_lab.core", "nala_lab.theory"},
    "nala_lab.widgets": {"nala_lab.core", "nala_lab.reference", "nala_lab.theory", "nala_lab.plots", "problems"},
    "nala_lab.classroom": {
        "nala_lab.core",
        "nala_lab.theory",
        "nala_lab.reference",
        "nala_lab.plots",
        "problems",
    },
    "nala_lab.report": {"nala_lab.core", "nala_lab.verify", "nala_lab.plots"},
    "nala_lab.cli": {"nala_lab.audit", "nala_lab.verify", "nala_lab.report", "nala_lab.experiments"},
    "paper_figs": {"nala_lab.core", "nala_lab.theory", "nala_lab.reference", "nala_lab.plots", "problems"},
}
NOT_PARTS = {"nala_lab.__init__", "nala_lab.__main__"}


def contracts():
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]


def parts() -> set[str]:
    """problems, paper_figs, and each module or package directly inside nala_lab."""
    found = set()
    for path in python_files("nala_lab", "problems", "paper_figs"):
        top, *rest = path.relative_to(ROOT).with_suffix("").parts
        found.add(top if top != "nala_lab" else f"nala_lab.{rest[0]}")
    return found - NOT_PARTS


def reach(part: str) -> set[str]:
    """The parts that `part` may depend on, through others as well."""
    direct = ALLOWED[part]
    return direct.union(*(reach(p) for p in direct))


def inside(module: str, packages) -> bool:
    return any(module == p or module.startswith(p + ".") for p in packages)


def test_every_part_has_its_line_in_the_table():
    assert parts() <= ALLOWED.keys(), "add the new part to ALLOWED and a contract to pyproject.toml"


@pytest.mark.parametrize("part", sorted(ALLOWED))
def test_every_pair_that_is_not_allowed_has_a_contract(part):
    forbidden = {m for c in contracts() if inside(part, c["source_modules"]) for m in c["forbidden_modules"]}
    missing = {p for p in parts() - reach(part) - {part} if not inside(p, forbidden)}
    assert not missing, f"no contract forbids {part} to import {sorted(missing)}"


@pytest.mark.parametrize("part", sorted(ALLOWED))
def test_no_contract_forbids_what_is_allowed(part):
    for contract in contracts():
        if inside(part, contract["source_modules"]):
            clash = {p for p in reach(part) if inside(p, contract["forbidden_modules"])}
            assert not clash, f"{contract['name']}: {part} may import {sorted(clash)}"


PLANTED = {
    "theory sees the twin": ("nala_lab/theory/__init__.py", "import nala_lab.reference"),
    "the twins share code": ("nala_lab/optim/__init__.py", "from nala_lab import reference"),
    "inside a function": ("problems/__init__.py", "def f():\n    import nala_lab.core"),
    "through another part": ("nala_lab/core/__init__.py", "import problems.torch_adapter"),
    "a figure trains": ("paper_figs/__init__.py", "import torch"),
    "the tests are imported": ("nala_lab/verify/__init__.py", "import tests.tools.tree"),
}


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("arrows")
    for package in ("nala_lab", "problems", "paper_figs"):
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
    original = (copy / file).read_text()
    (copy / file).write_text(f"{original}\n{line}\n")
    try:
        status, said = lint(copy)
    finally:
        (copy / file).write_text(original)
    assert status == 1 and "BROKEN" in said, f"{line!r} in {file} went unnoticed:\n{said}"
