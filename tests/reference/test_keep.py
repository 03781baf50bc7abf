"""keep="all" | "slow" | "last": the numbers are the same, what is there is whole, and what is not there says so."""

import copy
import tracemalloc

import numpy as np
import pytest

from nala_lab.core import stream
from nala_lab.reference import NALA, SGD, AdaLA, Adam, Lookahead, OuterMomentum, recording, run

A = np.array([[2.0, 0.5], [0.5, 1.0]])
METHODS = [SGD(0.1), Adam(0.1), AdaLA(0.1), AdaLA(0.1, every=3), NALA(Adam(0.1), k=3), Lookahead(SGD(0.1), k=2),
           NALA(AdaLA(0.1), k=2, outer_batch="last", inner_state="pullback"), OuterMomentum(SGD(0.1), k=2, workers=2),
           NALA(SGD(0.1), k=3, variant="released")]  # fmt: skip


def noisy(x, rng):
    return x @ A + rng.normal(size=x.shape)


def length(method, n):
    return {"cycles" if hasattr(method, "cycle") else "steps": n}


def rows(t):
    return t.slow if hasattr(t, "slow") else t.x


def three(method, grad, x0, n, **options):
    return [run(method, grad, x0, keep=keep, **length(method, n), **options) for keep in ("all", "slow", "last")]


@pytest.mark.parametrize("method", METHODS, ids=repr)
@pytest.mark.parametrize("lead", [(), (4,), (0,)])
def test_the_numbers_are_the_same_whatever_is_kept(method, lead):
    x0 = stream(0, "keep").normal(size=(*lead, 2))
    whole, slow, last = three(method, noisy, x0, 7, rng=5)
    assert np.array_equal(rows(slow), rows(whole))
    assert np.array_equal(slow.evals, whole.evals) and np.array_equal(slow.timesteps, whole.timesteps)
    assert rows(last).shape == (1, *lead, 2)
    assert np.array_equal(last.final, whole.final) and np.array_equal(slow.final, whole.final)
    assert last.evals.tolist() == [whole.grad_evals] and last.timesteps.tolist() == whole.timesteps[-1:].tolist()
    assert whole.grad_evals == slow.grad_evals == last.grad_evals
    assert [t.keep for t in (whole, slow, last)] == ["all", "slow", "last"]


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_a_run_ends_at_the_same_row_whatever_is_kept(method):
    for grad, options in (
        (lambda x: 1e3 * x, {"limit": 1e30}),  # diverges
        (lambda x: 1e-3 * x, {"tol": 1.5e-3}),  # ends where it begins
        (lambda x: x * np.array([1.0, 1e3]), {"limit": 1e3}),
        (lambda x: x * np.nan, {}),
    ):
        ends = [(t.outcome, t.diverged_at, t.grad_evals) for t in three(method, grad, [1.0, 1.0], 40, **options)]
        assert ends[0] == ends[1] == ends[2], ends


def test_a_fast_weight_alone_outside_is_divergence_whatever_is_kept():
    # 1, -9, 81 | and mu = -1 ignores the inner loop: the slow weights never leave [-1, 1]
    for t in three(NALA(SGD(lr=1.0), k=3, mu=-1.0, alpha=0.01), lambda x: 10 * x, [1.0], 5, limit=50.0):
        assert (t.outcome, t.diverged_at) == ("diverged", 1)
    hidden = NALA(SGD(lr=1.0), k=2, mu=-1.0, alpha=0.0)
    # 1, 1 - 60 = -59, then back by +59: only the fast weight in the middle is outside
    for t in three(hidden, lambda x: np.where(x > 0, 60.0, -59.0), [1.0], 5, limit=50.0):
        assert (t.outcome, t.diverged_at) == ("diverged", 1)


@pytest.mark.parametrize("limit", [1e-200, 1e-3, 1.0, 1e100, 1.7e308])
def test_the_limit_itself_is_inside_and_the_next_number_is_not(limit):
    for factor, outcome in ((1.0, "out of budget"), (1 + 2**-52, "diverged")):
        if limit * factor < np.inf:
            t = run(SGD(lr=1.0), lambda x, to=limit * factor: x - to, [0.0, 0.0], steps=1, limit=limit)
            assert t.outcome == outcome


def test_what_was_not_kept_says_so():
    t = run(NALA(SGD(0.1), k=2), lambda x: x, [1.0], cycles=3, keep="slow")
    assert repr(t.fast) == "<not kept>" and "fast=<not kept>" in repr(t)
    sentence = "was not kept by this run, whose keep is 'slow': run it again with keep='all'"
    for use in (lambda f: f[0], lambda f: f - 1.0, lambda f: np.ones(2) * f, lambda f: np.abs(f), lambda f: len(f),
                lambda f: list(f), lambda f: np.asarray(f), lambda f: f @ f, lambda f: f > 0, lambda f: bool(f),
                lambda f: -f):  # fmt: skip
        for name in ("fast", "lookahead", "outer_grad", "inner_grads"):
            with pytest.raises(ValueError, match=f"^{name} {sentence}$"):
                use(getattr(t, name))
    with pytest.raises(AttributeError, match=sentence):
        t.fast.shape  # noqa: B018
    one = run(AdaLA(0.1), lambda x: x, [1.0], steps=3, keep="last")
    for name in ("grads", "points", "probes", "probe_grads"):
        with pytest.raises(ValueError, match=f"^{name} was not kept by this run, whose keep is 'last'"):
            getattr(one, name)[0]
    assert repr(copy.deepcopy(t.fast)) == "<not kept>"
    assert run(Adam(0.1), lambda x: x, [1.0], steps=3).probes is None  # kept everything, and there was none


def test_a_step_without_a_probe_has_no_number_in_the_probes():
    t = run(AdaLA(0.1, every=3), lambda x: x @ A, [1.0, 2.0], steps=6)
    probed = np.diff(t.evals) == 2
    assert probed.tolist() == [True, False, False, True, False, False]  # the last step takes none
    assert np.isnan(t.probes[~probed]).all() and np.isnan(t.probe_grads[~probed]).all()
    assert (t.probes[probed] != t.points[probed]).all()


class ProbesLate:
    """Takes a second gradient from its third step on."""

    def init(self, theta):
        return 0

    def step(self, theta, grad, t):
        g = grad(theta)
        if t >= 2:
            grad(theta - g)
        return theta - 0.1 * g, t + 1


def test_probes_that_begin_late_are_in_their_rows():
    t = run(ProbesLate(), lambda x: x, [1.0], steps=4)
    assert t.evals.tolist() == [0, 1, 2, 4, 6]
    assert np.isnan(t.probes[:2]).all() and np.array_equal(t.probes[2:], np.zeros((2, 1)))


def test_a_budget_that_is_too_large_for_one_array_grows_as_it_is_spent(monkeypatch):
    whole = run(AdaLA(0.1), lambda x: x @ A, [1.0, 2.0], steps=50)
    two = run(NALA(SGD(0.1), k=3), lambda x: x @ A, [1.0, 2.0], cycles=50)
    monkeypatch.setattr(recording, "_RESERVED", 100)
    again = run(AdaLA(0.1), lambda x: x @ A, [1.0, 2.0], steps=50)
    for name in ("x", "grads", "points", "probes", "probe_grads"):
        assert np.array_equal(getattr(again, name), getattr(whole, name), equal_nan=True)
    grown = run(NALA(SGD(0.1), k=3), lambda x: x @ A, [1.0, 2.0], cycles=50)
    for name in ("slow", "fast", "lookahead", "outer_grad", "inner_grads"):
        assert np.array_equal(getattr(grown, name), getattr(two, name))


def test_a_huge_budget_with_a_tolerance_needs_no_memory_for_it():
    t = run(SGD(0.5), lambda x: x, np.ones(1000), steps=10**12, tol=0.1)
    assert (t.outcome, t.x.shape) == ("converged", (6, 1000))  # 1, 1/2, 1/4, 1/8, then 1/16 <= 0.1
    assert t.x.base is None  # the rows alone, not a part of what was asked for


@pytest.mark.parametrize(("keep", "most"), [("slow", 1.5), ("all", 1.2)])
def test_a_run_holds_little_more_than_it_returns(keep, most):
    tracemalloc.start()
    t = run(NALA(Adam(0.1), k=5), lambda x: 0.5 * x, np.ones((500, 10)), cycles=60, keep=keep)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    # a cycle's own arrays, about 20 of 60 rows of "slow", and costs; not a second copy of the rows
    assert peak <= most * sum(v.nbytes for v in vars(t).values() if isinstance(v, np.ndarray))


def test_rows_do_not_share_memory_with_the_state_or_the_start():
    x0 = np.array([1.0, 2.0])
    t = run(NALA(SGD(0.1), k=2), lambda x: x @ A, x0, cycles=3)
    t.slow[:] = 7.0
    t.fast[:] = 7.0
    assert x0.tolist() == [1.0, 2.0] and not (t.lookahead == 7.0).any()


def test_only_a_known_keep_is_taken():
    with pytest.raises(ValueError, match="keep must satisfy keep in {'all', 'slow', 'last'}, got keep='none'"):
        run(SGD(0.1), lambda x: x, [1.0], steps=1, keep="none")
