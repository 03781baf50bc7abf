"""T13. NALA with Adam inside on a linear objective f(x) = c'x: every slow iterate exactly, for four forms of Adam.

    phi_t = phi_0 - [ (1+mu) sum_{j in cycles 1..t} u_j + t alpha c ],      u_j: displacement of Adam's step j

    kingma-ba    u_j = lr c / (|c| + eps)
    printed      u_j = lr c / sqrt(c^2 + eps)
    ramjee       u_j = lr c / sqrt(c^2 + eps)
    tensorflow   u_j = lr c / (|c| + eps / sqrt(1 - beta2^j))

Assumptions: constant gradient c, no weight decay; Adam's state kept or reset at the synchronisation.

Derivation. Adam's averages of a constant are m_j = c (1 - beta1^j) and v_j = c^2 (1 - beta2^j), so both bias-corrected
values are c and c^2 at every step. (Eq. (3) as printed averages m_hat^2 instead of g^2: the same, because m_hat = c.)
So "printed" and "ramjee" are one here. The forms differ only in where eps enters, and TensorFlow's adds it to sqrt(v_j)
before the correction.
A cycle moves theta_k = phi - sum u_j, then y = phi - (1+mu) sum u_j, then phi+ = y - alpha c.

j counts Adam's own steps: t k + 1 .. when the state is kept, 1 .. k in every cycle when it is reset. Only TensorFlow's
form sees the difference.

Source: derived here; Adam: Kingma & Ba 2015; Eq. (3) of Zuo et al. 2024; Ramjee, Algorithm 1. Status: proved; tight.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from nala_lab.core import Real, eigenvalues, require, require_choice, require_int, require_number
from nala_lab.theory.card import Card

__all__ = ["CARDS", "FORMS", "inner_displacement", "trajectory"]

FORMS = ("kingma-ba", "printed", "tensorflow", "ramjee")

CARDS = (
    Card(
        id="T13", title="NALA with Adam inside on c'x", status="proved", kind="tight",
        statement="phi_t - phi_0 = -t [(1+mu) k lr c/(|c|+eps) + alpha c], and two other places of eps",
        assumptions="constant gradient, no weight decay, Adam's state kept or reset",
        source="derived here; Kingma & Ba 2015, Algorithm 1; Zuo et al. 2024, Eq. (3); Ramjee, Algorithm 1",
    ),
)  # fmt: skip


def inner_displacement(
    c: ArrayLike, step: ArrayLike, *, lr: float, beta2: float = 0.999, eps: float = 1e-8, form: str = "kingma-ba"
) -> Real:
    """Displacement u_j of Adam's step `j` under the constant gradient `c`; the iterate moves by -u_j.

    Raises ValueError when a number is out of range, `form` is unknown, or a zero gradient meets eps = 0.

    Parameters
    ----------
    c : (..., d) gradient.
    step : j >= 1, Adam's own count; one integer or an array that broadcasts against `c`.
    lr, beta2, eps : as in Adam (beta1 cancels). form : one of FORMS.

    Examples
    --------
    >>> from nala_lab.theory.adam_linear import inner_displacement
    >>> float(inner_displacement(3.0, 1, lr=0.5, eps=1.0))
    0.375
    >>> float(inner_displacement(3.0, 1, lr=0.5, eps=1.0, beta2=0.75, form="tensorflow"))
    0.3
    """
    require_number("lr", lr, low=0)
    require_number("beta2", beta2, low=0, high=1, open_high=True)
    require_number("eps", eps, low=0)
    require_choice("form", form, FORMS)
    lr, beta2, eps = float(lr), float(beta2), float(eps)
    j, slope = np.asarray(step), eigenvalues("c", c)
    defined = eps > 0 or bool(np.all(slope != 0))
    require("eps", eps, defined, "eps > 0 where c = 0", "with eps = 0 a zero gradient gives 0/0")
    require("step", step, bool(np.issubdtype(j.dtype, np.integer) and np.all(j >= 1)), "integer step >= 1")
    if form in ("printed", "ramjee"):
        return np.asarray(lr * slope / np.sqrt(slope**2 + eps))
    inflated = eps / np.sqrt(1 - beta2**j) if form == "tensorflow" else eps
    return np.asarray(lr * slope / (np.abs(slope) + inflated))


def trajectory(c: ArrayLike, cycles: int, *, k: int, mu: float, alpha: float, lr: float, beta2: float = 0.999,
               eps: float = 1e-8, form: str = "kingma-ba", inner_state: str = "keep") -> Real:  # fmt: skip
    """Predict phi_t - phi_0 for t = 0..T.

    Returns (T+1, d) displacements, row 0 zero. Raises ValueError as in `inner_displacement`; and for
    ``inner_state="pullback"``, which mixes moments of different step counts, so that bias correction no longer returns
    c.

    Parameters
    ----------
    c : (d,) the constant gradient.
    cycles : outer steps T >= 0.
    k, mu, alpha : inner steps per cycle, outer factor, outer gradient step.
    lr, beta2, eps, form : as in `inner_displacement`.
    inner_state : ``"keep"`` or ``"reset"`` Adam's state at each synchronisation.

    Examples
    --------
    >>> from nala_lab.theory.adam_linear import trajectory
    >>> trajectory([3.0], 2, k=2, mu=-0.5, alpha=0.1, lr=0.5, eps=1.0)
    array([[ 0.   ],
           [-0.675],
           [-1.35 ]])
    """
    cycles = require_int("cycles", cycles, low=0)
    k = require_int("k", k, low=1, hint="k counts inner steps per cycle")
    require_number("mu", mu, low=-1)
    require_number("alpha", alpha, low=0)
    require_choice("inner_state", inner_state, ("keep", "reset"), "a pulled-back state has no constant bias correction")
    slope = np.atleast_1d(eigenvalues("c", c))
    require("c", slope.shape, slope.ndim == 1, "shape (d,)")
    count = np.arange(cycles * k).reshape(cycles, k, 1) + 1  # Adam's step j at inner step i of cycle t
    count = count if inner_state == "keep" else (count - 1) % k + 1
    u = inner_displacement(slope, count, lr=lr, beta2=beta2, eps=eps, form=form)
    per_cycle = (1 + mu) * np.broadcast_to(u, (cycles, k, len(slope))).sum(axis=1) + alpha * slope
    return np.concatenate([np.zeros((1, len(slope))), -np.cumsum(per_cycle, axis=0)])
