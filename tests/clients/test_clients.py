"""Real clients train, save inside a cycle, resume in a fresh process bit for bit, and evaluate the slow weights."""

import importlib.util
import os
import subprocess
import sys

import pytest
import torch

from tests.clients.runs import CLIENTS, EPOCHS, SETTINGS, STEPS
from tests.optim.training import ROOT

pytestmark = pytest.mark.slow


def ends(client, name, folder, part):
    env = {**os.environ, "OMP_NUM_THREADS": "1", "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "tests.clients.runs", client, name, str(folder), part]
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr[-3000:]
    return torch.load(folder / f"{part}.pt", weights_only=True)


def same(a, b):
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


@pytest.mark.parametrize("client", CLIENTS)
@pytest.mark.parametrize("name", SETTINGS)
def test_a_client_trains_saves_inside_a_cycle_resumes_and_evaluates_the_slow_weights(client, name, tmp_path):
    if importlib.util.find_spec(client) is None:
        pytest.skip(f"{client} is not installed: pip install 'nala-lab[clients]'")
    for folder in ("whole", "halves"):
        (tmp_path / folder).mkdir()
    whole = ends(client, name, tmp_path / "whole", "whole")
    first = ends(client, name, tmp_path / "halves", "first")
    rest = ends(client, name, tmp_path / "halves", "rest")
    assert first["grad_evals"] == STEPS and first["phase"] and whole["grad_evals"] == EPOCHS * STEPS
    for part in (whole, first, rest):
        assert same(part["seen"], part["slow"])
        assert part["phase"] == 0 or not same(part["slow"], part["end"])
    assert same(rest["end"], whole["end"]) and rest["grad_evals"] == whole["grad_evals"]
    assert not same(first["end"], whole["end"])
