"""Rules of your own: what keeps to the protocol runs like the lab's; each slip is one sentence with the rule's name."""

import re
from collections import namedtuple

import numpy as np
import pytest

from nala_lab.reference import NALA, SGD, Adam, Cycle, CycleState, HeavyBall, Lookahead, OuterMomentum, inner_loop, run
from nala_lab.reference.feasible import Ball
from nala_lab.reference.rules import is_ours
from nala_lab.reference.two_loop import start

A = np.array([[2.0, 0.5], [0.5, 1.0]])
X0 = [1.0, 2.0]
KEEPS = ("all", "slow", "last")


def grad(x):
    return x @ A


class Momentum:
    """HeavyBall as somebody else writes it: state in a dict, buffers written in place."""

    def __init__(self, lr, momentum):
        self.lr, self.momentum = lr, momentum

    def init(self, theta):
        return {"v": np.zeros_like(theta), "t": 0}

    def step(self, theta, grad, state):
        state["v"] *= self.momentum
        state["v"] -= self.lr * grad(theta)
        state["t"] += 1
        return theta + state["v"], state


class Mine(SGD):
    """A subclass elsewhere is somebody else's rule."""


class Mixed:
    """NALA by hand, from the shared parts."""

    k = 3

    def init(self, theta):
        return start(HeavyBall(0.1), theta)

    def cycle(self, grad, state):
        fast, inner_grads, inner = inner_loop(HeavyBall(0.1), self.k, state, grad)
        y = 0.5 * fast[-1] + 0.5 * state.phi
        g = grad(y)
        phi = y - 0.2 * g
        return Cycle(fast, inner_grads, y, g, CycleState(phi, phi, inner, {}))


def descent(x, grad):
    return x - 0.1 * grad(x)


PAIRS = [
    (Momentum(0.1, 0.5), HeavyBall(0.1, 0.5), {"steps": 8}),
    (Mine(0.1), SGD(0.1), {"steps": 8}),
    (descent, SGD(0.1), {"steps": 8}),
    (Mixed(), NALA(HeavyBall(0.1), k=3, mu=-0.5, alpha=0.2), {"cycles": 8}),
    (NALA(Momentum(0.1, 0.5), k=3), NALA(HeavyBall(0.1, 0.5), k=3), {"cycles": 8}),
    (Lookahead(Mine(0.1), k=3), Lookahead(SGD(0.1), k=3), {"cycles": 8}),
    (OuterMomentum(Mine(0.1), k=3), OuterMomentum(SGD(0.1), k=3), {"cycles": 8}),
]


@pytest.mark.parametrize("keep", KEEPS)
@pytest.mark.parametrize(("own", "ours", "length"), PAIRS, ids=[repr(b) for _, b, _ in PAIRS])
def test_your_own_rule_runs_like_the_labs(own, ours, length, keep):
    a, b = (vars(run(rule, grad, X0, keep=keep, **length)) for rule in (own, ours))
    assert not is_ours(own) and is_ours(ours)
    for name, value in b.items():
        if name == "method":
            assert "0x" not in a[name]
        elif isinstance(value, np.ndarray):
            # one product more or less in the momentum: a few roundings of numbers below 3, in each of 24 steps
            np.testing.assert_allclose(a[name], value, rtol=0, atol=24 * 8 * 2.3e-16 * 3, err_msg=name)
        else:
            assert repr(a[name]) == repr(value), name


def step(body):
    """A rule whose step is `body`, with a state of one zero."""
    return type("Own", (), {"init": lambda self, theta: 0 * theta, "step": body})()


class Writes:
    def init(self, theta):
        return None

    def step(self, theta, grad, state):
        theta -= 0.1 * grad(theta)
        return theta, state


class WritesGradient(Writes):
    def step(self, theta, grad, state):
        g = grad(theta)
        g *= 0.1
        return theta - g, state


class Reuses(Writes):
    """Returns the same array from every step."""

    def init(self, theta):
        self.theta = theta.copy()

    def step(self, theta, grad, state):
        self.theta -= 0.1 * grad(theta)
        return self.theta, state


class NoInit:
    def step(self, theta, grad, state):
        return theta, state


class NoArguments(NoInit):
    def init(self):
        return None


class InitInPlace(Writes):
    def init(self, theta):
        theta[:] = 0.0


class TwoArguments(Writes):
    def step(self, theta, grad):
        return theta - grad(theta), None


Optimizer = namedtuple("Optimizer", "init step")


def late(self, theta, grad, state):
    """Right twice, then no state."""
    state = state + 1
    return (theta - 0.1 * grad(theta), state) if state[0] < 3 else theta - 0.1 * grad(theta)


SLIPS = [
    (Writes(), "Writes must leave theta and gradients as they are, got a write into one in place"),
    (WritesGradient(), "WritesGradient must leave theta and gradients as they are"),
    (Reuses(), "Reuses must leave theta and gradients as they are"),
    (InitInPlace(), "InitInPlace must leave theta and gradients as they are"),
    (NoInit(), "NoInit must have init(theta), the state before the first step, got none (it may return None)"),
    (NoArguments(), "NoArguments must take (theta) in its init, got init()"),
    (TwoArguments(), "TwoArguments must take (theta, grad, state) in its step, got step(theta, grad)"),
    (step(lambda self, x, grad, s: x - grad(x)), "Own must return (theta, state) from step(theta, grad, state), got one"
     " array of shape (2,) (the state is None when nothing is remembered)"),
    (step(lambda self, x, grad, s: (x - grad(x),)), "Own must return (theta, state) from step(theta, grad, state), got "
     "a tuple of 1"),
    (step(lambda self, x, grad, s: (x, s, grad(x))), "got a tuple of 3"),
    (step(lambda self, x, grad, s: grad(x) is None), "Own must return (theta, state) from step(theta, grad, state), got"
     " bool False"),
    (step(lambda self, x, grad, s: grad(x) and None if False else None), "got None"),
    (step(late), "Own must return (theta, state) from step(theta, grad, state), got one array of shape (2,)"),
    (step(lambda self, x, grad, s: (x - grad(x), None)), "Own must return the state that follows from its step, got "
     "None (init gave a ndarray)"),
    (step(lambda self, x, grad, s: (0.9 * x, s)), "Own must take a gradient in every step, got a step without"),
    (step(lambda self, x, grad, s: ((x - grad(x))[:1], s)), "Own must return theta from its step as float64 of shape "
     "(2,), got float64 of shape (1,)"),
    (step(lambda self, x, grad, s: ((x - grad(x))[None], s)), "got float64 of shape (1, 2)"),
    (step(lambda self, x, grad, s: (np.float32(x - grad(x)), s)), "got float32 of shape (2,)"),
    (step(lambda self, x, grad, s: (x - 1j * grad(x), s)), "got complex128 of shape (2,)"),
    (step(lambda self, x, grad, s: (np.sign(x - grad(x)).astype(int), s)), "got int64 of shape (2,)"),
    (step(lambda self, x, grad, s: (list(x - grad(x)), s)), "as float64 of shape (2,), got list ["),
    (step(lambda self, x, grad, s: (s, grad(x[:1]))), "the point of a gradient must satisfy the shape of x, (2,), got"),
    (lambda x: x, "<lambda> must take (theta, grad), got <lambda>(x)"),
    (lambda x, grad: (x - grad(x), None), "<lambda> must return theta alone, got a tuple of 2"),
    (lambda x, grad: 0.9 * x, "<lambda> must take a gradient in every step"),
    (lambda x, grad: None, "<lambda> must return theta from its step as float64 of shape (2,), got None"),
    (Adam(0.1, feasible=type("Cut", (), {"project": lambda self, y, weight: y[:1]})()), "Adam must return theta from"),
    (Optimizer, "method must satisfy an instance from nala_lab.reference, a rule of your own with init and step"),
]  # fmt: skip


@pytest.mark.parametrize("keep", KEEPS)
@pytest.mark.parametrize(("rule", "sentence"), SLIPS, ids=[s[:50] + str(i) for i, (_, s) in enumerate(SLIPS)])
def test_a_slip_is_one_sentence_with_the_name_of_the_rule(rule, sentence, keep):
    with pytest.raises(ValueError, match=re.escape(sentence)) as told:
        run(rule, grad, X0, steps=5, keep=keep)
    assert "\n" not in str(told.value)


@pytest.mark.parametrize("keep", KEEPS)
@pytest.mark.parametrize("around", [NALA, Lookahead, OuterMomentum])
@pytest.mark.parametrize(("rule", "sentence"), [s for s in SLIPS[:-1] if hasattr(s[0], "init")],
                         ids=[s[:50] for r, s in SLIPS[:-1] if hasattr(r, "init")])  # fmt: skip
def test_the_same_slip_inside_two_loops_names_the_inner_rule(rule, sentence, around, keep):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        run(around(rule, k=3), grad, X0, cycles=4, keep=keep)


def cycle(change):
    """Mixed, whose cycle is changed by `change`."""
    return type("Own", (Mixed,), {"cycle": lambda self, grad, state: change(Mixed.cycle(self, grad, state))})()


TWO_LOOP_SLIPS = [
    (cycle(lambda c: c.state), "Own must return Cycle(fast, inner_grads, y, outer_grad, state) from cycle(grad, "),
    (cycle(lambda c: None), "from cycle(grad, state), got None"),
    (cycle(lambda c: c._replace(state=None)), "Own must return state.phi from its cycle as float64 of shape (2,), got"),
    (cycle(lambda c: c._replace(y=c.y[:1])), "Own must return y from its cycle as float64 of shape (2,), got float64"),
    (cycle(lambda c: c._replace(outer_grad=None)), "Own must return outer_grad from its cycle"),
    (type("NoStep", (Mixed,), {"k": 0})(), "NoStep must have k, the number of inner steps of a cycle, got int 0"),
    (type("NoK", (Mixed,), {"k": None})(), "NoK must have k, the number of inner steps of a cycle, got None"),
    (type("Bare", (Mixed,), {"init": lambda self, theta: theta})(), "Bare must return state.phi from its init"),
    (type("Idle", (Mixed,), {"cycle": lambda self, grad, s: Cycle([s.phi] * 4, [s.phi] * 3, s.phi, s.phi, s)})(),
     "Idle must take a gradient in every cycle"),
]  # fmt: skip


@pytest.mark.parametrize("keep", KEEPS)
@pytest.mark.parametrize(("rule", "sentence"), TWO_LOOP_SLIPS, ids=[s for _, s in TWO_LOOP_SLIPS])
def test_a_slip_in_a_cycle_is_one_sentence_too(rule, sentence, keep):
    with pytest.raises(ValueError, match=re.escape(sentence)):
        run(rule, grad, X0, cycles=4, keep=keep)


def test_a_cycle_has_as_many_fast_weights_as_k_says():
    with pytest.raises(ValueError, match=re.escape("Own must return k + 1 = 4 fast weights and k = 3 inner gradients")):
        run(cycle(lambda c: c._replace(fast=c.fast[1:])), grad, X0, cycles=4)


def test_a_fault_inside_a_rule_keeps_its_own_error():
    with pytest.raises(ZeroDivisionError):
        run(step(lambda self, x, grad, s: (x / (1 // 0), s)), grad, X0, steps=1)
    with pytest.raises(ValueError, match="^my own word$"):
        run(step(lambda self, x, grad, s: (_ for _ in ()).throw(ValueError("my own word"))), grad, X0, steps=1)


def test_a_part_of_an_array_that_is_written_again_does_not_change_the_past():
    class Window(Reuses):
        def init(self, theta):
            self.theta = np.stack([theta, theta])

        def step(self, theta, grad, state):
            self.theta[0] = theta - 0.1 * grad(theta)
            return self.theta[0], state

    t, want = (run(NALA(inner, k=3), grad, X0, cycles=4) for inner in (Window(), SGD(0.1)))
    assert np.array_equal(t.slow, want.slow) and np.array_equal(t.fast, want.fast)


def test_a_cycle_by_hand_is_guarded_as_well():
    nala, x0 = NALA(Writes(), k=2), np.array(X0)
    with pytest.raises(ValueError, match="Writes must leave theta"):
        nala.cycle(grad, nala.init(x0))
    assert x0.tolist() == X0 and x0.flags.writeable


def test_a_projection_of_your_own_is_checked_and_the_labs_is_not():
    assert is_ours(NALA(Adam(feasible=Ball(0.0, 1.0))))
    assert not is_ours(NALA(Adam(feasible=type("Mine", (), {})())))
    assert not is_ours(NALA(Mine(0.1)))


class Named:
    """A rule that names a momentum buffer, with a state of another kind."""

    momentum_fields = ("m",)

    def __init__(self, state):
        self.state = state

    def init(self, theta):
        return self.state

    def step(self, theta, grad, state):
        return theta - 0.1 * grad(theta), state


@pytest.mark.parametrize(
    ("state", "words"),
    [({"m": 0.0}, "Named must have m, one of its momentum_fields, in the state that init returns, got dict"),
     (type("Own", (), {"m": 0.0})(), "Named must have a NamedTuple as its state when inner_state='pullback', got Own")],
)  # fmt: skip
def test_a_momentum_that_is_not_there_is_named(state, words):
    with pytest.raises(ValueError, match=words):
        run(NALA(Named(state), inner_state="pullback"), lambda x: x, [1.0], cycles=2)


def test_a_class_is_no_inner_rule():
    with pytest.raises(ValueError, match="inner must satisfy a rule with init"):
        NALA(SGD)
