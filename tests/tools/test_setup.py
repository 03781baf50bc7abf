"""`make` installs what a command needs, once per content of two files, and says in one line what stands in its way."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.tools.tree import ROOT, name

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="needs make")


@pytest.fixture
def checkout(tmp_path):
    """The files that decide the set-up, with a tools/setup.sh that only counts its calls."""
    for file in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / file, tmp_path)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "setup.sh").write_text('mkdir -p "$1/bin"; echo called "$2" >> calls\n')
    return tmp_path


def make_setup(folder, target="setup") -> int:
    """Runs `make setup` and returns how often it has installed so far."""
    subprocess.run(["make", target], cwd=folder, check=True, capture_output=True)
    return (folder / "calls").read_text().count("called")


def installed(folder) -> list[str]:
    """The extras of every set-up so far."""
    return [line.split()[1] for line in (folder / "calls").read_text().splitlines()]


def fake_jupyter(folder):
    (folder / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(shutil.which("true"), folder / ".venv" / "bin" / "jupyter")


def test_a_first_look_installs_no_torch_and_what_needs_it_adds_it(checkout):
    fake_jupyter(checkout)
    for target in ("lab", "lab", "torch", "lab", "setup", "setup"):
        make_setup(checkout, target)
    assert installed(checkout) == ["lab", "lab,experiments", "all"]


def test_a_larger_set_up_does_for_the_smaller_ones(checkout):
    fake_jupyter(checkout)
    for target in ("setup", "torch", "lab"):
        assert make_setup(checkout, target) == 1
    assert installed(checkout) == ["all"]


def test_the_tests_are_run_with_everything():
    """`make test` brings torch by itself."""
    said = subprocess.run(["make", "-n", "test", "VENV=absent"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert "sh tools/setup.sh absent all\n" in said.stdout


def test_the_extra_of_make_lab_brings_no_torch():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    found, todo = set(), ["lab"]
    while todo:
        for requirement in map(Requirement, extras[todo.pop()]):
            todo += requirement.extras
            found.add(requirement.name)
    assert "jupyterlab" in found and not found & {"torch", "pytorch-optimizer", "scikit-learn"}


@pytest.mark.parametrize("script", sorted((ROOT / "notebooks").glob("*.py")), ids=name)
def test_a_lesson_that_needs_torch_says_how_to_add_it(script):
    text = script.read_text(encoding="utf-8")
    if re.search(r"^import torch\b", text, re.MULTILINE):
        assert "`make torch` adds it" in text[: text.index("import torch")]


def test_a_second_run_installs_nothing(checkout):
    assert make_setup(checkout) == 1
    (checkout / "pyproject.toml").touch()  # as a fresh `git checkout` does: the content decides, not the date
    assert make_setup(checkout) == 1


@pytest.mark.parametrize("file", ["pyproject.toml", "constraints.txt"])
def test_a_change_of_either_file_installs_again(checkout, file):
    make_setup(checkout)
    with (checkout / file).open("a") as f:
        f.write("# changed\n")
    assert make_setup(checkout) == 2
    assert make_setup(checkout) == 2
    stamps = {path.name.rsplit("-", 1)[1] for path in (checkout / ".venv").glob(".set-up-*")}
    assert len(stamps) == 1, "an old stamp would hide a change back"


def test_a_set_up_that_failed_is_tried_again(checkout):
    script = checkout / "tools" / "setup.sh"
    works = script.read_text()
    script.write_text(works + "exit 1\n")
    with pytest.raises(subprocess.CalledProcessError):
        make_setup(checkout)
    script.write_text(works)
    assert make_setup(checkout) == 2


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "notebooks/README.md", "docs/windows.md"])
def test_every_command_that_a_page_names_is_a_target(page):
    named = set(re.findall(r"(?:`|^ {4})make ([a-z][a-z-]*)", (ROOT / page).read_text(), re.MULTILINE))
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    assert named and named <= targets


def fake_python(folder, body):
    path = folder / "fake-python"
    path.write_text(f"#!/bin/sh\n{body}\n")
    path.chmod(0o755)
    return str(path)


def run_script(folder, python):
    command = ["sh", str(ROOT / "tools" / "setup.sh"), str(folder / "venv")]
    return subprocess.run(command, env={"PYTHON": python, "PATH": "/bin:/usr/bin"}, capture_output=True, text=True)


def test_an_interpreter_that_is_missing_or_too_old_is_refused(tmp_path):
    for python in (str(tmp_path / "absent"), fake_python(tmp_path, "exit 1")):
        done = run_script(tmp_path, python)
        assert done.returncode == 1
        assert f"PYTHON={python} is not a working Python 3.11 or newer" in done.stderr


def test_a_python_without_ensurepip_is_told_what_to_install(tmp_path):
    done = run_script(tmp_path, fake_python(tmp_path, 'case "$2" in *ensurepip*) exit 1;; esac'))
    assert done.returncode == 1
    assert "no ensurepip" in done.stderr and "apt-get install python3-venv" in done.stderr
    assert not (tmp_path / "venv").exists()


def test_a_broken_environment_is_named(tmp_path):
    (tmp_path / "venv" / "bin").mkdir(parents=True)
    fake_python(tmp_path, "exit 1")
    (tmp_path / "fake-python").rename(tmp_path / "venv" / "bin" / "python")
    done = run_script(tmp_path, "")
    assert done.returncode == 1 and "remove" in done.stderr and "run make again" in done.stderr


def windows_lines(page):
    text = (ROOT / page).read_text(encoding="utf-8")
    return re.findall(r"^ {4}(py -m venv .*|\.venv\\Scripts\\.*)$", text, re.MULTILINE)


def test_the_three_lines_for_windows_are_those_of_the_page_and_of_make_lab():
    lines = windows_lines("README.md")
    assert len(lines) == 3 and lines == windows_lines("docs/windows.md")
    assert '-m pip install -c constraints.txt -e ".[lab]"' in lines[1]
    opened = lines[2].split("jupyter lab ")[1].replace("\\", "/")
    assert f"jupyter lab $(LAB_ARGS) {opened}" in (ROOT / "Makefile").read_text() and (ROOT / opened).is_file()


def test_every_extra_that_a_page_names_exists():
    extras = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    for page in ("README.md", "docs/windows.md", ".binder/requirements.txt"):
        named = re.findall(r"\.\[([a-z,]+)\]", (ROOT / page).read_text(encoding="utf-8"))
        assert named and set(",".join(named).split(",")) <= extras.keys(), page


def test_binder_installs_the_pinned_lessons_and_looks_for_its_fonts_once():
    folder = ROOT / ".binder"
    lines = (folder / "requirements.txt").read_text(encoding="utf-8").splitlines()
    wanted = [line for line in lines if not line.startswith("#")]
    assert wanted == ["--constraint ../constraints.txt", "--editable .[lab]"]
    assert (folder / "../constraints.txt").is_file() and os.access(folder / "postBuild", os.X_OK)
    python = tuple(map(int, (folder / "runtime.txt").read_text().strip().removeprefix("python-").split(".")))
    assert python >= (3, 11)
    here = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    subprocess.run([str(folder / "postBuild")], cwd=ROOT, check=True, env={**os.environ, "PATH": here})
