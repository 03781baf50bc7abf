"""Odd but legal rules have their own map, table and cost, or are refused in a sentence: buffers by any number and name,
gradients that are spent here and there, states of any type."""

from itertools import count

import numpy as np
import pytest

from nala_lab.measure import NotLinear, cycle_factors, cycle_matrix, fixed_steps
from tests.refusals import refused

torch = pytest.importorskip("torch")


class Aggregated:
    """Heavy balls side by side, their mean moves (AggMo, Lucas et al. 2018)."""

    def __init__(self, *betas):
        self.betas = betas

    def init(self, theta):
        return (0 * theta,) * len(self.betas)

    def step(self, theta, grad, state):
        g = grad(theta)
        state = tuple(beta * v - g for beta, v in zip(self.betas, state, strict=True))
        return theta + 0.1 / len(state) * sum(state), state


@pytest.mark.parametrize("betas", [(0.5, 0.9), (0.5, 0.9, 0.99), (0.0, 0.9, 0.99, 0.999), (0.1, 0.3, 0.5, 0.7, 0.9)])
def test_no_buffer_is_dropped_however_many_there_are(betas):
    a, b = 0.1 / len(betas), np.array(betas)
    true = np.vstack([np.append(1 - len(b) * a, a * b), np.column_stack([-np.ones(len(b)), np.diag(b)])])
    radius = np.abs(np.linalg.eigvals(true)).max()
    for found in (cycle_factors(Aggregated(*betas), [1.0]).radius, cycle_matrix(Aggregated(*betas), [1.0]).radius):
        assert abs(found - radius) < 1e-12  # eigenvalues 1e-3 apart magnify roundings of 1e-16 a thousand times


class Delayed:
    """A step along the gradient of `lag` steps before."""

    def __init__(self, lag):
        self.lag = lag

    def init(self, theta):
        return (0 * theta,) * self.lag

    def step(self, theta, grad, state):
        return theta - 0.1 * state[0], (*state[1:], grad(theta))


@pytest.mark.parametrize("lag", [1, 2, 3, 4])
def test_a_delayed_gradient_has_the_roots_of_its_recurrence(lag):
    roots = np.roots([1, -1, *[0] * (lag - 1), 0.1])  # x' = x - 0.1 x of `lag` steps before
    # roots 0.1 apart at least, of numbers up to 1: as above
    assert abs(cycle_factors(Delayed(lag), [1.0]).radius[0] - np.abs(roots).max()) < 1e-12


class Ball:
    """Heavy ball that remembers the weights before under a name of its own."""

    def __init__(self, name):
        self.name = name

    def init(self, theta):
        return {self.name: theta}

    def step(self, theta, grad, state):
        return theta - 0.1 * grad(theta) + 0.9 * (theta - state[self.name]), {self.name: theta}


class TorchBall(torch.optim.Optimizer):
    def __init__(self, params):
        super().__init__(params, {})

    def step(self, closure):
        closure()
        for p in self.param_groups[0]["params"]:
            before = self.state[p].setdefault("x", p.detach().clone())
            moved = p.detach() - 0.1 * p.grad + 0.9 * (p.detach() - before)
            before.copy_(p.detach())
            p.data.copy_(moved)


@pytest.mark.parametrize("method", [Ball("y"), Ball("x"), TorchBall])
def test_a_buffer_may_have_any_name(method):
    assert abs(cycle_factors(method, [1.0]).radius[0] - np.sqrt(0.9)) < 1e-12  # below the edge: sqrt(beta)


def ahead(theta, grad):
    """An extragradient step that spends nothing more where it stands still."""
    g = grad(theta)
    return theta if not g.any() else theta - 0.1 * grad(theta - 0.1 * g)


class Ahead(torch.optim.Optimizer):
    def __init__(self, params):
        super().__init__(params, {})

    def step(self, closure):
        closure()
        (p,) = self.param_groups[0]["params"]
        if p.grad.any():
            x = p.detach().clone()
            p.data.sub_(0.1 * p.grad)
            closure()
            p.data.copy_(x - 0.1 * p.grad)


def test_gradients_are_counted_away_from_the_minimiser():
    found = cycle_factors(ahead, [1.0])
    assert found.gradients == 2 and abs(found.per_gradient[0] - np.sqrt(0.91)) < 1e-12  # 1 - 0.1 (1 - 0.1)
    assert cycle_factors(lambda theta, grad: theta - grad(theta), [1.0]).gradients == 1  # ends there in one step
    for table in (fixed_steps(Ahead, 2), fixed_steps(ahead, 2)):
        assert table.spent == (2, 4)


class Sometimes:
    def init(self, theta):
        return 0

    def step(self, theta, grad, t):
        for _ in range(2 * (t % 20 == 19)):
            grad(theta)
        return theta - 0.1 * grad(theta), t + 1


class Small:
    """Counts in a type that holds no round number above 127."""

    def init(self, theta):
        return np.int8(0)

    def step(self, theta, grad, t):
        return theta - 0.1 * grad(theta), np.int8(min(t + 1, 100))


class Half(torch.optim.Optimizer):
    def __init__(self, params):
        super().__init__(params, {})
        self.state["calls"] = 0  # no dict of a parameter's

    def step(self, closure):
        closure()
        (p,) = self.param_groups[0]["params"]
        v = self.state[p].setdefault("v", torch.zeros_like(p, dtype=torch.bfloat16))
        v.mul_(0.9).add_(p.grad)
        p.data.sub_(0.1 * v)


class ByLoss(torch.optim.Optimizer):
    def __init__(self, params):
        super().__init__(params, {})

    def step(self, closure):
        if torch.isfinite(closure()):
            for p in self.param_groups[0]["params"]:
                p.data.sub_(0.1 * p.grad)


def by_size(theta, grad):
    return theta - grad(theta) / np.sqrt(theta.size)


def by_norm(theta, grad):
    g = grad(theta)
    return theta - 0.1 / float(np.linalg.norm(g)) * g


CALLS = count()


def by_whim(theta, grad):
    return theta - 0.1 * sum(grad(theta) for _ in range(1 + next(CALLS) % 7))


def test_a_small_counter_is_a_counter():
    assert cycle_matrix(Small(), [1.0]).matrix == 0.9


test_what_has_no_map_of_its_own_is_refused = refused(
    (cycle_factors, Sometimes(), "its cycles spend 1 to 3 gradients"),
    (cycle_factors, by_size, "it looks at that number"),
    (lambda method, lam: cycle_factors(method, lam * 4), by_size, "it looks at that number"),
    (cycle_matrix, by_norm, "it leaves the numbers"),
    (cycle_matrix, ByLoss, "it may look at the loss"),
    (cycle_matrix, Half, "one linear map"),
    (lambda method, _: fixed_steps(method, 2), by_norm, "adaptive or nonlinear"),
    (lambda method, _: fixed_steps(method, 2), by_whim, "another number of gradients each time"),
    call=lambda function, method: function(method, [1.0]),
    error=NotLinear,
)
