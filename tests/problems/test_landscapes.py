"""The classroom landscapes against the numbers that were published for them."""

import numpy as np
import pytest
import sympy as sp

from problems import Ackley, Beale, Booth, Himmelblau, Matyas, Rastrigin, StyblinskiTang, ThreeHumpCamel
from problems.checks import EPS

PUBLISHED = [  # Jamil and Yang 2013: minimiser as printed there, minimum, half a unit of the last printed digit
    (Beale(), [3, 0.5], 0.0, 0.0),
    (Himmelblau(), [3, 2], 0.0, 0.0),
    (Booth(), [1, 3], 0.0, 0.0),
    (Matyas(), [0, 0], 0.0, 0.0),
    (ThreeHumpCamel(), [0, 0], 0.0, 0.0),
    (StyblinskiTang(), [-2.903534, -2.903534], -78.332, 5e-4),
    (Rastrigin(), [0, 0], 0.0, 0.0),
    (Ackley(), [0, 0], 0.0, 0.0),
]


@pytest.mark.parametrize(("problem", "where", "minimum", "digit"), PUBLISHED, ids=lambda p: getattr(p, "name", ""))
def test_published_minima(problem, where, minimum, digit):
    assert np.abs(problem.minimizers - where).max(axis=1).min() <= 5e-7  # six printed decimals
    assert abs(problem.value(where) - minimum) <= digit and abs(problem.minimum - minimum) <= digit


@pytest.mark.parametrize("problem", [Booth(), Matyas(), Beale(), Himmelblau(), ThreeHumpCamel()], ids=lambda p: p.name)
def test_all_critical_points_below_the_others_are_listed(problem):
    expression, symbols = problem.symbolic()
    bases = sp.groebner([sp.nsimplify(sp.diff(expression, s)) for s in symbols], *symbols, order="lex")
    last = sp.Poly(bases.exprs[-1], symbols[1])  # a polynomial in y alone
    lowest = []
    for y in {float(root) for root in last.nroots(n=30, maxsteps=200) if abs(sp.im(root)) < 1e-20}:
        slope = sp.Poly(sp.nsimplify(sp.diff(expression, symbols[0])).subs(symbols[1], sp.Float(y, 30)), symbols[0])
        xs = [float(r) for r in slope.nroots(n=30, maxsteps=200) if abs(sp.im(r)) < 1e-10] if slope.degree() else []
        lowest += [(x, y) for x in xs if abs(problem.value([x, y]) - problem.minimum) < 1e-12]
    # as many places of lowest value as are listed, and the same ones; the roots are good to about 1e-7 in double roots
    assert {tuple(np.round(p, 5) + 0.0) for p in lowest} == {tuple(np.round(p, 5) + 0.0) for p in problem.minimizers}


@pytest.mark.parametrize("family", [StyblinskiTang, Rastrigin, Ackley])
def test_any_dimension(family):
    for dim in (1, 3, 7):
        p = family(dim)
        assert p.minimizers.shape == (1, dim) and p.start.shape == (dim,) and len(p.box) == dim
        assert abs(p.value(p.minimizers[0]) - p.minimum) <= 8 * dim * EPS * abs(p.minimum)
    with pytest.raises(ValueError, match=r"^dim must satisfy integer dim >= 1, got dim=0$"):
        family(0)


@pytest.mark.parametrize("t", [1e-9, -1e-12, 1e-150])
def test_next_to_the_minimum_the_value_is_its_taylor_polynomial(t):
    """The next terms are below t^2 = 1e-18 of it; 1 - cos(2 pi t) would be 0 there, 1/198 of Rastrigin's value."""
    tau, rounding = 2 * np.pi, 16 * EPS  # of ten operations each
    for x in ([t], [0.0, t, 0.0]):
        assert abs(Rastrigin(len(x)).value(x) / ((1 + 5 * tau**2) * t**2) - 1) <= rounding
    near = 4 * abs(t) + (np.e * tau**2 / 2 - 0.4) * t**2
    assert abs(Ackley(1).value([t]) / near - 1) <= rounding


def test_styblinski_tang_takes_the_deeper_root():
    roots = np.roots([4, 0, -32, 5])  # the derivative of x^4 - 16 x^2 + 5 x
    values = [(x**4 - 16 * x**2 + 5 * x) / 2 for x in roots]
    best = int(np.argmin(values))
    p = StyblinskiTang(1)
    # np.roots takes eigenvalues of a companion matrix of norm below 34: a few roundings of that
    assert abs(p.minimizers[0, 0] - roots[best]) <= 64 * EPS * 34 and abs(p.minimum - values[best]) <= 1e-12


@pytest.mark.parametrize("size", (1e-200, 1e-160, 1e160, 1e300))
def test_ackleys_radius_neither_vanishes_nor_overflows(size):
    """The cone has slope 4/sqrt(d) at every distance; the square of 1e-200 is 0, that of 1e300 inf."""
    f = Ackley()
    x = np.array([3.0, -4.0]) * size / 5
    g = f._cone(x)
    np.testing.assert_allclose(np.linalg.norm(g[0]), 1 / np.sqrt(2), rtol=1e-12)
    if size < 1:
        np.testing.assert_allclose(np.linalg.norm(f.grad(x)), 4 / np.sqrt(2), rtol=1e-12)
    assert np.isfinite(f.value(x))
