"""The wheel with the extra `class`, at the oldest versions of pyproject.toml, runs the lessons that need no torch."""

import os
import shutil
import subprocess
import sys
import tomllib

import pytest
from packaging.requirements import Requirement

from tests.tools.tree import ROOT, files

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("wheel")]  # together: one environment is enough

LESSONS = ("00", "01", "02", "03", "04", "07", "08", "09", "10", "11", "16", "17", "18", "20")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
# Nothing of this process's Python reaches the clean one; IPython and Matplotlib keep their files in the empty folder.
OUTSIDE = {key: value for key, value in os.environ.items() if not key.startswith("PYTHON")}


def oldest(*extras):
    """``name==version`` of every lower bound of the dependencies and of these extras."""
    lines = [line for extra in extras for line in PROJECT["optional-dependencies"][extra]]
    for requirement in map(Requirement, PROJECT["dependencies"] + lines):
        if requirement.name == PROJECT["name"]:
            yield from oldest(*requirement.extras)
        else:
            (bound,) = (s.version for s in requirement.specifier if s.operator == ">=")
            yield f"{requirement.name}=={bound}"


@pytest.fixture(scope="module")
def clean(tmp_path_factory):
    """The interpreter of an environment that has the wheel, the extra `class` at its oldest, and nothing else."""
    folder = tmp_path_factory.mktemp("wheel")
    for path in files():  # a copy: what an earlier build left in the checkout would be packed too
        target = folder / "source" / path.relative_to(ROOT)
        target.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(path, target)
    pip = ["-m", "pip", "--quiet", "--disable-pip-version-check"]
    subprocess.run([sys.executable, *pip, "wheel", "--no-deps", "--wheel-dir", folder, folder / "source"], check=True)
    (wheel,) = folder.glob("nala_lab-*.whl")
    (folder / "oldest.txt").write_text("\n".join(sorted(set(oldest("class")))), encoding="utf-8")
    subprocess.run([sys.executable, "-m", "venv", folder / "venv"], check=True)
    python = folder / "venv" / ("Scripts" if os.name == "nt" else "bin") / "python"
    subprocess.run(
        [python, *pip, "install", "--constraint", folder / "oldest.txt", f"{wheel}[class]"], check=True, env=OUTSIDE
    )
    yield python
    shutil.rmtree(folder / "venv")


def run(python, folder, *arguments):
    home = {"MPLBACKEND": "agg", "OMP_NUM_THREADS": "1", "MPLCONFIGDIR": str(folder), "IPYTHONDIR": str(folder)}
    done = subprocess.run(
        [python, *map(str, arguments)], cwd=folder, env=OUTSIDE | home, capture_output=True, encoding="utf-8"
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_environment_has_the_oldest_versions_and_no_torch(clean, tmp_path):
    code = "from importlib.metadata import distributions as d\nfor p in d(): print(p.name, p.version, sep='==')"
    there = {line.lower() for line in run(clean, tmp_path, "-c", code).splitlines()}
    wanted = {tuple(line.split("==")) for line in oldest("class")}
    for name, version in wanted:  # 8.1 is 8.1.0
        assert {f"{name}=={version}", f"{name}=={version}.0"} & there, name
    assert not [line for line in there if line.startswith(("torch", "jupyterlab==", "filelock", "tqdm"))]
    assert run(clean, tmp_path, "-m", "nala_lab.cli", "--version") == f"nala-lab {PROJECT['version']}\n"


@pytest.mark.parametrize("lesson", LESSONS)
def test_a_lesson_runs_from_an_empty_folder(clean, tmp_path, lesson):
    (script,) = (ROOT / "notebooks").glob(f"{lesson}_*.py")
    shutil.copy(script, tmp_path)  # outside IPython a claim that does not hold is an error
    run(clean, tmp_path, script.name)
