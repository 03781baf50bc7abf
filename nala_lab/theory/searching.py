"""SciPy's search over a box, under the name that the generator has in the SciPy at hand."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from scipy.optimize import OptimizeResult, differential_evolution

__all__ = ["lowest"]

# SciPy 1.15 renamed `seed` to `rng`; a generator means the same to both.
_GENERATOR = "rng" if "rng" in inspect.signature(differential_evolution).parameters else "seed"


def lowest(
    function: Callable[..., Any], bounds: Sequence[tuple[float, float]], rng: np.random.Generator, **options: Any
) -> OptimizeResult:
    """Search the box `bounds` for the lowest value of `function` by differential evolution.

    Parameters
    ----------
    function : of a point; with ``vectorized=True`` of many, one a column.
    bounds : ``(low, high)`` for each coordinate.
    rng : the generator that is drawn from.
    options : of ``scipy.optimize.differential_evolution``.

    Examples
    --------
    >>> import numpy as np
    >>> from nala_lab.theory.searching import lowest
    >>> round(float(lowest(lambda z: (z[0] - 1) ** 2, [(0, 3)], np.random.default_rng(0)).x[0]), 6)
    1.0
    """
    return differential_evolution(function, bounds, **{_GENERATOR: rng}, **options)
