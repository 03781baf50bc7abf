"""`make setup` installs once per content of its two files, and says in a sentence what stands in its way."""

import re
import shutil
import subprocess

import pytest

from tests.tools.tree import ROOT

pytestmark = pytest.mark.skipif(not shutil.which("make"), reason="needs make")


@pytest.fixture
def checkout(tmp_path):
    """The files that decide the set-up, with a tools/setup.sh that only counts its calls."""
    for file in ("Makefile", "pyproject.toml", "constraints.txt"):
        shutil.copy(ROOT / file, tmp_path)
    (tmp_path / "tools").mkdir()
    (tmp_path / "tools" / "setup.sh").write_text('mkdir -p "$1"; echo called >> calls\n')
    return tmp_path


def make_setup(folder) -> int:
    """Runs `make setup` and returns how often it has installed so far."""
    subprocess.run(["make", "setup"], cwd=folder, check=True, capture_output=True)
    return (folder / "calls").read_text().count("called")


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
    assert len(list((checkout / ".venv").glob(".set-up-*"))) == 1, "the old stamp would hide a change back"


def test_a_set_up_that_failed_is_tried_again(checkout):
    script = checkout / "tools" / "setup.sh"
    works = script.read_text()
    script.write_text(works + "exit 1\n")
    with pytest.raises(subprocess.CalledProcessError):
        make_setup(checkout)
    script.write_text(works)
    assert make_setup(checkout) == 2


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md", "notebooks/README.md"])
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
