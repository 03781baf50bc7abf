"""Saving, loading, copying, looking: from every phase the run goes on bit for bit, and nothing else is touched."""

import copy
import os
import pickle  # noqa: TID251 - only our own live objects go through it, no file is ever read with it
import subprocess
import sys
from fractions import Fraction

import numpy as np
import pytest
import torch

from nala_lab.optim import NALA, AdaBelief, AdaLA, Adam, Lookahead
from tests.optim.training import CALLS, MAKERS, ROOT, batch, equal, network, restored, train, trained, weights


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


def test_every_phase_resumes_bit_for_bit_in_a_fresh_process(tmp_path):
    """P20, P21: stop after every call, load with weights_only=True elsewhere, finish; weights loaded late are phi_0."""
    finals = {}
    for name in MAKERS:
        model, opt = trained(name)
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
    other_model, other = restored(name, network().state_dict(), saved)
    train(other_model, other, 0, 4)
    assert identical(saved, before)
    held = {t.data_ptr() for t in tensors(other.state_dict()) if t.numel()}
    assert not held & {t.data_ptr() for t in tensors(saved) if t.numel()}


@pytest.mark.parametrize("make", [
    lambda p: NALA(p, lr=np.float64(0.01), k=np.int64(2), mu=np.float64(-0.3), alpha=np.float32(0.25)),
    lambda p: NALA(p, mu=Fraction(-1, 2), inner=lambda held: torch.optim.SGD(held, lr=np.float32(0.5), momentum=0.9)),
    lambda p: Lookahead(p, alpha=np.float16(0.5), inner=lambda held: NALA(held, lr=np.float64(0.01), mu=np.float64(0))),
    lambda p: AdaLA(p, betas=(np.float64(0.9), 0.99), eps=np.float64(1e-8), blend=np.float64(0.5), every=np.int64(2)),
    lambda p: AdaBelief(p, lr=np.float64(0.01), betas=[np.float64(0.9), np.float64(0.99)]),
])  # fmt: skip
def test_settings_from_numpy_are_saved_as_numbers_that_are_read_back(make, tmp_path):
    """``for mu in np.linspace(...)``: a file with a NumPy number in it cannot be read with weights_only=True."""
    weight = torch.nn.Parameter(torch.ones(2))
    opt = make([weight])
    plan = torch.optim.lr_scheduler.LambdaLR(opt, lambda step: np.exp(-step))
    for _ in range(3):
        (weight**2).sum().backward()
        opt.step()
        plan.step()
    torch.save(opt.state_dict(), tmp_path / "opt.pt")
    saved = torch.load(tmp_path / "opt.pt", weights_only=True)
    fresh = make([torch.nn.Parameter(weight.detach().clone())])
    fresh.load_state_dict(saved)
    assert fresh.param_groups[0]["lr"] == opt.param_groups[0]["lr"] and identical(fresh.state_dict(), saved)


# ---- between two calls ----------------------------------------------------------------------------------------------

COPIES = {"copy": copy.deepcopy, "pickle": lambda pair: pickle.loads(pickle.dumps(pair))}
ACTIONS = ("look", "look twice", "fail", "evaluate", "batchnorm", "save inside", "eval", "eval and move",
           "eval and save", "load", "skip")  # fmt: skip


def act(action, name, model, opt):
    """Do one of ACTIONS or COPIES; return what the run goes on with."""
    match action:
        case "look":
            places = [p.data_ptr() for p in model.parameters()]
            with opt.slow_weights():
                assert [p.data_ptr() for p in model.parameters()] == places
        case "look twice":
            with opt.slow_weights(), opt.slow_weights(model, recompute_bn=[batch(1)]):
                first = weights(model)
                with opt.slow_weights():
                    assert equal(weights(model), first)
                assert equal(weights(model), first)
        case "fail":
            with pytest.raises(KeyError), opt.slow_weights():
                raise KeyError("evaluation failed")
        case "evaluate":
            with torch.inference_mode(), opt.slow_weights():
                model.eval()(batch(0)[0])
                model.train()
        case "batchnorm":
            with opt.slow_weights(model, recompute_bn=[batch(1), batch(2)[0]]):
                model.eval()(batch(0)[0])
                model.train()
            with pytest.raises(RuntimeError), opt.slow_weights(model, recompute_bn=[torch.zeros(3, 99)]):
                pass  # a batch of the wrong shape, inside the estimation
        case "save inside":
            with opt.slow_weights():
                opt.state_dict()
        case "eval":  # each mode asked for twice, and inside the context
            with opt.slow_weights():
                phi = weights(model)
            for _ in range(2):
                opt.eval()
                assert equal(weights(model), phi)
            with opt.slow_weights(model):
                opt.eval()
                opt.train()
                assert equal(weights(model), phi)
            opt.train()
            opt.train()
        case "eval and move":  # accelerate moves optimizers so, in eval mode too
            opt.eval()
            opt.load_state_dict(opt.state_dict())
            model, opt = copy.deepcopy((model, opt))
            opt.train()
        case "eval and save":  # as trainers do: the model that was evaluated, and the optimizer
            opt.eval()
            model, opt = restored(name, model.state_dict(), opt.state_dict())
            for action in (opt.step, opt.sync):
                with pytest.raises(RuntimeError, match=r"after eval\(\): call train\(\) before training goes on"):
                    action()
            opt.train()
        case "load":
            opt.load_state_dict(opt.state_dict())
        case "skip":  # P3, P26: a step that the gradient scaler skips leaves no trace, a first one neither
            before = opt.state_dict()
            assert not getattr(opt, "_step_supports_amp_scaling", False)
            scaler = torch.amp.GradScaler("cpu")
            scaler.scale(torch.zeros(()))
            for p in model.parameters():
                p.grad = torch.full_like(p, torch.inf)
            scaler.step(opt)
            scaler.update()
            assert identical(opt.state_dict(), before)
        case _:
            other_model, other = COPIES[action]((model, opt))
            if hasattr(other, "inner"):
                assert other.param_groups is other.inner.param_groups and other.param_groups is not opt.param_groups
            unmoved = copy.deepcopy(other_model.state_dict())
            train(model, opt, CALLS, CALLS + 2)
            assert identical(other_model.state_dict(), unmoved)
            model, opt = other_model, other
    return model, opt


@pytest.mark.parametrize("action", [*ACTIONS, *COPIES])
@pytest.mark.parametrize("name", MAKERS)
def test_what_is_done_between_two_calls_changes_nothing_in_the_training_that_follows(name, action):
    """P3, P19, P26, P30, P31: done before the first call and at every phase; bit for bit the run without it.

    P25: views, tied weights and captured graphs hold on to the storage, so all weights are written in place.
    """
    plain, reference = trained(name, CALLS)
    model, opt = trained(name)
    for call in range(CALLS + 1):
        state, before, places = torch.get_rng_state(), model, [p.data_ptr() for p in model.parameters()]
        model, opt = act(action, name, model, opt)
        assert torch.equal(torch.get_rng_state(), state) and model.training
        train(model, opt, call, min(call + 1, CALLS))
        assert model is not before or [p.data_ptr() for p in model.parameters()] == places
    assert identical(model.state_dict(), plain.state_dict())
    assert identical(opt.state_dict(), reference.state_dict())


@pytest.mark.parametrize("calls", range(CALLS))
@pytest.mark.parametrize("name", MAKERS)
def test_sync_ends_a_run_at_its_slow_weights_and_so_does_a_checkpoint_or_copy_made_inside_the_context(name, calls):
    """P9: from every phase, what slow_weights showed; a second call changes nothing; training can go on."""
    model, opt = trained(name, calls)
    with opt.slow_weights():
        phi = weights(model)
        others = [restored(name, model.state_dict(), opt.state_dict()), copy.deepcopy((model, opt))]
    spent, places = opt.grad_evals, [p.data_ptr() for p in model.parameters()]
    opt.sync()
    for m, o in ((model, opt), *others):
        assert o.phase == 0 and not o._mid_step and o.grad_evals == spent and equal(weights(m), phi)
    opt.sync()
    assert [p.data_ptr() for p in model.parameters()] == places
    with opt.slow_weights():
        assert equal(weights(model), phi)
    train(model, opt, calls, CALLS)
    for other_model, other in others:
        train(other_model, other, calls, CALLS)
        assert equal(weights(model), weights(other_model))
    assert all(torch.isfinite(p).all() for p in model.parameters())


# ---- what is saved --------------------------------------------------------------------------------------------------


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
        (model.state_dict(), r"saved by NALA.state_dict\(\), got state_dict=None"),
        (Lookahead(model.parameters()).state_dict(), "saved by NALA.state_dict.*got state_dict='Lookahead'"),
        (NALA(model.parameters(), inner=torch.optim.SGD).state_dict(), "inner=Adam, got state_dict='SGD'"),
        (NALA(list(model.parameters())[:2]).state_dict(), r"groups of sizes \[6\], got state_dict=\[2\]"),
    ]:
        with pytest.raises(ValueError, match=sentence):
            opt.load_state_dict(state)
    for make in (NALA, AdaBelief, Adam):  # at the first step a fused kernel would leave the memory of the moments
        narrow, wide = (torch.nn.Linear(size, 2) for size in (3, 500))
        saved = make(narrow.parameters())
        saved.step(lambda model=narrow: model(torch.ones(1, 3)).sum().backward())
        with pytest.raises(ValueError, match=r"of this shape, here \(2, 500\), got state_dict=\(2, 3\)"):
            make(wide.parameters()).load_state_dict(saved.state_dict())
    with pytest.raises(ValueError, match="saved by AdaBelief"):
        AdaBelief(model.parameters()).load_state_dict(adam)


@pytest.mark.parametrize("make", [AdaBelief, AdaLA, Adam, Lookahead, NALA])
@pytest.mark.parametrize("saved, here", [((5, 5), (5,)), ((1,), ()), ((5, 2), (5,))])
def test_a_state_of_another_shape_is_refused(make, saved, here):
    old, new = (torch.nn.Parameter(torch.ones(shape)) for shape in (saved, here))
    opt, fresh = make([old]), make([new])
    old.grad = torch.ones(saved)
    opt.step(lambda: old.sum()) if make is AdaLA else opt.step()
    with pytest.raises(ValueError, match="state_dict must satisfy a state of parameters of this shape"):
        fresh.load_state_dict(opt.state_dict())
