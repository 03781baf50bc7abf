"""The functions made of affine pieces are what they say: through the data, smooth, convex, differentiated rightly."""

from fractions import Fraction

import numpy as np
import pytest

from nala_lab.core import stream
from nala_lab.theory.bent import Bent
from nala_lab.theory.interpolation import Envelope, _mixture, fractions, slack


def drawn(rng, n=6, d=3, L=2.0, m=0.3):
    return Envelope(rng.normal(size=(n, d)), rng.normal(size=n), L, m)


@pytest.mark.parametrize("draw", range(5))
def test_gradient_is_the_derivative_and_the_function_is_in_its_class(draw):
    rng = stream(0, "envelope", draw)
    f = drawn(rng)
    points = 3 * rng.normal(size=(25, 3))
    grads, values, h = f.grad(points), f.value(points), 1e-6
    numeric = [[(f.value(x + h * e) - f.value(x - h * e)) / (2 * h) for e in np.eye(3)] for x in points]
    # kinks of the gradient inside the step leave L h; rounding leaves 1e-16 * 10 / h = 1e-9
    np.testing.assert_allclose(grads, numeric, atol=4e-6)
    table = slack(points, grads, values, L=f.L, m=f.m)
    assert table.min() >= -1e-10  # values of size 10, tolerance of the weights 1e-13 relative, twice


def test_the_mixture_maximises_over_the_simplex():
    rng = stream(0, "mixture")
    for _ in range(30):
        n, d = int(rng.integers(2, 12)), int(rng.integers(1, 5))
        g, c = rng.normal(size=(n, d)), rng.normal(size=n)
        w = _mixture(g, c, 1.5)
        lift = c - g @ (g.T @ w) / 1.5
        assert w.min() >= 0 and w.sum() == pytest.approx(1)
        assert lift.max() - w @ lift <= 1e-9  # first-order condition of a concave programme


def test_data_of_a_member_are_interpolated_exactly_and_others_are_exposed():
    x = fractions([["1/2", "-1"], ["2", "1/3"], ["0", "0"]])
    g = x * fractions([1, "1/4"])  # gradient of x1^2/2 + x2^2/8
    values = np.sum(x * g, axis=1) / 2
    assert min(slack(x, g, values, L=Fraction(1), m=Fraction(1, 8)).ravel()) >= 0
    f = Envelope.through(x, g, values, L=Fraction(1), m=Fraction(1, 8))
    for point, grad, value in zip(x, g, values, strict=True):
        assert f.value(point) == value and np.array_equal(f.grad(point), grad)
    assert min(slack(x, g, values, L=Fraction(9, 10)).ravel()) < 0  # it is not 0.9-smooth
    values[1] += Fraction(1, 10**12)
    assert min(slack(x, g, values, L=Fraction(1), m=Fraction(1, 4)).ravel()) < 0


def test_exact_and_float_evaluation_agree_where_one_piece_is_active():
    rng = stream(0, "exact")
    slopes, offsets = rng.integers(-9, 10, (5, 2)), rng.integers(-9, 10, 5)
    exact = Envelope(fractions(slopes), fractions(offsets), Fraction(3), Fraction(1, 7))
    floats = Envelope(slopes.astype(float), offsets.astype(float), 3.0, 1 / 7)
    points, alone = 8 * rng.normal(size=(40, 2)), 0
    for x in points:
        rational = fractions(x)
        if exact.piece(rational) is None:
            with pytest.raises(ArithmeticError, match="several pieces"):
                exact.grad(rational)
            continue
        alone += 1
        assert float(exact.value(rational)) == pytest.approx(float(floats.value(x)), rel=1e-13)
        np.testing.assert_allclose(exact.grad(rational).astype(float), floats.grad(x), rtol=1e-13)
    assert 5 < alone < 40


@pytest.mark.parametrize("bad", [dict(m=1), dict(m=-1), dict(m=float("nan")), dict(m="0"), dict(L=None), dict(L="1")])
def test_a_class_that_is_none_is_refused(bad):
    for made in (lambda **c: slack([[0.0]], [[0.0]], [0.0], **c), lambda **c: Envelope([[0.0]], [0.0], **c)):
        with pytest.raises(ValueError, match="L must satisfy 0 < L < inf" if "L" in bad else "m must .* 0 <= m < 1,"):
            made(**dict(L=1) | bad)
    with pytest.raises(ValueError, match=r"slopes must satisfy shape \(n, d\), n >= 1"):
        Envelope(np.zeros((0, 1)), np.zeros(0))
    with pytest.raises(ValueError, match="points must satisfy"):
        slack([0.0], [0.0], [0.0], L=1)


@pytest.mark.parametrize("length", (1e-9, 1e9))
@pytest.mark.parametrize("L", (1e-12, 1.0, 1e12))
def test_where_pieces_mix_units_change_nothing_but_units(length, L):
    """Huber's function with its bend at `length` is L x^2/2 inside, where both pieces mix."""
    huber = Envelope(L * length * np.array([[1.0], [-1.0]]), np.zeros(2), L)
    x = 0.2 * length
    assert huber.value([x]) == pytest.approx(L * x**2 / 2, rel=1e-9)
    assert huber.grad([x])[0] == pytest.approx(L * x, rel=1e-9)


@pytest.mark.parametrize("unit", (1e-150, 1e-8, 1.0, 1e8, 1e150))
def test_where_three_slopes_mix_units_change_nothing_but_units(unit):
    """On the line the envelope is min_z of a convex function: by ternary search, in the unit 1."""
    slopes, offsets, x = np.array([[-0.7], [0.4], [1.3]]), np.array([0.02, -0.01, -0.3]), 0.1
    low, high = -3.0, 3.0
    height = lambda z: (slopes[:, 0] * z + offsets).max() + (x - z) ** 2 / 2  # noqa: E731
    for _ in range(200):
        a, b = low + (high - low) / 3, high - (high - low) / 3
        low, high = (low, b) if height(a) < height(b) else (a, high)
    f = Envelope(slopes * unit, offsets * unit**2)
    # flat at its least point the function fixes z to 1e-8 only, at a kink to 1e-16: value first
    assert f.value([x * unit]) / unit**2 == pytest.approx(height(low), rel=1e-12)
    assert f.grad([x * unit])[0] / unit == pytest.approx(x - low, rel=1e-7)


def test_a_bent_function_of_any_dimension_has_a_formula():
    whole = dict(bend=Fraction(1), L=Fraction(1), m=Fraction(0))
    wide = Bent(fractions(["1/2"] * 5), fractions(["1/9"] * 5), **whole)
    assert str(wide).startswith("x1^2/4 + x2^2/4 +") and str(wide).endswith("+ x5/9), c = 1")


@pytest.mark.parametrize("kind", (np.int8, np.int64, np.float32))
def test_whole_numbers_and_short_floats_are_the_numbers_they_are(kind):
    """L x^2/2 with L = 3 through x = 0 and x = 40: the slope 120 fits in one byte, its square does not."""
    x, g = np.array([[0], [40]], kind), np.array([[0], [120]], kind)
    data = (x, g, np.array([0.0, 2400.0]))
    assert np.array_equal(slack(*data, L=3), np.zeros((2, 2)))
    f, bent = Envelope.through(*data, L=3), Envelope(np.array([[120], [-120]], kind), np.zeros(2, kind), L=3)
    for function in (f, bent):
        assert function.value([20.1]) == pytest.approx(3 * 20.1**2 / 2, rel=1e-12)
    huge = [[0], [2**33]]
    assert np.array_equal(slack(huge, huge, [0.0, 2.0**65], L=1), np.zeros((2, 2)))
    mixed = Envelope(fractions(["1/3", "-1/3"])[:, None], np.zeros(2, int), L=1)
    assert mixed.value(fractions(["7"])) == Fraction(7, 3) - Fraction(1, 18)  # exact stays exact beside integers
