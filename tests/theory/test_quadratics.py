import numpy as np
import pytest

from nala_lab.core import stream
from nala_lab.theory import descent, optimal_mu, quadratic_rate, stability
from tests.refusals import refused
from tests.theory.loops import nala_gd


def rotation(rng, d):
    return np.linalg.qr(rng.normal(size=(d, d)))[0]


@pytest.mark.parametrize("draw", range(8))
def test_the_rate_predicts_an_independent_loop(draw):
    rng = stream(0, "rate", draw)
    lam, q, shift = rng.uniform(0.1, 2.0, 5), rotation(rng, 5), rng.normal(size=5)
    setting = dict(
        lr=rng.uniform(0.05, 0.9), k=int(rng.integers(1, 8)), mu=rng.uniform(-1, 0.6), alpha=rng.uniform(0, 0.9)
    )
    start = shift + rng.normal(size=(3, 5))
    slow = nala_gd(lambda x: (x - shift) @ q @ np.diag(lam) @ q.T, start, 6, **setting)
    predicted = quadratic_rate.trajectory(lam, q, start - shift, 6, **setting)
    # 6 cycles of at most 8 gradient steps, each a 5x5 product: 6 * 8 * 40 roundings of numbers of size 10
    np.testing.assert_allclose(slow - shift, predicted, atol=1920 * 10 * np.finfo(float).eps)


def test_complex_eigenvalues_predict_the_bilinear_game():
    field = np.array([[0.0, 1.0], [-1.0, 0.0]])  # grad of xy for the descending and the ascending player
    setting = dict(lr=0.3, k=5, mu=-0.5, alpha=0.3)
    slow = nala_gd(lambda z: field @ z, np.array([1.0, 2.0]), 7, **setting)
    rho = abs(quadratic_rate.rho(np.array([1j, -1j]), **setting)[0])
    # field is normal: the norm shrinks by exactly |rho| a cycle; 42 steps of 2 products
    np.testing.assert_allclose(np.linalg.norm(slow[-1]), np.sqrt(5) * rho**7, rtol=200 * np.finfo(float).eps)


def test_the_numbers_of_the_design_notes():
    b = quadratic_rate.lookahead_factor(1.0, lr=0.1, k=5, mu=-0.5)
    assert float(b) == pytest.approx(159049 / 200000, rel=1e-15)
    assert float(b) ** 12 == pytest.approx(0.063975, abs=5e-7)
    assert float(quadratic_rate.rho(1.0, lr=0.1, k=5, mu=-0.5, alpha=1e-3)) ** 10 == pytest.approx(0.100153, abs=5e-7)


@pytest.mark.parametrize("mu", (-0.9, -0.5, 0.0, 0.6, 1.0, 2.5))
@pytest.mark.parametrize("k", range(1, 8))
def test_the_stability_limit_is_where_rho_reaches_one(k, mu):
    rho = lambda x: abs(quadratic_rate.rho(x, lr=1.0, k=k, mu=mu, alpha=0.0))  # noqa: E731
    limit = float(stability.inner_limit(k, mu))
    below = np.linspace(1e-3, 1 - 1e-6, 400) * limit
    if mu < 1:
        assert np.all(rho(below) < 1)
        assert rho(limit * (1 + 1e-6)) > 1
    elif mu > 1:
        assert np.all(rho(below) < 1) and rho(limit * (1 + 1e-6)) > 1
    else:
        assert limit == 1.0


def test_the_interval_agrees_with_the_size_of_rho():
    rng = stream(0, "interval")
    for _ in range(300):
        setting = dict(
            lr=rng.uniform(0, 3), k=int(rng.integers(1, 9)), mu=rng.uniform(-0.99, 2), alpha=rng.uniform(0, 3)
        )
        lam = rng.uniform(0, 1.5, 20)
        size = np.abs(quadratic_rate.rho(lam, **setting))
        clear = np.abs(size - 1) > 1e-9  # on the edge rounding decides
        assert np.array_equal(stability.is_stable(lam, **setting)[clear], (size < 1)[clear])


@pytest.mark.parametrize("draw", range(20))
def test_no_other_mu_beats_the_optimal_one(draw):
    rng = stream(0, "optimal mu", draw)
    m, big = sorted(rng.uniform(0.1, 1.0, 2))
    k = int(rng.integers(1, 8))
    lr = rng.uniform(0.1, 0.98) * 2 / big
    lam = np.concatenate([np.linspace(m, big, 4001), np.clip([1 / lr], m, big)])
    worst = lambda mu: np.abs(quadratic_rate.rho(lam, lr=lr, k=k, mu=mu, alpha=0.0)).max()  # noqa: E731
    best, rate = optimal_mu.optimal_mu(m, big, lr=lr, k=k), optimal_mu.optimal_rate(m, big, lr=lr, k=k)
    assert worst(best) == pytest.approx(rate, rel=1e-12)  # a handful of roundings, and 1/(2 - R_max - R_min) >= 1/4
    assert min(worst(best + 1e-3), worst(max(best - 1e-3, -1.0))) > rate
    assert (best < 0) == (k % 2 == 1 and lr > 2 / (m + big))


def test_the_descent_bound_is_tight_on_the_stiffest_quadratic_and_slack_elsewhere():
    x = stream(0, "descent").normal(size=(50, 3)) + 4
    for alpha in (0.1, 1.0, 1.9):
        for lam in (2.0, 0.5):
            f = lambda z: lam / 2 * np.sum(z**2, -1)  # noqa: B023, E731
            bound = descent.value_after_outer_step(f(x), lam * x, alpha=alpha / 2, smoothness=2.0)
            after = f(x - alpha / 2 * lam * x)
            assert np.all(after <= bound + 1e-12 * f(x))  # the rounding of f itself
            assert np.allclose(after, bound, rtol=1e-12) == (lam == 2.0)


test_what_is_refused = refused(
    (lambda: quadratic_rate.rho(1.0, lr=0.1, k=0, mu=0.0, alpha=0.0), "k must satisfy integer k >= 1, got k=0"),
    (lambda: quadratic_rate.rate_per_gradient(1.0, lr=0.1, k="x", mu=0, alpha=0), "k must satisfy integer k >= 1"),
    (lambda: quadratic_rate.rho(1.0, lr=-0.1, k=1, mu=0.0, alpha=0.0), "lr must satisfy 0 <= lr < inf"),
    (lambda: quadratic_rate.rho(np.nan, lr=0.1, k=1, mu=0.0, alpha=0.0), "lam must satisfy finite numbers"),
    (lambda: quadratic_rate.trajectory([1.0], np.eye(2), [1.0], 1, lr=0.1, k=1, mu=0, alpha=0), "basis must"),
    (lambda: quadratic_rate.trajectory([1, 2], [[1, 1], [0, 1]], [1, 1], 1, lr=0.1, k=1, mu=0, alpha=0), "orthogonal"),
    (lambda: quadratic_rate.trajectory([1.0], [[np.nan]], [1.0], 1, lr=0.1, k=1, mu=0, alpha=0), "orthogonal"),
    (lambda: quadratic_rate.trajectory([1.0], np.eye(1), [1.0, 2], 1, lr=0.1, k=1, mu=0, alpha=0), "e0 must"),
    (lambda: stability.inner_limit(5, -1.0), "mu must satisfy -1 < mu < inf, got mu=-1.0"),
    (lambda: optimal_mu.optimal_mu(0.1, 1.0, lr=2.5, k=2), r"lr must satisfy \(1 - lr lam\)\^k < 1"),
    (lambda: optimal_mu.optimal_mu(1.0, 1e80, lr=1.0, k=5), r"L must satisfy a finite \(1 - lr L\)\^k"),
    (lambda: optimal_mu.optimal_mu(1.0, 0.1, lr=0.5, k=2), "L must satisfy 1 <= L < inf, got L=0.1"),
    (lambda: descent.value_after_outer_step([1.0, 2.0], [1.0], alpha=0.1, smoothness=1), "grad must satisfy shape"),
)
