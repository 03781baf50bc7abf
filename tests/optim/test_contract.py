"""The torch.optim contract: hooks, closures, groups, schedulers, kinds of parameters, any inner optimizer."""

import copy

import pytest
import torch

from nala_lab.core import stream
from nala_lab.optim import NALA, AdaBelief, AdaLA, Lookahead, OuterMomentum
from tests.optim.training import FOUR, equal, feed, loss_on, network, train, trained, weights


def given(*shape, name="contract"):
    return torch.tensor(stream(0, "optim", name).normal(size=shape))


COSTS = {  # gradients of each of the first calls
    "NALA": [1, 1, 1, 1, 1],
    "NALA-same": [1, 1, 2, 1, 1, 2],
    "Lookahead": [1, 1, 1, 1],
    "AdaBelief": [1, 1],
    "AdaLA": [1, 1, 1, 1],
    "AdaLA-same": [2, 2, 2],
    "AdaLA-lagged": [1, 1],
}


def test_a_plain_value_under_a_key_of_ones_own_in_the_state_does_no_harm():
    opt = Lookahead([torch.nn.Parameter(torch.ones(1))])
    opt.state["epoch"] = 5
    feed(opt, 1.0)
    assert opt.state["epoch"] == 5 and opt.phase == 1


@pytest.mark.parametrize("name", COSTS)
def test_a_closure_is_called_once_for_each_gradient_spent_and_with_gradients_on(name):
    """P28: and the loss that comes back is that of the first point of the call."""
    model, opt = trained(name)
    for cost in COSTS[name]:
        losses = []

        def closure(losses=losses):
            assert torch.is_grad_enabled()
            opt.zero_grad()
            losses.append(loss_on(model, 0))
            losses[-1].backward()
            return losses[-1]

        before = opt.grad_evals
        assert opt.step(closure) is losses[0]
        assert len(losses) == cost == opt.grad_evals - before
    assert not any(p.requires_grad for own in opt.state.values() for p in own.values() if isinstance(p, torch.Tensor))


def test_nala_keeps_one_copy_of_the_parameters_and_adala_two_more_than_adam():
    model = network()
    size = sum(p.numel() for p in model.parameters())
    for maker, copies in ((NALA, {1}), (Lookahead, {1}), (AdaBelief, {2}), (AdaLA, {4}), (OuterMomentum, {2})):
        opt = maker(model.parameters())
        held = set()
        for call in range(6):
            train(model, opt, call, call + 1)
            tensors = [v for own in opt.state.values() for key, v in own.items() if key not in ("step", "probed")]
            held.add(sum(t.numel() for t in tensors) // size)
        assert held == copies


def test_a_closure_that_fails_leaves_a_state_to_go_on_from():
    """Out of memory at y_t, say: the next call takes the outer step."""
    for name in ("NALA-same", "AdaLA-same"):
        finals = []
        for failing in (False, True):
            model, opt = trained(name, 2)
            calls = []

            def closure(failing=failing, opt=opt, model=model, calls=calls):
                calls.append(opt.phase)
                if failing and len(calls) == 2:
                    raise MemoryError
                opt.zero_grad()
                loss_on(model, 2).backward()

            if failing:
                with pytest.raises(MemoryError):
                    opt.step(closure)
            opt.step(closure)
            finals.append(weights(model))
        assert equal(*finals)


# ---- kinds of parameters (P32) ------------------------------------------------------------------------------------


KINDS = {"0-dim": given(), "empty": given(0, 3), "non-contiguous": given(3, 2).t(),
         "complex": torch.complex(given(3, 2), given(3, 2, name="imaginary"))}  # fmt: skip


@pytest.mark.parametrize("maker", [lambda p: NALA(p, k=2, alpha=0.1), *FOUR[1:]])
@pytest.mark.parametrize("kind", KINDS)
def test_unusual_parameters_follow_the_usual_ones(maker, kind):
    real, back = (torch.view_as_real, torch.view_as_complex) if kind == "complex" else (torch.Tensor.detach,) * 2
    odd = torch.nn.Parameter(KINDS[kind].clone())
    usual = torch.nn.Parameter(real(odd.detach()).clone(memory_format=torch.contiguous_format))
    pair = maker([odd]), maker([usual])
    for call in range(7):
        usual.grad = given(*usual.shape, name=f"gradient {call}")
        odd.grad = back(usual.grad)
        for opt in pair:
            opt.step()
        assert real(odd.detach()).shape == usual.shape
        torch.testing.assert_close(real(odd.detach()), usual.detach(), rtol=1e-14, atol=1e-14)  # lerp of a complex
        with pair[0].slow_weights():  # rounds otherwise
            pass
    pair[0].load_state_dict(copy.deepcopy(pair[0].state_dict()))
    assert all(not v.is_complex() for key, v in pair[0].state.get(odd, {}).items() if "exp_avg" in key)


def test_tied_parameters_take_one_step():
    w, twin = torch.nn.Parameter(torch.ones(2)), torch.nn.Parameter(torch.ones(2))
    tied = torch.nn.ModuleList([torch.nn.Linear(2, 2), torch.nn.Linear(2, 2)])
    tied[1].weight = tied[0].weight
    assert len(NALA(tied.parameters())._params()) == 3
    with pytest.warns(UserWarning, match="duplicate parameters"):
        double = AdaBelief([w, w])
    single = AdaBelief([twin])
    w.grad, twin.grad = torch.ones(2), torch.ones(2)
    double.step()
    single.step()
    assert torch.equal(w, twin)


@pytest.mark.parametrize("maker", [AdaBelief, AdaLA])
def test_sparse_gradients_are_refused_before_anything_moves(maker):
    table = torch.nn.Embedding(4, 2, sparse=True)
    dense = torch.nn.Parameter(torch.ones(1))
    opt = maker([dense, *table.parameters()])
    (dense * table(torch.tensor([1])).sum()).backward()
    with pytest.raises(ValueError, match="a dense gradient, got grad.layout=torch.sparse_coo .*SparseAdam"):
        opt.step()
    assert dense.item() == 1.0 and opt.phase == 0


def test_sparse_gradients_work_where_the_inner_optimizer_takes_them():
    finals = []
    for sparse in (True, False):
        table = torch.nn.Embedding(4, 2, sparse=sparse, dtype=torch.float64, _weight=given(4, 2))
        opt = NALA(table.parameters(), k=2, alpha=0.3, inner=lambda p: torch.optim.SGD(p, lr=0.1))
        for call in range(7):
            opt.zero_grad()
            (table(torch.tensor([(0, 2, 3)[call % 3], 1])) ** 2).sum().backward()
            opt.step()
        finals.append(table.weight.detach())
    assert torch.equal(*finals)


def test_maximize_turns_the_outer_step_too():
    up, down = torch.nn.Parameter(given(3)), torch.nn.Parameter(given(3))
    rising = NALA([up], k=2, alpha=0.3, inner=lambda p: torch.optim.SGD(p, lr=0.1, maximize=True))
    falling = NALA([down], k=2, alpha=0.3, inner=lambda p: torch.optim.SGD(p, lr=0.1))
    for call in range(7):
        feed(rising, given(3, name=call))
        feed(falling, -given(3, name=call))
    assert torch.equal(up, down)


def test_an_inner_step_without_a_closure_will_do():
    class Signs(torch.optim.Optimizer):
        def __init__(self, params):
            super().__init__(params, {"lr": 0.25})

        @torch.no_grad()
        def step(self):  # as tutorials write it
            for p in self.param_groups[0]["params"]:
                p -= 0.25 * p.grad.sign()

    w = torch.nn.Parameter(torch.tensor([4.0, -2.0]))
    opt = NALA([w], inner=Signs, k=2, mu=0.0, alpha=0.0)
    for _ in range(3):
        feed(opt, 2.0)
    assert w.tolist() == [3.5, -2.5]


def test_lbfgs_works_with_reset_and_a_closure_and_is_refused_otherwise():
    model = network(torch.float64)
    lbfgs = lambda p: torch.optim.LBFGS(p, lr=0.5, max_iter=3)  # noqa: E731
    with pytest.raises(ValueError, match="inner_state must satisfy 'reset' around L-BFGS, got inner_state='keep'"):
        NALA(model.parameters(), inner=lbfgs)
    opt = NALA(model.parameters(), k=2, alpha=0.05, inner=lbfgs, inner_state="reset")
    with pytest.raises(ValueError, match="closure must satisfy .*L-BFGS"):
        opt.step()
    train(model, opt, 0, 6)
    assert opt.phase == 0 and opt.grad_evals > 6 and all(torch.isfinite(p).all() for p in model.parameters())
