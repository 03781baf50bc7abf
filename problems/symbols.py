"""Symbolic definitions: one sympy formula per problem, from which docs and tests are made.

A formula is written with indexed names, x[i] as in print (the first index is 1), and with
explicit sums. `expand` turns it into an expression in the plain symbols x1, ..., xd.
Only functions here and in the problems' `_formula` touch sympy; importing the package does not.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

DIGITS = 40


def number(value: float) -> Any:
    """A float as a sympy number without loss: whole numbers as Integer, others at 40 digits.

    Forty digits hold every float64 of ordinary size to better than 1e-39 relative, so an expression
    made of these numbers can serve as the exact answer for float64 code.

    >>> number(3.0), number(0.5)
    (3, 0.5)
    """
    import sympy as sp

    value = float(value)
    return sp.Integer(int(value)) if value == int(value) else sp.Float(value, DIGITS)


def numbers(array: ArrayLike) -> Any:
    """An object array of the same shape holding `number` of each entry."""
    values = np.asarray(array, dtype=np.float64)
    out = np.empty(values.shape, dtype=object)
    for index in np.ndindex(values.shape):
        out[index] = number(float(values[index]))
    return out


def coordinates(dim: int) -> tuple[Any, ...]:
    """The real symbols (x1, ..., xd)."""
    import sympy as sp

    return tuple(sp.symbols(f"x1:{dim + 1}", real=True))


def expand(formula: Any, table: Mapping[str, Any]) -> Any:
    """Carry out the sums of `formula` and look its names up: x[2] becomes table["x"][1], b becomes table["b"].

    >>> import sympy as sp
    >>> x, i = sp.IndexedBase("x"), sp.Symbol("i", integer=True)
    >>> expand(sp.Sum(x[i] ** 2, (i, 1, 2)), {"x": coordinates(2)})
    x1**2 + x2**2
    """
    import sympy as sp

    def entry(indexed: Any) -> Any:
        values = np.asarray(table[str(indexed.base)], dtype=object)
        return values[tuple(int(index) - 1 for index in indexed.indices)]

    scalars = {sp.Symbol(name): value for name, value in table.items() if np.ndim(value) == 0}
    return formula.doit().replace(lambda node: isinstance(node, sp.Indexed), entry).subs(scalars)
