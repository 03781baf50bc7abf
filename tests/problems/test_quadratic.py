"""Quadratics and linear functions: spectrum, options, and what is refused."""

import numpy as np
import pytest

from problems import Linear, Quadratic, random_rotation
from problems.checks import EPS
from tests.refusals import refused


def test_the_spectrum_is_the_hessians_in_the_stated_axes():
    spectrum = np.array([5.0, 0.5, 2.0])
    f = Quadratic(spectrum, rotation=9, shift=[1.0, 2.0, 3.0], offset=-4.0)
    assert np.array_equal(f.eigenvalues, spectrum)
    # an entry of Q D Q' has d products of size |A|; A itself is rounded likewise
    assert np.abs(f.A @ f.eigenvectors - f.eigenvectors * spectrum).max() <= 16 * 3 * EPS * 5
    assert (f.L, f.m, f.kappa) == (5.0, 0.5, 10.0)
    assert f.value([1.0, 2.0, 3.0]) == -4.0 == f.minimum
    step = 1.5 * f.eigenvectors[:, 1]
    assert abs(f.value(f.center + step) - (0.5 * 1.5**2 / 2 - 4.0)) <= 16 * 3 * EPS * 10


def test_the_condition_number_is_a_constructor():
    f = Quadratic.with_condition(1e4, 5, m=0.2, seed=3)
    ratios = f.eigenvalues[1:] / f.eigenvalues[:-1]
    assert np.abs(ratios - 10.0).max() <= 64 * EPS * 10  # exp and log of numbers up to log(1e4)
    assert f.eigenvalues[0] == 0.2 and abs(f.kappa - 1e4) <= 8 * EPS * 1e4
    again, other = Quadratic.with_condition(1e4, 5, m=0.2, seed=3), Quadratic.with_condition(1e4, 5, m=0.2, seed=4)
    assert np.array_equal(f.A, again.A) and np.array_equal(f.center, again.center)
    assert not np.array_equal(f.A, other.A) and (f.center != 0).all()
    aligned = Quadratic.with_condition(7.0, 2)
    assert np.array_equal(aligned.A, np.diag(aligned.eigenvalues)) and (aligned.center == 0).all()
    mixed = Quadratic.with_condition(7.0, 2, seed=3, shift=[1.0, 2.0])  # what is given is kept
    assert mixed.center.tolist() == [1.0, 2.0] and mixed.A[0, 1] != 0


def test_a_singular_quadratic_names_the_directions_of_its_minimizers():
    f = Quadratic([0.0, 2.0, 0.0], rotation=1, shift=[1.0, 1.0, 2.0], offset=3.0)
    assert f.null_space.shape == (3, 2) and f.kappa == np.inf and f.m == 0
    along = f.minimizers[0] + 5.0 * f.null_space @ [0.6, -0.8]
    assert abs(f.value(along) - 3.0) <= 64 * EPS * 2 * 25 and np.abs(f.grad(along)).max() <= 64 * EPS * 2 * 5


def test_an_indefinite_quadratic_has_no_minimum():
    f = Quadratic([-1.0, 3.0], shift=[1.0, 2.0])
    assert f.minimizers.shape == (0, 2) and f.minimum == -np.inf
    assert f.grad(f.center).tolist() == [0.0, 0.0] and (f.L, f.m) == (3.0, -1.0)


def test_a_quadratic_from_its_matrix():
    A = np.array([[2.0, 1.0, 0.0], [1.0, 2.0, 0.0], [0.0, 0.0, 0.0]])
    f = Quadratic.from_matrix(A, shift=[1.0, 0.0, 0.0])
    assert np.abs(f.A - A).max() <= 16 * 3 * EPS * 3 and (f.eigenvalues == 0).sum() == 1


def test_a_random_rotation_is_orthogonal_and_uniform_in_sign(seed):
    draws = np.array([random_rotation(3, seed=1000 * seed + s) for s in range(400)])
    gaps = draws.swapaxes(1, 2) @ draws - np.eye(3)
    assert np.abs(gaps).max() <= 16 * 9 * EPS
    # entries of a uniform orthogonal matrix have mean 0 and variance 1/d; 9 moments at 4.5 standard errors
    assert (np.abs(draws.mean(0)) <= 4.5 / np.sqrt(3 * 400)).all()


test_bad_options_get_one_sentence = refused(
    (lambda: Quadratic([]), r"^spectrum\.shape must satisfy shape \(any,\), got spectrum\.shape=\(0,\)$"),
    (lambda: Quadratic([1.0, np.nan]), r"^spectrum must satisfy finite entries"),
    (lambda: Quadratic([[1.0, 2.0], [3.0]]), r"^spectrum must satisfy rows of one length, got spectrum=\[\[1.0, 2.0"),
    (lambda: Quadratic(["a"]), r"^spectrum\.dtype must satisfy an array of real numbers"),
    (lambda: Quadratic([1.0, 2.0], shift=[0.0]), r"^shift\.shape must satisfy shape \(2,\)"),
    (lambda: Quadratic([1.0, 2.0], rotation=2 * np.eye(2)), r"^rotation must satisfy R'R = identity.*deviation 3"),
    (lambda: Quadratic([1.0], offset=np.inf), r"^offset must satisfy finite number offset, got offset=inf$"),
    (lambda: Quadratic([1.0], offset=10**400), r"^offset must satisfy finite number offset, got offset=10+$"),
    (lambda: Quadratic.from_matrix(np.eye(2), rotation=3), r"^rotation must satisfy no rotation, got rotation=3 \(the"),
    (lambda: Quadratic.with_condition(0.5, 2), r"^kappa must satisfy finite kappa >= 1, got kappa=0\.5 \(kappa"),
    (lambda: Quadratic.with_condition(np.nan, 2), r"^kappa must satisfy finite kappa >= 1, got kappa=nan"),
    (lambda: Quadratic.with_condition(9.0, 1), r"^dim must satisfy dim >= 2 where kappa > 1, got dim=1"),
    (lambda: Quadratic.with_condition(9.0, 2.5), r"^dim must satisfy integer dim >= 1, got dim=2\.5$"),
    (lambda: Quadratic.with_condition(9.0, 2, m=0), r"^m must satisfy finite m > 0, got m=0$"),
    (lambda: random_rotation(2.5, 1), r"^dim must satisfy integer dim >= 1, got dim=2\.5$"),
    (lambda: Quadratic.with_condition(9.0, 2, seed=True), r"^seed must satisfy integer seed >= 0, got seed=True$"),
    (lambda: Quadratic.from_matrix([[1.0, 2.0]]), r"^A\.shape must satisfy a square matrix, got A\.shape=\(1, 2\)"),
    (lambda: Quadratic.from_matrix([[1.0, 2.0], [0.0, 1.0]]), r"^A must satisfy a symmetric matrix"),
    (lambda: Linear([0.0, 0.0]), r"^c must satisfy at least one entry that is not 0"),
    (lambda: Linear([1.0], b=np.nan), r"^b must satisfy finite number b, got b=nan$"),
)


def test_a_diagonal_quadratic_makes_no_matrix():
    """A million eigenvalues: a matrix would hold 10^12 numbers, so a step that makes one fails at once."""
    d = 1_000_000
    f = Quadratic(np.linspace(1, 100, d), shift=np.full(d, 2.0))
    x = np.full(d, 3.0)
    assert np.array_equal(f.grad(x), f.eigenvalues) and np.array_equal(f.hvp(x, 2 * x), 6 * f.eigenvalues)
    assert f.value(x) == pytest.approx(f.eigenvalues.sum() / 2) and f.kappa == 100 and len(f.box) == d
    assert np.array_equal(f.start, x) and f.minimizers.shape == (1, d)


def test_with_and_without_a_matrix_it_is_the_same_function():
    lam, c = [1.0, 0.0, 7.0], [1.0, -2.0, 0.5]
    plain, turned = Quadratic(lam, shift=c, offset=3.0), Quadratic(lam, shift=c, offset=3.0, rotation=np.eye(3))
    x = np.random.default_rng(0).normal(size=(4, 3))
    for name in ("value", "grad", "hess"):
        assert np.array_equal(getattr(plain, name)(x), getattr(turned, name)(x))
    assert np.array_equal(plain.A, np.diag(lam)) and np.array_equal(plain.null_space, turned.null_space)
    assert np.array_equal(plain.eigenvectors, np.eye(3)) and plain.box == turned.box
