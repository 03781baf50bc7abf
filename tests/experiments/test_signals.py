"""``nala-lab train``, killed and stopped from outside at random moments, writes the record of a quiet run."""

import os
import signal

import pytest

from nala_lab.core import stream
from nala_lab.experiments import checkpoint
from nala_lab.results.records import load_records
from tests.experiments.commands import Commands
from tests.experiments.runs import left
from tests.experiments.test_resume import content

EPOCHS, BLOWS = 24, 6
COMMAND = ["train", "lenet5-digits", "--scale", "smoke", "--epochs", EPOCHS, "--optimizer", "nala", "--resume"]
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork") or not hasattr(signal, "SIGKILL"), reason="needs fork and SIGKILL"),
]


def undisturbed(commands, out):
    """The record of the run that nobody struck: of the same code and at one thread, as the struck ones."""
    assert commands.run([*COMMAND, "--quiet", "--out", out]) == 0
    (record,) = load_records(out)
    return record


def newer(out):
    """A function that says whether there is a checkpoint that is not there now."""
    stamps = [path.stat().st_mtime_ns for path in out.rglob("*.pt")]
    return lambda: [path.stat().st_mtime_ns for path in out.rglob("*.pt")] not in ([], stamps)


def test_kills_and_stops_from_outside_change_nothing(tmp_path, seed):
    out = tmp_path / "struck"
    draw = stream(seed, "blows")
    argv = [*COMMAND, "--quiet", "--checkpoint-minutes", "0.0003", "--out", out]  # about every second gradient
    reached = [0]
    with Commands() as commands:
        for blow in range(BLOWS):
            signum = (signal.SIGKILL, signal.SIGTERM, signal.SIGKILL, signal.SIGINT)[blow % 4]
            # From this life's first checkpoint on, at any moment of some dozen savings.
            status = commands.run(argv, signum, newer(out), draw.uniform(0.0, 0.25))
            if status == 0:
                break
            # A signal that comes before the run has begun ends the process as it ends any other.
            assert status in (-signum, 128 + signum)
            (path,) = out.rglob("*.pt")
            reached.append(checkpoint.load(path)["run"]["done"])  # whole at every moment
        assert commands.run(argv) == 0
        whole = undisturbed(commands, tmp_path / "whole")
    assert reached == sorted(reached) and len(set(reached)) > 2, "several lives must have got somewhere"
    (record,) = load_records(out)
    assert content(record) == content(whole)
    assert left(out) == [record.path.name]


def test_a_run_that_was_saved_after_epochs_goes_on_from_the_last_of_them(tmp_path):
    out = tmp_path / "struck"
    argv = [*COMMAND, "--quiet", "--checkpoint-every", 3, "--out", out]
    with Commands() as commands:
        assert commands.run(argv, signal.SIGKILL, newer(out)) == -signal.SIGKILL
        (path,) = out.rglob("*.pt")
        assert checkpoint.load(path)["run"]["done"] % (3 * 4) == 0
        assert commands.run(argv) == 0
        whole = undisturbed(commands, tmp_path / "whole")
    (record,) = load_records(out)
    assert content(record) == content(whole)
