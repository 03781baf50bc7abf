"""Value, gradient and Hessian against the symbolic definition, and against each other."""

from functools import cache

import numpy as np
import pytest
import sympy as sp

from problems import CLASSIC, PROBLEMS
from problems.checks import EPS
from tests.problems.oracle import evaluate, points

BOTH = [(table, name) for table in ("CLASSIC", "PROBLEMS") for name in CLASSIC]


def instance(table, name):
    return {"CLASSIC": CLASSIC, "PROBLEMS": PROBLEMS}[table][name]()


@cache
def field_expressions(table, name):
    """What `grad` must be: the derivative of the value; for a game u's part as it is, v's part with a minus."""
    problem = instance(table, name)
    expression, symbols = problem.symbolic()
    gradient = [sp.diff(expression, s) for s in symbols]
    if not problem.conservative:
        signs = np.diag(getattr(problem, "inner", problem).signs)
        turn = getattr(problem, "rotation", np.eye(problem.dim))
        swap = turn @ signs @ turn.T  # in turned coordinates u and v are mixed
        gradient = list(np.array([[sp.Float(s, 40) for s in row] for row in swap], dtype=object) @ gradient)
    return expression, gradient, symbols


@pytest.mark.parametrize(("table", "name"), BOTH)
def test_value_and_derivatives_are_those_of_the_symbolic_definition(table, name, seed):
    problem = instance(table, name)
    expression, gradient, symbols = field_expressions(table, name)
    hessian = [[sp.diff(g, s) for s in symbols] for g in gradient]
    for point in points(problem, 2, np.random.default_rng([seed, 1])):
        answers = (expression, problem.value), (gradient, problem.grad), (hessian, problem.hess)
        for wanted, method in answers:
            exact, tolerance = evaluate(wanted, symbols, point)
            assert (np.abs(method(point) - exact) <= tolerance).all(), (method.__name__, method(point) - exact)


@pytest.mark.parametrize(("table", "name"), [case for case in BOTH if case[1] != "bilinear-game"])  # test_game.py
def test_differences_of_the_value_give_the_gradient(table, name, seed):
    problem = instance(table, name)
    expression, _, symbols = field_expressions(table, name)
    x = points(problem, 1, np.random.default_rng([seed, 2]))[0]
    h = EPS ** (1 / 3)  # balances truncation h^2 |f'''|/6 with rounding eps |f|/h
    step = h * np.eye(problem.dim)
    measured = (problem.value(x + step) - problem.value(x - step)) / (2 * h)
    # f''' along each axis, from the Hessian's diagonal one step ahead and behind; doubled, as it varies between
    ahead, behind = (np.einsum("iii->i", problem.hess(x + side)) for side in (step, -step))
    truncation = 2 * h**2 / 6 * np.abs(ahead - behind) / (2 * h)
    rounding = evaluate(expression, symbols, x)[1] / h  # of two values, and of their arguments, divided by 2h
    assert (np.abs(measured - problem.grad(x)) <= truncation + rounding).all()
    assert (truncation + rounding).max() <= 1e-4 * np.abs(problem.grad(x)).max()  # so the check means something


@pytest.mark.parametrize(("table", "name"), BOTH)
def test_hessian_vector_product_is_the_hessian_times_the_vector(table, name, seed):
    problem, rng = instance(table, name), np.random.default_rng([seed, 3])
    x = points(problem, 4, rng)
    v = rng.standard_normal(x.shape)
    hess = problem.hess(x)
    want = np.einsum("nij,nj->ni", hess, v)
    # d products and sums a row, and as many again in each of two rotations; entries as large as |H| |v|
    size = np.linalg.norm(hess, axis=(1, 2)) * np.linalg.norm(v, axis=1)
    slack = 16 * problem.dim * (1 + np.abs(getattr(problem, "shift", np.zeros(1))).max())
    assert (np.abs(problem.hvp(x, v) - want) <= slack * EPS * size[:, None]).all()


@pytest.mark.parametrize(("table", "name"), BOTH)
def test_hessian_is_symmetric_and_a_games_jacobian_antisymmetric(table, name, seed):
    problem = instance(table, name)
    hess = problem.hess(points(problem, 5, np.random.default_rng([seed, 4])))
    mirror = np.swapaxes(hess, -1, -2) * (1 if problem.conservative else -1)
    # R H R' rounds an entry and its mirror image by different orders of the same d^2 products
    size = np.abs(hess).max(axis=(-1, -2), keepdims=True)
    assert (np.abs(hess - mirror) <= 4 * problem.dim**2 * EPS * size).all()


@pytest.mark.parametrize("name", CLASSIC)
def test_latex_is_made_from_the_definition(name):
    plain, elsewhere = CLASSIC[name]().latex(), PROBLEMS[name]().latex()
    assert plain.startswith("f(x) = ") and "x" in plain[7:]
    assert elsewhere.endswith(plain) and elsewhere.startswith("g(x) = 1.3")
