"""Minimisers and minima: stationary, lowest, and right to the last digit."""

import numpy as np
import pytest
import sympy as sp

from problems import CLASSIC, PROBLEMS, Rosenbrock
from problems.checks import EPS
from tests.problems.oracle import evaluate, points

WITH = [name for name in PROBLEMS if len(CLASSIC[name]().minimizers)]
WITHOUT = [name for name in PROBLEMS if name not in WITH]
TIPS = [name for name in WITH if name.startswith("ackley")]
SMOOTH = [name for name in WITH if name not in TIPS]


def argument_error(p):
    """How far a float64 minimiser may be from the true one: its digits, and those of the shift, are rounded."""
    return 4 * p.dim * EPS * (np.abs(p.minimizers).max() + np.abs(p.shift).max())


@pytest.mark.parametrize("name", SMOOTH)
def test_a_minimizer_is_stationary_with_a_positive_hessian(name):
    p = PROBLEMS[name]()
    expression, symbols = p.symbolic()
    for x in p.minimizers:
        hess = p.hess(x)
        values = np.linalg.eigvalsh(hess)
        size = np.abs(values).max()
        assert values[0] >= -4 * p.dim**2 * EPS * size  # a true zero is rounded like any entry of R H R'
        if name != "quadratic-singular":
            assert values[0] > 1e-6 * size
        # the gradient grows as |H| times the error of the argument, and has its own rounding
        rounding = evaluate([sp.diff(expression, s) for s in symbols], symbols, x)[1]
        assert np.abs(p.grad(x)).max() <= size * argument_error(p) + rounding


@pytest.mark.parametrize("name", TIPS)
def test_ackleys_tip_follows_the_documented_rule(name):
    p, plain = PROBLEMS[name](), CLASSIC[name]()
    tip = p.minimizers[0]
    assert p.value(tip) == p.minimum and (p.grad(tip) == 0).all()
    bowl = 4 * np.pi**2 * np.e / p.dim  # the Hessian of the smooth term alone
    # a rounding or two in each factor, d^2 products in each of two rotations
    assert np.abs(p.hess(tip) - 1.3 * bowl * np.eye(p.dim)).max() <= 8 * p.dim**2 * EPS * bowl
    for side in (1e-9, -1e-9):  # next to the tip the slope is 4/sqrt(d), along the way up; the ripple adds 1e-7
        slope = plain.grad(side * np.eye(p.dim)[0])
        assert abs(np.linalg.norm(slope) - 4 / p.dim**0.5) < 1e-6 and slope[0] * side > 0


@pytest.mark.parametrize("name", WITH)
def test_the_value_at_a_minimizer_is_the_minimum(name):
    for p, away in ((PROBLEMS[name](), 1), (CLASSIC[name](), 0)):
        expression, symbols = p.symbolic()
        for x in p.minimizers:
            shift = np.abs(getattr(p, "shift", np.zeros(1))).max() * away
            error = 4 * p.dim * EPS * (np.abs(x).max() + shift)
            bend = np.linalg.norm(p.hess(x), 2) * error**2 / 2  # the gradient is zero: only the second order counts
            exact, rounding = evaluate(expression, symbols, x) if name not in TIPS else (p.minimum, 0.0)
            assert abs(p.value(x) - p.minimum) <= bend + rounding
            assert abs(exact - p.minimum) <= bend + rounding


@pytest.mark.parametrize("name", WITH)
def test_no_random_point_lies_below_the_minimum(name, seed):
    p = PROBLEMS[name]()
    rng = np.random.default_rng([seed, 10])
    near = p.minimizers[rng.integers(len(p.minimizers), size=500)] + 0.01 * rng.standard_normal((500, p.dim))
    for x in (points(p, 2000, rng), near):
        assert (p.value(x) > p.minimum).all()  # strictly: no random point is a minimiser


@pytest.mark.parametrize("name", WITHOUT)
def test_without_a_minimizer_the_value_falls_without_bound(name):
    p = PROBLEMS[name]()
    assert p.minimizers.shape == (0, p.dim) and p.minimum == -np.inf
    if name == "bilinear-game":
        along = p.rotation @ np.array([1.0, 0.0, -2.0, 1.0])  # u'Bv = -5
    else:  # the direction of least curvature, downhill where there is a slope
        along = np.linalg.eigh(p.hess(p.start))[1][:, 0]
        along = along if name == "quadratic-saddle" else -p.grad(p.start)
    assert p.value(p.shift + 1e6 * along) < -1e5


def test_this_is_rosenbrocks_own_valley():
    p = Rosenbrock()
    # Rosenbrock 1960: from (-1.2, 1), where the value is 24.2; three roundings of terms up to 20
    assert abs(p.value(p.start) - 24.2) <= 4 * EPS * 24.2 and p.start.tolist() == [-1.2, 1.0]
    assert p.hess([1.0, 1.0]).tolist() == [[802.0, -400.0], [-400.0, 200.0]]  # condition number 2508


def test_rosenbrock_has_a_second_minimum_in_four_dimensions_that_is_not_listed():
    p = Rosenbrock(4)
    x = np.array([-0.776, 0.613, 0.382, 0.146])
    for _ in range(20):
        x = x - np.linalg.solve(p.hess(x), p.grad(x))
    size = np.linalg.norm(p.hess(x), 2)
    assert np.abs(p.grad(x)).max() <= 16 * size * EPS and np.linalg.eigvalsh(p.hess(x))[0] > 0
    assert round(float(p.value(x)), 2) == 3.70
    assert len(p.minimizers) == 1


def test_other_constants_of_rosenbrock_have_their_minimum_where_stated():
    p = Rosenbrock(a=-1.5, b=7.0)
    assert p.minimizers.tolist() == [[-1.5, 2.25]] and p.value([-1.5, 2.25]) == 0 and (p.grad([-1.5, 2.25]) == 0).all()
    assert Rosenbrock(4, a=0).minimizers.tolist() == [[0.0] * 4] and Rosenbrock(4, a=0).value(np.zeros(4)) == 0
    with pytest.raises(ValueError, match=r"^a must satisfy a = 0 or a = 1 where dim > 2, got a=2\.0"):
        Rosenbrock(3, a=2.0)
    with pytest.raises(ValueError, match=r"^a must satisfy a number whose square is finite, got a=1e\+200$"):
        Rosenbrock(a=1e200)
    with pytest.raises(ValueError, match=r"^dim must satisfy integer dim >= 2, got dim=1$"):
        Rosenbrock(1)
    with pytest.raises(ValueError, match=r"^b must satisfy finite b > 0, got b=nan$"):
        Rosenbrock(b=float("nan"))
