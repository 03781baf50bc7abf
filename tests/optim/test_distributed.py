"""Over gloo: torch.distributed.checkpoint in one process; in two DDP, FSDP2 and sharded checkpoints, see ranks.py.

A distributed checkpoint keys by name, keeps two entries, and fills a new optimizer first.
"""

import copy
import os
import subprocess
import sys

import pytest
import torch

from nala_lab.optim import NALA
from tests.optim.test_resume import identical
from tests.optim.training import CALLS, FOUR, HALF, MAKERS, ROOT, K, feed, network, train, trained

ranks = pytest.importorskip("tests.optim.ranks")
named = pytest.importorskip("torch.distributed.checkpoint.state_dict")
pytestmark = [
    pytest.mark.filterwarnings("ignore"),  # torch's own, about running without accelerators and a launcher
    pytest.mark.skipif(not torch.distributed.is_gloo_available(), reason="torch was built without gloo"),
]
PATIENCE = 300  # seconds; a rank that waits for one that died would wait for ever


@pytest.fixture(scope="module", autouse=True)
def one_process():
    torch.distributed.init_process_group("gloo", store=torch.distributed.HashStore(), rank=0, world_size=1)
    yield
    torch.distributed.destroy_process_group()


def goes_on(make, dtype, stop, folder):
    """Save after `stop` calls, load into a new run with other weights, and train both to the end."""
    runs = []
    for _ in range(2):
        model = network(dtype)
        runs.append((model, make(model.parameters())))
    (model, opt), (other_model, other) = runs
    train(model, opt, 0, stop)
    ranks.through_a_checkpoint(*runs, folder)
    train(model, opt, stop, CALLS)
    train(other_model, other, stop, CALLS)
    assert identical(model.state_dict(), other_model.state_dict())
    assert identical(opt.state_dict(), other.state_dict())


@pytest.mark.parametrize("stop", [pytest.param(s, marks=pytest.mark.slow) if s != K else s for s in range(2 * (K + 1))])
@pytest.mark.parametrize("name", MAKERS)
def test_it_carries_everything_from_every_phase(name, stop, tmp_path):
    """P24: before and after the first step; after K calls NALA stands at y_t, AdaLA at its probe."""
    goes_on(MAKERS[name], torch.float32, stop, tmp_path)


@pytest.mark.parametrize("name", HALF)
def test_it_carries_the_further_digits_of_half_precision(name, tmp_path):
    goes_on(HALF[name], torch.bfloat16, K, tmp_path)


@pytest.mark.parametrize("name", MAKERS)
def test_asking_a_new_optimizer_for_its_state_does_not_start_the_cycle(name):
    """P24: torch steps it with lr = 0 and zero gradients; counters stay, and the run is the same to the last bit."""
    model, opt = trained(name)
    first = named.get_optimizer_state_dict(model, opt)
    assert first["state"] and (opt.phase, opt.grad_evals) == (0, 0) and not opt._mid_step
    assert named.get_optimizer_state_dict(model, opt)["state"].keys() == first["state"].keys()
    again = copy.deepcopy(opt.state_dict())
    fresh_model, fresh = trained(name)
    loaded_model, loaded = trained(name)
    loaded.load_state_dict(again)
    for m, o in ((model, opt), (fresh_model, fresh), (loaded_model, loaded)):
        train(m, o, 0, CALLS)
    assert identical(model.state_dict(), fresh_model.state_dict())
    assert identical(loaded_model.state_dict(), fresh_model.state_dict())
    assert identical(opt.state_dict(), fresh.state_dict())


@pytest.mark.parametrize("maker", FOUR)
def test_only_a_call_that_can_move_nothing_is_left_out(maker):
    """A warm-up that begins at lr = 0 has gradients that are not zero: its first step counts."""
    for lr, value, counted in ((0.0, 1.0, 1), (0.0, float("nan"), 1), (0.0, 0.0, 0), (0.1, 0.0, 1)):
        opt = maker([torch.nn.Parameter(torch.ones(3))], lr=lr)
        feed(opt, value)
        assert opt.grad_evals == counted


@pytest.mark.parametrize("name", MAKERS)
def test_the_state_has_the_same_keys_at_every_phase(name):
    """What a checkpoint needs that is read into the state of a new optimizer."""
    model, opt = trained(name)
    named.get_optimizer_state_dict(model, opt)
    keys = {i: set(own) for i, own in opt.state_dict()["state"].items()}
    assert keys
    for call in range(CALLS):
        train(model, opt, call, call + 1)
        assert {i: set(own) for i, own in opt.state_dict()["state"].items()} == keys


def test_lbfgs_is_not_filled():
    """As torch's own L-BFGS, which needs a closure; the wrapper's slow weights are made."""
    model = network(torch.float64)
    opt = NALA(model.parameters(), inner=torch.optim.LBFGS, inner_state="reset")
    named.get_optimizer_state_dict(model, opt)
    assert (opt.phase, opt.grad_evals) == (0, 0) and not opt.inner.state


# ---- two processes ---------------------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def reports(tmp_path_factory):
    """What each rank said of each check, by (check, optimizer, rank)."""
    folder = tmp_path_factory.mktemp("ranks")
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "tests.optim.ranks", str(folder)]
    pair = [subprocess.Popen([*command, str(rank)], cwd=ROOT, env=environment) for rank in (0, 1)]
    try:
        for process in pair:
            process.wait(PATIENCE)
    finally:
        for process in pair:
            process.kill()
            process.wait()
    return {tuple(path.name.split()): path.read_text() for path in folder.glob("* * [01]")}


@pytest.mark.slow
@pytest.mark.parametrize(("what", "name"), [(what, name) for what, (_, of) in ranks.CHECKS.items() for name in of])
def test_two_ranks(what, name, reports):
    said = [reports.get((what, name, rank), "no report: the process ended or hung before") for rank in "01"]
    assert said == ["ok", "ok"], "\n".join(said)
