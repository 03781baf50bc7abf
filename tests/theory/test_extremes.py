"""Closed forms at the ends of their ranges: tiny curvature, divergence, and numbers that are no numbers."""

import math
from fractions import Fraction

import numpy as np
import pytest

from nala_lab.core import covariance, variances
from nala_lab.theory import (
    adala_critical,
    adala_cycle,
    adala_first_step,
    adala_linear,
    adala_noise,
    adam_cycle,
    adam_linear,
    break_even,
    chebyshev,
    equal_speed,
    first_step,
    games,
    loss_curves,
    minibatch_cycle,
    minibatch_limits,
    minibatch_modes,
    minibatch_noise,
    minibatch_variance,
    momentum_cycle,
    noise_one_mode,
    optimal_mu,
    outer_limit,
    outer_velocity,
    quadratic_rate,
    scaling,
    sign_descent,
    stability,
    stochastic,
    worst_functions,
)
from nala_lab.theory.bent import Bent
from nala_lab.theory.digits import one_minus_power
from nala_lab.theory.maps import rate_map
from tests.refusals import refused

NALA = dict(lr=0.1, k=5, mu=-0.5)
TINY = (1e-3, 1e-8, 1e-12, 1e-14, 1e-16, 1e-20)


def exact_fall(lam, s):
    """1 - B as a fraction: (1+mu) (1 - (1 - lr lam)^k)."""
    return s * (1 - (1 - Fraction(1, 10) * Fraction(lam)) ** 5)


@pytest.mark.parametrize("lam", TINY)
def test_small_curvature_keeps_the_digits(lam):
    fall = exact_fall(lam, Fraction(1, 2))
    near = lambda value: pytest.approx(float(value), rel=1e-12)  # noqa: E731
    assert float(one_minus_power(0.1 * lam, 5)) == near(2 * fall)
    if lam < 1e-7:  # 1 - B^(1/k) = (1 - B)/k (1 + O(lam))
        assert float(break_even.against_lookahead(lam, **NALA)[0]) == pytest.approx(0.05, rel=10 * lam + 1e-12)
        assert float(break_even.against_descent(lam, **NALA)[0]) == pytest.approx(0.35, rel=10 * lam + 1e-12)
        assert worst_functions.break_even_alpha(m=lam, **NALA) == pytest.approx(0.05, rel=10 * lam + 1e-12)
    T = 1 - (1 - Fraction(1, 5) * Fraction(lam)) * (1 - fall)
    assert float(noise_one_mode.one_minus_factor(np.array(lam), **NALA, alpha=0.2)) == near(T)
    noise = noise_one_mode.cycle_moments(lam, 1.0, **NALA, alpha=0.2)[1]
    assert float(noise_one_mode.stationary_variance(lam, 1.0, **NALA, alpha=0.2)) == near(float(noise / (T * (2 - T))))
    assert float(noise_one_mode.lookahead_variance_ratio(lam, **NALA)) == pytest.approx(0.5, rel=10 * lam + 1e-12)
    assert float(outer_velocity.effective_curvature(lam, lr=0.1, k=5)) == near(2 * fall)
    assert bool(stability.is_stable(lam, **NALA)) and not bool(stability.is_stable(-lam, **NALA))
    mu, rate = (f(lam, 3 * lam, lr=0.1, k=5) for f in (optimal_mu.optimal_mu, optimal_mu.optimal_rate))
    low, high = 2 * fall, exact_fall(3 * lam, Fraction(1))
    assert mu == pytest.approx(float((2 - low - high) / (low + high)), rel=1e-9)
    assert rate == pytest.approx(float((high - low) / (low + high)), rel=1e-9)  # lam and 3 lam are rounded


@pytest.mark.parametrize(("k", "r"), ((5, 1e-3), (20, 0.1), (1000, 0.5)))
def test_a_factor_far_below_an_ulp_of_one_keeps_its_digits(k, r):
    """mu = 0: B = r^k, so Lookahead is gradient descent, breaks even at lr, and is as loud as SGD at its own speed."""
    lam = 1 - r
    assert float(break_even.against_lookahead(lam, lr=1.0, k=k, mu=0.0)[0]) == pytest.approx(1.0, rel=1e-12)
    assert worst_functions.break_even_alpha(lr=1.0, k=k, mu=0.0, m=lam) == pytest.approx(1.0, rel=1e-12)
    assert float(equal_speed.variance_ratio_at_equal_speed(r, k=k, mu=0.0)) == pytest.approx(1.0, rel=1e-12)


@pytest.mark.parametrize("x", (1e-4, 1e-8, 1e-12))
def test_the_variance_at_equal_speed_keeps_its_digits(x):
    """For small steps the ratio is 1 - mu h (k^2 - 1)/6 h + ..: 1 + O(x^2), and no noise of rounding about it."""
    value = float(equal_speed.variance_ratio_at_equal_speed(1 - x, k=5, mu=-0.5))
    assert 0 <= value - 1 <= 10 * x**2 + 4e-16


def test_the_loss_at_a_budget_is_that_of_the_recurrence_at_any_curvature():
    for lam in TINY:
        how = dict(lr=0.1, k=5, mu=-0.5, alpha=0.2)
        t, n = (float(v) for v in noise_one_mode.cycle_moments(lam, 1.0, **how))
        m2 = 1.0
        for _ in range(50):
            m2 = t * t * m2 + n
        found = loss_curves.loss_at_budget([lam], [1.0], [1.0], **how, budget=300)
        assert found == pytest.approx(lam * m2 / 2, rel=1e-13)


HUGE = dict(lr=1e80, k=9, mu=-0.5, alpha=1e80)
DIVERGENT = {
    "rho": lambda: quadratic_rate.rho([1e3, -1e3], **HUGE),
    "rate_per_gradient": lambda: quadratic_rate.rate_per_gradient([1e3], **HUGE),
    "quadratic trajectory": lambda: quadratic_rate.trajectory([1e3], [[1.0]], [1.0], 50, **HUGE),
    "rate_map": lambda: rate_map(("lr", [1e80]), ("alpha", [1e80]), lam=1e3, k=9).rate,
    "is_stable": lambda: stability.is_stable([1e3], **HUGE),
    "against_descent": lambda: break_even.against_descent(1e3, lr=1e80, k=9, mu=-0.5)[1],
    "against_lookahead": lambda: break_even.against_lookahead(1e3, lr=1e80, k=9, mu=-0.5)[1],
    "cycle_moments": lambda: noise_one_mode.cycle_moments([1e3], 1.0, **HUGE)[1],
    "curves": lambda: loss_curves.curves([1e3], 1.0, [1.0], **HUGE, gradients=50),
    "loss_at_budget": lambda: loss_curves.loss_at_budget([1e3], 1.0, [1.0], **HUGE, budget=50),
    "momentum": lambda: momentum_cycle.cycle_matrix([1e3], **HUGE, beta=0.9),
    "outer velocity": lambda: outer_velocity.cycle_matrix([1e3], lr=1e80, k=9, nu=1.0, beta=0.5, alpha=1e80),
    "rotation": lambda: games.rotation_factor([1e3], **HUGE),
    "game radius": lambda: games.spectral_radius([[0.0, 1e3], [-1e3, 0.0]], **HUGE),
    "game trajectory": lambda: games.trajectory([[0.0, 1e3], [-1e3, 0.0]], [1.0, 0.0], 50, **HUGE),
    "sign descent": lambda: sign_descent.trajectory([1e3], [1e3], 50, **HUGE),
    "matrix engine": lambda: stochastic.propagate(
        stochastic.cycle([[1e3]], 1.0, **HUGE), [1.0], T=50
    ).covariance,
}  # fmt: skip


@pytest.mark.parametrize("name", DIVERGENT)
def test_a_setting_that_diverges_warns_nowhere(name):
    """Divergence is a result. A warning is an error here (pyproject.toml)."""
    assert np.asarray(DIVERGENT[name]()).size


NAN, ONE = float("nan"), 1.0
REFUSED = {
    "cycle_moments lam": lambda: noise_one_mode.cycle_moments(NAN, ONE, **NALA, alpha=0.0),
    "cycle_moments w": lambda: noise_one_mode.cycle_moments(ONE, NAN, **NALA, alpha=0.0),
    "stationary w < 0": lambda: noise_one_mode.stationary_variance(ONE, -ONE, **NALA, alpha=0.0),
    "sgd_variance w < 0": lambda: noise_one_mode.sgd_variance(ONE, -ONE, lr=0.1),
    "sgd_variance lam": lambda: noise_one_mode.sgd_variance(NAN, ONE, lr=0.1),
    "variance ratio": lambda: noise_one_mode.lookahead_variance_ratio(NAN, **NALA),
    "curves w < 0": lambda: loss_curves.curves([ONE], [-ONE], [ONE], **NALA, alpha=0.0, gradients=3),
    "curves lam": lambda: loss_curves.curves([NAN], [ONE], [ONE], **NALA, alpha=0.0, gradients=3),
    "budget w < 0": lambda: loss_curves.loss_at_budget([ONE], [-ONE], [ONE], **NALA, alpha=0.0, budget=60),
    "budget lam": lambda: loss_curves.loss_at_budget([NAN], [ONE], [ONE], **NALA, alpha=0.0, budget=60),
    "best lam": lambda: loss_curves.best_for_budget([NAN], [ONE], [ONE], budget=60),
    "rho": lambda: quadratic_rate.rho(NAN, **NALA, alpha=0.0),
    "is_stable": lambda: stability.is_stable(NAN, **NALA),
    "step_matrix": lambda: momentum_cycle.step_matrix(NAN, lr=0.1, beta=0.5),
    "momentum": lambda: momentum_cycle.cycle_matrix(NAN, beta=0.5, **NALA),
    "outer velocity": lambda: outer_velocity.cycle_matrix(NAN, lr=0.1, k=5, nu=ONE, beta=0.5),
    "rate_map": lambda: rate_map(("lr", [0.1]), ("mu", [0.0]), lam=NAN),
    "matrix engine C": lambda: stochastic.cycle([[ONE]], -ONE, **NALA, alpha=0.0),
    "matrix engine A": lambda: stochastic.cycle([[NAN]], ONE, **NALA, alpha=0.0),
    "adala noise": lambda: adala_noise.averaged_sgd_variance(NAN, ONE, h=0.1),
    "adala noise w": lambda: adala_noise.averaged_sgd_variance(ONE, NAN, h=0.1),
    "adala surprise": lambda: adala_noise.expected_surprise(ONE, NAN, ONE, lr=0.1),
    "adam cycle": lambda: adam_cycle.amplitude(NAN, lr=0.1),
    "sign descent": lambda: sign_descent.trajectory([ONE], [NAN], 3, **NALA, alpha=0.0),
}


@pytest.mark.parametrize("name", REFUSED)
def test_no_eigenvalue_is_nan_and_no_variance_negative(name):
    with pytest.raises(ValueError, match="must satisfy"):
        REFUSED[name]()


def test_a_covariance_is_a_number_a_vector_or_a_matrix_everywhere():
    lam, e0, matrix = np.array([0.5, 1.0]), np.array([1.0, 2.0]), np.array([[2.0, 0.5], [0.5, 2.0]])
    how = dict(**NALA, alpha=0.2)
    rest = noise_one_mode.stationary_variance(lam, matrix, **how)
    one = stochastic.cycle(np.diag(lam), matrix, **how)
    np.testing.assert_allclose(rest, np.diag(stochastic.stationary(one))[:2], rtol=1e-12)
    for same in (2.0, [2.0, 2.0]):  # a mode sees the diagonal
        np.testing.assert_array_equal(rest, noise_one_mode.stationary_variance(lam, same, **how))
        assert np.array_equal(stochastic.cycle(np.diag(lam), same, **how).C, 2 * np.eye(2))
        for form in (loss_curves.curves, loss_curves.loss_at_budget):
            end = {"gradients": 12} if form is loss_curves.curves else {"budget": 12}
            np.testing.assert_array_equal(form(lam, same, e0, **how, **end), form(lam, matrix, e0, **how, **end))
    with pytest.raises(ValueError, match="positive semi-definite"):
        covariance("C", [[1.0, 2.0], [2.0, 1.0]], 2)
    with pytest.raises(ValueError, match="symmetric"):
        variances("w", [[1.0, 2.0], [0.0, 1.0]], lam)


@pytest.mark.parametrize("k", (3, 4))
def test_an_integer_of_numpy_is_an_integer(k):
    """Beyond x = 1 the sign of (1 - x)^k hangs on k's parity: 1 - (-1/2)^3 = 9/8."""
    assert float(one_minus_power(1.5, np.int64(k))) == float(one_minus_power(1.5, k)) == 1 - (-0.5) ** k
    given = dict(lr=0.1, mu=-0.5, alpha=0.0)
    one, two = (float(noise_one_mode.stationary_variance(15.0, 1.0, k=n, **given)) for n in (k, np.int64(k)))
    assert one == two


def short_integers(number):
    """Results whose formulas multiply an integer, add one to it, or raise it to a power."""
    n, sgd, loop = number(120), dict(lr=0.1, mu=0, alpha=0.0), minibatch_cycle.Loop(lr=0.1, k=2, workers=number(120))
    small = dict(L=1.0, k=number(2), cycles=n, **sgd)
    return [
        minibatch_noise.batch_factor(number(100), n, replace=False),
        minibatch_variance.loss_moments([[1.0], [2.0]], [0, 0], loop, [1.0], B=n, replace=True, T=2).variance,
        quadratic_rate.rate_per_gradient(0.5, lr=0.1, k=number(127), mu=0.0, alpha=0.1),
        quadratic_rate.trajectory([1.0], [[1.0]], [1.0], number(127), lr=0.1, k=2, mu=-0.5, alpha=0.1),
        adala_linear.trajectory([1.0], number(127), lr=0.1, method="adala-code"),
        adam_linear.trajectory([1.0], n, lr=0.1, k=number(2), mu=0.0, alpha=0.0),
        chebyshev.floor(100.0, n), chebyshev.floor_per_gradient(100.0, number(127)),
        chebyshev.roots(1.0, 3.0, n), chebyshev.extreme_points(1.0, 3.0, number(127)),
        worst_functions.travel(L=1, lr=1, k=n, mu=1, alpha=0, cycles=n), worst_functions.quadratic_value(**small),
        break_even.against_descent(0.01, lr=1.0, k=number(127), mu=-0.5),
        break_even.outer_share(1.0, lr=1, k=n, mu=1, alpha=1),
        sign_descent.inner_end(300.0, lr=2, k=n), outer_limit.root_at_zero_mu(number(127)),
        loss_curves.curves([1.0], [1.0], [1.0], **sgd, k=number(127), gradients=number(127)),
    ]  # fmt: skip


def test_a_short_integer_of_numpy_is_the_number_it_is():
    """int8 ends at 127: the results are those of Python's integers, bit for bit."""
    for short, whole in zip(short_integers(np.int8), short_integers(int), strict=True):
        assert np.array_equal(short, whole)
    # every batch by hand: B draws with replacement of two examples, e' = (1 - lr mean a^2) e, f = 5/4 e^2
    one = minibatch_variance.loss_moments(
        [[1.0], [2.0]], [0, 0], minibatch_cycle.nala(lr=0.1, k=1, mu=0.0), [1.0], B=np.int8(120), replace=True, T=1
    )
    twos = np.arange(121)
    chance = np.array([math.comb(120, i) / 2**120 for i in range(121)])
    f = 1.25 * (1 - 0.1 * (1 + 3 * twos / 120)) ** 2
    assert one.variance[1] == pytest.approx(chance @ f**2 - (chance @ f) ** 2, rel=1e-9)  # a difference of squares


def test_a_power_that_overflows_leaves_the_factors_that_do_not():
    wild = dict(lr=1e3, k=200)  # (1 - lr)^k is beyond 1e308
    rho = quadratic_rate.rho
    assert float(rho(1.0, **wild, mu=-1.0, alpha=0.25)) == 0.75  # plain descent: the inner loop is ignored
    assert float(rho(1.0, **wild, mu=-0.5, alpha=1.0)) == 0.0  # one Newton step
    assert float(rho(1.0, **wild, mu=-0.5, alpha=0.5)) == np.inf
    assert np.array_equal(rho([0.5, 1.0], **wild, mu=-0.5, alpha=1.0), [np.inf, 0.0])
    turning = [[0.0, 1.0], [-1.0, 0.0]]
    assert games.spectral_radius(turning, **wild, mu=-0.5, alpha=0.5) == np.inf
    assert float(games.rotation_factor(1.0, **wild, mu=-0.5, alpha=0.5)) == np.inf
    assert games.spectral_radius(turning, **wild, mu=-1.0, alpha=0.5) == pytest.approx(1.25**0.5)
    worst = dict(L=1.0, mu=-0.5, alpha=1.0, cycles=1)
    assert worst_functions.value_lower_bound(**worst, **wild) == np.inf  # at lam = L/2, whatever lam = L does
    assert worst_functions.quadratic_value(L=1.0, lr=10.0, k=5, mu=0.5, alpha=1.0, cycles=1000) == np.inf
    with pytest.raises(ValueError, match="integer grid >= 2"):
        worst_functions.quadratic_value(**worst, lr=1.0, k=5, grid=1)


@pytest.mark.parametrize("k", (3, 500, 2000))
def test_a_power_below_all_floats_keeps_its_root(k):
    """mu = 0 and r = 0.1: B = 10^-k, whose root is 0.1; a cycle of NALA has k + 1 gradients."""
    given, near = dict(lr=0.9, k=k, mu=0.0), lambda value: pytest.approx(value, rel=1e-12)
    nala = (0.75 * 10.0**-k) ** (1 / (k + 1)) if k == 3 else np.exp((np.log(0.75) - k * np.log(10)) / (k + 1))
    assert float(quadratic_rate.rate_per_gradient(1.0, **given, alpha=0.25)) == near(nala)
    assert float(quadratic_rate.rate_per_gradient(1.0, **given, alpha=0.0, method="lookahead")) == near(0.1)
    assert rate_map(("lr", [0.5, 0.9]), ("mu", [-0.5, 0.0]), k=k, alpha=0.25).rate[1, 1] == near(nala)
    assert rate_map(("lam", [1.0, 0.5]), ("k", [k]), lr=0.9, mu=0.0, alpha=0.25).rate[0, 0] == near(nala)
    low, high = break_even.against_lookahead(1.0, **given)
    assert (float(low), float(high)) == (near(0.9), near(1.1))
    assert worst_functions.break_even_alpha(m=1.0, **given) == near(0.9)
    assert float(break_even.against_lookahead(2.0, **given)[0]) == near(0.1)  # |r| = 0.8: (1 - 0.8) / 2
    sigma = (np.sqrt(2) - 1) / (np.sqrt(2) + 1)  # T_n = (sigma^n + sigma^-n) / 2
    assert chebyshev.floor_per_gradient(2.0, k) == near(sigma * (2 / (1 + sigma ** (2 * k + 2))) ** (1 / (k + 1)))


def test_the_floor_keeps_its_digits_where_all_modes_are_nearly_one():
    kappa = 1 + 2.0**-40
    assert chebyshev.floor(kappa, 1) == pytest.approx(2.0**-40 / (2 + 2.0**-40), rel=1e-14)  # (kappa-1)/(kappa+1)


def test_a_cycle_that_has_overflowed_is_unstable_and_no_error_of_linear_algebra():
    wild, calm = (momentum_cycle.cycle_matrix(1.0, lr=lr, beta=0.9, k=200, mu=-0.5) for lr in (1e3, 0.1))
    assert not np.isfinite(wild).all()
    both = np.stack([wild, calm])
    assert momentum_cycle.spectral_radius(wild) == np.inf
    found = momentum_cycle.spectral_radius(both)
    assert found[0] == np.inf and found[1] == np.abs(np.linalg.eigvals(calm)).max()
    assert momentum_cycle.stable(both).tolist() == [False, True]
    one = stochastic.cycle([[1.0]], 1.0, lr=1e3, k=200, mu=-0.5, alpha=0.0)
    with pytest.raises(ValueError, match="spectral radius < 1"):
        stochastic.stationary(one)


@pytest.mark.parametrize("form", (momentum_cycle.stable, momentum_cycle.spectral_radius))
def test_a_matrix_of_three_is_not_judged_by_its_corner(form):
    with pytest.raises(ValueError, match=r"shape \(..., 2, 2\)"):
        form([[0.0, 1.0, 0.0], [-0.25, 0.0, 0.0], [0.0, 0.0, 5.0]])


test_a_complex_number_is_refused_and_not_cut_to_its_real_part = refused(
    (lambda: momentum_cycle.spectral_radius(np.array([[1j, 0], [0, 1j]])), "matrix must satisfy real numbers"),
    (lambda: momentum_cycle.stable([[2j, 0], [0, 2j]]), "matrix must satisfy real numbers"),
    (lambda: quadratic_rate.trajectory([1.0], [[1.0]], np.array([1j]), 1, **NALA, alpha=0.1), "e0 must satisfy"),
    (lambda: games.trajectory([[1.0]], [1j], 1, **NALA, alpha=0.1), "e0 must satisfy"),
    (lambda: stochastic.cycle([[1j]], 1.0, **NALA, alpha=0.1), "A must satisfy real numbers"),
    (lambda: stability.inner_limit(3, np.array(0.5j)), "mu must satisfy real numbers"),
    (lambda: sign_descent.outer_map([1j], [1.0], **NALA, alpha=0.1), "phi must satisfy real numbers"),
    (lambda: break_even.outer_share(1j, **NALA, alpha=0.1), "c must satisfy real numbers"),
    (lambda: stochastic.propagate(stochastic.cycle([[1.0]], 1.0, **NALA, alpha=0.1), [np.nan], T=1), "mean0 must"),
)


def test_what_overflowed_and_is_multiplied_by_nothing_is_nothing():
    at = dict(lr=100.0, k=200, mu=-1.0, alpha=0.1)  # at mu = -1 the slow weights move by the outer step alone
    assert rate_map(("mu", [-1.0]), ("lr", [100.0]), k=200, alpha=0.1, per="cycle").rate == pytest.approx(0.9)
    assert rate_map(("mu", [-0.5]), ("alpha", [1.0]), lr=10, k=400, per="cycle").rate == 0
    T, N = noise_one_mode.cycle_moments(1.0, 1.0, **at)
    assert (float(T), float(N)) == pytest.approx((0.9, 0.01))
    assert np.allclose(games.trajectory([[1.0]], [1.0], 2, **at)[:, 0], [1, 0.9, 0.81])
    rows = quadratic_rate.trajectory([1.0, 50.0], np.eye(2), [1.0, 0.0], 2, lr=1.0, k=400, mu=-0.5, alpha=0.1)
    assert np.allclose(rows, [[1, 0], [0.45, 0], [0.2025, 0]])  # (1 - 0.1) (0 + 0.5); the other mode is not there
    assert quadratic_rate.rate_per_gradient(1.0, lr=11.0, k=400, mu=0, alpha=0) == pytest.approx(10 ** (400 / 401))


def test_a_mode_that_is_not_there_adds_nothing_to_a_loss():
    given, wild = dict(lr=1.0, k=5, mu=-0.5, alpha=0.0), ([1.0, 1e80], [0.0, 0.0], [1.0, 0.0])
    assert loss_curves.loss_at_budget(*wild, **given, budget=1200) == 0.25**200 / 2  # r = 0: T = 1/2, 200 cycles
    assert loss_curves.curves(*wild, **given, gradients=12)[0, ::6].tolist() == [0.5, 0.125, 0.03125]
    assert noise_one_mode.cycle_moments(1e80, 0.0, **given)[1] == 0


def test_powers_beyond_all_floats_leave_the_results_that_are_not():
    B = 1 - (10**80 - 1) ** 5  # twice (1+mu) r^5 - mu: its root by logarithms, which keep 1e3 ulp
    root = math.exp((math.log(-B) - math.log(2)) / 5)
    found = [float(end) for end in break_even.against_lookahead(1e80, lr=1.0, k=5, mu=-0.5)]
    assert found == pytest.approx([-root / 1e80, root / 1e80], rel=1e-12)
    given = dict(lr=1.0, beta=0.5, k=5, mu=-1.0)  # nothing of the inner loop is taken
    assert np.array_equal(momentum_cycle.cycle_matrix(1e80, **given, convention="pullback"), np.eye(2))
    assert momentum_cycle.cycle_matrix(1e80, **given, alpha=0.5e-80)[0] == pytest.approx([0.5, 0.0])
    assert games.rotation_factor(1e160, lr=0.0, k=1, mu=-1.0, alpha=1.0) == 1e160
    rest = adala_critical.rest_denominator(beta2=0.999, eps=1e-8)  # the larger root is -0.1 h lam, the other beta1 / it
    assert adala_critical.growth(1e160, lr=1.0) == pytest.approx(0.1 * 1e160 / rest, rel=1e-14)
    assert adala_cycle.amplitude(1e160, lr=1.0) == pytest.approx(1e-160 / 38, rel=1e-14)
    assert equal_speed.small_step_penalty(lr=1e-170, k=5, mu=-0.5, alpha=0.0) == pytest.approx(6 / 5, rel=1e-15)


def test_an_edge_far_below_the_first_step_of_the_search_is_found():
    """Gradient descent on d equal modes, one Gaussian example at a time: 0 < lr < 2 / (d + 2)."""
    noise = minibatch_modes.streaming_modes(np.ones(30_000), sigma2=0.0, B=1)
    edge = minibatch_limits.mean_square_edge(noise, minibatch_cycle.nala(lr=0.0, k=1, mu=0.0))
    assert edge == pytest.approx(2 / 30_002, rel=1e-8)


def test_fractions_and_float32_are_numbers():
    half = Fraction(1, 2)
    assert quadratic_rate.rho(half, lr=half, k=1, mu=0, alpha=0) == 0.75
    one = stochastic.cycle([[1.0]], 1.0, lr=0.5, k=1, mu=-half, alpha=half)
    assert one.O.dtype == float and stochastic.stationary(one)[0, 0] > 0
    assert adam_cycle.radius(1.0, lr=0.5, betas=(0.9, Fraction(9, 10)), eps=Fraction(1, 1000)) == pytest.approx(
        adam_cycle.radius(1.0, lr=0.5, betas=(0.9, 0.9), eps=0.001), rel=1e-12)  # fmt: skip
    exact = worst_functions.distance_factor(L=1, m=Fraction(1, 10), lr=Fraction(20, 11), k=1, mu=0, alpha=0)
    assert exact == pytest.approx(9 / 11)
    one, two = (
        [
            adala_noise.averaged_sgd_variance(1.0, 1.0, h=0.5, beta1=kind(half)),
            *(adala_linear.trajectory([2.0], 3, **given, denominator=d, method=m)
              for d in adala_linear.DENOMINATORS for m in adala_linear.METHODS),
            *(adala_first_step.adala_first_step(2.0, 1.0, **given, denominator=d, probe=p)
              for d in ("hat", "raw") for p in adala_first_step.PROBES),
            *(first_step.adam_first_step(2.0, lr=kind(half), beta2=kind(half), eps=kind(half), form=form)
              for form in adam_linear.FORMS),
        ]
        for kind in (Fraction, float)
        for given in [dict(lr=kind(half), betas=(kind(half), kind(half / 2)), eps=kind(half / 8))]
    )  # fmt: skip
    assert all(a.dtype == float and np.array_equal(a, b) for a, b in zip(one, two, strict=True))
    floor = dict(lr=0.5, betas=(0.5, 0.75), eps=0.125)
    both = [adala_noise.stationary_step(kind(0.75), 0.75, **floor) for kind in (np.float32, float)]
    assert both[0] == both[1]


test_what_theory_refuses_is_a_sentence = refused(
    (lambda: adam_cycle.radius(1.0, lr=0.5, betas=(0.9, 0.9, 0.9)), "betas must satisfy a pair"),
    (lambda: adala_critical.critical_curvature(lr=0.1, betas=(0.9,)), "betas must satisfy a pair"),
    (lambda: adala_critical.growth(1.0, lr=0.1, betas=(0.9,)), "betas must satisfy a pair"),
    (lambda: adala_critical.growth(1.0, lr=0.1, betas=0.9), "betas must satisfy a pair"),
    (lambda: scaling.rescaled("SGD", {"lr": 0.1}, -2000), "n must satisfy a lr that a float holds"),
    (lambda: scaling.rescaled("SGD", {"lr": 0.1}, 2000), "n must satisfy a lr that a float holds"),
    (lambda: scaling.rescaled("Adam", {"eps": None}, 1), "eps must satisfy"),
    (lambda: Bent(np.array([-1.0]), np.array([1.0]), 1.0, L=1.0, m=-1.0), "m must satisfy 0 <= m"),
    (lambda: Bent(np.ones(2), np.ones(1), 1.0, L=3.0, m=0.0), "normal must satisfy the shape"),
)
