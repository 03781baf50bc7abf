"""Which weights: slow_weights() shows phi and puts everything back; sync() ends a run at phi (P1, P7, P9, P31)."""

import copy
from collections import OrderedDict, UserDict, namedtuple
from dataclasses import dataclass

import pytest
import torch

from nala_lab.optim import NALA, Lookahead, OuterMomentum
from tests.optim.training import CALLS, MAKERS, K, batch, equal, feed, network, train, trained, weights


@pytest.mark.parametrize("name", MAKERS)
def test_phi_is_what_the_weights_were_when_the_cycle_began(name):
    model, opt = trained(name)
    phi = weights(model)
    phases = set()
    for call in range(CALLS):
        if opt.phase == 0 and not opt._mid_step:
            phi = weights(model)
        if name == "NALA-released" and call == 1:
            phi = [torch.zeros_like(p) for p in phi]  # phi_0
        phases.add(opt.phase)
        with opt.slow_weights(model):
            assert equal(weights(model), phi)
        train(model, opt, call, call + 1)
    expected = {"NALA": K + 1, "NALA-pullback": K + 1, "NALA-Adagrad-reset": K + 1, "NALA-AdaLA": 3, "NALA-same": K,
                "NALA-released": K, "OuterMomentum": K, "OuterMomentum-alpha": K + 1, "AdaLA-same": 1,
                "AdaLA-lagged": 1}  # fmt: skip
    usual = {"Lookahead": K, "AdaBelief": 1, "AdaLA": 2}
    assert phases == set(range(expected[name] if name in expected else usual[name.partition("-")[0]]))


def test_batchnorm_statistics_are_those_of_the_slow_weights():
    """The plain average over the batches of mean and unbiased variance of the layer's inputs under phi."""
    model = network()
    opt = Lookahead(model.parameters(), lr=0.1, k=K)
    train(model, opt, 0, K + 2)
    kept = copy.deepcopy(model[1].state_dict())
    batches = [batch(20), batch(21), batch(22)]
    model.eval()
    with opt.slow_weights(model, recompute_bn=batches):
        assert not model.training and not model[1].training and model[1].momentum == 0.1
        inputs = [model[0](x) for x, _ in batches]
        mean = sum(x.mean(0) for x in inputs) / 3
        variance = sum(x.var(0) for x in inputs) / 3
        torch.testing.assert_close(model[1].running_mean, mean)
        torch.testing.assert_close(model[1].running_var, variance)
    assert all(torch.equal(value, model[1].state_dict()[key]) for key, value in kept.items())


def test_dropout_in_the_estimation_leaves_the_random_state():
    """And frozen layers keep their mode."""
    model = torch.nn.Sequential(torch.nn.Linear(4, 4), torch.nn.Dropout(), torch.nn.BatchNorm1d(4))
    model[2].eval()
    opt = Lookahead(model.parameters())
    state = torch.get_rng_state()
    with opt.slow_weights(model, recompute_bn=[batch(0)]):
        assert model[2].num_batches_tracked == 1
    assert torch.equal(torch.get_rng_state(), state)
    assert model.training and not model[2].training and model[2].num_batches_tracked == 0


def test_wrong_use_is_one_clear_sentence():
    model = network()
    opt = NALA(model.parameters())
    with pytest.raises(ValueError, match="model must satisfy the module whose BatchNorm .*recompute_bn was given"):
        opt.slow_weights(recompute_bn=[]).__enter__()
    with pytest.raises(ValueError, match="model must satisfy a module that holds parameters of this optimizer"):
        opt.slow_weights(copy.deepcopy(model)).__enter__()
    with pytest.raises(ValueError, match="model must satisfy a module that holds .*got model='list'"):
        opt.slow_weights([torch.ones(2)]).__enter__()
    with pytest.raises(ValueError, match="recompute_bn must satisfy an iterable of batches.*got recompute_bn=True"):
        opt.slow_weights(model, recompute_bn=True).__enter__()
    with opt.slow_weights():
        for action in (opt.step, opt.sync, lambda: opt.load_state_dict({})):
            with pytest.raises(RuntimeError, match="inside slow_weights"):
                action()


@pytest.mark.parametrize("calls", range(1, 8))
def test_a_checkpoint_between_two_outer_cycles_keeps_the_place_of_an_inner_cycle(calls):
    """Two slow loops, one in the other, end their cycles at different calls."""
    ends = []
    for inside in (True, False):
        w = torch.nn.Parameter(torch.ones(3))
        opt = Lookahead([w], k=2, inner=lambda p: NALA(p, lr=0.1, k=3, inner_state="pullback"))
        for g in range(calls):
            feed(opt, g - 1.5)
        if inside:
            with opt.slow_weights():
                w, opt = copy.deepcopy((w, opt))
        opt.sync()
        for g in range(5):
            feed(opt, g - 2.5)
        ends.append(w)
    assert torch.equal(*ends)


@pytest.mark.parametrize("inner", ["sgd", "adam"])
def test_a_momentum_that_begins_late_in_a_cycle_is_settled_in_the_checkpoint_too(inner):
    """Found by test_machine.py: no gradient at the first step, so no anchor was there when the momentum came."""
    make = (lambda p: torch.optim.SGD(p, lr=0.1, momentum=0.9)) if inner == "sgd" else torch.optim.Adam
    w = torch.nn.Parameter(torch.ones(3))
    opt = Lookahead([w], k=3, inner=make, inner_state="pullback")
    opt.step()
    feed(opt, 1.0)
    with opt.slow_weights():
        start, saved = w.detach().clone(), opt.state_dict()
    other_w = torch.nn.Parameter(start)
    other = Lookahead([other_w], k=3, inner=make, inner_state="pullback")
    other.load_state_dict(saved)
    opt.sync()
    for g in (2.0, -1.0, 0.5):
        feed(opt, g)
        feed(other, g)
        assert torch.equal(w, other_w)


# ---- parameters that come, go, freeze, or are changed from outside ------------------------------------------------


@pytest.mark.parametrize("maker", [NALA, Lookahead])
def test_a_layer_that_is_frozen_does_not_drift(maker):
    """P7: from the start, from mid-cycle on, and thawed; that it is synchronised is asked in tests/audit."""
    frozen, moving = (torch.nn.Parameter(torch.linspace(0.1, 0.9, 50)) for _ in range(2))
    how = {"mu": -0.3} if maker is NALA else {"alpha": 0.7}  # 0.7 x + 0.3 x is not always x
    opt = maker([frozen, moving], k=2, inner=lambda p: torch.optim.SGD(p, lr=0.1), **how)
    start = frozen.detach().clone()
    feed(opt, None, 1.0)
    for _ in range(2 if maker is NALA else 1):  # frozen after the first of two inner steps
        feed(opt, None, None)
    settled = moving.detach().clone()
    assert opt.phase == 0 and not torch.equal(settled, start)
    for _ in range(7):  # nothing has a gradient any more
        feed(opt, None, None)
        assert torch.equal(frozen, start) and torch.equal(moving, settled)
    opt.sync()
    feed(opt, 1.0, None)  # and thawed inside a cycle it begins from where it stood
    opt.sync()
    assert torch.equal(frozen, start)


@pytest.mark.parametrize("dtype", [torch.uint8, torch.int8, torch.bool, torch.float8_e4m3fn])
@pytest.mark.parametrize("maker", [NALA, Lookahead, OuterMomentum])
def test_quantised_weights_are_left_alone(maker, dtype):
    """The frozen base under an adapter: torch has no arithmetic for its types, and no optimizer moves it."""
    frozen = torch.nn.Parameter(torch.tensor([1.0, 0.0]).to(dtype), requires_grad=False)
    model = torch.nn.ParameterList([torch.ones(2), frozen])
    before = frozen.detach().clone()
    opt, alone = maker(model.parameters(), k=2), maker([torch.nn.Parameter(torch.ones(2))], k=2)
    for call in range(7):
        feed(opt, 1.0 + call, None)
        feed(alone, 1.0 + call)
        with opt.slow_weights(model), alone.slow_weights():
            assert torch.equal(model[0], alone.param_groups[0]["params"][0])
        opt.eval()
        opt.load_state_dict(opt.state_dict())
        opt.train()
    opt.add_param_group({"params": [torch.nn.Parameter(before.clone(), requires_grad=False)]})
    feed(opt, 1.0, None, None)
    feed(alone, 1.0)
    assert torch.equal(model[0], alone.param_groups[0]["params"][0])
    assert torch.equal(frozen.view(torch.uint8), before.view(torch.uint8)) and not opt.state.get(frozen)


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_slow_weights_in_half_precision_keep_their_further_digits(dtype):
    """P27: increments of alpha times the fast ones are far below the spacing of the weights."""
    w = torch.nn.Parameter(torch.full((4,), 100.0, dtype=dtype))
    exact = torch.nn.Parameter(torch.full((4,), 100.0))
    inner = lambda p: torch.optim.SGD(p, lr=1.0)  # noqa: E731
    narrow, wide = (Lookahead([p], k=1, alpha=0.01, inner=inner) for p in (w, exact))
    for _ in range(300):
        feed(narrow, 1.0)
        feed(wide, 1.0)
    assert (exact - 97.0).abs().max() < 0.01
    # between two roundings to `dtype` the fast step of 1 is off by at most half a spacing at 100: 0.25, times alpha
    assert (narrow.state[w]["slow"] - exact).abs().max() <= 300 * 0.01 * 0.25 + 0.25
    assert (w != 100.0).all()


@pytest.mark.parametrize("dtype", [torch.float32, torch.bfloat16, torch.float16])
@pytest.mark.parametrize("make", [
    lambda w, inner: NALA([w], k=2, alpha=0.5, inner=inner),
    lambda w, inner: OuterMomentum([w], k=2, alpha=0.5, inner=inner),
], ids=["NALA", "OuterMomentum"])  # fmt: skip
@pytest.mark.parametrize("gradient", [0.0, 1.0, None])
def test_weights_that_somebody_writes_at_y_are_those_that_the_outer_step_moves(make, dtype, gradient):
    w = torch.nn.Parameter(torch.tensor([4.0], dtype=dtype))
    opt = make(w, lambda p: torch.optim.SGD(p, lr=0.5))
    for _ in range(2):
        feed(opt, 1.0)
    w.data.fill_(0.25)
    feed(opt, gradient)
    assert opt.phase == 0 and w.item() == 0.25 - 0.5 * (gradient or 0.0)
    feed(opt, 0.0)  # and the next cycle begins there
    assert opt.state[w]["slow"].item() == w.item()


# ---- an inner optimizer with two sets of weights, and what a loader yields -------------------------------------------


class Counting(torch.optim.SGD):
    """An inner optimizer with two sets of weights: its eval() halves them, and its train() does not quite undo that."""

    calls = ()

    @torch.no_grad()
    def _both(self, name, factor):
        self.calls = (*self.calls, name)
        for group in self.param_groups:
            for p in group["params"]:
                p.mul_(factor)

    def eval(self):
        self._both("eval", 0.5)

    def train(self):
        self._both("train", 1.9)


@pytest.mark.parametrize("calls", [1, 2])
def test_an_inner_optimizer_with_both_calls_gets_them(calls):
    """Inside a cycle the slow weights are shown; between two, what the inner optimizer shows."""
    w = torch.nn.Parameter(torch.ones(2))
    opt = Lookahead([w], k=2, inner=lambda p: Counting(p, lr=0.5))
    for _ in range(calls):
        feed(opt, 1.0)
    before = w.detach().clone()
    opt.eval()
    opt.eval()
    assert torch.equal(w, torch.ones(2) if calls == 1 else 0.5 * before)
    opt.train()
    opt.train()
    assert opt.inner.calls == ("eval", "train") and torch.equal(w, before)


@pytest.mark.parametrize("calls", range(9))
def test_two_loops_around_two_loops_show_what_slow_weights_shows(calls):
    w = torch.nn.Parameter(torch.full((1,), 4.0))
    opt = Lookahead([w], k=2, inner=lambda q: NALA(q, k=4, inner=lambda r: torch.optim.SGD(r, lr=0.1)))
    for _ in range(calls):
        w.grad = w.detach().clone()
        opt.step()
    before = w.detach().clone()
    with opt.slow_weights():
        shown = w.detach().clone()
    opt.eval()
    assert torch.equal(w, shown)
    opt.train()
    assert torch.equal(w, before)


class Named(torch.nn.Module):
    """A network whose forward names its arguments, as those of transformers do."""

    def __init__(self):
        super().__init__()
        self.norm = torch.nn.BatchNorm1d(4)

    def forward(self, inputs, labels=None):
        return self.norm(inputs)


class Whole(Named):
    """One that takes the batch as it comes, as those of Lightning may."""

    def forward(self, batch):
        return self.norm(batch["inputs"])


@dataclass
class Batch:
    inputs: torch.Tensor
    weight: float = 1.0


x = batch(0)[0]
KINDS = {
    "tensor": x,
    "tuple": (x, batch(0)[1]),
    "list": [x, batch(0)[1]],
    "named tuple": namedtuple("Pair", "inputs targets")(x, None),
    "nested": ((x,), None),
    "dict": {"inputs": x, "idx": 3},
    "ordered": OrderedDict(inputs=x, labels=None),
    "user dict": UserDict(inputs=x),
    "dataclass": Batch(x),
    "whole": {"inputs": x},
}


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_a_loader_yields_is_shown_to_the_model(kind):
    model = Whole() if kind == "whole" else Named()
    opt = Lookahead(model.parameters())
    with opt.slow_weights(model, recompute_bn=[KINDS[kind]] * 2):
        torch.testing.assert_close(model.norm.running_mean, x.mean(0))
        torch.testing.assert_close(model.norm.running_var, x.var(0))
    assert (model.norm.running_mean == 0).all()


def test_no_batch_is_refused_and_leaves_everything_as_it_was():
    model = network()
    opt = Lookahead(model.parameters())
    train(model, opt, 0, 2)
    before, buffers = weights(model), copy.deepcopy(dict(model.named_buffers()))
    used_up = iter([batch(0)])
    with opt.slow_weights(model, recompute_bn=used_up):
        pass
    for nothing in (used_up, [], iter(())):
        with pytest.raises(ValueError, match="recompute_bn must satisfy an iterable that yields batches.*no batch was"):
            opt.slow_weights(model, recompute_bn=nothing).__enter__()
    assert equal(weights(model), before) and all(torch.equal(b, buffers[n]) for n, b in model.named_buffers())
    opt.step()
