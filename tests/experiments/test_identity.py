"""The identity of a run: a record names the source that computed it, and every room that computes is in it."""

import shutil
from pathlib import Path

import pytest

import nala_lab
from nala_lab.experiments.run.one_run import COMPUTES, code_sha256, plan
from nala_lab.experiments.run.options import Options
from nala_lab.results.records import config_hash, read_record

ROOT = Path(nala_lab.__file__).parent
RECORDS = ROOT.parent / "paper_figs" / "records"


@pytest.fixture(scope="module")
def copy(tmp_path_factory):
    folder = tmp_path_factory.mktemp("identity") / "nala_lab"
    for room in (*COMPUTES, "results", "plots"):
        shutil.copytree(ROOT / room, folder / room, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_a_copy_has_the_identity_of_the_original(copy):
    assert code_sha256(copy) == code_sha256()


@pytest.mark.parametrize(
    ("file", "changes"),
    [
        ("core/streams.py", True),
        ("methods/table.py", True),
        ("methods/hyper.py", True),
        ("optim/nala.py", True),
        ("experiments/tasks/images.py", True),
        ("experiments/data/augment.py", True),
        ("experiments/models/lenet.py", True),
        ("experiments/run/loop.py", True),
        ("experiments/gan/turns.py", True),
        ("experiments/checkpoint.py", True),
        ("experiments/commands/train.py", False),  # reads options and prints
        ("results/tables.py", False),
        ("plots/style.py", False),
    ],
)
def test_one_line_of_what_computes_changes_the_identity(copy, file, changes):
    before, path = code_sha256(copy), copy / file
    original = path.read_text()
    path.write_text(original + "# one more line\n")
    try:
        assert (code_sha256(copy) != before) is changes
    finally:
        path.write_text(original)


def test_a_file_that_moves_changes_the_identity(copy):
    before = code_sha256(copy)
    here, there = copy / "optim/nala.py", copy / "optim/alan.py"
    here.rename(there)
    try:
        assert code_sha256(copy) != before
    finally:
        there.rename(here)


@pytest.mark.parametrize("task", ["lenet5-fashion-mnist", "lstm1-ptb", "wgan-cifar10"])
def test_todays_code_gives_a_committed_run_its_old_configuration_hash(task):
    """A record's name ends in the hash of its configuration: a new key or default would orphan what was trained."""
    paths = sorted((RECORDS / task).glob("*.jsonl"))
    assert paths
    for path in paths:
        config = read_record(path).header["config"]
        name = config["optimizer"]["name"]
        settings = {key: value for key, value in config["optimizer"].items() if key != "name"}
        run = plan(task, name, seed=config["seed"], scale=config["scale"], epochs=config["epochs"], changes=settings,
                   options=Options(equal=config["equal"], precision=config["precision"]))  # fmt: skip
        now = config_hash({**run.request, "data": config["data"]})
        assert path.stem.endswith(now[:8]), (path, run.request)
