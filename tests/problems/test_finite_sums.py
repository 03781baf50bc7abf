"""Least squares and logistic regression: exact minimisers, batches, and what is refused."""

from fractions import Fraction

import mpmath
import numpy as np
import pytest

from problems import LeastSquares, Logistic
from problems.checks import EPS
from tests.refusals import refused

CASES = [{"n": 12, "d": 3}, {"n": 60, "d": 8, "condition": 1e4}, {"n": 200, "d": 20, "l2": 0.3}]


def exact_least_squares(p):
    """Solution of the normal equations in 60 digits."""
    X, y = mpmath.matrix(p.X.tolist()), mpmath.matrix(p.y.tolist())
    return mpmath.lu_solve(X.T * X + p.n * mpmath.mpf(p.l2) * mpmath.eye(p.dim), X.T * y)


def exact_logistic(p):
    """Newton's method in 60 digits from the float64 answer: the error is squared at each of 3 steps."""
    X, w = mpmath.matrix(p.X.tolist()), mpmath.matrix(p.minimizers[0].tolist())
    for _ in range(3):
        m = X * w
        s = [1 / (1 + mpmath.exp(label * z)) for label, z in zip(p.y.tolist(), m, strict=True)]
        pull = mpmath.matrix([-label * t / p.n for label, t in zip(p.y.tolist(), s, strict=True)])
        grad = X.T * pull + mpmath.mpf(p.l2) * w
        hess = X.T * mpmath.diag([t * (1 - t) / p.n for t in s]) * X + mpmath.mpf(p.l2) * mpmath.eye(p.dim)
        w = w - mpmath.lu_solve(hess, grad)
    return w


@pytest.mark.parametrize("options", CASES)
@pytest.mark.parametrize(("family", "solve"), [(LeastSquares, exact_least_squares), (Logistic, exact_logistic)])
def test_the_minimizer_is_exact_to_1e_12(family, solve, options, seed):
    p = family.generated(seed=seed + 11, **options)
    with mpmath.workdps(60):
        want = np.array([float(w) for w in solve(p)])
    assert np.abs(p.minimizers[0] - want).max() <= 1e-12 * (1 + np.abs(want).max())  # the promise
    assert p.minimizer_error <= 1e-12 * (1 + np.abs(want).max())  # and the class knows it
    assert p.minimum == p.value(p.minimizers[0])


def test_separable_data_and_far_starts_do_not_stop_newton():
    X = np.array([[50.0, 1.0], [60.0, -2.0], [-70.0, 0.5], [-40.0, -1.0]])
    p = Logistic(X, [1, 1, -1, -1], l2=1e-6)
    assert p.minimizer_error <= 1e-12 * (1 + np.abs(p.minimizers).max())
    assert np.isfinite(p.value([1e6, -1e6])) and np.isfinite(p.grad([1e6, -1e6])).all()  # exp would overflow


def test_overdetermined_and_underdetermined_least_squares():
    X, y = np.array([[1.0, 2.0, 3.0], [0.0, 1.0, -1.0]]), np.array([3.0, 2.0])
    p = LeastSquares(X, y)
    assert p.m == 0 and p.kappa == np.inf and p.minimizer_error == np.inf
    w = p.minimizers[0]
    assert np.abs(X @ w - y).max() <= 32 * EPS * 3  # both equations hold
    null = np.array([5.0, -1.0, -1.0])  # X null = 0: the least-norm solution is at right angles to it
    assert abs(w @ null) <= 64 * EPS * np.linalg.norm(null) * np.linalg.norm(w)


def test_a_batch_is_the_mean_of_its_examples():
    for p in (LeastSquares.generated(7, 3, seed=1, l2=0.4), Logistic.generated(7, 3, seed=1, l2=0.4)):
        x = np.random.default_rng(2).standard_normal((4, 3))
        each = p.example_grads(x)
        assert each.shape == (4, 7, 3)
        size = 16 * EPS * np.abs(each).max()  # two sums of at most 7 terms in different order
        assert np.abs(p.batch_grad(x, [2, 5, 5]) - each[:, [2, 5, 5]].mean(1)).max() <= size
        assert np.abs(p.batch_grad(x, np.arange(7)) - p.grad(x)).max() <= size
        own = p.batch_grad(x, [[0, 1], [2, 3], [4, 5], [6, 6]])  # one batch for each point
        assert np.abs(own[3] - each[3, 6]).max() <= size and np.abs(own[0] - each[0, :2].mean(0)).max() <= size


def test_batches_are_drawn_as_stated(seed):
    rng = np.random.default_rng([seed, 40])
    without = LeastSquares.generated(6, 2, seed=0, batch_size=4).draw((500,), rng)
    assert without.shape == (500, 4) and all(len(set(batch)) == 4 for batch in without.tolist())
    replaced = LeastSquares.generated(6, 2, seed=0, batch_size=9, replace=True).draw((3, 500), rng)
    assert replaced.shape == (3, 500, 9)
    for drawn in (without, replaced):
        counts = np.bincount(drawn.ravel(), minlength=6)
        # binomial standard error, an upper bound without replacement; 12 counts at 4.5: 1e-4 false alarms
        assert (np.abs(counts - drawn.size / 6) <= 4.5 * np.sqrt(drawn.size * 5 / 36)).all()


def test_stated_constants_bound_the_curvature():
    p = LeastSquares.generated(30, 4, seed=5, l2=0.1, condition=50.0)
    values = np.linalg.eigvalsh(p.hess(np.zeros(4)))
    assert abs(values[0] - p.m) <= 64 * EPS * p.L and abs(values[-1] - p.L) <= 64 * EPS * p.L
    q = Logistic.generated(30, 4, seed=5, l2=0.1)
    values = np.linalg.eigvalsh(q.hess(5 * np.random.default_rng(0).standard_normal((200, 4))))
    assert (values >= q.m * (1 - 64 * EPS)).all() and (values <= q.L).all()
    assert abs(np.linalg.eigvalsh(q.hess(np.zeros(4)))[-1] - q.L) <= 64 * EPS * q.L  # attained at 0


def test_the_least_curvature_has_the_digits_of_the_examples():
    X = np.array([[1.0, 1.0], [1.0, 1.0 + 1e-7], [1.0, 1.0 - 5e-8]])
    rows = [[Fraction(entry) for entry in row] for row in X.tolist()]  # the least eigenvalue is det / the other one
    (a, b), (_, d) = [[sum(x[i] * x[j] for x in rows) / 3 for j in range(2)] for i in range(2)]
    wanted = float((a * d - b * b) / (a + d))  # the other one is the trace, to 1e-15 of it
    p = LeastSquares(X, [1.0, 2.0, 3.0])
    assert abs(p.m / wanted - 1) < 1e-8 and p.kappa == p.L / p.m  # a singular value of 1e-8 of the largest has 8 digits
    ridge = LeastSquares([[1.0, 1.0]], [1.0], l2=1e-20)
    assert ridge.m == 1e-20 and LeastSquares([[1.0, 1.0]], [1.0]).kappa == np.inf


def test_the_minimiser_of_a_tiny_ridge_is_found_where_squares_underflow():
    p = Logistic([[1.0], [-1.0]], [1, -1], l2=1e-170)
    w = 385.0
    for _ in range(50):  # log of exp(-w) = l2 w: w = -log(l2) - log(w), which contracts by 1 / w
        w = -np.log(1e-170) - np.log(w)
    assert abs(p.minimizers[0, 0] - w) <= 64 * EPS * w


def test_far_from_the_origin_no_ridge_is_no_term():
    assert abs(LeastSquares([[1e-160]], [1.0]).minimum) <= EPS**2  # the residual is a rounding or two of 1
    assert abs(LeastSquares([[1e-170]], [1.0]).value([1e160]) / ((1 - 1e-10) ** 2 / 2) - 1) <= 8 * EPS


X, Y = np.array([[1.0, 2.0], [3.0, 4.0], [5.0, 7.0]]), np.array([1.0, -1.0, 1.0])


test_bad_input_gets_one_sentence = refused(
    (lambda: LeastSquares(X, Y[:2]), r"^y\.shape must satisfy shape \(3,\), got y\.shape=\(2,\)$"),
    (lambda: LeastSquares(X[0], Y), r"^X\.shape must satisfy shape \(any, any\), got X\.shape=\(2,\)$"),
    (lambda: LeastSquares(X, Y, l2=-1.0), r"^l2 must satisfy finite l2 >= 0, got l2=-1\.0$"),
    (lambda: LeastSquares(X, Y, batch_size=4), r"^batch_size must satisfy batch_size <= n = 3, got batch_size=4"),
    (lambda: LeastSquares(X, Y, batch_size=0), r"^batch_size must satisfy integer batch_size >= 1"),
    (lambda: LeastSquares(X, Y, replace=1), r"^replace must satisfy True or False, got replace=1$"),
    (lambda: Logistic(X, [0, 1, 1]), r"^y must satisfy labels -1 and \+1 only"),
    (lambda: Logistic(X, Y, l2=0), r"^l2 must satisfy finite l2 > 0, got l2=0 \(separable data"),
    (lambda: Logistic([[1.0, 2.0, 3.0]], [1], l2=1e-16), "^l2 must satisfy l2 large enough"),
    (lambda: Logistic([[1.0, 2.0, 3.0]], [1], l2=1e-300), "^l2 must satisfy l2 large enough"),
    (lambda: Logistic([[1e200], [-2e200]], [1, 1], l2=0.1), "^X must satisfy entries whose squares are finite"),
    (lambda: LeastSquares([[1e200], [1e200]], [1, 1]), "^X must satisfy entries whose squares are finite"),
    (lambda: LeastSquares(X, Y).batch_grad(X[:, :2], [[0]] * 4), "axes that broadcast with x.shape=(3, 2), got"),
    (lambda: LeastSquares(X, Y).batch_grad([0, 0], []), r"^indices\.dtype must satisfy an integer array"),
    (lambda: LeastSquares(X, Y).batch_grad([0, 0], [3]), r"^indices must satisfy entries from 0 to n-1 = 2"),
    (lambda: LeastSquares(X, Y).batch_grad([0, 0], [-1]), r"^indices must satisfy entries from 0"),
    (lambda: LeastSquares(X, Y).batch_grad([0, 0], 1), r"^indices\.shape must satisfy shape \(\.\.\., B\), B >= 1"),
    (lambda: Logistic.generated(3, 2, seed=-1), r"^seed must satisfy integer seed >= 0, got seed=-1$"),
    (lambda: Logistic.generated(0, 2, seed=1), r"^n must satisfy integer n >= 1, got n=0$"),
    (lambda: LeastSquares.generated(3, 2, 1, condition=0.1), r"^condition must satisfy finite condition >= 1"),
)
