"""Somebody else's gradient function: it may reuse its arrays, and it cannot move the optimizer."""

import numpy as np
import pytest

from nala_lab.core import stream
from nala_lab.reference import NAG, NALA, SGD, AdaLA, Adam, Lookahead, Oracle, run
from tests.refusals import refused

A = np.array([[2.0, 0.5], [0.5, 1.0]])
X0 = np.array([1.0, 2.0])
METHODS = [SGD(0.1), NAG(0.1), Adam(0.1), AdaLA(0.1), AdaLA(0.1, probe="lagged"), NALA(SGD(0.1), k=3, alpha=0.1),
           Lookahead(Adam(0.1), k=3), NALA(SGD(0.1), k=3, alpha=0.1, variant="released")]  # fmt: skip


def length(method):
    return {"cycles": 5} if hasattr(method, "cycle") else {"steps": 5}


def record(trajectory):
    return {name: value for name, value in vars(trajectory).items() if isinstance(value, np.ndarray)}


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_a_gradient_that_reuses_one_array_leaves_the_record_true(method):
    buffer, window = np.empty(2), np.empty((2, 2))

    def into_one_array(x):
        return np.matmul(x, A, out=buffer)

    def into_a_part_of_one(x):
        return np.matmul(x, A, out=window[0])

    fresh = record(run(method, lambda x: x @ A, X0, **length(method)))
    for reusing in (into_one_array, into_a_part_of_one):
        kept = record(run(method, reusing, X0, **length(method)))
        for name, value in fresh.items():
            assert np.array_equal(kept[name], value), name


def test_only_what_nobody_else_holds_is_not_copied():
    """A function that keeps its answers and writes into them later cannot change the record; nor through a window."""
    kept = []

    def keeping(x):
        for answer in kept:
            answer[...] = np.nan
        kept.append(x @ A)
        return kept[-1]

    assert np.array_equal(run(SGD(0.1), keeping, X0, steps=5).grads, run(SGD(0.1), lambda x: x @ A, X0, steps=5).grads)
    made = []

    def fresh(x):
        made.append(id(answer := x @ A))
        return answer

    def window(x):
        made.append(id(whole := np.vstack([x, x]) @ A))
        return whole[0]

    assert id(Oracle(fresh)(X0)) == made[-1] and Oracle(window)(X0).base is None


@pytest.mark.parametrize("method", METHODS, ids=repr)
def test_a_gradient_that_returns_its_own_point_is_copied(method):
    one, other = (record(run(method, grad, X0, **length(method))) for grad in (lambda x: x, lambda x: 1.0 * x))
    for name, value in other.items():
        assert np.array_equal(one[name], value), name


def clipped(x):
    return np.clip(x, -0.5, 0.5, out=x) @ A


def indexed(x):
    x[0] = 0.0
    return x @ A


def subtracted(x):
    x -= 0.1
    return x @ A


@pytest.mark.parametrize("method", METHODS, ids=repr)
@pytest.mark.parametrize("grad", [clipped, indexed, subtracted])
def test_a_gradient_that_writes_into_x_is_stopped_and_moves_nothing(method, grad):
    x0 = X0.copy()
    with pytest.raises(ValueError, match="grad must leave x as it is, but it writes into x in place"):
        run(method, grad, x0, **length(method))
    oracle = Oracle(grad)
    with pytest.raises(ValueError, match="writes into x in place"):
        oracle(x0)
    assert np.array_equal(x0, X0) and x0.flags.writeable  # the caller's array is as writeable as before


def test_the_same_holds_for_mini_batches_and_the_whole_objective():
    buffer = np.empty(2)

    def noisy(x, rng):
        return np.add(x @ A, rng.normal(size=2), out=buffer)

    def fresh(x, rng):
        return x @ A + rng.normal(size=2)

    method = NALA(AdaLA(0.1, probe_batch="same"), k=2, alpha=0.1, outer_batch="full")
    kept = run(method, noisy, X0, cycles=4, rng=stream(0, "callbacks"), full_grad=lambda x: np.matmul(x, A, out=buffer))
    want = run(method, fresh, X0, cycles=4, rng=stream(0, "callbacks"), full_grad=lambda x: x @ A)
    for name, value in record(want).items():
        assert np.array_equal(kept.__dict__[name], value), name
    with pytest.raises(ValueError, match="writes into x in place"):
        run(method, noisy, X0, cycles=1, rng=0, full_grad=clipped)


def test_a_value_error_of_the_gradient_itself_is_passed_on():
    with pytest.raises(ValueError, match="^not today$"):
        run(SGD(0.1), lambda x: (_ for _ in ()).throw(ValueError("not today")), X0, steps=1)


def test_a_log_does_not_change_with_the_array_that_the_gradient_was_asked_at():
    oracle, x = Oracle(lambda x: x @ A), X0.copy()
    oracle(x)
    x[:] = 7.0
    assert np.array_equal(oracle.log[0].point, X0)


def test_rng_may_be_a_seed():
    def noisy(x, rng):
        return x + rng.normal(size=x.shape)

    seeded = run(Adam(0.1), noisy, X0, steps=5, rng=3)
    given = run(Adam(0.1), noisy, X0, steps=5, rng=np.random.default_rng(3))
    assert np.array_equal(seeded.x, given.x)


def test_gradients_in_other_real_numbers_are_taken_in_float64():
    whole = run(SGD(0.5), lambda x: np.array([2, -1]), X0, steps=2)
    assert whole.grads.dtype == np.float64 and whole.x[-1].tolist() == [-1.0, 3.0]
    assert run(SGD(0.5), lambda x: [2.0, -1.0], X0, steps=2).x[-1].tolist() == [-1.0, 3.0]
    assert run(SGD(0.5), lambda x: np.float32(x), X0, steps=2).grads.dtype == np.float64


def called(options):
    call = {"grad": lambda x: x @ A, "x0": X0, **options}
    run(Adam(), call.pop("grad"), call.pop("x0"), steps=3, **call)


test_what_is_refused = refused(
    (dict(x0=[1 + 2j, 0]), "x0 must satisfy real numbers, or exact or symbolic ones, got x0=[(1+2j), 0]"),
    (dict(x0=["1", "2"]), "x0 must satisfy real numbers"),
    (dict(x0=[None, 1.0]), "x0 must satisfy real numbers"),
    (dict(x0=[True, False]), "x0 must satisfy real numbers"),
    (dict(x0=np.array([1.0, "a"], dtype=object)), "x0 must satisfy real numbers"),
    (dict(x0=np.array([1j, 2.0], dtype=object)), "x0 must satisfy real numbers"),
    (dict(x0=np.array(["2020-01-01"], dtype="datetime64[D]")), "x0 must satisfy real numbers"),
    (dict(x0=[[1.0], [1.0, 2.0]]), "x0 must satisfy rows of one length, got x0=[[1.0], [1.0, 2.0]]"),
    (dict(x0={"x": 1.0}), "x0 must satisfy real numbers"),
    (dict(rng=-1), "rng must satisfy integer rng >= 0, got rng=-1 (a numpy.random.Generator, or a seed for one)"),
    (dict(rng="zero"), "rng must satisfy integer rng >= 0, got rng='zero'"),
    (dict(rng=True), "rng must satisfy integer rng >= 0, got rng=True"),
    (dict(rng=np.random), "rng must satisfy integer rng >= 0"),
    (dict(grad=lambda x: None), "grad(x) must satisfy an array of shape (2,), got grad(x)=None (does it return its"),
    (dict(grad=lambda x: x * 1j), "grad(x) must satisfy real numbers, got grad(x)='complex128'"),
    (dict(grad=lambda x: x > 0), "grad(x) must satisfy real numbers, got grad(x)='bool'"),
    (dict(grad=lambda x, rng: x), "grad must satisfy a function called as grad(x) without rng, got <lambda>"),
    (dict(rng=0), "grad must satisfy a function called as grad(x, rng) with rng, got "),
    (dict(full_grad=3), "full_grad must satisfy a function of x, or None, got full_grad=3"),
    (dict(grad=lambda x: 3.0), "grad(x) must satisfy the shape of x, (2,), got grad(x)=()"),
    (dict(grad=lambda x: [[1.0, 2.0], 3.0]), "grad(x) must satisfy rows of one length, got grad(x)=[[1.0, 2.0], 3.0]"),
    call=called,
)  # fmt: skip
