"""Chebyshev floor, outer limit, break-even steps, games: against loops and grids that know no closed form."""

from fractions import Fraction

import numpy as np
import pytest

from nala_lab.core import stream
from nala_lab.theory import break_even, chebyshev, games, outer_limit, outer_velocity, quadratic_rate
from tests.refusals import refused
from tests.theory.loops import nala_gd

ULP = np.finfo(float).eps


def chebyshev_by_recurrence(n, x):
    before, now = 1.0, x
    for _ in range(n - 1):
        before, now = now, 2 * x * now - before
    return now


@pytest.mark.parametrize("kappa", (1.01, 3.0, 10.0, 1e4))
@pytest.mark.parametrize("n", range(1, 9))
def test_the_floor_is_one_over_the_chebyshev_polynomial(kappa, n):
    want = 1 / chebyshev_by_recurrence(n, (kappa + 1) / (kappa - 1))
    # sqrt(kappa) - 1 cancels where kappa is near 1: a relative error of ulp / (kappa - 1), n times
    assert chebyshev.floor(kappa, n) == pytest.approx(want, rel=50 * n * ULP * (1 + 1 / (kappa - 1)))


def test_the_floor_per_gradient_of_the_design_notes_stays_above_that_of_a_method_with_memory():
    assert round(chebyshev.floor_per_gradient(100.0, 5), 5) == 0.90528
    for kappa in (1.5, 100.0, 1e6):
        for k in (1, 5, 50):
            assert chebyshev.floor_per_gradient(kappa, k) > (np.sqrt(kappa) - 1) / (np.sqrt(kappa) + 1)


@pytest.mark.parametrize("draw", range(30))
def test_no_setting_is_below_the_floor_on_the_extreme_points(draw):
    rng = stream(0, "floor", draw)
    k, kappa = int(rng.integers(1, 8)), float(np.exp(rng.uniform(0.1, 8)))
    lam = chebyshev.extreme_points(1 / kappa, 1.0, k + 1)
    for _ in range(200):
        setting = dict(lr=rng.uniform(0, 3), k=k, mu=rng.uniform(-1, 1), alpha=rng.uniform(0, 3 * k))
        worst = np.abs(quadratic_rate.rho(lam, **setting)).max()
        assert worst >= chebyshev.floor(kappa, k + 1) * (1 - 1e-10)  # 20 roundings times the slope at the far end


@pytest.mark.parametrize(
    ("k", "triple"),
    [(1, chebyshev.optimal_k1(0.1, 2.0, mu=-0.3)), (1, chebyshev.optimal_k1(0.1, 2.0, long_outer=False))]
    + [(2, chebyshev.optimal_k2(0.1, 2.0, outer=i)) for i in range(3)],
)
def test_k_1_and_2_reach_the_floor_on_the_whole_interval(k, triple):
    lam = np.linspace(0.1, 2.0, 20001)
    worst = np.abs(quadratic_rate.rho(lam, k=k, **triple)).max()
    assert worst == pytest.approx(chebyshev.floor(20.0, k + 1), rel=1e-11)  # factors up to 1/r_1 * 2 = 12


def test_three_inner_steps_and_more_do_not_reach_it_as_far_as_a_search_can_tell():
    for k, rate, floor in ((3, 0.2148, 0.1449), (5, 0.1035, 0.0393)):  # theory section 1.5
        best = chebyshev.searched(10.0, k)
        assert round(best["rate"], 4) == rate and round(chebyshev.floor(10.0, k + 1), 4) == floor
        assert abs(best["mu"]) < 0.02 and best["alpha"] > 1.4 * k  # k short steps and a long outer one


@pytest.mark.parametrize("mu", (-1.0, -0.5, -0.2, -0.05, 0.0, 0.3, 0.9))
@pytest.mark.parametrize("k", (1, 2, 3, 5, 8))
@pytest.mark.parametrize("lr", (0.3, 1.0))
def test_the_outer_limit_is_where_the_first_mode_grows(k, mu, lr):
    limit = outer_limit.outer_limit(k, mu, lr=lr)
    x = np.concatenate([np.linspace(1e-4, 1, 200001)])
    worst = lambda a: np.abs(quadratic_rate.rho(x, lr=lr, k=k, mu=mu, alpha=a)).max()  # noqa: E731
    # the grid's spacing 5e-6 misses the worst place by half of that, its value by that squared times curvature < 1e4
    assert worst(limit * (1 - 1e-6)) <= 1 + 1e-10 and worst(limit * (1 + 1e-6)) > 1
    assert limit >= 2 - 1e-12


def test_averaging_takes_the_licence_for_long_outer_steps_away_and_the_stiffest_mode_is_not_always_to_blame():
    assert outer_limit.outer_limit(5, -0.5) == 3.0
    for k, threshold in ((1, np.sqrt(2) - 1), (2, 0.1573), (3, 0.1001), (5, 0.0582)):
        for mu in (-1.02 * threshold, -0.98 * threshold):
            at_the_end = 1 + 1 / -mu
            inside = outer_limit.outer_limit(k, mu) < at_the_end * (1 - 1e-6)
            assert inside == (-mu < threshold)


def test_the_root_at_zero_mu_solves_its_equation():
    for k in (1, 2, 3, 5, 10, 40):
        a = outer_limit.root_at_zero_mu(k)
        left = (k + 1) * np.log(a - 1) + k * np.log(k)
        assert left == pytest.approx(k * np.log(a) + (k + 1) * np.log(k + 1), rel=1e-13)
        assert outer_limit.outer_limit(k, 0.0) == pytest.approx(a, rel=1e-12)
    assert outer_limit.root_at_zero_mu(1) == pytest.approx(3 + 2 * np.sqrt(2), rel=1e-14)
    # a mode at lam = L / k decides, between the first points of a grid of the whole; mu changes B by 1e-7 there
    assert outer_limit.outer_limit(10**5, -1e-7) == pytest.approx(outer_limit.root_at_zero_mu(10**5), rel=1e-5)


@pytest.mark.parametrize("draw", range(20))
def test_inside_the_interval_an_independent_loop_is_faster_per_gradient_and_outside_slower(draw):
    rng = stream(0, "break even", draw)
    lr, k, mu = rng.uniform(0.05, 0.95), int(rng.integers(1, 7)), rng.uniform(-0.95, 0.5)
    rate = lambda alpha, cost: (  # noqa: E731
        abs(nala_gd(lambda x: x, np.array([1.0]), 1, lr=lr, k=k, mu=mu, alpha=alpha)[-1, 0]) ** (1 / cost)
    )
    low, high = break_even.against_lookahead(1.0, lr=lr, k=k, mu=mu)
    rival = rate(0.0, k)
    for alpha, faster in ((low + 1e-6, True), (high - 1e-6, True), (max(low - 1e-6, 0), False), (high + 1e-6, False)):
        assert (rate(alpha, k + 1) < rival) == faster
    low, high = break_even.against_descent(1.0, lr=lr, k=k, mu=mu)
    for alpha, faster in ((max(low, 0) + 1e-6, True), (high - 1e-6, True), (high + 1e-6, False)):
        assert (rate(alpha, k + 1) < 1 - lr) == faster


@pytest.mark.parametrize(
    "lr, k, mu", [(0.9, 20, 0.0), (0.9, 400, 0.0), (0.6, 50, 0.0), (0.9, 30, -1e-12), (3.0, 2000, -0.5), (3.0, 4, -1.0)]
)
def test_against_descent_where_the_inner_loop_leaves_nothing_or_runs_away(lr, k, mu):
    r, s = 1 - Fraction(lr), 1 + Fraction(mu)
    reach = abs(r ** (k + 1) / (s * r**k - Fraction(mu)))
    found = [float(end) for end in break_even.against_descent(1.0, lr=lr, k=k, mu=mu)]
    assert found == pytest.approx([float(1 - reach), float(1 + reach)], rel=1e-13, abs=0)


def test_one_plus_mu_inner_steps_suffice_when_averaging_and_are_too_few_when_extrapolating():
    lam = np.linspace(1e-3, 1.0, 200)
    for k in (1, 2, 5):
        for mu in (-0.9, -0.5, -0.1):
            low, _ = break_even.against_lookahead(lam, lr=1.0, k=k, mu=mu)
            assert np.all(low <= break_even.sufficient(lr=1.0, mu=mu) + 1e-12)
        low, _ = break_even.against_lookahead(lam[lam < 0.2], lr=1.0, k=k, mu=0.3)
        assert np.all(low >= 1.3 - 1e-9)


def test_a_general_game_is_the_power_of_its_matrix_and_its_radius_is_asymptotic():
    rng = stream(0, "games")
    J = rng.normal(size=(4, 4)) / 4
    setting = dict(lr=0.4, k=3, mu=-0.3, alpha=0.2)
    slow = nala_gd(lambda z: z @ J.T, np.ones(4), 5, **setting)
    np.testing.assert_allclose(games.trajectory(J, np.ones(4), 5, **setting), slow, atol=5 * 4 * 40 * ULP * 10)
    far = games.trajectory(J, np.ones(4), 400, **setting)
    growth = np.linalg.norm(far[400]) / np.linalg.norm(far[200])
    assert growth ** (1 / 200) == pytest.approx(games.spectral_radius(J, **setting), rel=0.01)


test_what_is_refused = refused(
    (lambda: chebyshev.optimal_k2(1.0, 3.0, outer=1.0), "integer outer >= 0, got outer=1.0"),
    (lambda: chebyshev.floor(1.0, 3), "kappa must satisfy 1 < kappa < inf"),
    (lambda: chebyshev.roots(1.0, 1.0, 2), "L must satisfy 1 < L < inf, got L=1.0 (with m = L one step"),
    (lambda: chebyshev.optimal_k2(1.0, None), "L must satisfy 1 < L < inf, got L=None"),
    (lambda: outer_velocity.tuned(1.0, "2"), "q_high must satisfy 1 <= q_high < inf, got q_high='2'"),
    (lambda: chebyshev.optimal_k2(1.0, 2.0, outer=3), "outer must satisfy 0, 1 or 2"),
    (lambda: outer_limit.outer_limit(3, 0.0, lr=2.5), "lr must satisfy"),
    (lambda: outer_limit.outer_limit(3, -1.5), "mu must satisfy -1 <= mu <= 1"),
    (lambda: break_even.against_lookahead(np.array([1 + 1j]), lr=0.1, k=2, mu=0.0), "lam must satisfy finite real"),
    (lambda: games.rotation_factor(np.array([1j]), lr=0.1, k=1, mu=0, alpha=0), "s must satisfy finite real"),
    (lambda: break_even.against_lookahead(0.0, lr=0.1, k=2, mu=0.0), "lam must satisfy finite lam > 0"),
    (lambda: break_even.sufficient(lr=0.1, mu=0.2), "mu must satisfy -1 <= mu <= 0"),
    (lambda: break_even.adam_break_even(lr=0.1, mu=0, alpha=0), "alpha must satisfy 0 < alpha"),
    (lambda: break_even.outer_share(0.0, lr=0.0, k=1, mu=0, alpha=0.1), "c must satisfy finite, with something"),
    (lambda: games.trajectory([[1.0, 2.0]], [1.0], 1, lr=0.1, k=1, mu=0, alpha=0), r"J must satisfy shape \(d, d\)"),
    (lambda: games.rotation_factor(-1.0, lr=0.1, k=1, mu=0, alpha=0), "s must satisfy finite s >= 0"),
)
