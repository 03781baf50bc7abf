"""One wording for every option error: the argument, the rule, the value, and a hint.

The condition is written as the *allowed* region, so that NaN, for which every comparison is false, fails it.
A hyperparameter may be a sympy symbol (the transition matrix of a cycle is extracted that way); a symbol has no
value to compare and is let through.
"""

from __future__ import annotations

import math
import re
from collections.abc import Collection
from numbers import Integral, Real
from typing import Any

__all__ = ["is_symbolic", "require", "require_choice", "require_int", "require_number"]


def require(name: str, value: object, ok: bool, rule: str, hint: str = "") -> None:
    """Raise ``ValueError`` in the lab's one wording unless `ok` is true.

    Raises ValueError when `ok` is false.

    Parameters
    ----------
    name : the argument as the caller spells it.
    value : what was passed; printed with ``repr``.
    ok : the allowed region, evaluated by the caller.
    rule : the allowed region in words or symbols.
    hint : why the rule exists, or what to do instead.

    Examples
    --------
    >>> from nala_lab.core import require
    >>> require("k", 0, False, "integer k >= 1", "k counts inner steps per cycle")
    Traceback (most recent call last):
        ...
    ValueError: k must satisfy integer k >= 1, got k=0 (k counts inner steps per cycle)
    """
    if not ok:
        tail = f" ({hint})" if hint else ""
        shown = re.sub(r"\s*\n\s*", " ", repr(value))  # NumPy writes a matrix row by row
        raise ValueError(f"{name} must satisfy {rule}, got {name}={shown}{tail}")


def is_symbolic(value: object) -> bool:
    """Say whether `value` is a sympy expression, without importing sympy.

    Examples
    --------
    >>> is_symbolic(0.5)
    False
    """
    return hasattr(value, "free_symbols")


def require_number(name: str, value: Any, *, low: float = -math.inf, high: float = math.inf, open_low: bool = False,
                   open_high: bool = False, hint: str = "") -> None:  # fmt: skip
    """Require a finite real number between `low` and `high`.

    A bound is included unless `open_low` or `open_high` says otherwise. ``bool`` is refused: ``lr=True`` is a slip.
    Raises ValueError for NaN, an infinity, a value outside, or anything that is not a real number.

    Examples
    --------
    >>> from nala_lab.core import require_number
    >>> require_number("mu", -1.5, low=-1)
    Traceback (most recent call last):
        ...
    ValueError: mu must satisfy -1 <= mu < inf, got mu=-1.5
    """
    exact = is_symbolic(value)
    if exact and value.free_symbols:
        return
    left = "<" if open_low or low == -math.inf else "<="
    right = "<" if open_high or high == math.inf else "<="
    rule = f"{float(low):g} {left} {name} {right} {float(high):g}"  # a bound may be a fraction
    real = value.is_real if exact else isinstance(value, Real) and not isinstance(value, bool)
    ok = real and -math.inf < value < math.inf  # not isfinite: it turns an integer into a float
    ok = ok and (low < value if open_low else low <= value)
    ok = ok and (value < high if open_high else value <= high)
    require(name, value, bool(ok), rule, hint)


def require_int(name: str, value: Any, *, low: int, hint: str = "") -> int:
    """Require an integer of at least `low`; 2.0 and True are refused.

    Returns it as Python's, since powers of NumPy's integers may not fit their type. Raises ValueError when `value` is
    not an integer or is below `low`.

    Examples
    --------
    >>> from nala_lab.core import require_int
    >>> require_int("k", 2.5, low=1)
    Traceback (most recent call last):
        ...
    ValueError: k must satisfy integer k >= 1, got k=2.5
    """
    whole = isinstance(value, Integral) and not isinstance(value, bool)
    require(name, value, whole and bool(value >= low), f"integer {name} >= {low}", hint)
    return int(value)


def require_choice(name: str, value: object, choices: Collection[str], hint: str = "") -> None:
    """Require one of the named options, and list them when it is not.

    Raises ValueError when `value` is not in `choices`.

    Examples
    --------
    >>> from nala_lab.core import require_choice
    >>> require_choice("probe", "newton", ("own", "grad"))
    Traceback (most recent call last):
        ...
    ValueError: probe must satisfy probe in {'own', 'grad'}, got probe='newton'
    """
    listed = ", ".join(repr(choice) for choice in choices)
    require(name, value, isinstance(value, str) and value in choices, f"{name} in {{{listed}}}", hint)
