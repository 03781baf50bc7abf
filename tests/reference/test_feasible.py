"""The projection of the AdaLA paper's algorithms: nearest point in the preconditioner's norm."""

import numpy as np
import pytest

from nala_lab.core import stream
from nala_lab.reference import AdaBelief, AdaLA, Adam, Ball, Box, run
from tests.refusals import refused

EPS = np.finfo(float).eps


def draws(name, n=200, d=4):
    rng = stream(0, "feasible", name)
    return 3 * rng.normal(size=(n, d)), np.exp(4 * rng.normal(size=(n, d)))  # weights over about 14 decades


def test_the_ball_projection_satisfies_its_optimality_conditions():
    y, w = draws("ball")
    center = np.array([0.5, -1.0, 2.0, 0.0])
    ball = Ball(center, radius=1.7)
    x = ball.project(y, w)
    inside = np.linalg.norm(y - center, axis=-1) <= 1.7
    assert np.array_equal(x[inside], y[inside])
    assert inside.any() and (~inside).any()
    out, x, w = y[~inside], x[~inside], w[~inside]
    # feasible, on the sphere: the norm of four numbers is right to a few ulps once Newton has stopped
    assert np.abs(np.linalg.norm(x - center, axis=-1) - 1.7).max() <= 64 * EPS * 1.7
    # w (y - x) = lam (x - c) with one lam >= 0 per member: compare across coordinates without division
    left, right = w * (out - x), x - center
    cross = left[..., :, None] * right[..., None, :] - right[..., :, None] * left[..., None, :]
    size = np.abs(left).max(-1) * 1.7
    # x carries a few ulps of |y| < 12, and left multiplies them by the largest weight of the member
    slack = 64 * EPS * (size + 12 * w.max(-1) * 1.7)
    assert (np.abs(cross).max((-1, -2)) <= slack).all()
    assert (np.sum(left * right, axis=-1) >= 0).all()


def test_no_feasible_point_is_nearer():
    y, w = draws("nearer", n=50)
    rng = stream(0, "feasible", "rivals")
    for feasible in (Ball(np.zeros(4), 1.2), Box(-0.5, np.array([0.1, 0.2, 5.0, 1.0]))):
        x = feasible.project(y, w)
        best = np.sum(w * (x - y) ** 2, axis=-1)
        for _ in range(200):
            rival = feasible.project(4 * rng.normal(size=y.shape), np.ones_like(w))  # any feasible point will do
            near = x + 1e-3 * (rival - x)  # feasible by convexity, and close
            for z in (rival, near):
                assert (np.sum(w * (z - y) ** 2, axis=-1) >= best * (1 - 1e-12)).all()  # sums of 4 terms: few ulps


def test_the_norm_matters_for_a_ball_and_not_for_a_box():
    y, w = np.array([3.0, 4.0]), np.array([100.0, 1.0])
    euclidean, weighted = Ball(0.0, 1.0).project(y, np.ones(2)), Ball(0.0, 1.0).project(y, w)
    assert np.allclose(euclidean, [0.6, 0.8], rtol=0, atol=8 * EPS)
    assert weighted[0] > 0.9  # moving the heavy coordinate is dear, so it is kept
    box = Box(-1.0, 1.0)
    assert np.array_equal(box.project(y, w), box.project(y, np.ones(2)))


@pytest.mark.parametrize("rule", [Adam, AdaBelief, AdaLA])
def test_iterates_stay_feasible_and_reach_the_constrained_minimiser(rule):
    # f = |x - (2, 1)|^2 / 2 over |x| <= 1: the minimiser is (2, 1)/sqrt(5)
    ball = rule(lr=0.01, eps=1e-4, feasible=Ball(0.0, 1.0))
    t = run(ball, lambda x: x - np.array([2.0, 1.0]), [0.0, 0.9], steps=2000)
    assert (np.linalg.norm(t.x, axis=-1) <= 1 + 64 * EPS).all()
    # a fixed point of projected preconditioned descent is the minimiser; smoke test: 2000 steps of 0.01 cover the set
    assert np.abs(t.final - np.array([2.0, 1.0]) / np.sqrt(5)).max() < 1e-3
    box = run(rule(lr=0.01, eps=1e-4, feasible=Box(-1.0, 0.5)), lambda x: x - 2.0, [0.0, -0.9], steps=2000)
    assert np.array_equal(box.final, [0.5, 0.5])


def test_far_points_are_projected():
    x = Ball(0.0, 5.0).project(np.array([3e200, 4e200]), np.ones(2))
    assert np.abs(x - [3.0, 4.0]).max() <= 8 * EPS * 4


def test_a_zero_weight_costs_nothing():
    x = Ball(0.0, 1.0).project(np.array([3.0, 0.5]), np.array([0.0, 1.0]))
    assert abs(x[1] - 0.5) < 1e-6  # the weighted coordinate stays; the free one takes what room is left
    assert np.linalg.norm(x) <= 1 + 64 * EPS


test_a_set_without_points_is_refused = refused(
    (lambda: Box(1.0, 0.0), "low must satisfy low <= high"),
    (lambda: Box(np.nan, 0.0), "low must satisfy low <= high"),
    (lambda: Ball(0.0, 0.0), "radius must satisfy 0 < radius < inf, got radius=0.0"),
    (lambda: Ball(0.0, np.nan), "got radius=nan"),
    (lambda: Ball([0.0, np.nan], 1.0), "center must satisfy finite numbers"),
    (lambda: Ball(np.zeros((3, 1)), 1.0).project(np.ones(3), np.ones(3)), "center must satisfy a number, or a shape"),
    (lambda: Box("a", "b"), "low must satisfy real numbers"),
    (lambda: Box(None, 1.0), "low must satisfy real numbers"),
    (lambda: Box(0.0, 1j), "high must satisfy real numbers"),
    (lambda: Box([0, 0], [1, 1, 1]), "high must satisfy a shape that fits"),
    (lambda: Ball(1j, 1.0), "center must satisfy real numbers"),
    (lambda: Box(np.zeros(2), 1.0).project(np.ones(3), np.ones(3)), "low must satisfy a number, or a shape"),
)
