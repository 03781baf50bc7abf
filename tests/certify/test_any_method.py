"""The worst case of any linear rule from its own code: published constants, your own rules, and what is refused."""

import math

import numpy as np
import pytest

from nala_lab.certify import worst_case, worst_case_of
from nala_lab.certify.any_method import Nonlinear, Vector
from nala_lab.drive import Method
from nala_lab.measure import NotLinear
from nala_lab.reference import NAG, NALA, SGD, AdaBelief, AdaLA, Adam, HeavyBall, Lookahead
from nala_lab.theory import worst_functions as formulas
from tests.refusals import refused
from tests.verify.mutants import plant

pytest.importorskip("PEPit", reason="needs the extra 'certificates'")
pytest.importorskip("clarabel", reason="needs the extra 'certificates'")
pytestmark = pytest.mark.filterwarnings("ignore:Solution may be inaccurate")
NEAR = 1e-5  # the solver works to 1e-7 on the Gram scale; observed 2e-6 at worst


class Fast:
    """Nesterov's method with the sequence t_{i+1} = (1 + sqrt(1 + 4 t_i^2)) / 2; n steps end at x_n."""

    def __init__(self, n):
        self.n = n

    def init(self, x):
        return x, 1.0, 1

    def step(self, y, grad, state):
        before, t, i = state
        x = y - grad(y)
        t_next = (1 + math.sqrt(1 + 4 * t * t)) / 2
        ahead = 0.0 if i == self.n else (t - 1) / t_next
        return x + ahead * (x - before), (x, t_next, i + 1)


class Best:
    """Kim and Fessler's optimized gradient method; its worst value has a closed form, 1 / (2 theta_N^2)."""

    def __init__(self, n):
        self.theta = [1.0]
        for i in range(n):
            factor = 8 if i == n - 1 else 4
            self.theta.append((1 + math.sqrt(1 + factor * self.theta[-1] ** 2)) / 2)

    def init(self, x):
        return x, 0

    def step(self, x, grad, state):
        y_before, i = state
        a, b = self.theta[i : i + 2]
        y = x - grad(x)
        return y + (a - 1) / b * (y - y_before) + a / b * (y - x), (y, i + 1)


def test_gradient_descent_has_its_published_constants():
    for n in (1, 2, 4):  # Drori and Teboulle 2014: L R^2 / (4 N + 2), and N = 1, h = 1.5 / L by their formula
        w = worst_case_of(SGD(0.5), L=2.0, steps=n, metric="value")
        assert w.value == pytest.approx(2 / (4 * n + 2), rel=NEAR)
    for h, L, m in ((1.0, 1.0, 0.1), (1.6, 1.0, 0.3)):  # max(|1 - h m|, |1 - h L|)^(2 N)
        w = worst_case_of(SGD(h), L=L, m=m, steps=2)
        assert w.value == pytest.approx(max(abs(1 - h * m), abs(1 - h * L)) ** 4, abs=NEAR)
    w = worst_case_of(SGD(1.0), L=1.0, steps=3, metric="gradient")  # 1 / (N + 1)^2, from ||x_0 - x*|| <= 1
    assert w.value == pytest.approx(1 / 16, abs=NEAR)


def test_heavy_ball_and_nesterovs_method_have_theirs():
    assert worst_case_of(HeavyBall(1.0, momentum=0.2), L=1.0, m=0.1, steps=4).value == pytest.approx(0.35988, abs=NEAR)
    for n in (1, 3):  # theirs is the shipped gradient descent where momentum is zero
        plain = worst_case_of(NAG(1.0, momentum=0.0), L=1.0, steps=n, metric="value").value
        assert plain == pytest.approx(1 / (4 * n + 2), rel=NEAR)
    # the table of Kim and Fessler 2016: L R^2 over these, to the digits that are printed
    for n, printed in ((1, 6.00), (2, 10.00), (3, 15.13), (4, 21.35)):
        assert 1 / worst_case_of(Fast(n), L=1.0, steps=n, metric="value").value == pytest.approx(printed, abs=0.005)
    for n in (1, 2, 3):
        assert worst_case_of(Best(n), L=1.0, steps=n, metric="value").value == pytest.approx(
            1 / (2 * Best(n).theta[-1] ** 2), rel=NEAR
        )


def test_the_shipped_nag_is_eq_2_written_out_here():
    from PEPit import PEP
    from PEPit.functions import SmoothStronglyConvexFunction

    problem, beta, lr = PEP(), 0.6, 0.8
    f = problem.declare_function(SmoothStronglyConvexFunction, L=1.0, mu=0.1)
    best, x = f.stationary_point(), problem.set_initial_point()
    problem.add_constraint((x - best) ** 2 <= 1)
    before = x
    for _ in range(4):
        y = x + beta * (x - before)
        before, x = x, y - lr * f.gradient(y)
    problem.set_performance_metric((x - best) ** 2)
    wanted = problem.solve(wrapper="cvxpy", solver="CLARABEL", verbose=0)
    for form in ("eq1", "eq2"):
        w = worst_case_of(NAG(lr, momentum=beta, form=form), L=1.0, m=0.1, steps=4)
        assert w.value == pytest.approx(wanted, abs=NEAR), form
        assert w.replay() == pytest.approx(w.primal, abs=2e-4)  # sqrt of the solver's tolerance


@pytest.mark.parametrize("L", (1e-6, 1.0, 1e6, np.float32(2)))
def test_units_change_nothing_but_units(L):
    for metric, unit in (("distance", 1.0), ("value", L), ("gradient", L**2)):
        one = worst_case_of(NALA(SGD(1.0), k=2, mu=-0.5, alpha=1.0), L=1.0, m=0.1, cycles=1, metric=metric)
        w = worst_case_of(NALA(SGD(1 / L), k=2, mu=-0.5, alpha=1 / L), L=L, m=0.1 * L, cycles=1, metric=metric)
        assert w.value / unit == pytest.approx(one.value, rel=NEAR), metric
        assert w.replay() / unit == pytest.approx(one.primal, rel=2e-4)
        assert w.slack / L >= -1e-6


def test_the_labs_own_numbers():
    setting = dict(L=1.0, m=0.1, lr=1.0, k=2, mu=-0.5, alpha=1.0)
    nala = NALA(SGD(1.0), k=2, mu=-0.5, alpha=1.0)
    assert worst_case_of(nala, L=1.0, m=0.1, cycles=1).value == pytest.approx(
        formulas.distance_factor(**setting) ** 2, abs=NEAR
    )
    bound = formulas.value_bound(**{k: v for k, v in setting.items() if k != "m"}, cycles=2)
    assert worst_case_of(nala, L=1.0, cycles=2, metric="value").value == pytest.approx(bound, abs=NEAR)
    for k, squared in ((1, 0.585225), (2, 0.414092), (3, 0.393939)):
        w = worst_case_of(NALA(SGD(1.0), k=k, mu=0.5, alpha=1.0), L=1.0, m=0.1, cycles=1)
        assert w.value == pytest.approx(squared, abs=NEAR)


def test_by_name_by_rule_and_by_numbers_it_is_one_programme():
    rule = Lookahead(SGD(0.7), k=2, alpha=0.5)
    name = Method("Lookahead", inner=Method("SGD", lr=0.7), k=2, alpha=0.5)
    found = {worst_case_of(m, L=2.0, m=0.6, cycles=1).value for m in (rule, name)}
    found.add(worst_case(L=2.0, m=0.6, lr=0.7, k=2, mu=-0.5, alpha=0.0).value)
    assert len(found) == 1
    with pytest.raises(ValueError, match="twin must satisfy 'numpy'"):
        worst_case_of(rule, L=2.0, m=0.6, cycles=1).replay("torch")


@pytest.mark.parametrize("word", ("steps", "cycles"))
def test_a_torch_factory_attains_its_worst_case_too(word):
    optim, torch = (pytest.importorskip(name) for name in ("nala_lab.optim", "torch"))
    factories = {
        "steps": lambda params: torch.optim.SGD(params, lr=0.5, momentum=0.3),
        "cycles": lambda params: optim.NALA(params, inner=lambda p: torch.optim.SGD(p, lr=1.0), k=2, alpha=1.0),
    }
    w = worst_case_of(factories[word], L=1.0, m=0.1, **{word: 2})
    assert w.replay() == pytest.approx(w.primal, abs=2e-4)  # sqrt of the solver's tolerance
    with pytest.raises(ValueError, match="twin must satisfy 'torch'"):
        w.replay("numpy")


def test_a_difference_and_your_own_rule():
    w = worst_case_of(Fast(2), L=1.0, steps=2, metric="value", against=SGD(1.0))
    assert w.value == pytest.approx(w.replay(), abs=2e-4) and w.gap <= 1e-6 and w.residual <= 1e-5
    same = worst_case_of(SGD(1.0), L=1.0, m=0.1, steps=2, against=SGD(1.0))
    assert abs(same.value) <= 1e-6


def test_what_ships_is_what_is_certified(monkeypatch):
    """Planted: the outer step uphill. A programme that retypes Algorithm 1 would not notice."""
    nala = NALA(SGD(1.0), k=1, mu=-0.5, alpha=0.5)
    before = worst_case_of(nala, L=1.0, m=0.1, cycles=1).value
    plant(monkeypatch, NALA.cycle, "y - self.alpha * outer_grad", "y + self.alpha * outer_grad")
    assert worst_case_of(nala, L=1.0, m=0.1, cycles=1).value > before + 0.1


class Signs:
    def init(self, x):
        return None

    def step(self, x, grad, state):
        return x - 0.1 * np.sign(grad(x)), state


class Clips(Signs):
    def step(self, x, grad, state):
        return x - np.clip(grad(x), -1, 1), state


class Shifts(Signs):
    def step(self, x, grad, state):
        return x - grad(x) + 1.0, state


class Averages(Signs):
    def step(self, x, grad, state):
        return x - grad(x).mean(), state


class Forgets(Signs):
    def step(self, x, grad, state):
        return 0 * x[:0], state


@pytest.mark.parametrize(
    "rule",
    [Adam(), AdaBelief(), AdaLA(), Signs(), Clips(), Shifts()],
    ids=lambda rule: type(rule).__name__,
)
def test_adaptive_and_nonlinear_rules_are_refused_in_a_sentence(rule):
    with pytest.raises(ValueError, match="method must satisfy steps that are linear in points and gradients, got"):
        worst_case_of(rule, L=1.0, steps=2)


def test_a_rule_that_mixes_entries_is_refused_though_one_entry_does_not_show_it():
    with pytest.raises(ValueError, match="adaptive or nonlinear, or tells coordinates apart"):
        worst_case_of(Averages(), L=1.0, steps=2)


class Counts(Signs):
    """Its steps shrink with every call there ever was."""

    n = 0

    def step(self, x, grad, state):
        self.n += 1
        return x - grad(x) / self.n, state


class Searches(Signs):
    def step(self, x, grad, state):
        g = grad(x)
        return x - g * min(1.0, np.vdot(g, g)), state


@pytest.mark.parametrize(
    ("rule", "words"),
    [(Counts(), "Counts.*remembers something outside its state"), (Searches(), "Searches.*no attribute 'conjugate'")],
)
def test_a_rule_that_is_none_of_vectors_is_refused_by_its_name(rule, words):
    with pytest.raises(NotLinear, match=words) as told:
        worst_case_of(rule, L=1.0, steps=2)
    assert "0x" not in str(told.value)


def test_nala_over_adam_is_refused_as_well():
    with pytest.raises(ValueError, match="adaptive or nonlinear"):
        worst_case_of(NALA(Adam(), k=2), L=1.0, cycles=1)


test_slips_are_one_sentence = refused(
    (SGD(1.0), {"cycles": 1}, "a rule with init.x. and cycle.grad, state. when cycles are given"),
    (NALA(SGD(1.0)), {"steps": 1}, "a rule with init.x. and step.x, grad, state. when steps are given"),
    (SGD, {"steps": 1}, "method must satisfy a rule"),
    (lambda x, g: x, {"steps": 1}, "must take a gradient in every step"),
    (SGD(1.0), {}, "steps or cycles, one of the two"),
    (SGD(1.0), {"steps": 0}, "integer steps >= 1"),
    (SGD(1.0), {"steps": 1, "metric": "speed"}, "metric in"),
    (SGD(1.0), {"steps": 1, "L": -1.0}, "L must satisfy"),
    (SGD(1.0), {"steps": 1, "m": 1.0}, "m must satisfy"),
    (SGD(1.0), {"steps": 1, "against": 3}, "against must satisfy a rule"),
    (Forgets(), {"steps": 1}, "Forgets must return theta from its step"),
    call=lambda method, how: worst_case_of(method, **({"L": 1.0} | how)),
)


def test_a_vector_is_linear():
    v = Vector(3.0)
    assert (v + 0).point == 3.0 and (0 + v).point == 3.0 and (v - v / 3).point == 2.0 and (1 * -v).point == -3.0
    for slip in (lambda: v**2, lambda: abs(v), lambda: v > 0, lambda: 1 / v, lambda: v / v, lambda: v + 1, v.sqrt):
        with pytest.raises(Nonlinear):
            slip()


def test_a_programme_without_a_solution_is_an_arithmetic_error():
    with pytest.raises(ArithmeticError):  # no function starts within 1 of its minimum and has this margin
        worst_case_of(SGD(1.0), L=1.0, steps=1, metric="value", margin=10.0)


def test_torch_optimizers_and_bare_functions_have_the_worst_case_of_the_rule():
    torch = pytest.importorskip("torch")
    rule = worst_case_of(HeavyBall(1.0, momentum=0.2), L=1.0, m=0.1, steps=3).value
    twin = worst_case_of(lambda params: torch.optim.SGD(params, lr=1.0, momentum=0.2), L=1.0, m=0.1, steps=3).value
    assert abs(rule - twin) < 1e-6  # twice the solver's tolerance
    bare = worst_case_of(lambda theta, grad: theta - grad(theta), L=1.0, m=0.1, steps=2).value
    assert abs(bare - 0.9**4) < 1e-6
    with pytest.raises(ValueError, match="steps that add multiples of gradients"):
        worst_case_of(lambda params: torch.optim.Adam(params), L=1.0, steps=1)
