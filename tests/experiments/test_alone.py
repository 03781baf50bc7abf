"""Two runs at once: one record and whole, each with the numbers that it has alone, whether by processes or threads."""

import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor

import pytest
import torch

from nala_lab.experiments.run.alone import Busy, alone, known_by
from nala_lab.experiments.run.one_run import execute, plan
from nala_lab.experiments.run.signals import Stopped, StopRequest
from nala_lab.results.records import load_records
from tests.experiments.test_resume import content
from tests.tools.tree import ROOT

COMMAND = [sys.executable, "-m", "nala_lab.cli", "train", "lenet5-digits", "--optimizer", "nala", "--scale", "smoke",
           "--epochs", "3", "--quiet", "--out"]  # fmt: skip


def test_the_same_command_twice_at_once_trains_once(tmp_path):
    both = [subprocess.Popen([*COMMAND, str(tmp_path)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                             text=True) for _ in range(2)]  # fmt: skip
    said = [process.communicate() for process in both]
    assert [process.returncode for process in both] == [0, 0], said
    assert len(load_records(tmp_path)) == 1 and not list(tmp_path.rglob("*.partial"))
    assert sum("was there already" in out for out, _ in said) == 1


def test_threads_of_one_process_have_the_numbers_of_runs_alone(tmp_path):
    """Dropout draws from torch's one default generator; AlexNet has two layers of it."""
    runs = [plan("alexnet-cifar10", name, seed=0, scale="smoke", epochs=1) for name in ("adam", "sgd")]
    alone_ = [execute(run, tmp_path / "alone", progress=False)[0] for run in runs]
    before = torch.get_rng_state()
    with ThreadPoolExecutor(2) as pool:
        together = list(pool.map(lambda run: execute(run, tmp_path / "together", progress=False)[0], runs))
    assert [content(one) for one in together] == [content(one) for one in alone_]
    assert torch.equal(torch.get_rng_state(), before)  # the caller's numbers go on where they were


def test_a_run_that_is_held_is_busy_or_waited_for_until_a_signal(tmp_path):
    run = plan("lenet5-digits", "sgd", seed=0, scale="smoke")
    name = known_by(run.request)
    with StopRequest() as request, alone(tmp_path, "it", name, request):
        with pytest.raises(Busy):
            execute(run, tmp_path, progress=False, wait=False)
        request.signum = 15
        with pytest.raises(Stopped, match="stopped by SIGTERM while waiting"), alone(tmp_path, "it", name, request):
            pass


def test_a_signal_that_a_program_around_python_handles_is_left_to_it(monkeypatch):
    """Python knows no such handler, and ``signal.signal(number, None)`` at the end of a training is a TypeError."""
    set_to = []
    monkeypatch.setattr(signal, "getsignal", lambda number: None)
    monkeypatch.setattr(signal, "signal", lambda number, handler: set_to.append(handler))
    with StopRequest():
        pass
    assert set_to == []
