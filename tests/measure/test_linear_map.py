"""Anybody's method as a linear map and as a table of steps: rules, functions, Methods, torch factories; refusals."""

from fractions import Fraction

import numpy as np
import pytest

from nala_lab.drive import Method, run, twin_of
from nala_lab.measure import NotLinear, cycle_factors, cycle_matrix, fixed_steps, reference_matrix
from nala_lab.reference import NALA, SGD, Adam, HeavyBall, Lookahead
from tests.refusals import refused

torch = pytest.importorskip("torch")
A = np.array([[2.0, 0.5], [0.5, 1.0]])
# Entries up to 3 from at most 4 gradients of 2 coordinates: some 30 roundings of 1e-16 each.
ROUNDING = 1e-14


def sgd(momentum=0.0, lr=0.1):
    return lambda params: torch.optim.SGD(params, lr=lr, momentum=momentum)


def torch_nala(inner, **settings):
    from nala_lab import optim

    return lambda params: optim.NALA(params, inner=inner, **settings)


def function(theta, grad):
    return theta - 0.1 * grad(theta)


class OwnMomentum:
    """A state of a dict in a tuple, with a counter and an array that only copies."""

    def init(self, theta):
        return (0, {"v": 0 * theta, "copy": theta})

    def step(self, theta, grad, state):
        count, held = state
        v = 0.5 * held["v"] - 0.1 * grad(theta)
        return theta + v, (count + 1, {"v": v, "copy": theta + v})


EVERY_DOOR = {"rule": SGD(0.1), "function": function, "torch": sgd(), "named": Method("SGD", lr=0.1)}


@pytest.mark.parametrize("method", EVERY_DOOR.values(), ids=EVERY_DOOR)
def test_gradient_descent_by_every_door(method):
    m = cycle_matrix(method, A)
    assert np.abs(m.matrix - (np.eye(2) - 0.1 * A)).max() < ROUNDING
    assert (m.gradients, m.memory) == (1, ("x",))


def test_momentum_is_found_by_probing_and_a_copy_of_the_weights_is_no_state():
    own, torchs = cycle_matrix(OwnMomentum(), A), cycle_matrix(sgd(momentum=0.5), A)
    assert own.memory == ("x", "1.v") and torchs.memory == ("x", "momentum_buffer")
    expected = np.block([[np.eye(2) - 0.1 * A, 0.5 * np.eye(2)], [-0.1 * A, 0.5 * np.eye(2)]])
    assert np.abs(own.matrix - expected).max() < ROUNDING
    scale = np.diag([1, 1, -0.1, -0.1])  # v = -lr buffer
    assert np.abs(scale @ torchs.matrix @ np.linalg.inv(scale) - expected).max() < ROUNDING


@pytest.mark.parametrize("how", ["keep", "reset", "pullback"])
def test_two_loops_have_the_map_of_the_twin_with_one_eigenvalue(how):
    settings = {"k": 3, "mu": -0.4, "alpha": 0.2}
    known = reference_matrix(0.7, lr=0.3, beta=0.8, convention=how, **settings)
    known = known[:1, :1] if how == "reset" else known
    rule = cycle_matrix(NALA(HeavyBall(0.3, momentum=0.8), inner_state=how, **settings), [0.7])
    twin = cycle_matrix(torch_nala(sgd(0.8, 0.3), inner_state=how, **settings), [0.7])
    assert np.abs(rule.matrix - known).max() < ROUNDING
    radius = np.abs(np.linalg.eigvals(known)).max()
    assert abs(rule.radius - radius) < ROUNDING and abs(twin.radius - radius) < ROUNDING
    assert rule.gradients == twin.gradients == 4


@pytest.mark.parametrize("method", [NALA(HeavyBall(0.3, momentum=0.8), k=3), sgd(0.8, 0.3)], ids=["rule", "torch"])
def test_factors_of_many_curvatures_are_those_of_one_at_a_time(method):
    lam = np.array([0.0, 0.1, 2.0, 7.0])
    together = cycle_factors(method, lam)
    alone = [cycle_matrix(method, [value]).radius for value in lam]
    # eigenvalues of maps with entries up to 200 (lr lam = 2.1 to the power 3)
    assert np.abs(together.radius - alone).max() < 1e-12


def test_the_factor_is_right_where_a_cycle_ends_at_the_minimiser():
    """There every state of a run is 0, and says nothing of which buffers are copies."""
    lam = np.linspace(0.0, 30.0, 301)
    rho = (1 - 0.1 * lam) * (0.5 * (1 - 0.1 * lam) ** 3 + 0.5)  # T01; zero at lam = 10 and 20
    found = cycle_factors(NALA(SGD(lr=0.1), k=3, mu=-0.5, alpha=0.1), lam)
    assert np.abs(found.radius - np.abs(rho)).max() < ROUNDING * np.abs(rho).max() and rho[200] == 0  # up to 7


@pytest.mark.parametrize("lr", [1e-150, 1e-12, 1.0, 1e12])
def test_units_of_the_weights_and_of_a_buffer_do_not_matter(lr):
    """torch's buffer is a sum of gradients: 1/lr times the weights where lr lam is 0.5."""
    true = np.sqrt(0.9)  # |eigenvalues| of heavy ball below the edge: sqrt(beta)
    lam = np.array([0.5 / lr, 0.1 / lr])
    found = [cycle_matrix(sgd(0.9, lr), [lam[0]]).radius, *cycle_factors(sgd(0.9, lr), lam).radius]
    assert np.abs(np.array(found) - true).max() < 1e-12
    assert cycle_matrix(HeavyBall(0.1, momentum=0.9), [1e-150]).radius == 1.0


def test_a_large_buffer_hides_no_bend():
    class Bent:  # the second weight's step is linear for large gradients only
        def init(self, theta):
            return 0 * theta

        def step(self, theta, grad, v):
            g = grad(theta)
            v = 0.5 * v + g
            bent = np.where(np.abs(g) < 1.0, np.sin(g), g)
            return theta - np.array([1e-13, 0.1]) * bent - np.array([1e-14, 0.0]) * v, v

    with pytest.raises(NotLinear):
        cycle_matrix(Bent(), [1e12, 1.0])


def test_a_mode_that_explodes_hides_no_other_one():
    def bent(theta, grad):  # linear for large gradients only
        g = grad(theta)
        return theta - 0.1 * np.where(np.abs(g) < 1.0, np.sin(g), g)

    with pytest.raises(ValueError, match="one linear map"):
        cycle_factors(bent, [0.1, 1e7])


def test_an_average_that_is_only_looked_at_has_no_say_in_the_rate():
    class WithAverage:
        def init(self, theta):
            return theta

        def step(self, theta, grad, average):
            theta = theta - 0.5 * grad(theta)
            return theta, 0.99 * average + 0.01 * theta

    assert cycle_matrix(WithAverage(), [1.0]).radius == 0.5


class HiddenMemory:
    def __init__(self):
        self.v = 0.0

    def init(self, theta):
        self.v = 0 * theta

    def step(self, theta, grad, state):
        self.v = 0.9 * self.v - 0.1 * grad(theta)
        return theta + self.v, None


class Restart:
    """Heavy ball that forgets its velocity once it points uphill, which no run from rest comes to in three cycles."""

    def init(self, theta):
        return 0 * theta

    def step(self, theta, grad, v):
        g = grad(theta)
        v = 0.9 * (0 * v if np.sum(g * v) > 0 else v) - 0.1 * g
        return theta + v, v


def test_a_restart_that_no_run_from_rest_comes_to_is_no_linear_map():
    """The run falls by 0.4931 a step; the map of a heavy ball, 0.9487, was told."""
    for ask in (cycle_matrix, cycle_factors):
        with pytest.raises(NotLinear, match="drawn at random"):
            ask(Restart(), [1.0])


def test_digits_that_cancel_inside_a_cycle_are_no_nonlinearity():
    inner, grid = HeavyBall(0.1, momentum=0.9), np.geomspace(1e-5, 1e2, 701) / 0.1  # a cycle grows by up to 1e20
    assert cycle_factors(NALA(inner, k=10), grid).gradients == 11


class Slowing:
    def init(self, theta):
        return 1

    def step(self, theta, grad, t):
        return theta - grad(theta) / t, t + 1


@pytest.mark.parametrize(
    "method",
    [Adam(0.1), lambda params: torch.optim.Adam(params), HiddenMemory(), Slowing(), torch.optim.LBFGS,
     lambda theta, grad: theta - 0.1 * np.clip(grad(theta), -5, 5),  # linear for small gradients
     lambda theta, grad: theta - grad(theta) / np.linalg.norm(grad(theta))],
    ids=["Adam", "torch Adam", "hidden memory", "1/t", "L-BFGS", "clip", "normalised"],
)  # fmt: skip
def test_what_is_no_linear_map_is_refused_in_a_sentence(method):
    with pytest.raises(ValueError, match="one linear map of weights and buffers in every cycle"):
        cycle_matrix(method, A)


class StepLR(torch.optim.SGD):
    """lr falls after ten steps."""

    def __init__(self, params):
        super().__init__(params, lr=0.1)
        self.schedule = torch.optim.lr_scheduler.StepLR(self, 10)

    def step(self, closure=None):
        super().step(closure)
        self.schedule.step()


class SAM(torch.optim.SGD):
    """The gradient is taken at a distance from the weights that is no multiple of gradients (Foret et al. 2021)."""

    def step(self, closure=None):
        closure()
        moves = [(p, 0.05 * p.grad / p.grad.norm()) for p in self.param_groups[0]["params"]]
        for p, move in moves:
            p.data.add_(move)
        closure()
        for p, move in moves:
            p.data.sub_(move).sub_(p.grad, alpha=0.1)


class Secant:
    """Barzilai and Borwein: 0/0 where nothing moves."""

    def init(self, theta):
        return None

    def step(self, theta, grad, before):
        g = grad(theta)
        lr = 0.1 if before is None else np.sum((theta - before[0]) ** 2) / np.sum((theta - before[0]) * (g - before[1]))
        return theta - lr * g, (theta, g)


class Late:
    """lr falls once, after `at` steps; or is another one in every `at`-th step."""

    def __init__(self, at, number=int, *, again=False):
        self.at, self.number, self.again = at, number, again

    def init(self, theta):
        return {"t": self.number(0)}

    def step(self, theta, grad, state):
        other = state["t"] % self.at == self.at - 1 if self.again else state["t"] >= self.at
        return theta - (0.01 if other else 0.1) * grad(theta), {"t": self.number(state["t"] + 1)}


class TorchLate(torch.optim.Optimizer):
    def __init__(self, params):
        super().__init__(params, {"lr": 0.1, "done": 0})

    def step(self, closure=None):
        closure()
        for p in self.param_groups[0]["params"]:
            t = self.state[p]["step"] = self.state[p].get("step", torch.zeros(())) + 1
            p.data.sub_(p.grad, alpha=0.1 if t < 5000 else 0.01)


test_what_is_linear_at_first_only_is_refused_too = refused(
    (StepLR, "the same step after 10 others is off"),
    (Late(150), "the same step after 199 others, by its own count, is off"),
    (Late(5000), "the same step after 5000 others, by its own count, is off"),
    (TorchLate, "the same step after 4999 others, by its own count, is off"),
    *((Late(each, again=True), f"the same step after {each - 1} others") for each in (20, 50, 250, 1000, 1024)),
    *((Late(500, kind), "the same step after 500 others") for kind in (np.int64, float, Fraction, np.array)),
    (Secant(), "the step after a run"),
    (SAM, "the step after a run"),
    call=lambda method: cycle_matrix(method, [1.0, 0.5]),
    error=NotLinear,
)


def test_a_tensor_of_one_number_is_no_counter():
    def heavy_ball(params):
        return torch.optim.SGD(params, lr=torch.tensor(0.1, dtype=torch.float64), momentum=0.5)

    assert np.array_equal(cycle_matrix(heavy_ball, [1.0]).matrix, cycle_matrix(sgd(0.5), [1.0]).matrix)


@pytest.mark.parametrize("n", [2, 3, 4, 5, 6, 20])
def test_one_place_that_is_not_as_the_others_is_seen_wherever_it_is(n):
    for place in range(n):
        lr = np.where(np.arange(n) == place, 0.4, 0.1)
        with pytest.raises(NotLinear, match="it tells coordinates apart"):
            cycle_factors(lambda theta, grad, lr=lr: theta - lr * grad(theta), np.linspace(0.5, 1.0, n))


def test_a_table_of_steps_holds_where_gradients_are_taken():
    with pytest.raises(NotLinear, match="random gradients"):
        fixed_steps(SAM, 2)


class InPlaces(torch.optim.SGD):
    """Its step is twice as long in the first place as in the others."""

    def step(self, closure):
        closure()
        for p in self.param_groups[0]["params"]:
            p.data[..., :1].sub_(p.grad[..., :1], alpha=0.1)
            p.data.sub_(p.grad, alpha=0.1)


def test_what_tells_places_apart_has_a_matrix_and_no_factors():
    rows = run("torch", InPlaces, lambda x: x, [1.0, 1.0], steps=1)
    assert np.array_equal(cycle_matrix(InPlaces, [1.0, 1.0]).matrix, np.diag(rows.x[1]))
    assert np.abs(rows.x[1] - [0.8, 0.9]).max() < 1e-15
    with pytest.raises(NotLinear, match="it tells coordinates apart"):
        cycle_factors(InPlaces, np.linspace(0.1, 1.0, 7))


class NoClosure(torch.optim.SGD):
    def step(self):
        pass


def test_a_stranger_with_two_loops_needs_the_steps_of_its_cycle():
    class OthersLookahead(torch.optim.SGD):
        def __init__(self, params):
            super().__init__(params, lr=0.5)
            self.count, self.slow = 0, [p.detach().clone() for p in self.param_groups[0]["params"]]

        def step(self, closure=None):
            super().step(closure)
            self.count += 1
            if self.count % 2 == 0:
                for p, slow in zip(self.param_groups[0]["params"], self.slow, strict=True):
                    self.state[p]["slow"] = slow.lerp_(p.detach(), 0.5)
                    p.data.copy_(slow)

    with pytest.raises(ValueError, match="one linear map"):
        cycle_matrix(OthersLookahead, [1.0])
    m = cycle_matrix(OthersLookahead, [1.0], steps=2)
    assert m.gradients == 2 and abs(m.radius - (0.5 + 0.5 * 0.25)) < ROUNDING


test_a_slip_is_one_sentence = refused(
    (SGD, "a rule is made first: SGD"),
    (3, "a rule, a function .theta, grad., a Method"),
    (torch.optim.SGD([torch.zeros(1)], lr=0.1), "a factory that makes the optimizer of its parameters"),
    (lambda params: params, "a factory of torch optimizers"),
    (lambda theta, grad: 0.9 * theta, "must take a gradient in every step"),
    (lambda theta, grad: grad(theta)[:1], "shape"),
    (lambda theta, grad: None, "must return theta"),
    (lambda theta, grad: theta - 0.1 * grad(theta) + np.ones(3), "must combine arrays of theta's shape"),
    (NoClosure, "an optimizer with step.closure."),
    (torch.nn.Linear(2, 2), "Linear must be made of a list of parameters, got linear"),
    call=lambda method: cycle_matrix(method, A),
)


def test_a_matrix_that_is_none_is_refused():
    turn = np.array([[0.0, 1.0], [-1.0, 0.0]])  # 1e-9 of it is no more symmetric
    for bad in ([[1.0, 2.0]], [[1.0, np.nan], [np.nan, 1.0]], turn, 1e-9 * turn, np.array([1j, 1.0]), []):
        with pytest.raises(ValueError, match="A must satisfy"):
            cycle_matrix(function, bad)


@pytest.mark.parametrize(
    "method",
    [HeavyBall(0.3, momentum=0.8), sgd(0.8, 0.3), Lookahead(SGD(0.3), k=2)],
    ids=["rule", "torch", "two loops"],
)
def test_a_table_of_steps_runs_as_the_method_does(method):
    table = fixed_steps(method, 4)
    x0 = np.array([1.0, -2.0])
    length = {"cycles" if isinstance(method, Lookahead) else "steps": 4}
    rows = run(twin_of(method), method, lambda x: x @ A, x0, **length)
    replayed = run("numpy", table, lambda x: x @ A, x0, steps=4)
    assert np.abs(replayed.x - getattr(rows, "slow", getattr(rows, "x", None))).max() < ROUNDING
    assert np.array_equal(replayed.evals, rows.evals)


def test_a_table_has_no_more_steps_than_it_was_made_of():
    with pytest.raises(ValueError, match="steps must satisfy at most 2, the steps of the table, got steps=3"):
        run("numpy", fixed_steps(SGD(0.5), 2), lambda x: x, [1.0], steps=3)


def test_an_adaptive_method_has_no_table_of_steps():
    for lr in (1e-3, 1e-12):
        with pytest.raises(ValueError, match="add multiples of gradients"):
            fixed_steps(lambda params, lr=lr: torch.optim.Adam(params, lr=lr), 2)
    assert np.array_equal(fixed_steps(sgd(lr=1e-12), 1).iterates, [[1.0, -1e-12]])
    assert np.array_equal(fixed_steps(SGD(0.0), 1).iterates, [[1.0, 0.0]])
