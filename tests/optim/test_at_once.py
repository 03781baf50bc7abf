"""The default inner optimizer calls torch's fused kernel itself where it can, and has the bits of torch's own step."""

import pytest
import torch

from nala_lab.optim.adam import Adam

ONE, TWO = (torch.float32, torch.float32), (torch.float32, torch.float64)
# What is asked for, types of two weights, what happens before a step, and whether the kernel is called at once.
CASES = {
    "plain": ({}, ONE, lambda opt, params, t: None, True),
    "options": ({"weight_decay": 0.1, "maximize": True, "eps": 1e-3}, ONE, lambda opt, params, t: None, True),
    "frozen": ({}, ONE, lambda opt, params, t: setattr(params[t % 2], "grad", None), True),
    "schedule": ({}, ONE, lambda opt, params, t: opt.param_groups[0].update(lr=0.1 / (t + 1)), True),
    "tensor lr": ({"lr": torch.tensor(0.1)}, ONE, lambda opt, params, t: None, False),
    "amsgrad": ({"amsgrad": True}, ONE, lambda opt, params, t: None, False),
    "two types": ({}, TWO, lambda opt, params, t: None, False),
}  # fmt: skip


def trained(kind, types, options, before):
    """Weights after seven steps, their state, and what every call of the shorter way answered."""
    draw = torch.Generator().manual_seed(3)
    starts = [torch.randn(shape, generator=draw).to(t) for shape, t in zip(((), (3, 2)), types, strict=True)]
    params = [torch.nn.Parameter(start) for start in starts]
    opt, answers = kind(params, fused=True, **options), []
    shorter = getattr(opt, "_at_once", None)  # ours only
    opt._at_once = lambda: answers.append(shorter()) or answers[-1]
    for t in range(7):
        for p in params:
            p.grad = torch.randn(p.shape, generator=draw).to(p.dtype)
        before(opt, params, t)
        opt.step()
    return params, opt.state, answers


@pytest.mark.parametrize("name", CASES)
def test_the_bits_are_torch_s(name):
    options, types, before, at_once = CASES[name]
    theirs, their_state, _ = trained(torch.optim.Adam, types, options, before)
    ours, our_state, answers = trained(Adam, types, options, before)
    assert answers[0] is False and set(answers[2:]) == {at_once}  # the first step makes the state
    for p, q in zip(ours, theirs, strict=True):
        assert torch.equal(p, q)
        assert all(torch.equal(our_state[p][key], their_state[q][key]) for key in their_state[q])
