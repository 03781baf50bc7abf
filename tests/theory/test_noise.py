"""The stochastic engine against its own closed forms, against exact special cases, and against Monte Carlo."""

import numpy as np
import pytest

from nala_lab.core import stream
from nala_lab.reference import NAG, NALA, SGD, HeavyBall, run
from nala_lab.theory import equal_speed, loss_curves, momentum_cycle, noise_one_mode, stochastic
from tests.refusals import refused

# closed forms of the same quantity by two routes: a few hundred roundings, each 1.1e-16, times a condition number of
# at most 1e3 from 1 - T^2
CLOSED = 1e-10


def problem(name, d=3):
    """A rotated Hessian and a noise covariance that does not commute with it."""
    rng = stream(0, "noise-test", name)
    q = np.linalg.qr(rng.normal(size=(d, d)))[0]
    root = rng.normal(size=(d, d)) / 2
    return (q * np.array([0.3, 1.1, 2.4])[:d]) @ q.T, root @ root.T, rng


@pytest.mark.parametrize("outer", ["fresh", "last", "full"])
def test_the_engine_reduces_to_the_one_mode_formulas(outer):
    lam, w = np.array([0.5, 1.3]), np.array([0.7, 0.2])
    options = {"lr": 0.3, "k": 4, "mu": -0.4, "alpha": 0.2, "outer": outer}
    one = stochastic.cycle(np.diag(lam), np.diag(w), **options)
    t, n = noise_one_mode.cycle_moments(lam, w, **options)
    np.testing.assert_allclose(np.diag(one.O)[:2], t, rtol=CLOSED)
    np.testing.assert_allclose(np.diag(one.N)[:2], n, rtol=CLOSED)
    want = noise_one_mode.stationary_variance(lam, w, **options)
    np.testing.assert_allclose(np.diag(stochastic.stationary(one))[:2], want, rtol=CLOSED)


def test_the_last_batch_costs_the_stated_variance():
    options = {"lr": 0.3, "k": 5, "mu": -0.5, "alpha": 0.1}
    fresh = noise_one_mode.stationary_variance(0.5, 1.0, **options)
    last = noise_one_mode.stationary_variance(0.5, 1.0, **options, outer="last")
    full = noise_one_mode.stationary_variance(0.5, 1.0, **options, outer="full")
    assert full < fresh < last
    assert round(float(last / fresh) - 1, 2) == 0.41  # theory section 2.1: 41 % more, to the digits stated there


@pytest.mark.parametrize("inner", ["heavy-ball", "nag"])
@pytest.mark.parametrize("convention", ["keep", "reset", "pullback"])
def test_the_engine_has_the_cycle_matrix_of_each_mode(inner, convention):
    lam = np.array([0.4, 1.7])
    options = {"lr": 0.2, "k": 3, "mu": -0.3, "alpha": 0.1, "beta": 0.8, "convention": convention}
    one = stochastic.cycle(np.diag(lam), np.eye(2), **options, inner=inner)
    blocks = momentum_cycle.cycle_matrix(lam, **options, kind=inner)
    for i in range(2):
        block = one.O[np.ix_([i, i + 2], [i, i + 2])]
        if convention == "reset":  # the engine maps any momentum on; after the first cycle it is zero, as in the matrix
            block = block * np.array([[1, 0], [1, 0]])
        np.testing.assert_allclose(block, blocks[i], rtol=CLOSED, atol=1e-14)


def test_heavy_ball_alone_has_its_textbook_variance():
    # AR(2): Var x = lr w (1 + beta) / (lam (1 - beta) (2 (1 + beta) - lr lam))
    lam, w, lr, beta = 1.3, 0.6, 0.2, 0.7
    one = stochastic.cycle([[lam]], [[w]], lr=lr, k=1, mu=0.0, alpha=0.0, inner="heavy-ball", beta=beta)
    want = lr * w * (1 + beta) / (lam * (1 - beta) * (2 * (1 + beta) - lr * lam))
    np.testing.assert_allclose(stochastic.stationary(one)[0, 0], want, rtol=CLOSED)


def test_the_stationary_covariance_is_where_the_recurrence_ends():
    a, c, _ = problem("fixed-point")
    one = stochastic.cycle(a, c, lr=0.2, k=3, mu=-0.5, alpha=0.1, inner="nag", beta=0.6, convention="pullback")
    moments = stochastic.propagate(one, [1.0, -2.0, 0.5], T=400)
    # spectral radius below 0.95: 0.95^800 is 1e-18
    assert np.abs(np.linalg.eigvals(one.O)).max() < 0.95
    np.testing.assert_allclose(moments.covariance[-1], stochastic.stationary(one), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(moments.mean[-1], 0, atol=1e-12)


def z_scores(sample, mean, covariance):
    """Standardised errors of the sample mean and of the sample second moments (Gaussian noise)."""
    n = len(sample)
    z_mean = (sample.mean(0) - mean) / np.sqrt(np.diag(covariance) / n)
    centred = sample - mean
    measured = centred.T @ centred / n
    spread = np.sqrt((np.outer(np.diag(covariance), np.diag(covariance)) + covariance**2) / n)
    return np.concatenate([z_mean, ((measured - covariance) / spread)[np.triu_indices(len(mean))]])


INNER = {
    "gd": (lambda lr, beta: SGD(lr), 0.0),
    "heavy-ball": (lambda lr, beta: HeavyBall(lr, beta), 0.7),
    "nag": (lambda lr, beta: NAG(lr, beta), 0.7),
}


CONVENTIONS = {"gd": ["keep"], "heavy-ball": ["keep", "reset", "pullback"], "nag": ["keep", "reset", "pullback"]}


@pytest.mark.parametrize(("inner", "convention"), [(i, c) for i, cs in CONVENTIONS.items() for c in cs])
@pytest.mark.parametrize("outer", ["fresh", "last", "full"])
def test_monte_carlo_agrees_at_every_cycle(inner, outer, convention, seed):
    a, c, _ = problem("monte-carlo")
    make, beta = INNER[inner]
    root = np.linalg.cholesky(c + 1e-15 * np.eye(3))
    start = np.array([1.0, -2.0, 0.5])
    method = NALA(make(0.25, beta), k=3, mu=-0.4, alpha=0.15, outer_batch=outer, inner_state=convention)
    t = run(
        method,
        lambda x, rng: x @ a + rng.normal(size=x.shape) @ root.T,
        np.broadcast_to(start, (20_000, 3)),
        cycles=4,
        rng=stream(seed, "engine", inner, outer, convention),
        full_grad=lambda x: x @ a,
    )
    one = stochastic.cycle(
        a, c, lr=0.25, k=3, mu=-0.4, alpha=0.15, outer=outer, inner=inner, beta=beta, convention=convention
    )
    moments = stochastic.propagate(one, start, T=4)
    z = [z_scores(t.slow[i], moments.mean[i][:3], moments.covariance[i][:3, :3]) for i in range(1, 5)]
    inside = stochastic.inner_moments(one, moments.mean[1], moments.covariance[1])
    z += [z_scores(t.fast[1, i], inside.mean[i][:3], inside.covariance[i][:3, :3]) for i in range(1, 4)]
    # 21 settings x 63 moments at |z| <= 4.5 (6.8e-6 two-sided): one false alarm in about 100 seeds
    assert np.abs(np.concatenate(z)).max() <= 4.5


def test_a_schedule_is_a_list_of_cycles():
    a, c, _ = problem("schedule")
    rates = [0.3, 0.2, [0.1, 0.05]]
    maps = [stochastic.cycle(a, c, lr=lr, k=2, mu=-0.5, alpha=0.1) for lr in rates]
    moments = stochastic.propagate(maps, [1.0, 1.0, 1.0], T=3)
    by_hand = maps[2].O @ maps[1].O @ maps[0].O @ np.array([1, 1, 1, 0, 0, 0.0])
    np.testing.assert_allclose(moments.mean[-1], by_hand, rtol=1e-13)  # the same three products
    constant = stochastic.cycle(a, c, lr=0.1, k=2, mu=-0.5, alpha=0.1)
    assert np.array_equal(constant.O, stochastic.cycle(a, c, lr=[0.1, 0.1], k=2, mu=-0.5, alpha=0.1).O)


def test_curves_are_the_engines_expected_losses_at_every_gradient():
    lam, w, e0 = np.array([0.3, 1.0, 2.0]), np.array([0.5, 0.1, 0.3]), np.array([1.0, -2.0, 0.5])
    for outer, alpha, spend in (("fresh", 0.2, True), ("last", 0.2, True), ("full", 0.2, True), ("fresh", 0.0, False)):
        options = {"lr": 0.3, "k": 3, "mu": -0.4, "alpha": alpha, "outer": outer}
        curve = loss_curves.curves(lam, w, e0, **options, gradients=9, spend_outer=spend)[0]
        one = stochastic.cycle(np.diag(lam), np.diag(w), **options)
        moments = stochastic.propagate(one, e0, T=3)
        slow = stochastic.expected_loss(np.diag(lam), moments)
        period = 4 if spend else 3
        np.testing.assert_allclose(curve[::period], slow[: len(curve[::period])], rtol=CLOSED)
        inside = stochastic.inner_moments(one, moments.mean[1], moments.covariance[1])
        fast = stochastic.expected_loss(np.diag(lam), inside)
        np.testing.assert_allclose(curve[period + 1 : period + 3], fast[1:3], rtol=CLOSED)
        budget = loss_curves.loss_at_budget(lam, w, e0, **options, budget=9, spend_outer=spend)
        np.testing.assert_allclose(budget, slow[9 // period], rtol=CLOSED)


def test_curves_do_not_depend_on_how_settings_are_blocked(monkeypatch):
    rng = stream(0, "blocks")
    args = ([0.3, 1.0], [0.5, 0.1], [1.0, -2.0])
    options = {"lr": rng.uniform(0.1, 1.0, 7), "mu": rng.uniform(-0.9, 0.2, 7), "alpha": rng.uniform(0, 0.5, 7)}
    whole = loss_curves.curves(*args, **options, k=2, gradients=10)
    monkeypatch.setattr(loss_curves, "_BLOCK", 3)
    np.testing.assert_allclose(loss_curves.curves(*args, **options, k=2, gradients=10), whole, rtol=1e-14)


def test_a_diverging_setting_ends_in_inf():
    curve = loss_curves.curves([1.0], [1.0], [1.0], lr=5.0, k=3, mu=0.0, alpha=0.0, gradients=2000)
    assert curve[0, -1] == np.inf
    assert not np.isnan(curve).any()


def test_the_variance_at_equal_speed_is_the_ratio_of_two_stationary_variances():
    rng = stream(0, "equal-speed")
    for _ in range(200):
        r, k, mu = rng.uniform(0.05, 0.95), int(rng.integers(1, 12)), rng.uniform(-0.95, 0.3)
        t = (1 + mu) * r**k - mu
        if not 0 < t < 1:
            continue
        slow = noise_one_mode.stationary_variance(1.0, 1.0, lr=1 - r, k=k, mu=mu, alpha=0.0)
        same_speed = noise_one_mode.sgd_variance(1.0, 1.0, lr=1 - t ** (1 / k))
        ratio = equal_speed.variance_ratio_at_equal_speed(r, k=k, mu=mu)
        np.testing.assert_allclose(ratio, slow / same_speed, rtol=CLOSED)
        assert k == 1 or (ratio > 1) == (mu < 0)


def test_small_steps_pay_the_stated_penalty():
    for mu, ratio in ((-0.5, 0.5), (-0.5, 3.0), (0.2, 1.2)):
        k, lr = 5, 1e-6
        alpha = ratio * lr
        t = noise_one_mode.cycle_moments(1.0, 1.0, lr=lr, k=k, mu=mu, alpha=alpha)[0]
        v = noise_one_mode.stationary_variance(1.0, 1.0, lr=lr, k=k, mu=mu, alpha=alpha)
        sgd = noise_one_mode.sgd_variance(1.0, 1.0, lr=1 - t ** (1 / (k + 1)))
        want = equal_speed.small_step_penalty(lr=lr, k=k, mu=mu, alpha=alpha)
        np.testing.assert_allclose(v / sgd, want, rtol=1e-4)  # the limit is reached up to O(k lr), here 5e-6


TABLE = [  # theory section 2.4: kappa 100, 30 log-spaced modes, w = lam^2, unit start; (N, method, loss, rounding)
    (60, "SGD", 0.2913), (60, "Lookahead", 0.2648), (60, "NALA", 0.2650),
    (300, "SGD", 0.1166), (300, "Lookahead", 0.0996), (300, "NALA", 0.1010),
    (1200, "SGD", 0.0498), (1200, "Lookahead", 0.0408), (1200, "NALA", 0.0416),
]  # fmt: skip


@pytest.mark.parametrize(("budget", "method", "loss"), TABLE)
def test_the_best_setting_for_a_budget(budget, method, loss):
    lam = np.logspace(-2, 0, 30)
    best = loss_curves.best_for_budget(lam, lam**2, np.ones(30), budget=budget, method=method)
    assert abs(best["loss"] - loss) <= 0.00006  # the table is rounded to four digits
    if method != "SGD":
        assert best["mu"] < -0.6  # the tuned averaging is strongly negative, the opposite of the noise-free case


test_an_invalid_region_is_refused_with_its_reason = refused(
    (lambda: stochastic.cycle([[1.0]], [[-1.0]], lr=0.1, k=1, mu=0, alpha=0), "C must satisfy positive semi-definite"),
    (lambda: stochastic.cycle([[1.0, 2.0], [0.0, 1.0]], np.eye(2), lr=0.1, k=1, mu=0, alpha=0), "A must satisfy symm"),
    (lambda: stochastic.cycle(np.eye(2), np.eye(3), lr=0.1, k=1, mu=0, alpha=0), "C must satisfy a number, 2 numbers"),
    (lambda: stochastic.cycle([[1.0]], [[1.0]], lr=np.nan, k=1, mu=0, alpha=0), "lr must satisfy finite"),
    (lambda: stochastic.cycle([[1.0]], [[1.0]], lr=[0.1], k=2, mu=0, alpha=0), "lr must satisfy finite and >= 0, one"),
    (lambda: stochastic.cycle([[1.0]], [[1.0]], lr=0.1, k=0, mu=0, alpha=0), "integer k >= 1"),
    (lambda: stochastic.cycle([[1.0]], [[1.0]], lr=0.1, k=1, mu=-2, alpha=0), "mu must satisfy -1 <= mu"),
    (lambda: stochastic.cycle([[1.0]], [[1.0]], lr=0.1, k=1, mu=0, alpha=0, beta=0.5), "beta = 0 when inner='gd'"),
    (lambda: noise_one_mode.stationary_variance(1.0, 1.0, lr=2.5, k=1, mu=0, alpha=0), "T must satisfy |T| < 1"),
    (lambda: noise_one_mode.sgd_variance(1.0, 1.0, lr=2.0), "0 < lr * lam < 2"),
    (lambda: noise_one_mode.sgd_variance(1.0, 1.0, lr=1j), "lr must satisfy 0 <= lr"),
    (lambda: noise_one_mode.sgd_variance(-1.0, 1.0, lr=-0.5), "lr must satisfy 0 <= lr"),
    (lambda: noise_one_mode.lookahead_variance_ratio(-1.0, lr=-0.5, k=1, mu=0.0), "lr must satisfy 0 <= lr"),
    (lambda: noise_one_mode.cycle_moments(1.0, -1.0, lr=0.1, k=1, mu=0, alpha=0), "w must satisfy w >= 0"),
    (lambda: equal_speed.variance_ratio_at_equal_speed(1.2, k=2, mu=-0.5), "r must satisfy 0 < r < 1"),
    (lambda: loss_curves.curves([1.0], [1.0], [1.0], lr=0.1, k=1, mu=0, alpha=0.1, gradients=1, spend_outer=False),
     "spend_outer must satisfy True when alpha > 0"),
    (lambda: loss_curves.loss_at_budget([1.0], [1.0], [1.0], lr=0.1, k=1, mu=0, alpha=0.1, budget=1, spend_outer=False),
     "spend_outer must satisfy True when alpha > 0"),
    (lambda: loss_curves.loss_at_budget([1.0], [1.0], [1.0], lr=0.1, k="1", mu=0, alpha=0, budget=6), "integer k >= 1"),
    (lambda: loss_curves.loss_at_budget([1.0], [1.0], [1.0], lr=0.1, k=5, mu=0, alpha=0.1, budget=5),
     "integer budget >= 6"),
)  # fmt: skip


def test_an_unstable_cycle_has_no_stationary_covariance():
    one = stochastic.cycle([[1.0]], [[1.0]], lr=2.5, k=1, mu=0.0, alpha=0.0)
    with pytest.raises(ValueError, match="spectral radius must satisfy spectral radius < 1, got spectral radius=1.5"):
        stochastic.stationary(one)


def test_inner_moments_are_of_error_and_momentum():
    one = stochastic.cycle([[2.0]], 1.0, lr=0.1, k=2, mu=0.0, alpha=0.0)
    for mean, spread, words in (([1.0], np.zeros((2, 2)), "mean must"), ([1.0, 0.0], [[0.0]], "covariance must")):
        with pytest.raises(ValueError, match=words):
            stochastic.inner_moments(one, mean, spread)


@pytest.mark.parametrize("d", (1, 3))
def test_a_loss_is_that_of_all_coordinates_and_no_momentum(d):
    """The moments of two coordinates have four entries: of error and momentum."""
    two = stochastic.cycle(np.eye(2), 1.0, lr=0.25, k=1, mu=0.0, alpha=0.0, inner="heavy-ball", beta=0.5)
    moments = stochastic.propagate(two, [1.0, 2.0], T=2)
    with pytest.raises(ValueError, match="A must satisfy .*the d of the moments"):
        stochastic.expected_loss(np.eye(d), moments)


def test_noise_that_cancels_leaves_no_negative_variance():
    """k = 1, the outer gradient on the inner batch, c s lr = -alpha: both errors of one batch are opposite."""
    lam, alpha = 3.0, 0.7
    for s in np.linspace(0.3, 1.9, 40):
        given = dict(lr=alpha / 1.1 / s, k=1, mu=s - 1, alpha=alpha, outer="last")  # c = 1 - 2.1
        T, N = noise_one_mode.cycle_moments(lam, 1.0, **given)
        assert 0 <= N < 1e-28
        after = loss_curves.curves([lam], [1.0], [0.0], **given, gradients=2)[0]
        assert 0 <= after[2] < 1e-28
        three = noise_one_mode.cycle_moments(lam, 1.0, **given | {"k": 3})[1]  # two inner gradients remain
        r2 = (1 - lam * given["lr"]) ** 2
        assert three == pytest.approx(alpha**2 * (r2 + r2**2), rel=1e-12)
