"""Forecasts are exact on quadratics, and the three numbers of a cycle are its forecast for every mu."""

import numpy as np
import pytest

from nala_lab.core import stream
from nala_lab.theory import stochastic
from nala_lab.theory.forecast import Local, forecast, loss_spread, relinearised
from nala_lab.theory.forecast_cycle import OneCycle, best_mu, one_cycle
from nala_lab.theory.forecast_products import reduced
from nala_lab.theory.minibatch_cycle import Loop, cycle, in_x, nala, start
from nala_lab.theory.minibatch_modes import constant_modes, streaming_modes
from nala_lab.theory.minibatch_noise import Constant, FiniteSum, Streaming
from tests.refusals import refused

CLOSED = 1e-10  # two routes to one number: a few hundred roundings times a condition number below 1e3
LOOP = nala(lr=0.25, k=3, mu=-0.4, alpha=0.15)


def quadratic(name="forecast"):
    """H, C and a point e0 away from the minimiser of e'He/2."""
    rng = stream(0, "forecast-test", name)
    q = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    root = rng.normal(size=(3, 3)) / 2
    return (q * np.array([0.3, 1.1, 2.4])) @ q.T, root @ root.T, np.array([1.0, -2.0, 0.5])


def at(x):
    H, C, _ = quadratic()
    return Local(float(x @ H @ x) / 2, Constant(H, C, g=H @ x))


def test_a_forecast_is_the_engine_seen_from_another_point():
    H, C, e0 = quadratic()
    moments = stochastic.propagate(stochastic.cycle(H, C, lr=0.25, k=3, mu=-0.4, alpha=0.15), e0, T=4)
    ahead = forecast(at(e0), LOOP, T=4)
    np.testing.assert_allclose(ahead.loss, stochastic.expected_loss(H, moments), rtol=CLOSED)
    # the variance of a quadratic form of a Gaussian, from the other engine's moments
    P, m = moments.covariance[:, :3, :3], moments.mean[:, :3]
    variance = np.einsum("ti,tij,tj->t", m @ H, P, m @ H) + np.einsum("tij,tji->t", H @ P, H @ P) / 2
    np.testing.assert_allclose(ahead.spread, np.sqrt(variance), rtol=CLOSED)


@pytest.mark.parametrize("every", [1, 2, 3])
@pytest.mark.parametrize("loop", [LOOP, Loop(lr=0.2, k=2, nu=0.7, beta=0.6, alpha=0.1, workers=2)], ids=str)
def test_measuring_again_changes_nothing_on_a_quadratic(every, loop):
    _, _, e0 = quadratic()
    once, again = forecast(at(e0), loop, T=5), relinearised(at, e0, loop, T=5, every=every)
    np.testing.assert_allclose(again.loss, once.loss, rtol=CLOSED)
    np.testing.assert_allclose(again.spread, once.spread, rtol=CLOSED)


def test_measuring_again_follows_a_curved_loss_better():
    # J = x^4 / 4 without noise: gradient descent itself, by hand
    def quartic(x):
        return Local(float(x[0]) ** 4 / 4, Constant([[3 * x[0] ** 2]], [[0.0]], g=[x[0] ** 3]))

    x = 1.0
    for _ in range(8):
        x = x - 0.1 * x**3
    loop = nala(lr=0.1, k=1, mu=0.0)
    errors = [abs(relinearised(quartic, [1.0], loop, T=8, every=every).loss[-1] - x**4 / 4) for every in (1, 4, 8)]
    assert errors[0] <= 1e-15 and errors[0] < errors[1] < errors[2]


@pytest.mark.parametrize("alpha", [0.0, 0.3])
def test_three_numbers_are_the_forecast_of_one_cycle_for_every_mu(alpha):
    _, _, e0 = quadratic()
    here = at(e0)
    parts = one_cycle(here, nala(lr=0.3, k=4, mu=0.0, alpha=alpha))
    for mu in (-1.0, -0.5, 0.0, 0.7):
        ahead = forecast(here, nala(lr=0.3, k=4, mu=mu, alpha=alpha), T=1)
        np.testing.assert_allclose(here.loss + parts.change(mu), ahead.loss[-1], rtol=CLOSED)
    best = best_mu(parts)
    assert parts.change(best) < min(parts.change(best - 1e-3), parts.change(best + 1e-3))


def test_heavy_ball_outside_takes_its_first_step_without_velocity():
    here = at(quadratic()[2])
    loop = Loop(lr=0.3, k=4, nu=0.7, beta=0.6, style="heavy-ball", alpha=0.3, workers=2)
    change = forecast(here, loop, T=1).loss[-1] - here.loss
    assert one_cycle(here, loop).change(loop.nu - 1) == pytest.approx(change, rel=CLOSED)


def test_the_printed_formula_of_the_best_mu():
    # alpha = 0: mu* = -(g.D) / (D'HD + tr(H S_D)) - 1, with D and S_D from the matrices of the inner loop
    H, C, e0 = quadratic()
    g, A, lr, k = H @ e0, np.eye(3) - 0.3 * H, 0.3, 4
    D = np.linalg.matrix_power(A, k) @ e0 - e0
    S = lr**2 * sum(np.linalg.matrix_power(A, j) @ C @ np.linalg.matrix_power(A, j) for j in range(k))
    want = -(g @ D) / (D @ H @ D + np.trace(H @ S)) - 1
    np.testing.assert_allclose(best_mu(one_cycle(at(e0), nala(lr=lr, k=k, mu=0.0))), want, rtol=CLOSED)


def test_noise_pulls_the_best_mu_down_and_workers_push_it_up():
    H, C, e0 = quadratic()

    def best(c, workers=1):
        return best_mu(one_cycle(Local(0.0, Constant(H, c, g=H @ e0)), nala(lr=0.3, k=4, mu=0.0, workers=workers)))

    assert best(4 * C) < best(C) < best(C, 4) < best(0 * C)
    np.testing.assert_allclose(best(C, 4), best(C / 4), rtol=CLOSED)


def test_where_no_mu_is_best():
    assert best_mu(OneCycle(1.0, -2.0, 1.0, 0.0)) == np.inf
    assert best_mu(OneCycle(1.0, -2.0, 1.0, 0.0), high=1.0) == 1.0
    assert best_mu(OneCycle(-1.0, 0.0, 0.0, 0.0)) == -1.0
    assert best_mu(OneCycle(-1.0, 1.0, 0.0, 0.0)) == -1.0  # uphill: do not move
    assert best_mu(OneCycle(-3.0, -1.0, 0.0, 0.0), high=1.0) == -1.0  # -s gain - s^2/2: 4 at s = 2, 0 at s = 0


def test_curvature_noise_kept_in_all_directions_or_in_those_that_have_it():
    rng = stream(0, "forecast-test", "modes")
    F, each = rng.normal(size=(20, 2, 5)), rng.normal(size=(20, 5))
    F[:, :, 3:] = 0.0  # no curvature there
    H = np.einsum("nri,nrj->ij", F, F) / 20 + np.diag([0.0, 0.0, 0.0, 0.5, 0.7])
    whole = Local(1.0, FiniteSum(F, each, B=4, H=H))
    kept = Local(1.0, FiniteSum(F, each, B=4, H=H, modes=3))
    loop = nala(lr=0.1, k=3, mu=-0.5, alpha=0.1)
    np.testing.assert_allclose(forecast(kept, loop, T=3).loss, forecast(whole, loop, T=3).loss, rtol=CLOSED)
    few = Local(1.0, FiniteSum(F, each, B=4, H=H, modes=1))
    assert abs(forecast(few, loop, T=3).loss[-1] / forecast(whole, loop, T=3).loss[-1] - 1) > 1e-4


test_what_is_refused = refused(
    (lambda: Local(np.nan, streaming_modes([1.0], sigma2=1.0, B=1)), "loss must satisfy"),
    (lambda: forecast(at(np.ones(3)), LOOP, T=-1), "integer T >= 0"),
    (lambda: relinearised(at, np.ones(3), LOOP, T=1, every=0), "integer every >= 1"),
    (lambda: relinearised(lambda x: Local(0.0, streaming_modes([1.0], sigma2=1.0, B=1)), [1.0], LOOP, T=1, every=1),
     "noise with all covariances"),
    (lambda: best_mu(OneCycle(1.0, 1.0, 1.0, 0.0), low=-2.0), "low must satisfy -1 <= low"),
    (lambda: best_mu(OneCycle(np.nan, 1.0, 1.0, 0.0)), "parts must satisfy finite parts, got parts=OneCycle(gain=nan"),
    (lambda: best_mu(OneCycle(1.0, np.inf, 1.0, 0.0)), "parts must satisfy finite parts"),
    (lambda: one_cycle(at(np.ones(3)), Loop(lr=0.1, beta=0.5)), "beta must satisfy 0 with style='nesterov', got"),
)  # fmt: skip


def test_products_and_samples_give_the_numbers_of_the_whole_matrices():
    rng = stream(0, "forecast-test", "products")
    d, s, loop = 200, 3, nala(lr=0.3, k=4, mu=-0.4, alpha=0.2)
    h, g, z = np.linspace(-0.2, 1.5, d), rng.normal(size=d), rng.normal(size=(s, d))
    whole = Local(1.0, Constant(np.diag(h), z.T @ z / s, g=g))
    few = reduced(1.0, g, lambda v: h * v, z, depth=4)  # five steps: four inside, one outside
    assert len(few.noise.h) == 5 * (s + 1)
    np.testing.assert_allclose(one_cycle(few, loop), one_cycle(whole, loop), rtol=1e-9)
    np.testing.assert_allclose(forecast(few, loop, T=1).loss, forecast(whole, loop, T=1).loss, rtol=1e-9)
    # five cycles are 25 steps: what depth 4 leaves out shrinks with depth
    want = forecast(whole, loop, T=5).loss[-1] - 1
    several = [reduced(1.0, g, lambda v: h * v, z, depth=n) for n in (2, 4, 8)]
    errors = [abs(forecast(local, loop, T=5).loss[-1] - 1 - want) for local in several]
    assert errors[0] > errors[1] > errors[2] and errors[2] <= 1e-3 * abs(want)


def test_a_space_that_is_full_stops_growing():
    full = reduced(0.0, [1.0, 1.0], lambda v: np.array([2.0, 1.0]) * v, np.eye(2), depth=9)
    np.testing.assert_allclose(np.sort(full.noise.h), [1.0, 2.0], rtol=CLOSED)
    with pytest.raises(ValueError, match="not zero"):
        reduced(0.0, [0.0], lambda v: v, [[0.0]], depth=1)
    with pytest.raises(ValueError, match="samples must satisfy"):
        reduced(0.0, [1.0], lambda v: v, [[0.0, 1.0]], depth=1)


def test_a_spread_needs_the_covariances_that_the_noise_makes():
    """Streaming noise at a place away from the minimum correlates the modes: C_ij = h_i h_j m_i m_j / B."""
    h, e0, loop = np.array([1.0, 0.3]), np.array([1.0, -2.0]), nala(lr=0.2, k=1, mu=0.0)
    whole = Streaming(np.diag(h), sigma2=0.5, B=2)
    z = cycle(whole, loop, start(whole, e0))
    m, P = in_x(whole, z)
    off = 0.2**2 * np.prod(h * e0) / 2
    assert P[0, 1] == pytest.approx(off, rel=1e-12)
    slope = h * m
    want = np.sqrt(slope @ P @ slope + np.trace(np.diag(h) @ P @ np.diag(h) @ P) / 2)
    assert loss_spread(whole, z) == pytest.approx(want, rel=1e-12)
    modes = streaming_modes(h, sigma2=0.5, B=2)
    with pytest.raises(ValueError, match="noise must satisfy noise with all covariances, got noise='Modes'"):
        loss_spread(modes, cycle(modes, loop, start(modes, e0)))
    same = (constant_modes(h, [0.1, 0.2]), Constant(np.diag(h), np.diag([0.1, 0.2])))
    spreads = [loss_spread(noise, cycle(noise, loop, start(noise, e0))) for noise in same]
    assert spreads[0] == pytest.approx(spreads[1], rel=1e-12)
    one = streaming_modes(h[:1], sigma2=0.5, B=2)
    assert loss_spread(one, cycle(one, loop, start(one, e0[:1]))) > 0
