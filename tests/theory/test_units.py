"""Closed forms in other units: lengths, curvatures and noise of 1e-12 or 1e12 are as good as those of 1."""

from fractions import Fraction

import numpy as np
import pytest

from nala_lab.theory import (
    adala_noise,
    adam_cycle,
    break_even,
    chebyshev,
    optimal_mu,
    quadratic_rate,
    stability,
    worst_functions,
)


@pytest.mark.parametrize(("lam", "sigma2", "lr"), ((1e-12, 1.0, 1e-3), (1.0, 1e24, 1e-3), (1e12, 1e24, 1e-15)))
def test_adalas_noise_floor_under_much_noise_or_little_curvature(lam, sigma2, lr):
    """Far below the limit the denominator is sqrt(2) sigma (1 + O(lr lam)) and V = h sigma^2 / (2 lam)."""
    h, V = adala_noise.stationary_step(lam, sigma2, lr=lr, eps=0.0)
    assert h == pytest.approx(lr / np.sqrt(2 * sigma2), rel=1e-3)
    assert V == pytest.approx(h * sigma2 / (2 * lam), rel=1e-3)


@pytest.mark.parametrize("m", (1e-20, 1e-12, 0.5))
def test_the_points_of_the_floor_lie_in_the_spectrum(m):
    """(L+m)/2 - (L-m)/2 cos t in 60 digits: m is not lost beside L."""
    mpmath = pytest.importorskip("mpmath")
    with mpmath.workdps(60):
        at = lambda t: float((1 + mpmath.mpf(m)) / 2 - (1 - mpmath.mpf(m)) / 2 * mpmath.cos(t))  # noqa: E731
        ends, zeros = ([at(mpmath.pi * t / 3) for t in ts] for ts in (range(4), (0.5, 1.5, 2.5)))
    found = chebyshev.extreme_points(m, 1.0, 3)
    np.testing.assert_allclose(found, ends, rtol=1e-14)
    assert found[0] == m and found[-1] == 1.0
    np.testing.assert_allclose(chebyshev.roots(m, 1.0, 3), zeros, rtol=1e-14)


def test_the_limit_of_the_inner_step_at_a_long_outer_one():
    """mu > 1: 1 - ((mu-1)/(mu+1))^(1/k) = 2/(k mu) (1 + O(1/mu))."""
    for k in (1, 4, 5):
        assert float(stability.inner_limit(k, 1e12)) == pytest.approx(2 / (k * 1e12), rel=1e-11)
        assert float(stability.inner_limit(k, 3.0)) == pytest.approx(1 - 0.5 ** (1 / k), rel=1e-14)
        assert float(stability.inner_limit(k, 1.0)) == 1.0


@pytest.mark.parametrize("kind", (np.float32, Fraction))
def test_hyperparameters_are_the_numbers_they_are(kind):
    """In float32 1 + mu would be rounded to 7 digits, and a fraction would make an array of objects."""
    lr, mu, alpha, m, L = (kind(v) for v in (0.3, -0.7, 0.1, 0.2, 1.5))
    exact = [Fraction(float(v)) if kind is np.float32 else v for v in (lr, mu, alpha, m, L)]
    h, u, a, low, high = exact
    at = lambda lam: (1 + u) * (1 - h * lam) ** 3 - u  # noqa: E731
    near = lambda value: pytest.approx(float(value), rel=1e-14)  # noqa: E731
    given = dict(lr=lr, k=3, mu=mu)
    assert float(quadratic_rate.rho(2.0, **given, alpha=alpha)) == near((1 - 2 * a) * at(2))
    rates = quadratic_rate.rate_per_gradient([2.0, 1.0], **given, alpha=alpha)
    assert rates[0] == near(float((1 - 2 * a) * at(2)) ** 0.25)
    assert float(break_even.against_lookahead(2.0, **given)[1]) == near((1 + float(at(2)) ** (1 / 3)) / 2)
    assert worst_functions.distance_factor(L=L, m=m, **given, alpha=alpha) == near((1 - a * low) * at(low))
    least, most = (1 - (1 - h * end) ** 3 for end in (low, high))
    best = optimal_mu.optimal_mu(m, L, lr=lr, k=3)
    assert best == pytest.approx(float((2 - least - most) / (least + most)), rel=1e-13)
    with pytest.raises(ValueError, match="eps must satisfy"):
        adam_cycle.amplitude(kind(1), lr=kind(1), eps=kind(1))
    assert adam_cycle.amplitude(kind(0.3), lr=lr, beta1=kind(0.5), eps=kind(0)) == near(h / 6)
