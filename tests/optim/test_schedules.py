"""What a training step has around the optimizer: schedulers, scaled gradients, accumulation, clipping, compilation."""

import math

import pytest
import torch
from torch._dynamo.utils import counters

from nala_lab.core import stream
from nala_lab.optim import NALA, Adam
from tests.optim.training import FOUR, SCHEDULERS, advance, batch, equal, loss_on, lrs, network, train, trained, weights


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
            advance(plan)
        assert opt.param_groups[0]["lr"] == bare.param_groups[0]["lr"]
        assert tuple(opt.param_groups[0]["betas"]) == tuple(bare.param_groups[0]["betas"])
        used.add(opt.param_groups[0]["lr"])
    assert len(used) > 1
    assert (getattr(opt, "alpha", None), getattr(opt, "mu", None)) in [(1e-3, -0.5), (0.5, None), (None, None)]


# ---- gradient scaling (P26) -----------------------------------------------------------------------------------------


FUSED = {
    "torch's inside": lambda p: NALA(p, k=2, alpha=0.3, inner=lambda held: torch.optim.Adam(held, lr=0.01, fused=True)),
    "ours inside": lambda p: NALA(p, k=2, alpha=0.3, inner=lambda held: Adam(held, lr=0.01, fused=True)),
    "ours": lambda p: Adam(p, lr=0.01, fused=True),
}


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16])
@pytest.mark.parametrize("make", FUSED.values(), ids=FUSED)
def test_a_fused_adam_is_unscaled_by_the_scaler(make, dtype):
    """torch's would by itself, but the outer step needs the true gradient, and not every step of ours is fused."""
    finals = []
    for scaled in (True, False):
        model = network(dtype)
        opt, scaler = make(model.parameters()), torch.amp.GradScaler("cpu", init_scale=2.0**7, enabled=scaled)
        for call in range(7):
            opt.zero_grad()
            scaler.scale(loss_on(model, call)).backward()
            for p in model.parameters():  # what lies otherwise than its weight cannot be fused; at call 3 all overflows
                p.grad = p.grad.mT.contiguous().mT * (math.inf if call == 3 else 1) if p.dim() == 2 else p.grad
            if scaled or call != 3:
                scaler.step(opt)
                scaler.update()
        finals.append(weights(model))
    assert equal(*finals)


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


# ---- torch.compile: the optimizer is left out of the graph, so no cycle compiles anew (P33) --------------------------


def losses(name, backend):
    """The loss of each call, the phase after it, and how many graphs had been compiled by then."""
    torch._dynamo.reset()
    model, opt = trained(name)
    plan = lrs.ExponentialLR(opt, 0.9)

    def training_step(x, y):
        opt.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x), y)
        loss.backward()
        opt.step()
        return loss

    run = training_step if backend is None else torch.compile(training_step, backend=backend)
    seen, phases, graphs = [], [], []
    for call in range(12):
        seen.append(run(*batch(call)).item())
        plan.step()
        phases.append(opt.phase)
        graphs.append(counters["stats"]["unique_graphs"])
    return seen, phases, graphs


@pytest.mark.filterwarnings("ignore")  # torch's own, about profiling and about code it does not trace
@pytest.mark.parametrize("backend", ["eager", pytest.param("inductor", marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", ["NALA", "Lookahead", "AdaBelief", "AdaLA"])
def test_a_compiled_training_step_is_the_same_and_compiles_once(name, backend):
    """P33: three cycles of NALA with a scheduler; no graph is made after the first call."""
    eager, phases, _ = losses(name, None)
    compiled, same_phases, graphs = losses(name, backend)
    assert same_phases == phases and graphs[0] > 0 and graphs[-1] == graphs[0]
    # inductor fuses forward and backward pass: sums of up to 8 terms in another order, carried through 12 steps
    assert max(abs(a - b) for a, b in zip(compiled, eager, strict=True)) <= (backend != "eager") * 1e-4 * max(eager)
