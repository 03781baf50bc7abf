"""pyproject.toml and constraints.txt: ranges in the one, exact versions in the other, and they fit."""

import importlib
import os
import re
import subprocess
import sys
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from tests.tools.tree import ROOT

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
LINES = (ROOT / "constraints.txt").read_text().splitlines()
PIN_LINES = [line for line in LINES if line and not line.startswith("#")]
PIN = re.compile(r"([a-z0-9-]+)==([0-9][0-9a-z.]*)")


def pins() -> dict[str, Version]:
    return {m[1]: Version(m[2]) for line in PIN_LINES if (m := PIN.fullmatch(line))}


def requirements() -> list[Requirement]:
    lines = [*PROJECT["dependencies"], *(r for extra in PROJECT["optional-dependencies"].values() for r in extra)]
    return [r for r in map(Requirement, lines) if r.name != PROJECT["name"]]


def test_the_core_depends_on_numpy_only():
    assert [Requirement(d).name for d in PROJECT["dependencies"]] == ["numpy"]


def test_the_extra_named_all_has_every_extra_but_the_trainers_of_one_test_folder():
    (everything,) = map(Requirement, PROJECT["optional-dependencies"]["all"])
    # The trainers are for one test folder; `make site` brings its own packages, which nobody else needs.
    assert everything.extras == PROJECT["optional-dependencies"].keys() - {"all", "clients", "site"}


@pytest.mark.parametrize("line", PIN_LINES)
def test_a_pin_is_a_public_name_and_version_and_nothing_else(line):
    # no address, no local file, no build label such as "+cpu", which other platforms lack
    assert PIN.fullmatch(line), line


@pytest.mark.parametrize("requirement", requirements(), ids=str)
def test_every_requirement_is_a_range_that_its_pin_satisfies(requirement):
    assert any(s.operator in (">=", "~=") for s in requirement.specifier), "state the oldest version that works"
    assert "==" not in {s.operator for s in requirement.specifier}, "exact versions belong in constraints.txt"
    assert requirement.specifier.contains(pins()[canonicalize_name(requirement.name)])


def test_torch_is_pinned_to_the_version_that_the_lab_is_checked_with():
    assert pins()["torch"] == Version("2.13.0")


def test_no_pin_is_for_one_platform_only():
    assert not [name for name in pins() if re.match(r"nvidia-|cuda-|triton", name)]


def test_the_command_exists():
    module, _, function = PROJECT["scripts"]["nala-lab"].partition(":")
    assert callable(getattr(importlib.import_module(module), function))


def test_the_installed_version_is_the_declared_one():
    import nala_lab

    assert nala_lab.__version__ == PROJECT["version"]


@pytest.mark.slow
def test_what_is_installed_is_the_library_and_it_runs_without_the_checkout(tmp_path):
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--target", str(tmp_path), str(ROOT)]
    subprocess.run(pip, check=True)
    top = {p.name for p in tmp_path.iterdir() if not p.name.endswith(".dist-info")} - {"bin"}
    assert top == {"nala_lab", "problems", "paper_figs"} and (tmp_path / "paper_figs/sweeps/papers.toml").is_file()
    code = "import nala_lab.methods.table, nala_lab.reference, problems; print(nala_lab.__file__, problems.__file__)"
    clean = {k: v for k, v in os.environ.items() if not k.startswith("PYTHON")} | {"PYTHONPATH": str(tmp_path)}
    said = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, env=clean, check=True, capture_output=True)
    assert said.stdout.decode().count(str(tmp_path)) == 2  # both came from the installed copy
