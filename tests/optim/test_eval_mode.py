"""eval() puts the slow weights in place and train() the run back; and every kind of batch that a loader yields."""

import copy
from collections import OrderedDict, UserDict, namedtuple
from dataclasses import dataclass

import pytest
import torch

from nala_lab.optim import Lookahead
from tests.optim.training import CALLS, MAKERS, batch, equal, network, train, weights

Pair = namedtuple("Pair", "inputs targets")


@pytest.mark.parametrize("name", MAKERS)
def test_a_state_saved_after_eval_resumes_the_run_bit_for_bit(name):
    """As trainers do: evaluate, and save the model that was evaluated and the optimizer, inside a cycle."""
    for stop in range(1, CALLS):
        plain, model = network(), network()
        reference, opt = MAKERS[name](plain.parameters()), MAKERS[name](model.parameters())
        train(plain, reference, 0, CALLS)
        train(model, opt, 0, stop)
        opt.eval()
        saved = copy.deepcopy(model.state_dict()), opt.state_dict()
        resumed = network()
        other = MAKERS[name](resumed.parameters())
        resumed.load_state_dict(saved[0])
        other.load_state_dict(saved[1])
        for action in (other.step, other.sync):
            with pytest.raises(RuntimeError, match=r"after eval\(\): call train\(\) before training goes on"):
                action()
        other.train()
        train(resumed, other, stop, CALLS)
        assert equal(weights(resumed), weights(plain))
        opt.load_state_dict(opt.state_dict())  # accelerate moves optimizers so, in eval mode too
        twin_model, twin = copy.deepcopy((model, opt))
        for one_model, one in ((model, opt), (twin_model, twin)):
            one.train()
            train(one_model, one, stop, CALLS)
            assert equal(weights(one_model), weights(plain))
        assert not any("run" in own for own in other.state.values())


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
        w.grad = torch.ones(2)
        opt.step()
    before = w.detach().clone()
    opt.eval()
    opt.eval()
    assert torch.equal(w, torch.ones(2) if calls == 1 else 0.5 * before)
    opt.train()
    opt.train()
    assert opt.inner.calls == ("eval", "train") and torch.equal(w, before)


# ---- what a loader yields -------------------------------------------------------------------------------------------


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
    "named tuple": Pair(x, None),
    "nested": ((x,), None),
    "dict": {"inputs": x, "idx": 3},
    "ordered": OrderedDict(inputs=x, labels=None),
    "user dict": UserDict(inputs=x),
    "dataclass": Batch(x),
}


@pytest.mark.parametrize("kind", KINDS)
def test_whatever_a_loader_yields_is_shown_to_the_model(kind):
    model = Named()
    opt = Lookahead(model.parameters())
    with opt.slow_weights(model, recompute_bn=[KINDS[kind]] * 2):
        torch.testing.assert_close(model.norm.running_mean, x.mean(0))
        torch.testing.assert_close(model.norm.running_var, x.var(0))
    assert (model.norm.running_mean == 0).all()


def test_a_model_that_takes_the_whole_batch_gets_it():
    model = Whole()
    with Lookahead(model.parameters()).slow_weights(model, recompute_bn=[{"inputs": x}]):
        torch.testing.assert_close(model.norm.running_mean, x.mean(0))


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
