"""Shapes, promotion and the sentences for bad input, for every registered problem."""

import numpy as np
import pytest

from problems import PROBLEMS, StochasticProblem
from problems.checks import EPS
from tests.problems.oracle import points

LEADING = [(), (1,), (5,), (2, 3), (0,), (4, 0), (1, 2, 1, 3)]


@pytest.mark.parametrize("name", PROBLEMS)
@pytest.mark.parametrize("lead", LEADING)
def test_every_method_broadcasts_over_leading_axes(name, lead):
    p = PROBLEMS[name]()
    d = p.dim
    n = int(np.prod(lead, dtype=int))
    rows = points(p, n, np.random.default_rng(5)) if n else np.empty((0, d))
    x = rows.reshape(*lead, d)
    v = np.linspace(1.0, 2.0, d)
    methods = [(p.value, ()), (p.grad, (d,)), (p.hess, (d, d)), (lambda z: p.hvp(z, v), (d,))]
    if isinstance(p, StochasticProblem):
        methods.append((p.noise_cov, (d, d)))
        noisy = p.noisy_grad(x, np.random.default_rng(6))
        assert noisy.shape == (*lead, d)
    for method, tail in methods:
        out = np.asarray(method(x))
        assert out.shape == lead + tail
        assert out.dtype == np.float64
        one_by_one = np.array([method(row) for row in rows]).reshape(lead + tail)
        # the same sums in another order (BLAS picks by shape)
        size = np.abs(one_by_one).max(initial=0.0) + np.abs(p.value(p.start))
        assert np.abs(out - one_by_one).max(initial=0.0) <= 64 * d * EPS * size


@pytest.mark.parametrize("name", PROBLEMS)
def test_the_vector_of_a_hessian_product_broadcasts_too(name):
    p = PROBLEMS[name]()
    x, v = points(p, 4, np.random.default_rng(7))[:, None], points(p, 3, np.random.default_rng(8))
    out = p.hvp(x, v)
    assert out.shape == (4, 3, p.dim)
    size = np.abs(out).max()
    assert np.abs(out[2, 1] - p.hvp(x[2, 0], v[1])).max() <= 64 * p.dim * EPS * size  # another summation order


@pytest.mark.parametrize("name", PROBLEMS)
def test_attributes_have_their_documented_shapes(name):
    p = PROBLEMS[name]()
    assert p.minimizers.ndim == 2 and p.minimizers.shape[1] == p.dim
    assert p.start.shape == (p.dim,) and isinstance(p.minimum, float)
    assert len(p.box) == p.dim and all(low < high for low, high in p.box)
    low, high = np.array(p.box).T
    assert ((low <= p.start) & (p.start <= high)).all()
    assert ((low <= p.minimizers) & (p.minimizers <= high)).all()
    assert p.name and p.source and repr(p) == f"<{p.name}, d={p.dim}>"
    assert not p.minimizers.flags.writeable and not p.start.flags.writeable


@pytest.mark.parametrize("name", PROBLEMS)
def test_integers_are_promoted_and_nothing_is_written_in_place(name):
    p = PROBLEMS[name]()
    whole = np.arange(1, p.dim + 1)
    x = whole.astype(float)
    x.flags.writeable = False
    for method in (p.value, p.grad, p.hess):
        assert np.array_equal(method(whole), method(x))
        assert np.array_equal(method(list(whole)), method(x))
        assert np.array_equal(method(x.astype(np.float32)), method(x))  # small integers are exact in float32
    out = p.hess(x)
    out[...] = 7.0  # the caller owns what it gets
    assert not np.array_equal(p.hess(x), out)


@pytest.mark.parametrize("name", PROBLEMS)
def test_a_wrong_last_axis_gets_one_sentence(name):
    p = PROBLEMS[name]()
    d = p.dim
    for method in (p.value, p.grad, p.hess, lambda x: p.hvp(x, np.zeros(d))):
        sentence = rf"^x\.shape must satisfy shape \(\.\.\., {d}\), got x\.shape=\(4, {d + 1}\) \({p.name} lives"
        with pytest.raises(ValueError, match=sentence):
            method(np.zeros((4, d + 1)))
        with pytest.raises(ValueError, match=r"^x\.shape must satisfy"):
            method(3.0)
    with pytest.raises(ValueError, match=r"^v\.shape must satisfy"):
        p.hvp(np.zeros(d), np.zeros(d + 1))
    apart = rf"^v\.shape must satisfy leading axes that broadcast with x\.shape=\(2, {d}\), got v\.shape=\(3, {d}\)$"
    with pytest.raises(ValueError, match=apart):
        p.hvp(np.zeros((2, d)), np.zeros((3, d)))
    with pytest.raises(ValueError, match=r"^x\.dtype must satisfy an array of real numbers, got x\.dtype='complex128'"):
        p.grad(np.zeros(d, dtype=complex))


@pytest.mark.parametrize("name", PROBLEMS)
def test_far_away_the_answer_is_inf_or_nan_without_a_warning(name):
    p = PROBLEMS[name]()  # the suite turns warnings into errors
    far = np.full(p.dim, 1e200) * np.linspace(1.0, 2.0, p.dim)
    for x in (far, np.full(p.dim, np.nan), np.full(p.dim, np.inf)):
        assert np.shape(p.value(x)) == () and p.grad(x).shape == (p.dim,) and p.hess(x).shape == (p.dim, p.dim)


@pytest.mark.parametrize("name", [n for n in PROBLEMS if isinstance(PROBLEMS[n](), StochasticProblem)])
def test_a_noisy_gradient_needs_a_generator(name):
    p = PROBLEMS[name]()
    with pytest.raises(ValueError, match=r"^rng must satisfy a numpy\.random\.Generator, got rng=0"):
        p.noisy_grad(p.start, 0)


@pytest.mark.parametrize("name", PROBLEMS)
def test_no_registered_instance_has_special_values(name):
    p = PROBLEMS[name]()
    assert p.minimum != 0 and not (p.minimizers == 0).any() and not (p.start == 0).any()
    assert p.scale != 1 and p.offset != 0 and (p.shift != 0).all()
    assert (np.abs(p.rotation) < 0.9999).all()  # no axis stays an axis
