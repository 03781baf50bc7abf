"""Two processes on one machine, over gloo: DDP, FSDP2 and sharded checkpoints; ranks.py says what each check is."""

import os
import subprocess
import sys

import pytest
import torch

from tests.tools.tree import ROOT

HAS_GLOO = torch.distributed.is_available() and torch.distributed.is_gloo_available()
pytestmark = [pytest.mark.slow, pytest.mark.skipif(not HAS_GLOO, reason="torch was built without gloo")]
PATIENCE = 300  # seconds; a rank that waits for one that died would wait for ever


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """What each rank said of each check, by (check, optimizer, rank)."""
    folder = tmp_path_factory.mktemp("ranks")
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.optim.ranks", str(folder)]
    ranks = [subprocess.Popen([*command, str(rank)], cwd=ROOT, env=environment) for rank in (0, 1)]
    try:
        for process in ranks:
            process.wait(PATIENCE)
    finally:
        for process in ranks:
            process.kill()
            process.wait()
    return {tuple(path.name.split()): path.read_text() for path in folder.glob("* * [01]")}


def cases():
    from tests.optim.ranks import CHECKS

    return [(what, name) for what, (_, names) in CHECKS.items() for name in names]


@pytest.mark.parametrize(("what", "name"), cases() if HAS_GLOO else [])
def test_two_ranks(what, name, reports):
    said = [reports.get((what, name, rank), "no report: the process ended or hung before") for rank in "01"]
    assert said == ["ok", "ok"], "\n".join(said)
