"""T02. One NALA cycle over heavy ball or NAG on a quadratic, as a 2 x 2 matrix per eigenvalue.

State at a synchronisation: (e, v) = (error of phi, inner momentum as a displacement). With a = lr lam an inner step is

    heavy ball   M = [[1-a, beta], [-a, beta]]                          tau = 1 - a + beta,      delta = beta
    NAG, Eq. 2   M = [[1-a, beta(1-a)], [-a, beta(1-a)]]                tau = (1+beta)(1-a),     delta = beta(1-a)

and k of them are P = M^k = U_k M - delta U_{k-1} I with the Lucas sequence U_0 = 0, U_1 = 1,
U_{n+1} = tau U_n - delta U_{n-1} (Cayley-Hamilton). With c = 1 - alpha lam and s = 1 + mu the cycle is

    keep       O = [[c (s P11 - mu), c s P12], [P21, P22]]
    reset      O = [[c (s P11 - mu), 0], [0, 0]]
    pullback   O = diag(c, 1) (s P - mu I)                              v <- s v_k - mu v_slow   like the weights

Derivation. y = s theta_k - mu phi reads only the first row of P; phi' = c y. What happens to v is the convention.
A 2 x 2 map is stable iff |det O| < 1 and |tr O| < 1 + det O (Jury).

Source: derived here; M for NAG is Eq. (2) of Zuo et al. 2024. Status: proved; tight.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nala_lab.core import Real, eigenvalues, reals, require, require_choice, require_int, require_number
from nala_lab.theory.card import Card

__all__ = ["CARDS", "CONVENTIONS", "KINDS", "cycle_matrix", "lucas", "spectral_radius", "stable", "step_matrix"]

KINDS = ("heavy-ball", "nag")
CONVENTIONS = ("keep", "reset", "pullback")

CARDS = (
    Card(
        id="T02", title="cycle matrix with momentum inside", status="proved", kind="tight",
        statement="(e, v)_t = O^t (e, v)_0 with O from M^k = U_k M - delta U_{k-1} I",
        assumptions="quadratic, exact gradients, heavy ball or NAG inside, momentum kept, reset or pulled back",
        source="derived here; NAG: Zuo et al. 2024, Eq. 2",
    ),
)  # fmt: skip


@np.errstate(over="ignore", invalid="ignore")  # divergence is a result
def step_matrix(lam: ArrayLike, *, lr: float, beta: float, kind: str = "heavy-ball") -> Real:
    """One inner step on (error, displacement), per eigenvalue.

    Returns (..., 2, 2), dimensionless. Raises ValueError when an argument is out of range.

    Parameters
    ----------
    lam : eigenvalues (...). lr : step size. beta : momentum in [0, 1). kind : ``"heavy-ball"`` or ``"nag"``.

    Examples
    --------
    >>> from nala_lab.theory.momentum_cycle import step_matrix
    >>> step_matrix(2.0, lr=0.25, beta=0.5)
    array([[ 0.5,  0.5],
           [-0.5,  0.5]])
    """
    require_number("lr", lr, low=0)
    require_number("beta", beta, low=0, high=1, open_high=True)
    require_choice("kind", kind, KINDS)
    a = lr * eigenvalues("lam", lam)
    carried = beta * np.ones_like(a) if kind == "heavy-ball" else beta * (1 - a)
    return np.stack([np.stack([1 - a, carried], -1), np.stack([-a, carried], -1)], -2)


@np.errstate(over="ignore", invalid="ignore")  # divergence is a result
def lucas(tau: ArrayLike, delta: ArrayLike, k: int) -> tuple[Real, Real]:
    """U_k and U_{k-1} of U_{n+1} = tau U_n - delta U_{n-1}: no square roots, safe for a negative delta.

    Raises ValueError when k is not an integer >= 1.

    Examples
    --------
    >>> from nala_lab.theory.momentum_cycle import lucas
    >>> [int(lucas(1.0, -1.0, k)[0]) for k in (1, 2, 3, 4, 5, 6)]  # Fibonacci
    [1, 1, 2, 3, 5, 8]
    """
    require_int("k", k, low=1)
    t, d = np.broadcast_arrays(reals("tau", tau), reals("delta", delta))
    before, now = np.zeros_like(t), np.ones_like(t)
    for _ in range(k - 1):
        before, now = now, t * now - d * before
    return now, before


@np.errstate(over="ignore", invalid="ignore")  # divergence is a result
def cycle_matrix(lam: ArrayLike, *, lr: float, beta: float, k: int, mu: float, alpha: float = 0.0,
                 kind: str = "heavy-ball", convention: str = "keep") -> Real:  # fmt: skip
    """One NALA cycle on (error of phi, momentum), per eigenvalue; alpha = 0 is Lookahead with slow step 1 + mu.

    Parameters
    ----------
    lam, lr, beta, kind : as in `step_matrix`, Returns and Raises too. k, mu, alpha : NALA's own. convention : what
    happens to the momentum at the synchronisation, ``"keep"``, ``"reset"`` or ``"pullback"``.

    Examples
    --------
    >>> from nala_lab.theory.momentum_cycle import cycle_matrix
    >>> cycle_matrix(2.0, lr=0.25, beta=0.5, k=2, mu=-0.5, convention="reset")
    array([[0.5, 0. ],
           [0. , 0. ]])
    """
    require_number("mu", mu, low=-1)
    require_number("alpha", alpha, low=0)
    require_choice("convention", convention, CONVENTIONS)
    lam = eigenvalues("lam", lam)
    m = step_matrix(lam, lr=lr, beta=beta, kind=kind)
    tau = m[..., 0, 0] + m[..., 1, 1]
    delta = m[..., 0, 0] * m[..., 1, 1] - m[..., 0, 1] * m[..., 1, 0]
    u_k, u_before = lucas(tau, delta, k)
    p = u_k[..., None, None] * m - (delta * u_before)[..., None, None] * np.eye(2)
    c, s = 1 - alpha * lam, 1 + mu
    mixed = s * p if s else np.zeros_like(p)  # 0 times a power that may have overflowed
    top = np.stack([c * (mixed[..., 0, 0] - mu), c * mixed[..., 0, 1]], -1)
    if convention == "keep":
        bottom = p[..., 1, :]
    elif convention == "pullback":
        bottom = np.stack([mixed[..., 1, 0], mixed[..., 1, 1] - mu], -1)
    else:
        bottom = np.zeros_like(top)
        top = np.stack([top[..., 0], np.zeros_like(c)], -1)  # v is zero when the cycle starts
    return np.stack([top, bottom], -2)


def spectral_radius(matrix: ArrayLike) -> Real:
    """Largest modulus of the eigenvalues of (..., 2, 2) matrices; inf for one that has overflowed.

    Raises ValueError for another shape.

    Examples
    --------
    >>> from nala_lab.theory.momentum_cycle import spectral_radius
    >>> float(spectral_radius([[0.0, 1.0], [-0.25, 0.0]]))
    0.5
    """
    o = _pairs(matrix)
    finite: Any = np.isfinite(o).all(axis=(-2, -1), keepdims=True)
    values: Any = np.abs(np.linalg.eigvals(np.where(finite, o, 0.0)))
    return np.asarray(np.where(finite[..., 0, 0], values.max(-1), np.inf))


def _pairs(matrix: ArrayLike) -> Real:
    o = reals("matrix", matrix)
    require("matrix", o.shape, o.shape[-2:] == (2, 2), "shape (..., 2, 2)")
    return o


@np.errstate(over="ignore", invalid="ignore")  # divergence is a result
def stable(matrix: ArrayLike) -> NDArray[np.bool_]:
    """Jury's criterion for (..., 2, 2) matrices: |det| < 1 and |trace| < 1 + det.

    Raises ValueError for another shape.

    Examples
    --------
    >>> from nala_lab.theory.momentum_cycle import stable
    >>> bool(stable([[0.0, 1.0], [-0.25, 0.0]])), bool(stable([[1.0, 1.0], [0.0, 0.5]]))
    (True, False)
    """
    o = _pairs(matrix)
    det = o[..., 0, 0] * o[..., 1, 1] - o[..., 0, 1] * o[..., 1, 0]
    trace = o[..., 0, 0] + o[..., 1, 1]
    verdict: NDArray[np.bool_] = (np.abs(det) < 1) & (np.abs(trace) < 1 + det)
    return verdict
