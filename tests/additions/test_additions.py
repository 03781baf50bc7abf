"""One thing of each kind is added to a copy of the tree, in just the files that docs/where.md counts, and found."""

import json
import os
import re
import shutil
import subprocess
import sys

import pytest

from tests.additions.things import EDITS, NEW
from tests.tools.tree import ROOT, files

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    """The tree with one thing more of each kind."""
    folder = tmp_path_factory.mktemp("additions") / "lab"
    for path in files():
        if path.suffix not in (".ipynb", ".jsonl"):
            target = folder / path.relative_to(ROOT)
            target.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(path, target)
    for kind, new in NEW.items():
        for path, text in new.items():
            assert not (folder / path).exists()
            (folder / path).write_text(text, encoding="utf-8")
        for path, changes in EDITS[kind].items():
            text = (folder / path).read_text(encoding="utf-8")
            for before, line in changes:
                assert text.count(before) == 1, (path, before)
                text = text.replace(before, line + before)
            (folder / path).write_text(text, encoding="utf-8")
    return folder


def run(copy, *command):
    """Run a command in the copy, which is the library there; what it prints."""
    env = os.environ | {"PYTHONPATH": str(copy), "MPLBACKEND": "Agg", "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, *command], cwd=copy, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    return done.stdout


def lab(copy, *lines):
    """What each of these lines prints after ``nala-lab``, in one process."""
    code = (
        "import sys\n"
        "from nala_lab.cli import main\n"
        "for line in sys.argv[1:]:\n"
        "    assert not main(line.split()), line\n"
        "    print('\\f')"
    )
    return run(copy, "-c", code, *lines).split("\f")[:-1]


@pytest.mark.parametrize("kind", NEW)
def test_the_pages_count_the_files_that_are_edited(kind):
    where, contributing = ((ROOT / name).read_text(encoding="utf-8") for name in ("docs/where.md", "CONTRIBUTING.md"))
    ((new, edits),) = re.findall(rf"^\| {kind} \|.*\| (?:(\d) new)?(?:, )?(?:(\d) edits?)? \|.*$", where, re.M)
    assert [int(new or 0), int(edits or 0)] == [len(NEW[kind]), len(EDITS[kind])]
    assert f"- **{kind[0].upper()}{kind[1:]}**: " in contributing


BY_NAME = {  # file of tests that go through a table -> how many of them ask the new row, at least
    "tests/conformance/test_parity.py": 4,  # on given gradients and on a quadratic
    "tests/conformance/test_resume_rows.py": 1,
    "tests/conformance/test_registry.py": 2,
    "tests/drive/test_every_row.py": 2,
    "tests/methods/test_table.py": 1,
    "tests/experiments/test_optimizers.py": 10,  # every number, inside two loops
    "tests/tools/test_mirrored.py": 1,
    "tests/problems/test_derivatives.py": 9,  # as stated and moved
    "tests/problems/test_minimizers.py": 3,
    "tests/problems/test_moved.py": 1,
    "tests/problems/test_shapes.py": 5,
    "tests/problems/test_torch_adapter.py": 3,
    "nala_lab/theory/half_way.py": 1,  # its example
    "tests/experiments/test_every_task.py": 1,  # a smoke run
}
NAMES = ("softsign", "cosh", "half_way", "relu-digits")
WHOLE = (
    "tests/methods/test_table.py::test_labels_looks_and_names_are_all_different",
    "tests/problems/test_package.py",
    "tests/verify/test_command.py::test_the_list_names_every_theorem_that_has_a_check",
    "tests/paper_figs/test_figures.py::test_every_file_of_a_figure_is_registered",
    "tests/experiments/test_every_task.py::test_every_task_has_every_scale_and_says_where_it_comes_from",
)


def test_the_tests_of_every_table_find_the_new_rows(copy):
    pytest_ = ("-m", "pytest", "-q", "-p", "no:cacheprovider")
    said = run(copy, *pytest_, "-rA", *BY_NAME, "-k", " or ".join(NAMES))
    for path, least in BY_NAME.items():
        assert len(re.findall(rf"^PASSED {path}::", said, re.M)) >= least, path
    run(copy, *pytest_, *WHOLE)


def test_every_command_knows_them(copy):
    spec = 'tasks = ["relu-digits"]\nscale = "smoke"\nseeds = [0]\noptimizers = ["softsign"]\n'
    (copy / "spec.toml").write_text(spec, encoding="utf-8")
    listed, trained, tuned, swept, theorems, verified, audited = lab(
        copy,
        "train --list",
        "train relu-digits --optimizer softsign --scale smoke --quiet --out o",
        "tune relu-digits --optimizer softsign nala --scale smoke --trials 1 --quiet --out t",
        "sweep spec.toml --quiet --out s",
        "verify --list",
        "verify --only T98",
        "audit nala_lab.optim.soft_sign:SoftSign --only first-step copy",
    )
    assert {"softsign", "relu-digits"} <= set(re.findall(r"[\w-]+", listed))
    assert "| Soft sign |" in trained
    assert "| softsign | lr=0.05 |" in tuned and "| nala |" in tuned
    assert "1 runs: 1 trained now" in swept
    assert "T98" in theorems and "2 checks, 0 failed" in verified and "numpy" in verified and "torch" in verified
    assert "pass" in audited and "fail" not in audited.lower().replace("0 failed", "")


def test_figures_and_their_list_know_them(copy):
    assert "wrote 1 of 1 figures" in run(copy, "-m", "paper_figs", "halves", "--out", "f")
    ((name, table),) = [(e["name"], e["table"]) for e in json.loads((copy / "f/figures.json").read_text())]
    assert name == "halves" and table["rows"] == [["0", "4"], ["1", "2"], ["2", "1"], ["3", "0.5"]]
    assert {path.name for path in (copy / "f").glob("halves.*")} >= {"halves.png", "halves.svg", "halves.html"}


def test_pictures_explorers_and_pages_know_them(copy):
    code = (
        "import json\n"
        "from pathlib import Path\n"
        "from nala_lab import plots\n"
        "from nala_lab.methods import label, rank\n"
        "from nala_lab.widgets import METHODS, TrajectoryExplorer\n"
        "from tools.doors import api, lab_pages, methods\n"
        "e = TrajectoryExplorer(left='Soft sign', problem='cosh-valley')\n"
        "api.write(Path('d')), methods.write(Path('d/methods'))\n"
        "pages = {p.name for p in Path('d').rglob('*.*')}\n"
        "print(json.dumps([plots.look('softsign')['color'], label('softsign'), rank('softsign')[1],\n"
        "    'Soft sign' in METHODS, 'Soft sign' in e.alt, 'cosh-valley' in e.alt.lower(),\n"
        "    *(n in pages for n in ('problems.CoshValley.rst', 'nala_lab.theory.half_way.after.rst', 'softsign.md'))]))"
    )
    assert json.loads(run(copy, "-c", code).splitlines()[-1]) == ["#445511", "Soft sign", "softsign", *[True] * 6]
