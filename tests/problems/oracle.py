"""Exact answers with an error bound: a sympy expression evaluated in 40 digits.

`evaluate` also carries Wilkinson's running error along the tree: how much a float64 evaluation of
the same expression may be off, to first order, if each input and each operation is rounded once.
Another order of the same operations has a bound of the same size, so a test allows a small multiple.
"""

from functools import cache

import mpmath
import numpy as np
import sympy as sp

from problems.checks import EPS
from problems.symbols import DIGITS

SLACK = 4  # hand-written code may do the operations in another order, and a few more of them


@cache
def _function(name):
    """(f, |f'|) of a function of one variable, in mpmath's arithmetic."""
    u = sp.Symbol("u")
    return tuple(sp.lambdify(u, f, "mpmath") for f in (name(u), sp.Abs(sp.diff(name(u), u))))


def _node(node, at, known):
    """(value, error in units of eps) of one node of the tree."""
    if node in known:
        return known[node]
    if node.is_Symbol or not node.args:
        value = mpmath.mpf(float(at[node])) if node.is_Symbol else mpmath.mpf(str(sp.N(node, DIGITS)))
        known[node] = value, abs(value)
        return known[node]
    parts = [_node(arg, at, known) for arg in node.args]
    if node.is_Add:
        value, error = sum(v for v, _ in parts), sum(e for _, e in parts)
        rounding = sum(abs(v) for v, _ in parts)  # of partial sums, in any order
    elif node.is_Mul:
        value = mpmath.fprod(v for v, _ in parts)
        others = [mpmath.fprod(w for k, (w, _) in enumerate(parts) if k != j) for j in range(len(parts))]
        error, rounding = sum(abs(o) * e for o, (_, e) in zip(others, parts, strict=True)), abs(value)
    elif node.is_Pow:
        (base, base_error), (power, _) = parts
        value = mpmath.power(base, power)
        error, rounding = abs(power * mpmath.power(base, power - 1)) * base_error if base_error else 0, abs(value)
    else:
        function, slope = _function(node.func)
        (u, u_error), value = parts[0], function(parts[0][0])
        error, rounding = slope(u) * u_error, abs(value) + slope(u) * abs(u)
    known[node] = value, error + rounding
    return known[node]


def evaluate(expressions, symbols, point):
    """Exact values of the expressions at the point (an array), and one tolerance for float64 code.

    The tolerance is that of the entry with the largest error, at least a rounding of the largest entry:
    a rotation mixes the entries of a vector or matrix, and sympy may have added up constants exactly.
    """
    with mpmath.workdps(DIGITS):
        known, at = {}, dict(zip(symbols, point, strict=True))
        pairs = [_node(sp.sympify(e), at, known) for e in np.ravel(np.asarray(expressions, dtype=object))]
        shape = np.shape(np.asarray(expressions, dtype=object))
        exact = np.array([float(v) for v, _ in pairs]).reshape(shape)
        error = max(float(e) for _, e in pairs)
    return exact, SLACK * EPS * max(error, float(np.abs(exact).max()))


def points(problem, n, rng):
    """n points of the box without special values."""
    low, high = np.array(problem.box).T
    return low + (high - low) * rng.uniform(0.05, 0.95, size=(n, problem.dim))
