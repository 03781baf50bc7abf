"""T29 by other routes: exact designs, the engine of constant noise, closed forms, and what must be refused."""

from dataclasses import replace
from fractions import Fraction
from itertools import product

import numpy as np
import pytest

from nala_lab.core import stream
from nala_lab.theory import minibatch_limits as limits
from nala_lab.theory import stability, stochastic
from nala_lab.theory.minibatch_best import best_for_budget
from nala_lab.theory.minibatch_claims import averaging_trade
from nala_lab.theory.minibatch_cycle import Loop, expected_loss, heavy_ball, in_x, nala, propagate, start
from nala_lab.theory.minibatch_modes import constant_modes, one_hot_modes, streaming_modes
from nala_lab.theory.minibatch_noise import Constant, FiniteSum, Streaming, batch_factor
from nala_lab.theory.minibatch_variance import loss_moments
from tests.refusals import refused

CLOSED = 1e-10  # two routes to one number: a few hundred roundings times a condition number below 1e3
LOOPS = (
    nala(lr=0.3, k=3, mu=-0.4, alpha=0.2),
    nala(lr=0.3, k=3, mu=0.2, alpha=0.2, outer="full", workers=3),
    Loop(lr=0.2, k=2, nu=0.7, beta=0.6, alpha=0.1, workers=2),
    Loop(lr=0.2, k=2, nu=0.7, beta=0.6, style="heavy-ball"),
    heavy_ball(lr=0.1, beta=0.8),
)


def rotated(h, name="rotation"):
    q = np.linalg.qr(stream(0, "minibatch-test", name).normal(size=(len(h), len(h))))[0]
    return q, (q * h) @ q.T


def gaussian_design(root, sigma):
    """72 equally likely (a, r) with all moments of N(0, root root') up to the fifth, and label noise sigma.

    One coordinate: 0 four times in six and +-sqrt(3) once each has the moments 1 and 3 of a Gaussian.
    """
    one = np.array([0, 0, 0, 0, 3**0.5, -(3**0.5)])
    z = np.array(list(product(one, one)))
    a = np.concatenate([z @ root.T] * 2)
    return a, sigma * np.repeat([1.0, -1.0], 36)


@pytest.mark.parametrize("loop", LOOPS, ids=str)
def test_streaming_is_a_finite_sum_with_gaussian_moments(loop):
    h = np.array([1.0, 0.3])
    q, H = rotated(h)
    a, r = gaussian_design(q * np.sqrt(h), 0.7)
    finite = FiniteSum(a, a * r[:, None], B=3, replace=True)
    stream_ = Streaming(H, sigma2=0.49, B=3)
    e0 = np.array([1.0, -0.5])
    for one, two in zip(
        propagate(finite, loop, start(finite, e0), T=3), propagate(stream_, loop, start(stream_, e0), T=3), strict=True
    ):
        for x, y in zip(in_x(finite, one), in_x(stream_, two), strict=True):
            np.testing.assert_allclose(x, y, rtol=CLOSED, atol=1e-13)


def test_the_mean_square_of_a_streaming_hessian():
    # the two printed identities, from the engine's covariance: E H_B S H_B = C + H S H at g = 0, sigma = 0
    q, H = rotated(np.array([1.0, 0.3]))
    S = np.array([[0.5, 0.2], [0.2, 0.9]])
    data = Streaming(H, sigma2=0.0, B=4)
    c = q_back(data, data.covariance(np.zeros(2), data.basis.T @ S @ data.basis))
    want = (1 + 1 / 4) * H @ S @ H + np.trace(H @ S) * H / 4
    np.testing.assert_allclose(c + H @ S @ H, want, rtol=CLOSED)


def q_back(noise, matrix):
    return noise.basis @ matrix @ noise.basis.T


def test_the_mean_square_of_a_finite_hessian_by_every_batch():
    rng = stream(0, "minibatch-test", "every batch")
    a, S = rng.normal(size=(4, 2)), np.array([[0.5, 0.2], [0.2, 0.9]])
    for B, replace_ in ((2, True), (2, False), (3, False)):
        batches = [b for b in product(range(4), repeat=B) if replace_ or len(set(b)) == B]
        hessians = [a[list(b)].T @ a[list(b)] / B for b in batches]
        want = np.mean([H @ S @ H for H in hessians], axis=0)
        data = FiniteSum(a, 0 * a, B=B, replace=replace_)
        H = a.T @ a / 4
        c = q_back(data, data.covariance(np.zeros(2), data.basis.T @ S @ data.basis))
        np.testing.assert_allclose(c + H @ S @ H, want, rtol=CLOSED)


@pytest.mark.parametrize("loop", LOOPS, ids=str)
def test_modes_are_the_diagonal_of_the_whole(loop):
    h, p, e0 = np.array([1.0, 0.5, 0.2]), np.array([0.5, 0.25, 0.25]), np.array([1.0, -2.0, 0.5])
    a = np.diag(np.sqrt(h / p))[[0, 0, 1, 2]]
    whole = FiniteSum(np.concatenate([a, a]), np.concatenate([a, -a]) * 0.3, B=2, replace=True)
    for modes, full in (
        (one_hot_modes(h, p, sigma2=0.09, B=2), whole),
        (streaming_modes(h, sigma2=0.09, B=2), Streaming(np.diag(h), sigma2=0.09, B=2)),
        (constant_modes(h, 0.1 * h), Constant(np.diag(h), np.diag(0.1 * h))),
    ):
        one, two = (propagate(n, loop, start(n, e0), T=4) for n in (modes, full))
        ours, theirs = ([expected_loss(n, z) for z in rows] for n, rows in ((modes, one), (full, two)))
        np.testing.assert_allclose(ours, theirs, rtol=CLOSED)
        np.testing.assert_allclose(np.diag(in_x(full, two[-1])[1]), one[-1].P, rtol=CLOSED, atol=1e-14)
        risk = limits.stationary_risk(modes, loop)
        np.testing.assert_allclose(risk, limits.stationary_risk(full, loop), rtol=CLOSED)
        # two routes to the edge: the radius of all covariances, and the levels' gain matrix
        edge = limits.mean_square_edge(modes, loop)
        np.testing.assert_allclose(edge, limits.mean_square_edge(full, loop), rtol=1e-8)


@pytest.mark.parametrize("outer", ["fresh", "full"])
def test_constant_noise_is_the_engine_of_t10(outer):
    _, A = rotated(np.array([0.3, 1.1, 2.4]))
    root = stream(0, "minibatch-test", "root").normal(size=(3, 3)) / 2
    C, e0 = root @ root.T, np.array([1.0, -2.0, 0.5])
    setting = {"lr": 0.25, "k": 3, "mu": -0.4, "alpha": 0.15, "outer": outer}
    old = stochastic.propagate(stochastic.cycle(A, C, **setting), e0, T=4)
    noise = Constant(A, C)
    for i, z in enumerate(propagate(noise, nala(**setting), start(noise, e0), T=4)):
        mean, covariance = in_x(noise, z)
        np.testing.assert_allclose(mean, old.mean[i][:3], rtol=CLOSED, atol=1e-13)
        np.testing.assert_allclose(covariance, old.covariance[i][:3, :3], rtol=CLOSED, atol=1e-13)
    settled = in_x(noise, limits.stationary(noise, nala(**setting)))[1]
    want = stochastic.stationary(stochastic.cycle(A, C, **setting))[:3, :3]
    np.testing.assert_allclose(settled, want, rtol=CLOSED, atol=1e-13)


def test_without_noise_the_edge_is_that_of_the_mean():
    for k, mu in ((1, -0.5), (3, -0.5), (4, -0.5), (5, 0.2)):
        # T03's bound is of one mode; below it every smaller eigenvalue is stable too
        quiet = constant_modes([1.0], [0.3])
        edge = limits.mean_square_edge(quiet, nala(lr=0.0, k=k, mu=mu))
        np.testing.assert_allclose(edge, stability.inner_limit(k, mu), rtol=1e-8)


def test_a_batch_of_everything_has_no_noise_and_a_small_one_lowers_the_edge():
    a = stream(0, "minibatch-test", "edge").normal(size=(6, 2))
    edges = []
    for B in (1, 3, 5, 6):
        data = FiniteSum(a, 0 * a, B=B)
        edges.append(limits.mean_square_edge(data, nala(lr=0.0, k=3, mu=-0.5)))
    assert edges == sorted(edges)
    want = stability.inner_limit(3, -0.5) / np.linalg.eigvalsh(a.T @ a / 6)[-1]
    np.testing.assert_allclose(edges[-1], want, rtol=1e-8)


def test_the_edge_of_sgd_on_a_thousand_streaming_modes_is_its_equation():
    h, B = np.geomspace(1e-3, 1, 1000), 8
    edge = limits.mean_square_edge(streaming_modes(h, sigma2=0.1, B=B), nala(lr=0.0, k=1, mu=0.0))
    total = np.sum(edge * h / (B * (2 - edge * h * (1 + 1 / B))))
    assert abs(total - 1) <= 1e-8  # the edge is bisected to 1e-10


@pytest.mark.parametrize("loop", LOOPS, ids=str)
def test_where_it_settles_a_cycle_changes_nothing_and_long_runs_end_there(loop):
    noise = streaming_modes([1.0, 0.4], sigma2=0.3, B=2)
    settled = limits.stationary(noise, loop)
    once = propagate(noise, loop, settled, T=1)[-1]
    for before, after in zip(settled[2:], once[2:], strict=True):
        np.testing.assert_allclose(after, before, rtol=CLOSED, atol=1e-14)
    assert limits.mean_square_radius(noise, loop) < 0.9
    far = propagate(noise, loop, start(noise, [3.0, -1.0]), T=600)[-1]
    np.testing.assert_allclose(expected_loss(noise, far), limits.stationary_risk(noise, loop), rtol=1e-9)


def test_beyond_the_edge_the_mean_square_grows_while_the_mean_still_shrinks():
    noise = streaming_modes([1.0], sigma2=0.0, B=1)
    loop = nala(lr=0.8, k=1, mu=0.0)  # 1 - 2 lr + 3 lr^2 = 1.32, mean 0.2
    rows = propagate(noise, loop, start(noise, [1.0]), T=5)
    assert abs(rows[-1].phi[0]) < 1e-3 and expected_loss(noise, rows[-1]) > expected_loss(noise, rows[0])
    assert limits.stationary_risk(noise, loop) == np.inf


@pytest.mark.parametrize("workers", [1, 3])
def test_fourth_moments_have_the_engines_mean(workers):
    rng = stream(0, "minibatch-test", "fourth")
    a = rng.normal(size=(5, 2))
    r = rng.normal(size=5)
    r = r - a @ np.linalg.lstsq(a, r, rcond=None)[0]
    for replace_ in (True, False):
        loop = Loop(lr=0.2, k=3, nu=0.8, beta=0.5, alpha=0.1, workers=workers)
        exact = loss_moments(a, r, loop, [1.0, -0.5], B=2, replace=replace_, T=3)
        noise = FiniteSum(a, a * r[:, None], B=2, replace=replace_)
        rows = propagate(noise, loop, start(noise, [1.0, -0.5]), T=3)
        np.testing.assert_allclose(exact.mean, [expected_loss(noise, z) for z in rows], rtol=CLOSED)
        assert np.all(exact.variance[1:] > 0)


def test_features_that_do_not_fill_the_space_are_features():
    for d in (2, 3, 5):  # one feature d times: eigh gives its zeros as 1e-16 or as -1e-16
        assert Streaming(np.ones((d, d)), sigma2=1.0, B=1).h.min() >= 0


@pytest.mark.parametrize("beta", [0.0, 0.5])
def test_a_feature_that_is_always_zero_changes_nothing(beta):
    rng = stream(0, "minibatch-test", "always zero")
    a, r = rng.normal(size=(12, 2)), rng.normal(size=12)
    r = r - a @ np.linalg.lstsq(a, r, rcond=None)[0]
    loop = Loop(lr=0.1, k=2, nu=0.5, beta=beta, alpha=0.05)
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]  # the direction is none of the axes
    wide = np.c_[a, np.zeros(12)] @ turn
    pairs = [
        (FiniteSum(a, a * r[:, None], B=3), FiniteSum(wide, wide * r[:, None], B=3)),
        tuple(Streaming(H, sigma2=0.5, B=2) for H in (np.diag([1.0, 0.3]), turn @ np.diag([1.0, 0.0, 0.3]) @ turn.T)),
        (streaming_modes([1.0, 0.3], sigma2=0.5, B=2), streaming_modes([1.0, 0.0, 0.3], sigma2=0.5, B=2)),
        (streaming_modes([1.0, 0.3], sigma2=0.5, B=2), streaming_modes([1.0, 1e-17, 0.3], sigma2=0.5, B=2)),
    ]
    for narrow, with_zero in pairs:
        risk = limits.stationary_risk(with_zero, loop)
        np.testing.assert_allclose(risk, limits.stationary_risk(narrow, loop), rtol=CLOSED)
        settled = limits.stationary(with_zero, loop)
        np.testing.assert_allclose(expected_loss(with_zero, settled), risk, rtol=CLOSED)
        edges = [limits.mean_square_edge(noise, loop, rtol=1e-4) for noise in (narrow, with_zero)]
        np.testing.assert_allclose(edges[1], edges[0], rtol=1e-4)
    # noise without curvature is a walk: it settles nowhere
    assert limits.stationary_risk(constant_modes([1.0, 0.0], [0.1, 0.1]), loop) == np.inf


test_what_is_refused = refused(
    (lambda: batch_factor(5, 4, replace=False), "B must satisfy B <= n = 4"),
    (lambda: batch_factor(2, 5.5, replace=False), "n must satisfy integer n >= 2, got n=5.5"),
    (lambda: batch_factor(1, replace=False), "n must satisfy integer n >= 2, got n=None"),
    (lambda: streaming_modes([1.0, -1.0], sigma2=1.0, B=1), "h must satisfy entries >= 0"),
    (lambda: streaming_modes([1.0, np.nan], sigma2=1.0, B=1), "h must satisfy a vector of d finite numbers"),
    (lambda: one_hot_modes([1.0], [0.5], sigma2=1.0, B=1), "p must satisfy positive, with sum 1"),
    (lambda: Constant(np.eye(2), np.eye(3)), "C must satisfy finite, (2, 2)"),
    (lambda: Constant(np.eye(2), -np.eye(2)), "C must satisfy variances >= 0"),
    (lambda: Constant(np.eye(2), [[1.0, 5.0], [5.0, 1.0]]), "C must satisfy positive semi-definite"),
    (lambda: Constant(np.eye(2), [[1.0, 1.0], [0.0, 1.0]]), "C must satisfy symmetric"),
    (lambda: loss_moments([[1.0], [2.0]], [1.0, 1.0], nala(lr=0.1, k=1, mu=0.0), [1.0], B=1, replace=True, T=1),
     "r must satisfy mean a_i r_i = 0"),
    (lambda: Constant([[0.0, 1.0], [0.0, 0.0]], np.eye(2)), "H must satisfy finite, symmetric"),
    (lambda: Streaming(-np.eye(2), sigma2=1.0, B=1), "H must satisfy positive semi-definite"),
    (lambda: FiniteSum(np.ones((3, 2)), np.ones((2, 2)), B=1), "gradients must satisfy finite, (n, d)"),
    (lambda: FiniteSum([[1.0], [2.0]], [[1.0], [2.0]], B=1, H=np.eye(2)), "H must satisfy shape (1, 1)"),
    (lambda: nala(lr=0.1, k=2, mu=-1.5), "mu must satisfy -1 <= mu"),
    (lambda: nala(lr=0.1, k=2, mu=0.0, outer="last"), "outer must satisfy outer in {'fresh', 'full'}"),
    (lambda: start(constant_modes([1.0], [1.0]), [1.0, 2.0]), "mean must satisfy (1,)"),
    (lambda: start(constant_modes([1.0], [1.0]), [np.nan]), "mean must satisfy finite"),
    (lambda: start(constant_modes([1.0], [1.0]), [1.0], [-1.0]), "covariance must satisfy finite variances >= 0"),
    (lambda: start(Constant(np.eye(2), np.eye(2)), [1, 1], [[1, 5], [5, 1]]), "covariance must satisfy positive semi-"),
    (lambda: limits.stationary(streaming_modes([1.0], sigma2=1.0, B=1), nala(lr=1.0, k=1, mu=0.0)), "radius < 1"),
    (lambda: limits.stationary(Constant([[1.0]], [[1.0]], g=[0.5]), nala(lr=0.5, k=1, mu=0.0)), "g must satisfy 0"),
    (lambda: loss_moments(np.ones((2, 4)), [0, 0], nala(lr=0.1, k=1, mu=0.0), np.ones(4), B=1, replace=True, T=1),
     "(n, d) with d <= 3"),
    (lambda: limits.mean_square_edge(streaming_modes([1.0], sigma2=0.0, B=1), nala(lr=0, k=1, mu=0, alpha=3.0)),
     "bounded at small lr"),
    (lambda: limits.mean_square_edge(constant_modes([1.0], [1.0]), nala(lr=0, k=50, mu=0, alpha=3.0)),
     "bounded at small lr"),  # it is bounded again at 0.08 / max h
    (lambda: limits.mean_square_edge(constant_modes([1.0, 0.0], [1.0, 1.0]), nala(lr=0, k=5, mu=0)),
     "bounded at small lr"),  # noise without curvature is a walk
    (lambda: limits.mean_square_edge(constant_modes([0.0], [1.0]), nala(lr=0.1, k=1, mu=0.0)), "max h must satisfy"),
    (lambda: limits.mean_square_edge(constant_modes([-1.0], [1.0]), nala(lr=0.1, k=1, mu=0)), "max h must satisfy"),
    (lambda: best_for_budget(constant_modes([1.0], [1.0]), nala(lr=0.1, k=1, mu=0.0), [1.0], budget=9, limit=-1.0),
     "limit must satisfy 0 < limit"),
    (lambda: best_for_budget(constant_modes([0.0], [1.0]), nala(lr=0.1, k=1, mu=0.0), [1.0], budget=9),
     "max h must satisfy 0 < max h, got max h=0.0"),
)  # fmt: skip


def test_noise_at_one_place_is_not_the_noise_at_another():
    # leaving the multiplicative part out, or the cross term with the residuals, changes the risk by far more than 1 %
    a = stream(0, "minibatch-test", "parts").normal(size=(8, 2))
    r = a[:, 0] ** 2 - 1
    r = r - a @ np.linalg.lstsq(a, r, rcond=None)[0]
    noise, loop, e0 = FiniteSum(a, a * r[:, None], B=2), nala(lr=0.2, k=3, mu=-0.3), [1.0, 1.0]
    floor = noise.basis @ noise.covariance(np.zeros(2), np.zeros((2, 2))) @ noise.basis.T
    constant = Constant(a.T @ a / 8, floor)
    flipped = FiniteSum(a, -a * r[:, None], B=2)
    here, there, other = (
        expected_loss(n, propagate(n, loop, start(n, e0), T=2)[-1]) for n in (noise, constant, flipped)
    )
    assert abs(there / here - 1) > 0.05 and abs(other / here - 1) > 0.05
    assert replace(loop, workers=2).workers == 2


def test_a_run_without_chance_has_no_negative_variance():
    a = np.array([[1.0], [2.0], [0.3]])
    certain = loss_moments(a, np.zeros(3), nala(lr=0.3, k=2, mu=-0.5), [1.0], B=3, replace=False, T=30)
    factor = 0.5 * (1 - 0.3 * (a**2).mean()) ** 2 + 0.5  # T01 with alpha = 0
    np.testing.assert_allclose(certain.mean, (a**2).mean() / 2 * factor ** (2 * np.arange(31)), rtol=1e-12)
    assert certain.variance.min() >= 0 and certain.variance.max() < 1e-15


def test_a_mode_of_little_curvature_does_not_hide_the_edge():
    """At short steps its radius is 1 in floats; without noise of its own place the edge is that of the mean, T03."""
    nearly_flat, paper = constant_modes([1.0, 1e-14], [1.0, 1.0]), nala(lr=0.0, k=5, mu=-0.5)
    edge = limits.mean_square_edge(nearly_flat, paper, rtol=1e-300)  # an end that no two floats reach
    assert edge == pytest.approx(stability.inner_limit(5, -0.5), rel=1e-12)


def test_the_engine_takes_fractions():
    noise, half = streaming_modes([1.0, 0.4], sigma2=0.3, B=2), Fraction(1, 2)
    loops = [Loop(lr=kind(half), k=2, nu=kind(half), alpha=kind(half / 4)) for kind in (Fraction, float)]
    assert limits.stationary_risk(noise, loops[0]) == limits.stationary_risk(noise, loops[1])
    assert averaging_trade(noise, loops[0]) == averaging_trade(noise, loops[1])


@pytest.mark.parametrize("size", (1e-20, 1.0, 1e12, 1e20))
def test_much_noise_changes_no_edge_and_scales_the_risk(size):
    """Additive noise w on one mode: the mean square settles at lr w / (2 - lr) for SGD, whose edge is lr = 2."""
    noise, sgd = Constant([[1.0]], [[size]]), nala(lr=0.5, k=1, mu=0.0)
    assert limits.mean_square_radius(noise, sgd) == pytest.approx(0.25, rel=1e-12)
    assert limits.stationary(noise, sgd).P[0, 0] == pytest.approx(size / 3, rel=1e-12)
    assert limits.mean_square_edge(noise, sgd) == pytest.approx(2.0, rel=1e-9)
    ball = heavy_ball(lr=0.5, beta=0.5)  # lr (1 + beta) w / ((1 - beta)(2 (1 + beta) - lr))
    assert limits.mean_square_radius(noise, ball) == pytest.approx(0.5, rel=1e-7)  # a double root
    assert limits.stationary(noise, ball).P[0, 0] == pytest.approx(0.6 * size, rel=1e-12)
