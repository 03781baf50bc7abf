"""Every field that a run writes down is the same by both twins, for every row of the table and each of its settings."""

from dataclasses import fields
from fractions import Fraction
from functools import partial

import numpy as np
import pytest
import torch

from nala_lab.core import stream
from nala_lab.drive import Method, run, twin_of
from nala_lab.measure import cycle_matrix
from nala_lab.methods import WITH_TWINS
from tests.conformance.twins import quadratic

EPS = np.finfo(float).eps
ROWS = [(name, i) for name, facts in WITH_TWINS.items() for i in range(len(facts.hard))]
DIM, CYCLES, STEPS = 5, 3, 9


def method_of(name, settings):
    inner = settings.get("inner")
    made = {key: value for key, value in settings.items() if key != "inner"}
    return Method(name, **made, **({"inner": Method(inner[0], **inner[1])} if inner else {}))


def valley():
    return quadratic("every row", dim=DIM, least=0.01)


def stores_another_point(name, settings):
    """torch keeps NAG's look-ahead point in the weights: only gradients and the points they are taken at compare."""
    inner = settings.get("inner", (name,))[0]
    return "stores look-ahead point" in WITH_TWINS[inner].traits


def differences(name, settings, **more):
    """Fields in which the two twins differ: (field, largest difference), or (field, both values)."""
    grad, start = valley()
    two_loops = WITH_TWINS[name].two_loops
    length = {"cycles": CYCLES} if two_loops else {"steps": STEPS}
    a, b = (run(twin, method_of(name, settings), grad, start, **length, **more) for twin in ("numpy", "torch"))
    skipped = {"method"} | ({"x"} if stores_another_point(name, settings) else set())
    found = []
    for field in {field.name for field in fields(a)} - skipped:
        left, right = getattr(a, field), getattr(b, field)
        if not isinstance(left, np.ndarray) or not isinstance(right, np.ndarray) or left.shape != right.shape:
            if left is not right and not np.array_equal(left, right):
                found.append((field, left, right))
            continue
        # At most 2 x 4 x 3 gradients, each followed by ten roundings of a number of the size of x
        allowed = 240 * EPS * (1 + np.nanmax(np.abs(left)))
        worst = np.nanmax(np.abs(left - right), initial=0)
        if not (np.isnan(left) == np.isnan(right)).all() or not worst <= allowed:
            found.append((field, worst, allowed))
    return found


@pytest.mark.parametrize(("name", "index"), ROWS)
def test_every_field_agrees(name, index):
    assert not differences(name, WITH_TWINS[name].hard[index])


@pytest.mark.parametrize("alpha", [0.0, 0.1])
def test_the_look_ahead_of_outer_momentum_is_where_a_gradient_was_spent(alpha):
    """At alpha = 0 no outer gradient is taken: y_t is phi_t, and its gradient is no gradient."""
    method = Method("OuterMomentum", inner=Method("SGD", lr=0.1), k=3, nu=0.6, beta=0.7, alpha=alpha)
    grad, start = valley()
    for twin in ("numpy", "torch"):
        t = run(twin, method, grad, start, cycles=2)
        assert (t.evals == (3 + (alpha > 0)) * np.arange(3)).all()
        if alpha:
            np.testing.assert_allclose(t.outer_grad, grad(t.lookahead), atol=64 * EPS)
        else:
            assert np.array_equal(t.lookahead, t.slow[1:]) and not t.outer_grad.any()


@pytest.mark.parametrize("method", [
    Method("SGD", lr=1e3), Method("NALA", inner=Method("SGD", lr=1e2), k=4, mu=-0.5, alpha=0.1),
    Method("Lookahead", inner=Method("SGD", lr=1e3), k=3, alpha=1e-12),  # the fast weights leave, the slow ones do not
], ids=str)  # fmt: skip
def test_divergence_is_one_rule(method):
    length = {"cycles": 90} if "inner" in method.settings else {"steps": 90}
    a, b = (run(twin, method, lambda x: x - 0.5, [4.0, 1.0, 2.0], limit=1e6, **length) for twin in ("numpy", "torch"))
    assert a.outcome == b.outcome == "diverged" and a.diverged_at == b.diverged_at == len(a.evals) - 1
    assert a.evals.tolist() == b.evals.tolist()


def test_one_member_that_lives_keeps_the_run_going():
    method = Method("SGD", lr=3.0)
    starts = [[1.0, 1.0], [0.5, 0.5]]  # the second one stands at the minimum
    a, b = (run(twin, method, lambda x: x - 0.5, starts, steps=30, limit=Fraction(1000)) for twin in ("numpy", "torch"))
    assert len(a.x) == len(b.x) == 31 and a.outcome == b.outcome == "diverged" and a.diverged_at == b.diverged_at


def test_a_tolerance_ends_both_runs_at_the_same_row():
    method = Method("NALA", inner=Method("SGD", lr=0.3), k=3, mu=0.2, alpha=0.1)
    a, b = (run(twin, method, lambda x: x - 0.5, [4.0, 1.0], cycles=90, tol=1e-6) for twin in ("numpy", "torch"))
    assert a.outcome == b.outcome == "converged" and len(a.slow) == len(b.slow) < 90


@pytest.mark.parametrize("batch", ["fresh", "last"])
def test_both_twins_see_the_same_mini_batches(batch):
    """A gradient that is taken again is taken on the same mini-batch."""
    method = Method("NALA", inner=Method("AdaLA", lr=0.1, eps=0.1), k=2, mu=-0.3, alpha=0.2, outer_batch=batch)

    def noisy(x, rng):
        return x - 0.5 + rng.normal(size=x.shape)

    a, b = (run(twin, method, noisy, [4.0, 1.0, 2.0], cycles=3, rng=stream(0, "same")) for twin in ("numpy", "torch"))
    for field in ("slow", "fast", "lookahead", "outer_grad", "inner_grads"):
        np.testing.assert_allclose(getattr(a, field), getattr(b, field), atol=400 * EPS, err_msg=field)


class Halving:
    """Somebody's own rule in five lines."""

    def init(self, theta):
        return None

    def step(self, theta, grad, state):
        return theta - 0.5 * grad(theta), None


def test_a_rule_or_a_factory_of_ones_own_is_driven_as_it_is():
    import torch

    a = run("numpy", Halving(), lambda x: x - 1.0, [5.0, 3.0], steps=3)
    b = run("torch", lambda params: torch.optim.SGD(params, lr=0.5), lambda x: x - 1.0, [5.0, 3.0], steps=3)
    assert np.array_equal(a.x, b.x) and a.x[-1].tolist() == [1.5, 1.25] and b.method == "SGD"


def test_a_factory_is_given_one_tensor_so_what_looks_at_all_of_it_does_as_in_a_loop_of_ones_own():
    import torch

    class Centred(torch.optim.SGD):  # Yong et al. 2020: the mean of a gradient is taken out
        def step(self, closure):
            closure()
            for p in self.param_groups[0]["params"]:
                p.data -= 0.25 * (p.grad - p.grad.mean())

    curved = np.diag([1.0, 2.0, 4.0])
    step = np.eye(3) - 0.25 * (np.eye(3) - 1 / 3) @ curved
    x = run("torch", Centred, lambda x: x @ curved, [1.0, -1.0, 2.0], steps=1).final
    assert np.abs(x - step @ [1.0, -1.0, 2.0]).max() < 1e-15  # three roundings of numbers below 3
    assert np.abs(cycle_matrix(Centred, curved).matrix - step).max() < 1e-15


def test_lbfgs_takes_the_steps_that_it_takes_with_a_loss_and_is_refused_where_it_searches_by_one():
    import torch

    make = partial(torch.optim.LBFGS, lr=0.1, max_iter=5)
    t = run("torch", make, grad, [1.0, 1.0, 1.0], steps=4)
    w = torch.nn.Parameter(torch.ones(3, dtype=torch.float64))
    opt, scale, centre = make([w]), torch.tensor([1.0, 2.0, 0.3], dtype=w.dtype), torch.tensor([3.0, -2.0, 0.5])

    def closure():
        opt.zero_grad()
        loss = (scale * (w - centre) ** 2).sum() / 2
        loss.backward()
        return loss

    for x in t.x[1:]:
        opt.step(closure)
        assert np.abs(x - w.detach().numpy()).max() <= 1e-12  # a gradient of ten roundings, curvatures from 0.3 to 2
    assert t.evals.tolist() == [0, 5, 10, 15, 20]
    with pytest.raises(ValueError, match="line_search_fn must satisfy None, got line_search_fn='strong_wolfe'"):
        run("torch", partial(make, line_search_fn="strong_wolfe"), grad, [1.0, 1.0, 1.0], steps=4)


def test_an_optimizer_that_takes_no_gradient_is_named():
    import torch

    class Idle(torch.optim.SGD):
        def step(self, closure=None):
            return None

    with pytest.raises(ValueError, match="method must satisfy an optimizer whose step calls the closure, got .*'Idle'"):
        run("torch", lambda params: Idle(params, lr=0.1), lambda x: x, [1.0], steps=1)
    with pytest.raises(ValueError, match="method must satisfy a factory of torch optimizers, got method='list'"):
        run("torch", list, lambda x: x, [1.0], steps=1)


# ---- the torch driver alone ----------------------------------------------------------------------------------------


def grad(x):
    return np.array([1.0, 2.0, 0.3]) * (x - np.array([3.0, -2.0, 0.5]))


def test_the_defaults_of_the_optimizer_hold():
    t = run("torch", Method("NALA", inner=Method("SGD", lr=0.1)), grad, [1.0, 1.0, 1.0], cycles=3)  # k = 5
    assert t.evals.tolist() == [0, 6, 12, 18]


def test_a_single_weight_and_an_ensemble_are_driven_too():
    one = run("torch", Method("SGD", lr=0.5), lambda x: x, [4.0], steps=2)
    assert one.x.tolist() == [[4.0], [2.0], [1.0]] and one.probes is None
    many = run("torch", Method("SGD", lr=0.5), lambda x: x, [[4.0, 2.0], [8.0, -2.0]], steps=1)
    assert many.x[1].tolist() == [[2.0, 1.0], [4.0, -1.0]]


def test_divergence_is_an_outcome():
    with np.errstate(over="ignore", invalid="ignore"):
        lost = run("torch", Method("SGD", lr=1e40), lambda x: x, [1.0], steps=5)
    assert (lost.outcome, lost.diverged_at) == ("diverged", 3)


@pytest.mark.parametrize(
    ("method", "length", "message"),
    [
        (Method("NALA", inner=Method("SGD", lr=0.1)), {"steps": 3}, "steps must satisfy steps left out"),
        (Method("SGD", lr=0.1), {"cycles": 3}, "cycles must satisfy cycles left out"),
        (Method("Adam", lr=0.1, form="keras"), {"steps": 3}, "form must satisfy form in"),
        (Method("AdaLA", probe="implicit"), {"steps": 3}, "probe must satisfy"),
        (Method("NALA", inner=Method("SGD"), variant="released"), {"cycles": 3}, "variant must satisfy 'paper' by"),
    ],
)
def test_what_is_refused(method, length, message):
    with pytest.raises(ValueError, match=message):
        run("torch", method, grad, [1.0, 1.0, 1.0], **length)
    if not {"form", "probe", "variant"} & set(method.settings):
        with pytest.raises(ValueError):
            run("numpy", method, grad, [1.0, 1.0, 1.0], **length)


@pytest.mark.parametrize("x0", [[1j], ["1"], [[1.0], [1.0, 2.0]], [True]])
def test_a_start_that_is_none_is_refused_by_both_twins_in_the_same_words(x0):
    said = []
    for twin in ("numpy", "torch"):
        with pytest.raises(ValueError, match="x0 must satisfy") as caught:
            run(twin, Method("SGD", lr=0.1), grad, x0, steps=1)
        said.append(str(caught.value))
    assert said[0] == said[1]


def test_two_loops_around_two_loops_are_counted_by_the_outer_ones():
    """By hand: x <- 0.9 x in each step; every third is followed by Lookahead's mix, every second by NALA's."""
    from nala_lab.optim import NALA, Lookahead

    def inner(params):
        return Lookahead(params, k=3, alpha=0.5, inner=lambda p: torch.optim.SGD(p, lr=0.1))

    t = run("torch", lambda p: NALA(p, k=2, mu=-0.5, alpha=0.1, inner=inner), lambda x: x, [1.0], cycles=3)
    fast, slow, phis = 1.0, np.nan, [1.0]
    for step in range(1, 7):
        slow = fast if step % 3 == 1 else slow
        fast *= 0.9
        if step % 3 == 0:
            fast = (fast + slow) / 2
        if step % 2 == 0:
            fast = 0.9 * (fast + phis[-1]) / 2
            phis.append(fast)
    assert np.abs(t.slow.ravel() - phis).max() < 1e-15  # 9 roundings of numbers below 1
    assert t.k == 2 and t.evals.tolist() == [0, 3, 6, 9] and t.timesteps.tolist() == [0, 2, 4, 6]
    assert t.fast.shape == (3, 3, 1)


def test_a_variant_that_ends_no_call_at_y_is_refused_from_a_factory_too():
    from nala_lab.optim import NALA

    with pytest.raises(ValueError, match="variant must satisfy 'paper' by"):
        run("torch", lambda p: NALA(p, variant="released"), grad, [1.0, 1.0, 1.0], cycles=1)


def test_a_method_without_a_numpy_twin_is_torchs():
    method = Method("RAdam", lr=0.1)
    assert twin_of(method) == "torch" and twin_of(Method("Adam")) == "numpy"
    assert len(run(twin_of(method), method, lambda x: x, [1.0, 2.0], steps=2).x) == 3


def test_an_unknown_twin_is_refused():
    with pytest.raises(ValueError, match="twin must satisfy twin in {'numpy', 'torch'}, got twin='jax'"):
        run("jax", Method("SGD", lr=0.1), grad, [1.0, 1.0, 1.0], steps=1)
