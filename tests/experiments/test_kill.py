"""A run killed by SIGKILL at twenty random moments ends at the weights of the run nobody killed, to the last bit."""

import os
import signal
import time

import pytest
import torch

from nala_lab.core import stream
from nala_lab.experiments import checkpoint
from tests.experiments.forks import Forks
from tests.experiments.killed import CALLS, MAKERS, STAGES, live

KILLS = 20
pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not hasattr(os, "fork") or not hasattr(signal, "SIGKILL"), reason="needs fork and SIGKILL"),
]


def moments(name, seed):
    """Twenty (call, stage) in order, every stage at least twice, and how many bytes may be written before the kill."""
    draw = stream(seed, "kill", name)
    calls = sorted(int(c) for c in draw.choice(CALLS - 1, size=KILLS, replace=False))
    stages = [STAGES[i % len(STAGES)] for i in range(KILLS)]
    draw.shuffle(stages)
    return list(zip(calls, stages, (int(n) for n in draw.integers(1, 12_000, size=KILLS)), strict=True))


class Lives(Forks):
    """The process that starts the lives of a run, one after the other."""

    def __init__(self, folder):
        super().__init__("tests.experiments.killed", folder)

    def live(self, name, end, size, stage, patience=None):
        """Start a life, kill it after `patience` seconds if given, and return its exit code."""
        pid = self.start(f"{name} {end} {size} {stage}")
        if patience is not None:
            time.sleep(patience)
            os.kill(pid, signal.SIGKILL)
        return self.ended()


@pytest.mark.parametrize("name", MAKERS)
def test_twenty_kills_change_nothing(name, seed, tmp_path):
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        whole = live(name, None, CALLS).state_dict()  # never saved, never killed
    finally:
        torch.set_num_threads(threads)
    path, partial = tmp_path / f"{name}.pt", tmp_path / f"{name}.pt.partial"
    halves, saved = 0, 0
    with Lives(tmp_path) as lives:
        for call, stage, size in moments(name, seed):
            # from outside: within the time of a few calls, wherever the life then is
            patience = stream(seed, "patience", name, call).uniform(0.01, 0.3) if stage == "outside" else None
            assert lives.live(name, call, size, stage, patience) == -signal.SIGKILL
            halves += partial.exists() and stage == "in write"
            if path.exists():  # whole, at every moment, and never a step back
                step = checkpoint.load(path)["step"]
                assert saved <= step <= call + 1
                saved = step
        assert halves >= 2, "a kill in the middle of a write leaves the half under another name"
        assert lives.live(name, CALLS, 0, "none") == 0
    final = torch.load(tmp_path / f"{name}.final", weights_only=True)
    assert all(torch.equal(final[key], value) for key, value in whole.items())
    assert checkpoint.load(path)["step"] == CALLS and not partial.exists()
