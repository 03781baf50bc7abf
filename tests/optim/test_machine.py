"""Random sequences of everything a run may do, against the same in pure NumPy values."""

import copy
import io
import warnings
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, settings, stateful
from hypothesis import strategies as st
from hypothesis.stateful import initialize, invariant, precondition, rule

from nala_lab.core import stream
from nala_lab.optim import NALA, AdaBelief, AdaLA, Lookahead
from tests.optim import pure

SHAPES = ((2, 3), (), (4,))
DECAY = 0.875  # of the scheduler
ADAPTIVE = {"betas": (pure.BETA1, pure.BETA2), "eps": pure.EPS}
TWO_LOOPS = st.builds(
    pure.Method, st.sampled_from(["lookahead", "nala"]), st.integers(1, 3), st.sampled_from([-1.0, -0.5, 0.0, 0.25]),
    st.sampled_from(["sgd", "adam"]), st.sampled_from(["keep", "reset", "pullback"]),
)  # fmt: skip
ONE_LOOP = st.sampled_from(["adala", "adabelief"]).map(pure.Method)
METHODS = st.integers(0, 4).flatmap(lambda n: TWO_LOOPS if n else ONE_LOOP)
MASKS = st.lists(st.lists(st.booleans(), min_size=12, max_size=12), min_size=1, max_size=5)


def inner(method, lr):
    if method.inner == "sgd":
        return lambda params: torch.optim.SGD(params, lr=lr, momentum=pure.MOMENTUM)
    return lambda params: torch.optim.Adam(params, lr=lr, **ADAPTIVE)


def build(method, groups, lr, alpha, k=None):
    """The torch optimizer of a method; `k` other than the method's is what a load must overrule."""
    groups = [{"params": params} for params in groups]
    if method.kind == "adala":
        return AdaLA(groups, lr=lr, **ADAPTIVE)
    if method.kind == "adabelief":
        return AdaBelief(groups, lr=lr, **ADAPTIVE)
    loop = {"k": k or method.k, "alpha": alpha, "inner": inner(method, lr), "inner_state": method.inner_state}
    return NALA(groups, mu=method.mu, **loop) if method.kind == "nala" else Lookahead(groups, **loop)


class Machine(stateful.RuleBasedStateMachine):
    """Three parameters at first; gradients and new parameters come from named streams, in the order they are asked."""

    @initialize(method=METHODS, alpha=st.sampled_from([0.0, 0.25, 0.5, 1.0]))
    def start(self, method, alpha):
        self.method, self.drawn, self.saved = method, 0, None
        values = [self.draw(shape) for shape in SHAPES]
        none = (None,) * len(values)
        self.pure = pure.State(tuple(values), (0,) * len(values), (0.125,), alpha, inner=none, anchor=none)
        self.scale, self.good = 16.0, 0
        self.fresh(0.125, alpha, method.k)

    def draw(self, shape):
        self.drawn += 1
        return stream(0, "machine", self.drawn).normal(size=shape)

    def fresh(self, lr, alpha, k):
        """New parameters, optimizer, scheduler and scaler, at the weights of the pure state."""
        params = [torch.nn.Parameter(torch.tensor(value)) for value in self.pure.theta]
        groups = [[p for p, g in zip(params, self.pure.group, strict=True) if g == i] for i in range(len(self.pure.lr))]
        self.opt = build(self.method, groups, lr, alpha, k)
        self.plan = torch.optim.lr_scheduler.ExponentialLR(self.opt, DECAY)
        self.scaler = torch.amp.GradScaler("cpu", init_scale=16.0, growth_interval=3)

    @property
    def params(self):
        return [p for group in self.opt.param_groups for p in group["params"]]

    def gradients(self, present):
        return [self.draw(value.shape) if here else None for value, here in zip(self.pure.theta, present, strict=False)]

    # ---- what a run may do ------------------------------------------------------------------------------------------

    def give(self, grads, scale=1.0):
        for p, g in zip(self.params, grads, strict=True):
            p.grad = None if g is None else torch.tensor(g * scale)
        return torch.tensor(7.0)

    @rule(masks=MASKS, closure=st.booleans())
    def step(self, masks, closure):
        """A few calls; a mask says which parameters have a gradient."""
        for present in masks:
            grads = self.gradients(present)
            self.pure = pure.step(self.method, self.pure, grads)
            if closure:
                assert self.opt.step(lambda grads=grads: self.give(grads)) == 7.0
            else:
                self.give(grads)
                self.opt.step()
            self.agrees()

    @rule(present=st.lists(st.booleans(), min_size=12, max_size=12), overflow=st.booleans())
    def scaled_step(self, present, overflow):
        grads = self.gradients([True, *present])
        self.scaler.scale(torch.zeros(()))
        self.give(grads, self.scale)
        if overflow:
            self.params[0].grad.view(-1)[0] = torch.inf
        self.scaler.step(self.opt)
        self.scaler.update()
        if overflow:
            self.scale, self.good = self.scale / 2, 0
            return
        self.pure = pure.step(self.method, self.pure, grads)
        self.good = (self.good + 1) % 3
        self.scale *= 2 if self.good == 0 else 1

    @rule()
    def schedule(self):
        """P15: an inner step takes the lr that stands when it is called, at a boundary of a cycle too."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # torch's, where no step was taken yet
            self.plan.step()
        self.pure = replace(self.pure, lr=tuple(lr * DECAY for lr in self.pure.lr))

    @precondition(lambda self: len(self.pure.lr) < 4)
    @rule(shapes=st.lists(st.sampled_from(SHAPES), min_size=1, max_size=3))
    def add_param_group(self, shapes):
        values = [self.draw(shape) for shape in shapes]
        self.pure = pure.add_group(self.pure, tuple(values), 0.0625)
        self.opt.add_param_group({"params": [torch.nn.Parameter(torch.tensor(v)) for v in values], "lr": 0.0625})

    @precondition(lambda self: self.method.two_loops)
    @rule(alpha=st.sampled_from([0.0, 0.125, 0.75]))
    def assign_alpha(self, alpha):
        self.opt.alpha = alpha
        self.pure = replace(self.pure, alpha=alpha)

    @rule()
    def sync(self):
        self.opt.sync()
        self.pure = pure.sync(self.method, self.pure)

    @rule(inside=st.booleans(), on_disk=st.booleans())
    def save(self, inside, on_disk):
        if inside:
            with self.opt.slow_weights():
                saved = self.whole_state()
            kept = pure.sync(self.method, self.pure)
        else:
            saved, kept = self.whole_state(), self.pure
        if on_disk:
            file = io.BytesIO()
            torch.save(saved, file)
            file.seek(0)
            saved = torch.load(file, weights_only=True)
        self.saved = saved, kept, self.scale, self.good

    def whole_state(self):
        weights = [p.detach().clone() for p in self.params]
        return weights, self.opt.state_dict(), self.plan.state_dict(), self.scaler.state_dict()

    @precondition(lambda self: self.saved is not None)
    @rule(new=st.booleans())
    def load(self, new):
        (weights, state, plan, scaler), kept, self.scale, self.good = self.saved
        now = [p.shape for p in self.params], len(self.opt.param_groups)
        self.pure = kept
        if new or now != ([w.shape for w in weights], len(kept.lr)):
            self.fresh(0.5, 0.3, 7)
        with torch.no_grad():
            for p, w in zip(self.params, weights, strict=True):
                p.copy_(w)
        self.opt.load_state_dict(state)
        self.plan.load_state_dict(plan)
        self.scaler.load_state_dict(scaler)

    @rule()
    def copy(self):
        self.opt, self.plan = copy.deepcopy((self.opt, self.plan))

    @rule(fail=st.booleans())
    def look(self, fail):
        try:
            with self.opt.slow_weights(), self.opt.slow_weights():
                self.require(self.params, pure.slow_weights(self.pure), "the slow weights")
                if fail:
                    raise KeyError
        except KeyError:
            assert fail

    # ---- what must hold after each of them --------------------------------------------------------------------------

    @invariant()
    def agrees(self):
        if not hasattr(self, "opt"):
            return
        assert (self.opt.phase, self.opt.grad_evals) == (self.pure.phase, self.pure.evals)
        assert tuple(group["lr"] for group in self.opt.param_groups) == self.pure.lr
        assert self.scaler.get_scale() == self.scale
        assert not hasattr(self.opt, "inner") or self.opt.param_groups is self.opt.inner.param_groups
        self.require(self.params, self.pure.theta, "the weights")

    def require(self, params, values, what):
        # at most 160 calls of some 20 roundings, 2^-53 each of numbers below 8; eps = 1e-2 keeps every quotient tame
        allowed = 160 * 20 * 8 * 2.0**-53
        for p, value in zip(params, values, strict=True):
            assert p.shape == value.shape and np.abs(p.detach().numpy() - value).max(initial=0) <= allowed, what


def run(sequences):
    checks = list(HealthCheck)
    stateful.run_state_machine_as_test(
        Machine, settings=settings(max_examples=sequences, stateful_step_count=40, suppress_health_check=checks)
    )


def test_random_sequences_agree_with_the_pure_model():
    run(50)


@pytest.mark.slow
def test_a_thousand_random_sequences_agree_with_the_pure_model():
    run(1000)
