"""run(): outcomes, shapes, ensembles, costs, and one clear sentence for each wrong argument."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest
import sympy

from nala_lab.core import stream
from nala_lab.reference import NAG, NALA, SGD, AdaBelief, AdaLA, Adam, HeavyBall, Lookahead, Oracle, run
from tests.refusals import refused

ONE_LOOP = [SGD(0.1), HeavyBall(0.1), NAG(0.1), NAG(0.1, form="eq1"), Adam(0.1), AdaBelief(0.1), AdaLA(0.1)]
TWO_LOOPS = [Lookahead(Adam(0.1), k=3), NALA(Adam(0.1), k=3), NALA(AdaLA(0.1), k=2, inner_state="pullback")]
LENGTH = {True: {"cycles": 4}, False: {"steps": 6}}


def length(method):
    return LENGTH[hasattr(method, "cycle")]


def grad(x):
    return np.sinh(x - 0.3)


@pytest.mark.parametrize("method", ONE_LOOP + TWO_LOOPS, ids=repr)
@pytest.mark.parametrize("lead", [(), (1,), (2, 3), (0,)])
def test_an_ensemble_is_its_members_side_by_side(method, lead):
    starts = stream(0, "ensemble").normal(size=(*lead, 2))
    t = run(method, grad, starts, **length(method))
    assert t.final.shape == (*lead, 2)
    for index in np.ndindex(*lead):
        alone = run(method, grad, starts[index], **length(method))
        assert np.array_equal(t.final[index], alone.final)  # the same operations on the same numbers
        assert alone.grad_evals == t.grad_evals


@pytest.mark.parametrize("method", ONE_LOOP + TWO_LOOPS, ids=repr)
def test_nothing_is_written_in_place(method):
    def frozen_grad(x):
        g = grad(x)
        g.flags.writeable = False
        return g

    x0 = np.array([1.0, -2.0])
    x0.flags.writeable = False
    before = x0.copy()
    t = run(method, frozen_grad, x0, **length(method))
    assert np.array_equal(x0, before)
    assert t.outcome == "out of budget"


def test_shapes_of_a_one_loop_trajectory():
    t = run(AdaLA(0.1), grad, np.zeros((4, 2)), steps=5)
    assert t.x.shape == (6, 4, 2)
    assert t.grads.shape == t.points.shape == t.probes.shape == t.probe_grads.shape == (5, 4, 2)
    assert t.evals.tolist() == [0, 2, 4, 6, 8, 10]
    assert t.timesteps.tolist() == [0, 1, 2, 3, 4, 5]
    assert run(Adam(0.1), grad, np.zeros(2), steps=5).probes is None


def test_shapes_of_a_two_loop_trajectory():
    t = run(NALA(Adam(0.1), k=3), grad, np.zeros((4, 2)), cycles=5)
    assert t.slow.shape == (6, 4, 2)
    assert t.fast.shape == (5, 4, 4, 2)
    assert t.inner_grads.shape == (5, 3, 4, 2)
    assert t.lookahead.shape == t.outer_grad.shape == (5, 4, 2)
    assert t.timesteps.tolist() == [0, 3, 6, 9, 12, 15]


ONES = [1.0, np.array(1.0, dtype=object), Fraction(1), mpmath.mpf(1), sympy.Float(1)]


@pytest.mark.parametrize("one", ONES, ids=repr)
def test_a_diverging_run_is_a_result_with_its_step(one):
    t = run(SGD(lr=3), lambda x: x * one, np.array([1.0]), steps=10_000)  # |x| doubles each step
    assert t.outcome == "diverged"
    assert t.diverged_at == int(np.ceil(np.log2(1e100)))  # the first power of two beyond the limit
    assert len(t.x) == t.diverged_at + 1
    slow = run(NALA(SGD(lr=3.0), k=1, mu=0.0, alpha=0.0), lambda x: x, np.array([1.0]), cycles=10_000)
    assert (slow.outcome, slow.diverged_at) == ("diverged", t.diverged_at)


def test_a_gradient_that_is_not_a_number_is_divergence_too():
    t = run(Adam(0.1), lambda x: x * np.nan, np.array([1.0, 2.0]), steps=5)
    assert (t.outcome, t.diverged_at, len(t.x)) == ("diverged", 1, 2)


def test_an_ensemble_goes_on_while_a_member_lives():
    t = run(SGD(lr=1.0), lambda x: x * np.array([[4.0], [0.5]]), np.array([[1.0], [1.0]]), steps=300)
    assert t.outcome == "diverged"
    assert t.diverged_at == int(np.ceil(np.log(1e100) / np.log(3.0)))  # |1 - 4| = 3 per step
    assert len(t.x) == 301
    assert abs(t.x[-1, 1, 0]) == 0.5**300


def test_a_run_ends_when_the_last_gradient_is_small():
    t = run(SGD(lr=0.5), lambda x: x - 1.0, np.array([3.0]), steps=100, tol=0.1)
    # gradients 2, 1, 1/2, 1/4, 1/8, 1/16: the sixth is the first at or below 0.1
    assert (t.outcome, len(t.grads), t.diverged_at) == ("converged", 6, None)


@pytest.mark.parametrize("method", [SGD(lr=0.5), NALA(SGD(lr=0.5), k=1, mu=0.0, alpha=0.0)], ids=repr)
def test_a_run_ends_when_every_entry_of_the_last_gradient_is_small(method):
    n = {"cycles": 100} if hasattr(method, "cycle") else {"steps": 100}
    # one entry is small from the start; the other one is 8, 4, 2, 1, 1/2, 1/4, 1/8, 1/16: the eighth is the first below
    slowest = 8 if "steps" in n else 7  # a cycle's last gradient is that at y, one halving later
    for x0 in ([1e-3, 8.0], [8.0, 1e-3], [[1e-3, 1e-3], [1e-3, 8.0]], [[8.0], [1e-3]]):
        t = run(method, lambda x: x, np.array(x0), tol=0.1, **n)
        assert (t.outcome, len(t.evals) - 1) == ("converged", slowest), x0


def called(options):
    call = {"method": None, "grad": grad, "x0": [1.0, 2.0], **options}
    run(call.pop("method"), call.pop("grad"), call.pop("x0"), **call)


test_a_wrong_argument_is_one_clear_sentence = refused(
    (dict(method=Adam, steps=3), "method must satisfy an instance from nala_lab.reference"),
    (dict(method=0.1, steps=3), "method must satisfy an instance from nala_lab.reference"),
    (dict(method=Adam()), "steps must satisfy integer steps >= 1, got steps=None (the method has one loop"),
    (dict(method=Adam(), steps=0), "steps must satisfy integer steps >= 1, got steps=0"),
    (dict(method=Adam(), cycles=3), "cycles must satisfy cycles left out, got cycles=3 (the method has one loop"),
    (dict(method=NALA(), steps=3), "steps must satisfy steps left out, got steps=3 (the method has two loops"),
    (dict(method=Adam(), steps=3, x0=1.0), "x0 must satisfy shape (..., d)"),
    (dict(method=Adam(), steps=3, x0=[np.nan]), "x0 must satisfy finite entries"),
    (dict(method=Adam(), steps=3, grad=lambda x: x[:1]), "grad(x) must satisfy the shape of x, (2,), got grad(x)=(1,)"),
    (dict(method=Adam(), steps=3, grad=None), "grad must satisfy a function of x"),
    (dict(method=Adam(), steps=3, tol=np.nan), "tol must satisfy 0 <= tol < inf, got tol=nan"),
    (dict(method=Adam(), steps=3, limit=0.0), "limit must satisfy 0 < limit < inf, got limit=0.0"),
    call=called,
)  # fmt: skip


def test_the_oracle_repeats_a_mini_batch_bit_for_bit():
    oracle = Oracle(lambda x, rng: x + rng.normal(size=x.shape), rng=stream(0, "oracle"))
    x = np.zeros(5)
    first = oracle(x)
    assert np.array_equal(oracle.again(x), first)
    assert np.array_equal(oracle.again(x), first)
    second = oracle(x)
    assert not np.array_equal(second, first)
    assert oracle.evals == 4
    # repeating does not shift the stream: the second batch is what it would have been anyway
    plain = stream(0, "oracle")
    plain.normal(size=5)
    assert np.array_equal(second, plain.normal(size=5))
    for oracle in (Oracle(lambda x, rng: x + rng.spawn(2)[1].normal(size=x.shape), rng=1) for _ in range(2)):
        assert np.array_equal(oracle(x), oracle.again(x)) and not np.array_equal(oracle.again(x), oracle(x))
    with pytest.raises(ValueError, match="again must satisfy a mini-batch drawn before"):
        Oracle(lambda x, rng: x, rng=stream(0, "oracle")).again(x)


def test_progress_changes_nothing(capsys):
    plain = run(NALA(k=2), grad, np.ones(2), cycles=3)
    shown = run(NALA(k=2), grad, np.ones(2), cycles=3, progress=True)
    assert np.array_equal(plain.slow, shown.slow)
    assert "cycle" in capsys.readouterr().err
