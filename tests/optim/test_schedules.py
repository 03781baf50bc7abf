"""Learning rate schedulers, scaled gradients, accumulation and clipping around the optimizers of the lab."""

import pytest
import torch

from nala_lab.core import stream
from nala_lab.optim import NALA, AdaBelief, AdaLA, Lookahead
from tests.optim.schedules import SCHEDULERS, advance, lrs
from tests.optim.training import CALLS, MAKERS, batch, network, train

FOUR = [NALA, Lookahead, AdaBelief, AdaLA]


def test_no_scheduler_of_torch_is_forgotten():
    assert set(lrs.__all__) - set(SCHEDULERS) == {"LRScheduler"}


@pytest.mark.parametrize("scheduler", SCHEDULERS)
@pytest.mark.parametrize("maker", FOUR)
def test_the_lr_is_the_one_that_plain_adam_gets(maker, scheduler):
    """P19: at every call, from a scheduler that is given the wrapper; betas too, alpha and mu never."""
    model, bare_model = network(), network()
    opt, bare = maker(model.parameters(), lr=0.01), torch.optim.Adam(bare_model.parameters(), lr=0.01)
    plans = SCHEDULERS[scheduler](opt), SCHEDULERS[scheduler](bare)
    used = set()
    for call in range(12):
        train(model, opt, call, call + 1)
        train(bare_model, bare, call, call + 1)
        for plan in plans:
            advance(plan, call)
        assert opt.param_groups[0]["lr"] == bare.param_groups[0]["lr"]
        assert tuple(opt.param_groups[0]["betas"]) == tuple(bare.param_groups[0]["betas"])
        used.add(opt.param_groups[0]["lr"])
    assert len(used) > 1
    assert (getattr(opt, "alpha", None), getattr(opt, "mu", None)) in [(1e-3, -0.5), (0.5, None), (None, None)]


@pytest.mark.parametrize("k", [1, 2, 3])
def test_the_lr_at_the_boundary_of_a_cycle(k):
    """P15: inner step i uses the lr that stands when it is called; the look-ahead gradient uses alpha, not lr."""
    w = torch.nn.Parameter(torch.tensor([3.0], dtype=torch.float64))
    opt = NALA([w], k=k, mu=-0.25, alpha=0.5, inner=lambda p: torch.optim.SGD(p, lr=0.5))
    plan = lrs.StepLR(opt, k, gamma=0.5)  # changes exactly with the k-th call
    lr, phi, theta, done = 0.5, 3.0, 3.0, 0
    for call in range(3 * (k + 1)):
        w.grad = torch.ones_like(w) * (call + 1)
        opt.step()
        plan.step()
        if call % (k + 1) < k:
            theta -= lr * (call + 1)
            if call % (k + 1) == k - 1:
                theta = 0.75 * theta + 0.25 * phi
        else:
            phi = theta = theta - 0.5 * (call + 1)
        done += 1
        lr = 0.5 * 0.5 ** (done // k)
        assert w.item() == theta  # dyadic numbers of few digits: exact in float64


# ---- gradient scaling (P26) -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", MAKERS)
def test_skipped_steps_leave_no_trace(name, seed):
    """Infinite gradients at drawn calls: the run that never saw those calls, to the last bit, and the same phases."""
    if name.endswith("-same"):
        return  # torch's scaler takes no closure: see below
    bad = set(stream(seed, "optim", "overflow", name).choice(2 * CALLS, size=CALLS, replace=False).tolist())
    runs = []
    for scaled in (True, False):
        model = network()
        opt = MAKERS[name](model.parameters())
        scaler = torch.amp.GradScaler("cpu", init_scale=2.0**10, growth_interval=4, enabled=scaled)
        phases = []
        for call in range(2 * CALLS):
            if call in bad and not scaled:
                phases.append(opt.phase)
                continue
            x, y = batch(call)
            opt.zero_grad()
            # without BatchNorm: its running averages would see the batches of the skipped calls
            loss = torch.nn.functional.mse_loss(model[3](torch.tanh(model[0](x))), y)
            scaler.scale(loss * (torch.inf if call in bad else 1.0)).backward()
            scaler.step(opt)
            scaler.update()
            phases.append(opt.phase)
        runs.append(([p.detach().clone() for p in model.parameters()], phases, opt.grad_evals))
    assert all(torch.equal(a, b) for a, b in zip(runs[0][0], runs[1][0], strict=True))  # scales are powers of two
    assert runs[0][1:] == runs[1][1:]
    assert len(set(runs[0][1])) > 1 or opt.phase == 0


@pytest.mark.parametrize("maker", FOUR)
def test_a_first_step_that_is_skipped_leaves_nothing_behind(maker):
    """P3, P26."""
    w = torch.nn.Parameter(torch.tensor([2.0, -3.0]))
    opt = maker([w])
    scaler = torch.amp.GradScaler("cpu")
    scaler.scale((w * torch.inf).sum()).backward()
    scaler.step(opt)
    assert w.tolist() == [2.0, -3.0] and not opt.state and (opt.phase, opt.grad_evals) == (0, 0)


def test_a_closure_and_a_scaler_do_not_go_together():
    """torch's own rule, and its own sentence."""
    model = network()
    opt = NALA(model.parameters(), outer_batch="same")
    scaler = torch.amp.GradScaler("cpu")
    x, y = batch(0)
    scaler.scale(torch.nn.functional.mse_loss(model(x), y)).backward()
    with pytest.raises(RuntimeError, match="[Cc]losure"):
        scaler.step(opt, closure=lambda: None)
    assert opt.phase == 0


def test_a_fused_inner_optimizer_is_unscaled_by_the_scaler():
    """Fused Adam would unscale by itself; the wrapper needs the true gradient for its outer step, and says so."""
    finals = []
    for scaled in (True, False):
        model = network()
        opt = NALA(model.parameters(), k=2, alpha=0.3, inner=lambda p: torch.optim.Adam(p, lr=0.01, fused=True))
        assert not getattr(opt, "_step_supports_amp_scaling", False)
        scaler = torch.amp.GradScaler("cpu", init_scale=2.0**7, enabled=scaled)
        for call in range(7):
            x, y = batch(call)
            opt.zero_grad()
            scaler.scale(torch.nn.functional.mse_loss(model(x), y)).backward()
            scaler.step(opt)
            scaler.update()
        finals.append([p.detach().clone() for p in model.parameters()])
    assert all(torch.equal(a, b) for a, b in zip(*finals, strict=True))


# ---- accumulation and clipping (P29) --------------------------------------------------------------------------------


@pytest.mark.parametrize("maker", FOUR)
def test_a_cycle_counts_steps_and_not_backward_calls(maker):
    """P29: four parts of a batch, accumulated, are the batch; quarters of small integers add up exactly."""
    whole, parts = (torch.nn.Parameter(torch.zeros(3, dtype=torch.float64)) for _ in range(2))
    one, two = maker([whole]), maker([parts])
    draw = stream(0, "optim", "parts")
    for _ in range(13):
        data = torch.tensor(draw.integers(-8, 8, size=(8, 3)).astype(float))
        one.zero_grad()
        two.zero_grad()
        (data @ whole).mean().backward()
        for quarter in data.split(2):
            ((quarter @ parts).mean() / 4).backward()
        one.step()
        two.step()
        assert torch.equal(whole, parts) and (one.phase, one.grad_evals) == (two.phase, two.grad_evals)


def test_clipping_the_look_ahead_gradient_bounds_the_outer_step():
    w = torch.nn.Parameter(torch.zeros(2, dtype=torch.float64))
    opt = NALA([w], k=1, alpha=0.5, inner=lambda p: torch.optim.SGD(p, lr=0.0))
    for _ in range(2):
        w.grad = torch.tensor([300.0, -400.0], dtype=torch.float64)
        torch.nn.utils.clip_grad_norm_([w], 1.0)
        opt.step()
    assert 0.49 < w.detach().norm().item() <= 0.5  # alpha times a norm that torch clips to just below 1
