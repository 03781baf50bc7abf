"""The torch driver logs what really happened: against the reference, field by field."""

import numpy as np
import pytest

from nala_lab.core import stream
from nala_lab.drive import Method, run

CENTER = np.array([3.0, -2.0, 0.5])


def grad(x):
    return np.array([1.0, 2.0, 0.3]) * (x - CENTER)


INNERS = (
    Method("SGD", lr=0.2, weight_decay=0.1),
    Method("HeavyBall", lr=0.1, momentum=0.8),
    Method("Adam", lr=0.1, eps=0.1),
    Method("AdaLA", lr=0.1, eps=0.1),
)
FIELDS = ("slow", "fast", "lookahead", "outer_grad", "inner_grads", "evals", "timesteps")


@pytest.mark.parametrize("inner", INNERS, ids=str)
@pytest.mark.parametrize("outer", ("NALA", "Lookahead"))
def test_the_log_of_a_two_loop_run_is_that_of_the_reference(outer, inner):
    rest = {"mu": 0.3, "alpha": 0.1} if outer == "NALA" else {"alpha": 0.4}
    method = Method(outer, inner=inner, k=3, **rest)
    left, right = (run(twin, method, grad, [1.0, 1.0, 1.0], cycles=4) for twin in ("torch", "numpy"))
    for field in FIELDS:
        a, b = getattr(left, field), getattr(right, field)
        assert a.shape == b.shape, field
        # 4 cycles of 3 steps of ten roundings of numbers below 10
        np.testing.assert_allclose(a, b, atol=120 * 10 * np.finfo(float).eps, err_msg=field)
    assert left.k == right.k and left.outcome == right.outcome


@pytest.mark.parametrize("probe_batch", ("next", "same"))
def test_the_log_of_a_one_loop_run_is_that_of_the_reference(probe_batch):
    method = Method("AdaLA", lr=0.1, eps=0.1, probe_batch=probe_batch)
    left, right = (run(twin, method, grad, [1.0, 1.0, 1.0], steps=6) for twin in ("torch", "numpy"))
    for field in ("x", "grads", "points", "probes", "probe_grads", "evals", "timesteps"):
        np.testing.assert_allclose(
            getattr(left, field), getattr(right, field), atol=60 * 10 * np.finfo(float).eps, err_msg=field
        )


def test_batches_come_from_the_generator_and_the_defaults_of_the_optimizer_hold():
    def noisy(x, rng):
        return grad(x) + rng.normal(size=x.shape)

    method = Method("NALA", inner=Method("SGD", lr=0.1))  # k = 5 by default
    left, right = (
        run(twin, method, noisy, [1.0, 1.0, 1.0], cycles=3, rng=stream(0, "batches")) for twin in ("torch", "numpy")
    )
    np.testing.assert_allclose(left.slow, right.slow, atol=180 * 10 * np.finfo(float).eps)
    assert left.evals.tolist() == [0, 6, 12, 18]


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
    ],
)
def test_what_is_refused(method, length, message):
    with pytest.raises(ValueError, match=message):
        run("torch", method, grad, [1.0, 1.0, 1.0], **length)
    if "form" not in method.settings and "probe" not in method.settings:
        with pytest.raises(ValueError):
            run("numpy", method, grad, [1.0, 1.0, 1.0], **length)


def test_an_unknown_twin_is_refused():
    with pytest.raises(ValueError, match="twin must satisfy twin in {'numpy', 'torch'}, got twin='jax'"):
        run("jax", Method("SGD", lr=0.1), grad, [1.0, 1.0, 1.0], steps=1)
