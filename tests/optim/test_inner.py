"""Any inner optimizer: wrapped before its first step, trained, saved inside a cycle, resumed to the last bit."""

import pytest
import torch

from nala_lab.optim import NALA, Lookahead
from tests.optim.training import CALLS, K, network, train

# SparseAdam takes sparse gradients only, and LBFGS a closure and inner_state="reset": they have tests of their own.
TORCH = [
    name
    for name in ("ASGD", "Adadelta", "Adafactor", "Adagrad", "Adam", "AdamW", "Adamax", "Muon", "NAdam", "RAdam")
    + ("RMSprop", "Rprop", "SGD")
    if hasattr(torch.optim, name)
]
OTHERS = ["AdaBelief", "AdaBound", "Adan", "Lion", "RAdam", "Yogi"]
INNERS = [f"torch {name}" for name in TORCH] + [f"pytorch-optimizer {name}" for name in OTHERS]


def inner_optimizer(name):
    package, _, kind = name.partition(" ")
    if package == "torch":
        make = getattr(torch.optim, kind)
    else:
        make = getattr(pytest.importorskip("pytorch_optimizer"), kind)
    keep = (lambda p: p.ndim == 2) if kind == "Muon" else (lambda p: True)  # Muon is for matrices
    return lambda params: make([p for p in params if keep(p)], lr=0.01)


def weights(model):
    return [p.detach().clone() for p in model.parameters()]


def equal(a, b):
    return all(torch.equal(x, y) for x, y in zip(a, b, strict=True))


def test_no_optimizer_of_torch_is_forgotten():
    kinds = {name for name, kind in vars(torch.optim).items() if isinstance(kind, type)}
    assert kinds - set(TORCH) == {"LBFGS", "Optimizer", "SparseAdam"}


@pytest.mark.parametrize("name", INNERS)
def test_its_lazy_set_up_is_not_disturbed(name):
    """P23: with k=1 and alpha=1 the wrapper is the inner optimizer itself, and its state has the same keys."""
    make = inner_optimizer(name)
    bare_model, model = network(), network()
    bare = make(bare_model.parameters())
    opt = Lookahead(model.parameters(), k=1, alpha=1.0, inner=make)
    assert len(opt.inner.state) == len(bare.state)
    train(bare_model, bare, 0, 4)
    train(model, opt, 0, 4)
    assert equal(weights(model), weights(bare_model))
    for p, q in zip(model.parameters(), bare_model.parameters(), strict=True):
        assert set(opt.inner.state.get(p, {})) == set(bare.state.get(q, {}))


@pytest.mark.parametrize("inner_state", ["keep", "reset"])
@pytest.mark.parametrize("name", INNERS)
def test_it_resumes_from_inside_a_cycle(name, inner_state):
    """P21; into an optimizer that was built with another lr, k and inner_state."""
    make = inner_optimizer(name)
    for stop in (K - 1, K, K + 2):  # before y_t, at y_t, inside the second cycle
        model, other_model = network(), network()
        opt = NALA(model.parameters(), k=K, inner=make, inner_state=inner_state)
        train(model, opt, 0, stop)
        other = NALA(other_model.parameters(), inner=make)
        for group in other.param_groups:
            group["lr"] = 0.5
        other.load_state_dict(opt.state_dict())
        other_model.load_state_dict(model.state_dict())
        train(model, opt, stop, CALLS)
        train(other_model, other, stop, CALLS)
        assert equal(weights(model), weights(other_model)), f"stopped after call {stop}"


@pytest.mark.parametrize("name", INNERS)
def test_reset_is_a_new_optimizer_at_every_synchronisation(name):
    """P6: moments and counters together, wherever the optimizer keeps them."""
    make = inner_optimizer(name)
    bare_model, model = network(), network()
    opt = Lookahead(model.parameters(), k=2, alpha=1.0, inner=make, inner_state="reset")
    for cycle in range(3):
        bare = make(bare_model.parameters())
        train(bare_model, bare, 2 * cycle, 2 * cycle + 2)
        train(model, opt, 2 * cycle, 2 * cycle + 2)
        assert equal(weights(model), weights(bare_model))


def test_sparse_adam_can_be_wrapped():
    finals = []
    for wrapped in (True, False):
        table = torch.nn.Embedding(4, 2, sparse=True, _weight=torch.arange(8.0).reshape(4, 2))
        make = torch.optim.SparseAdam
        params = list(table.parameters())
        opt = Lookahead(params, k=1, alpha=1.0, inner=make) if wrapped else make(params)
        for call in range(5):
            opt.zero_grad()
            (table(torch.tensor([call % 4, 1])) ** 2).sum().backward()
            opt.step()
        finals.append(table.weight.detach())
    assert torch.equal(*finals)
