"""T28. What the extra gradient of a NALA cycle is guaranteed to buy.

    f(phi_t) <= f(y_t) - alpha (1 - alpha L / 2) ||grad f(y_t)||^2

Assumptions: f has an L-Lipschitz gradient on the segment from y_t to phi_t, and the outer gradient is that of f itself
(full batch). Nothing is asked of the inner loop, of mu or of convexity.

Derivation. The descent lemma f(x + p) <= f(x) + grad f(x)'p + L/2 ||p||^2 at x = y_t with p = -alpha grad f(y_t).
The bound says something for 0 < alpha < 2/L, where the bracket is positive. Since y_t is the point of
Lookahead with slow step 1+mu, this is the whole content of "NALA converges faster than Lookahead" for *one* cycle.

Source: derived here from the textbook descent lemma. Status: proved; upper bound.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from nala_lab.core import Real, eigenvalues, require, require_number
from nala_lab.theory.card import Card

__all__ = ["CARDS", "value_after_outer_step"]

CARDS = (
    Card(
        id="T28", title="descent of the outer step", status="proved", kind="upper",
        statement="f(phi_t) <= f(y_t) - alpha (1 - alpha L/2) ||grad f(y_t)||^2",
        assumptions="gradient L-Lipschitz between y_t and phi_t, full-batch outer gradient",
        source="derived here; the descent lemma",
    ),
)  # fmt: skip


def value_after_outer_step(value: ArrayLike, grad: ArrayLike, *, alpha: float, smoothness: float) -> Real:
    """Give the upper bound on f(phi_t) from f and grad f at y_t.

    Returns (...) bounds, units of f. Raises ValueError when alpha or L is out of range, or the shapes do not fit
    together.

    Parameters
    ----------
    value : (...) f(y_t).
    grad : (..., d) grad f(y_t).
    alpha : outer gradient step, units 1/curvature.
    smoothness : L, a Lipschitz constant of the gradient.

    Examples
    --------
    >>> from nala_lab.theory.descent import value_after_outer_step
    >>> float(value_after_outer_step(8.0, [4.0], alpha=0.5, smoothness=1.0))  # f = x^2/2 at 4: really 2, and tight
    2.0
    """
    require_number("alpha", alpha, low=0)
    require_number("smoothness", smoothness, low=0)
    f, g = eigenvalues("value", value), eigenvalues("grad", grad)
    require("grad", g.shape, g.ndim >= 1 and g.shape[:-1] == f.shape, f"shape {f.shape} with one more axis")
    return np.asarray(f - alpha * (1 - alpha * smoothness / 2) * np.sum(g**2, axis=-1))
