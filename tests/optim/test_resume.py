"""Saving and loading: every phase resumes bit for bit, in a fresh process, without touching what was handed over."""

import copy
import os
import pickle  # noqa: TID251 - only our own live objects go through it, no file is ever read with it
import subprocess
import sys

import pytest
import torch

from nala_lab.optim import NALA, AdaBelief, AdaLA, Lookahead
from tests.optim.training import CALLS, MAKERS, ROOT, network, train


def leaves(value):
    """Every tensor and plain value of a nested state, in order."""
    if isinstance(value, dict):
        return [leaf for key in sorted(value, key=str) for leaf in [key, *leaves(value[key])]]
    if isinstance(value, list | tuple):
        return [leaf for entry in value for leaf in leaves(entry)]
    return [value]


def identical(a, b):
    one, two = leaves(a), leaves(b)
    return len(one) == len(two) and all(
        torch.equal(x, y) and x.dtype == y.dtype if isinstance(x, torch.Tensor) else x == y
        for x, y in zip(one, two, strict=True)
    )


def tensors(value):
    return [leaf for leaf in leaves(value) if isinstance(leaf, torch.Tensor)]


def trained(name, calls):
    model = network()
    opt = MAKERS[name](model.parameters())
    train(model, opt, 0, calls)
    return model, opt


def test_every_phase_resumes_bit_for_bit_in_a_fresh_process(tmp_path):
    """P20, P21: stop after every call of the first cycles, load with weights_only=True elsewhere, finish."""
    finals = {}
    for name in MAKERS:
        model = network()
        opt = MAKERS[name](model.parameters())
        for stop in range(CALLS):
            torch.save({"model": model.state_dict(), "opt": opt.state_dict()}, tmp_path / f"{name}@{stop}.before")
            train(model, opt, stop, stop + 1)
        finals[name] = {"model": model.state_dict(), "opt": opt.state_dict()}
    environment = {**os.environ, "OMP_NUM_THREADS": str(torch.get_num_threads())}
    command = [sys.executable, "-W", "error", "-m", "tests.optim.training", str(tmp_path)]
    subprocess.run(command, cwd=ROOT, env=environment, check=True)
    for name, final in finals.items():
        for stop in range(CALLS):
            after = torch.load(tmp_path / f"{name}@{stop}.after", weights_only=True)
            assert identical(after, final), f"{name} resumed after call {stop}"


@pytest.mark.parametrize("name", MAKERS)
def test_a_state_is_plain_and_shares_nothing(name):
    """P20: tensors and plain Python; neither saving nor loading ties two runs together."""
    model, opt = trained(name, 5)
    saved = opt.state_dict()
    assert set(saved) == {"state", "param_groups"}
    plain = (torch.Tensor, str, bool, int, float, type(None))
    assert all(type(leaf) in plain for leaf in leaves(saved))
    before = copy.deepcopy(saved)
    train(model, opt, 5, 8)
    assert identical(saved, before)
    other_model = network()
    other = MAKERS[name](other_model.parameters())
    other.load_state_dict(saved)
    train(other_model, other, 0, 4)
    assert identical(saved, before)
    held = {t.data_ptr() for t in tensors(other.state_dict()) if t.numel()}
    assert not held & {t.data_ptr() for t in tensors(saved) if t.numel()}


@pytest.mark.parametrize("name", MAKERS)
def test_loading_what_was_saved_changes_nothing(name):
    """accelerate moves optimizers by loading their own state."""
    model, opt = trained(name, 5)
    twin_model, twin = trained(name, 5)
    twin.load_state_dict(twin.state_dict())
    train(model, opt, 5, CALLS)
    train(twin_model, twin, 5, CALLS)
    assert identical(model.state_dict(), twin_model.state_dict())


@pytest.mark.parametrize("calls", [0, 2, 3, 5])
@pytest.mark.parametrize("name", MAKERS)
@pytest.mark.parametrize("how", [copy.deepcopy, lambda pair: pickle.loads(pickle.dumps(pair))], ids=["copy", "pickle"])
def test_copies_are_whole_and_independent(name, how, calls):
    """P30, and P19: the copy's groups are its own inner optimizer's."""
    if "lambda" in repr(how) and name.startswith("NALA-AdaLA"):
        calls = 1  # a copy at the probe of an inner AdaLA
    model, opt = trained(name, calls)
    other_model, other = how((model, opt))
    assert other.phase == opt.phase and other.grad_evals == opt.grad_evals
    if hasattr(other, "inner"):
        assert other.param_groups is other.inner.param_groups and other.param_groups is not opt.param_groups
    unmoved = copy.deepcopy(model.state_dict())
    train(other_model, other, calls, CALLS)
    assert identical(model.state_dict(), unmoved)
    train(model, opt, calls, CALLS)
    assert identical(model.state_dict(), other_model.state_dict())
    assert identical(opt.state_dict(), other.state_dict())


@pytest.mark.parametrize("maker", [NALA, Lookahead])
def test_the_groups_are_the_inner_optimizers_always(maker):
    """P19: before and after a load, a scheduler on the wrapper changes the lr that is used."""
    model = network()
    opt = maker(model.parameters(), lr=0.01)
    assert opt.param_groups is opt.inner.param_groups
    scheduler = torch.optim.lr_scheduler.StepLR(opt, step_size=1, gamma=0.5)
    train(model, opt, 0, 1)
    scheduler.step()
    saved = opt.state_dict()
    fresh = maker(network().parameters(), lr=0.01)
    fresh.load_state_dict(saved)
    assert fresh.param_groups is fresh.inner.param_groups
    assert [group["lr"] for group in fresh.inner.param_groups] == [0.005]
    fresh.inner.load_state_dict(fresh.inner.state_dict())  # even behind the wrapper's back
    assert fresh.param_groups is fresh.inner.param_groups
    assert not any(key in group for group in fresh.param_groups for key in ("cycle", "phase", "slow"))


def test_settings_come_back_with_the_state():
    """As torch does with the options of a group: what was saved wins."""
    model = network()
    opt = NALA(model.parameters(), k=4, mu=-0.2, alpha=0.3, outer_batch="same", inner_state="reset")
    fresh = NALA(network().parameters())
    fresh.load_state_dict(opt.state_dict())
    assert fresh.hyper == opt.hyper and (fresh.k, fresh.mu, fresh.alpha) == (4, -0.2, 0.3)
    adala = AdaLA(model.parameters(), probe="grad", probe_batch="same", denominator="raw")
    other = AdaLA(network().parameters())
    other.load_state_dict(adala.state_dict())
    assert other.hyper == adala.hyper


def test_a_foreign_state_is_refused_in_one_sentence():
    model = network()
    adam = torch.optim.Adam(model.parameters()).state_dict()
    opt = NALA(model.parameters())
    for state, sentence in [
        (adam, r"state_dict must satisfy saved by NALA.state_dict\(\), got state_dict=None"),
        (Lookahead(model.parameters()).state_dict(), "saved by NALA.state_dict.*got state_dict='Lookahead'"),
        (NALA(model.parameters(), inner=torch.optim.SGD).state_dict(), "inner=Adam, got state_dict='SGD'"),
        (NALA(list(model.parameters())[:2]).state_dict(), r"groups of sizes \[6\], got state_dict=\[2\]"),
    ]:
        with pytest.raises(ValueError, match=sentence):
            opt.load_state_dict(state)
    with pytest.raises(ValueError, match="saved by AdaBelief"):
        AdaBelief(model.parameters()).load_state_dict(adam)
