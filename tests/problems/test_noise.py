"""The noise has mean zero and exactly the stated covariance."""

from itertools import combinations, product

import numpy as np
import pytest

from problems import CLASSIC, PROBLEMS, LeastSquares, Logistic, NoisyQuadratic, StochasticProblem, moved
from problems.checks import EPS
from tests.refusals import refused

NOISY = [name for name in PROBLEMS if isinstance(PROBLEMS[name](), StochasticProblem)]
DRAWS = 20_000
Z = 4.5  # two-sided 7e-6 a moment; at most 9 moments a case and 14 cases: one false alarm in about 1000 seeds


@pytest.mark.parametrize("name", NOISY)
@pytest.mark.parametrize("table", [CLASSIC, PROBLEMS], ids=["classic", "moved"])
def test_mean_and_covariance_of_the_noise(name, table, seed):
    p = table[name]()
    x = p.start + 0.3
    noise = p.noisy_grad(np.broadcast_to(x, (2, DRAWS // 2, p.dim)), np.random.default_rng([seed, 30]))
    noise = noise.reshape(DRAWS, p.dim) - p.grad(x)
    products = noise[:, :, None] * noise[:, None, :]
    want = p.noise_cov(x)
    mean_error = np.sqrt(np.diag(want) / DRAWS)
    assert (np.abs(noise.mean(0)) <= Z * mean_error).all()
    # the standard error of a second moment, from the fourth moments of the sample itself
    cov_error = products.std(0) / np.sqrt(DRAWS)
    assert (np.abs(products.mean(0) - want) <= Z * cov_error).all()


@pytest.mark.parametrize("name", NOISY)
def test_leading_indices_have_independent_noise_and_a_seed_repeats_it(name, seed):
    p = PROBLEMS[name]()
    x = np.broadcast_to(p.start, (2, 4000, p.dim))
    first, second = p.noisy_grad(x, np.random.default_rng([seed, 31])) - p.grad(p.start)
    sizes = np.sqrt(np.diag(p.noise_cov(p.start)))
    correlation = np.mean(first * second, axis=0) / sizes**2
    assert (np.abs(correlation) <= Z / np.sqrt(4000)).all()  # of independent samples: standard error 1/sqrt(n)
    again = p.noisy_grad(x, np.random.default_rng([seed, 31]))
    assert np.array_equal(again, p.noisy_grad(x, np.random.default_rng([seed, 31])))


@pytest.mark.parametrize("name", NOISY)
def test_it_is_said_whether_the_covariance_depends_on_the_place(name):
    p = PROBLEMS[name]()
    here, there = p.noise_cov(p.start), p.noise_cov(p.start + 1.0)
    assert p.noise_depends_on_x == (not np.array_equal(here, there))


@pytest.mark.parametrize("family", [LeastSquares, Logistic])
@pytest.mark.parametrize("replace", [False, True])
def test_enumerating_every_batch_gives_the_exact_covariance(family, replace):
    p = family.generated(5, 2, seed=6, l2=0.3, batch_size=3, replace=replace)
    batches = list(product(range(5), repeat=3) if replace else combinations(range(5), 3))
    x = np.array([[0.7, -1.1], [2.0, 0.4]])
    grads = np.stack([p.batch_grad(x, batch) for batch in batches])
    noise = grads - p.grad(x)
    size = np.abs(grads).max()
    assert np.abs(noise.mean(0)).max() <= 64 * EPS * size  # sums of n products of rounded numbers
    want = np.einsum("bni,bnj->nij", noise, noise) / len(batches)
    assert np.abs(p.noise_cov(x) - want).max() <= 64 * EPS * size**2


def test_the_full_batch_has_no_noise():
    p = LeastSquares.generated(6, 2, seed=7, batch_size=6)
    x = np.array([0.3, 0.8])
    size = np.abs(p.example_grads(x)).max()
    assert np.abs(p.noisy_grad(x, np.random.default_rng(0)) - p.grad(x)).max() <= 16 * EPS * size  # order of the sum
    assert (p.noise_cov(x) == 0).all()


def test_models_of_the_noisy_quadratic():
    S = np.array([[2.0, 0.6], [0.6, 0.5]])
    options = {"rotation": 4, "shift": [1.0, -2.0], "offset": 3.0}
    added = NoisyQuadratic([1.0, 4.0], S, **options)
    minimum = NoisyQuadratic([1.0, 4.0], S, model="random-minimum", **options)
    A = minimum.A
    assert np.array_equal(added.noise_cov([0.0, 0.0]), S) and added.noise_floor == 0
    assert np.abs(minimum.noise_cov([0.0, 0.0]) - A @ S @ A).max() <= 16 * EPS * np.abs(A @ S @ A).max()
    assert abs(minimum.noise_floor - np.trace(A @ S) / 2) <= 8 * EPS * minimum.noise_floor
    # decomposed and put together again: two products more
    turned = NoisyQuadratic.from_matrix(minimum.A, covariance=S, model="random-minimum")
    assert np.abs(turned.noise_cov([0.0, 0.0]) - A @ S @ A).max() <= 32 * EPS * np.abs(A @ S @ A).max()
    halves = NoisyQuadratic.with_condition(4.0, 2, covariance=0.5)
    assert halves.kappa == 4.0 and np.array_equal(halves.covariance, 0.5 * np.eye(2))
    assert moved(minimum, rotation=1, scale=3.0).noise_floor == 3.0 * minimum.noise_floor
    constant = NoisyQuadratic([1.0, 4.0], 0.3, **options)
    assert np.array_equal(constant.noise_cov([9.0, 9.0]), 0.3 * np.eye(2))
    diagonal = NoisyQuadratic([1.0, 4.0], [0.3, 0.0], **options)  # singular: no noise on the second axis
    draws = diagonal.noisy_grad(np.zeros((100, 2)), np.random.default_rng(1)) - diagonal.grad([0.0, 0.0])
    assert np.ptp(draws[:, 1]) == 0 and np.ptp(draws[:, 0]) > 1
    turned = moved(NoisyQuadratic([1.0, 4.0], [0.5, 2.0]), rotation=4)  # co-diagonal in the eigenvectors
    Q = turned.rotation
    assert np.abs(Q.T @ turned.noise_cov([0.0, 0.0]) @ Q - np.diag([0.5, 2.0])).max() <= 64 * EPS


test_bad_noise_gets_one_sentence = refused(
    ([[1.0, 2.0], [2.0, 1.0]], "additive", r"positive semi-definite matrix, .*least eigenvalue -1\)"),
    (-0.1, "additive", r"^covariance must satisfy a positive semi-definite matrix, got covariance=-0\.1"),
    ([[1.0, 0.5], [0.0, 1.0]], "additive", r"^covariance must satisfy a symmetric matrix"),
    ([1.0, 2.0, 3.0], "additive", r"^covariance\.shape must satisfy shape \(\), \(2,\) or \(2, 2\)"),
    (float("nan"), "additive", r"^covariance must satisfy finite entries, got covariance=nan$"),
    (1.0, "gaussian", r"^model must satisfy one of \('additive', 'random-minimum'\), got model='gaussian'$"),
    call=lambda covariance, model: NoisyQuadratic([1.0, 2.0], covariance, model=model),
)
