"""Two processes on one run: the run of one process at the same global batch, and equal slow weights everywhere."""

import os
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
import torch.distributed as dist

from nala_lab.experiments.checkpoint import load
from nala_lab.experiments.run.one_run import plan
from nala_lab.experiments.run.parallel import SOLO, Team, joined
from nala_lab.results.records import load_records

ROOT = Path(__file__).resolve().parents[2]
WATCH = """
import sys, torch
from nala_lab.experiments.run import loop
ended = loop.Trainer._result
def result(self):  # leave behind what this process holds at the end
    with self.optimizer.slow_weights():
        slow = torch.cat([p.detach().ravel() for p in self.workload.model.parameters()])
    torch.save({"slow": slow}, f"{sys.argv[-1]}/slow-{self.team.rank}.pt")
    return ended(self)
loop.Trainer._result = result
from nala_lab.cli import main
sys.exit(main(sys.argv[1:]))
"""


def start(folder, *arguments, processes=1):
    """The command in one process, or in several as torchrun would start them; WATCH takes the last argument too."""
    script = folder / "watch.py"
    script.write_text(WATCH, encoding="utf-8")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = str(free.getsockname()[1])
    command = [sys.executable, str(script), "train", "lenet5-digits", *arguments, "--quiet", "--out", str(folder)]
    team = {"WORLD_SIZE": str(processes), "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": port} if processes > 1 else {}
    base = {**os.environ, **team, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    return [
        subprocess.Popen(command, env={**base, **({"RANK": str(rank), "LOCAL_RANK": str(rank)} if team else {})},
                         cwd=ROOT, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        for rank in range(processes)
    ]  # fmt: skip


def ended(processes):
    told = [process.communicate(timeout=240) for process in processes]
    assert all(process.returncode == 0 for process in processes), told
    return [out for out, _ in told]


@pytest.mark.slow
@pytest.mark.parametrize("optimizer", ["nala", "adala"])
def test_two_processes_are_one_run(optimizer, tmp_path):
    """digits, LeNet-5, 12 gradients. The order of sums differs, so a gradient differs in its last bits.

    Adam-like steps divide by the root of the second moment, which turns a relative difference of 2^-24 of a gradient
    into one of the step; 12 steps of at most lr / (1 - beta1) = 0.01 each then differ by less than 12 * 0.01 * 1e-3,
    where 1e-3 allows for gradients that nearly cancel in the sum over a mini-batch of 256.
    """
    alone, both = tmp_path / "alone", tmp_path / "both"
    arguments = ["--optimizer", optimizer, "--scale", "smoke"]
    for folder in (alone, both):
        folder.mkdir()
    ended(start(alone, *arguments))
    outs = ended(start(both, *arguments, processes=2))
    assert outs[1] == ""  # the first process alone reports
    one, two = load_records(alone)[0], load_records(both)[0]
    assert len(load_records(both)) == 1 and two.header["config"]["processes"] == 2
    losses = [record.column("train", "loss") for record in (one, two)]
    assert len(losses[0]) == len(losses[1]) and np.abs(losses[0] - losses[1]).max() <= 1e-3 * losses[0].max()
    slow = [torch.load(path, weights_only=True)["slow"]
            for path in (both / "slow-0.pt", both / "slow-1.pt", alone / "slow-0.pt")]  # fmt: skip
    assert torch.equal(slow[0], slow[1])
    assert (slow[0] - slow[2]).abs().max() <= 12 * 0.01 * 1e-3
    assert (slow[2] - initial_weights()).abs().max() > 1e-3  # something was learned


def initial_weights():
    model = plan("lenet5-digits", "adam", seed=0, scale="smoke").workload().model
    return torch.cat([p.detach().ravel() for p in model.parameters()])


@pytest.mark.slow
def test_a_signal_to_one_process_stops_both_and_they_go_on(tmp_path):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    for folder in (whole, cut):
        folder.mkdir()
    arguments = ["--optimizer", "nala", "--epochs", "40", "--scale", "smoke", "--deterministic"]
    ended(start(whole, *arguments, processes=2))
    processes = start(cut, *arguments, "--checkpoint-minutes", "0.001", processes=2)
    while not list(cut.rglob("*.pt")) and all(process.poll() is None for process in processes):
        pass
    processes[1].terminate()
    told = [process.communicate(timeout=240) for process in processes]
    assert [process.returncode for process in processes] == [143, 143], told
    (saved,) = cut.rglob("lenet5-digits/*.pt")
    assert load(saved)["run"]["done"] > 0
    ended(start(cut, *arguments, "--resume", processes=2))
    kept = [[{k: v for k, v in row.items() if k != "seconds"} for row in load_records(f)[0].rows] for f in (whole, cut)]
    assert kept[0] == kept[1]


def test_alone_everything_is_left_as_it_is():
    workload = plan("lenet5-digits", "adam", seed=0, scale="smoke").workload()
    SOLO.share(workload)
    assert workload.forward is workload.model and SOLO.told(True) and SOLO.chief
    loss = torch.tensor(2.0)
    assert SOLO.mean(loss, {}) == (loss, {})


def test_what_cannot_be_shared_is_refused():
    with pytest.raises(ValueError, match="task must satisfy an image task"):
        Team(0, 2).share(object())
    workload = plan("lenet5-digits", "adam", seed=0, scale="smoke").workload()
    with pytest.raises(ValueError, match="batch_size must satisfy a multiple of 3, got batch_size=256"):
        Team(0, 3).share(workload)


@pytest.mark.parametrize(
    ("device", "gpus", "backend"), [("cpu", 4, "gloo"), ("auto", 0, "gloo"), ("auto", 4, "cpu:gloo,cuda:nccl")]
)
def test_the_processes_talk_where_the_tensors_are(device, gpus, backend, monkeypatch):
    """On a machine with GPUs a run on the CPU needs gloo, and what is said about signals stays on the CPU."""
    chosen, ended = [], []
    monkeypatch.setattr(torch.cuda, "is_available", lambda: gpus > 0)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: gpus)
    monkeypatch.setattr(torch.cuda, "set_device", lambda rank: chosen.append(rank))
    monkeypatch.setattr(dist, "init_process_group", lambda name: chosen.append(name))
    monkeypatch.setattr(dist, "destroy_process_group", lambda: ended.append(True))
    monkeypatch.setattr(dist, "get_rank", lambda: 1)
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("LOCAL_RANK", "1")
    with joined(device) as team:
        assert (team.rank, team.size, ended) == (1, 2, [])
    assert chosen == [*([1] if backend != "gloo" else []), backend] and ended == [True]


def test_a_world_size_that_is_no_number_is_named(monkeypatch):
    monkeypatch.setenv("WORLD_SIZE", "two")
    with pytest.raises(ValueError, match="WORLD_SIZE must satisfy a number of processes, got WORLD_SIZE='two'"):
        with joined():
            pass
    monkeypatch.setenv("WORLD_SIZE", "")
    with joined() as team:
        assert team.size == 1


def test_more_processes_than_gpus_are_refused(monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    monkeypatch.setenv("WORLD_SIZE", "2")
    monkeypatch.setenv("LOCAL_RANK", "1")
    with pytest.raises(ValueError, match="LOCAL_RANK must satisfy LOCAL_RANK < 1, got LOCAL_RANK=1 .*this machine has"):
        with joined():
            pass
