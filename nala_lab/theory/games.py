"""T24. NALA over gradient descent-ascent: the rate of T01 with complex eigenvalues, and what the outer step does there.

    field F(z) = J (z - z*),     z_T - z* = [ (I - alpha J) ((1+mu)(I - lr J)^k - mu I) ]^T (z_0 - z*)
    along an eigenvector of J    rho(lam) = (1 - alpha lam)((1+mu)(1 - lr lam)^k - mu),   lam complex

Bilinear game V = u' B v: J = [[0, B], [-B', 0]] is normal, with eigenvalues +- i s, s the singular values of B, so

    |rho| = sqrt(1 + alpha^2 s^2) |(1+mu)(1 - i lr s)^k - mu|          the exact contraction of each plane

Derivation. T01 never used that lam is real. |1 - i alpha s|^2 = 1 + alpha^2 s^2 >= 1: **the outer gradient step hurts a
purely rotational game for every alpha > 0**, while averaging (mu < 0) helps: (1 - i lr s)^k turns, and the average of
two points of a circle is inside it. For a general J the powers of the matrix are exact even if it is not normal; its
eigenvalues decide the rate only asymptotically.

Source: derived here; alpha = 0: Lookahead-Minmax, arXiv 2006.14567. Status: proved; tight.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nala_lab.core import Real, eigenvalues, require, require_int
from nala_lab.theory.card import Card
from nala_lab.theory.quadratic_rate import lookahead_factor, rho

__all__ = ["CARDS", "rotation_factor", "spectral_radius", "trajectory"]

CARDS = (
    Card(
        id="T24", title="rate on a game", status="proved", kind="tight",
        statement="|rho| = sqrt(1 + alpha^2 s^2) |(1+mu)(1 - i lr s)^k - mu| on the bilinear game",
        assumptions="linear field, exact, simultaneous gradient descent-ascent inside",
        source="derived here; alpha = 0: arXiv 2006.14567",
    ),
)  # fmt: skip


def _square(J: ArrayLike) -> Real:
    a: Real = eigenvalues("J", J)
    require("J", a.shape, a.ndim == 2 and a.shape[0] == a.shape[1] and a.size > 0, "shape (d, d)")
    return a


@np.errstate(over="ignore", invalid="ignore")  # divergence is a result
def rotation_factor(s: ArrayLike, *, lr: float, k: int, mu: float, alpha: float) -> Real:
    """|rho| for the singular values `s` (...) of a bilinear game's pay-off.

    Raises ValueError when an argument is out of range.

    Examples
    --------
    >>> from nala_lab.theory.games import rotation_factor
    >>> bare, outer = (rotation_factor(1.0, lr=0.3, k=5, mu=-0.5, alpha=a) for a in (0.0, 0.3))
    >>> round(float(bare), 3), round(float(outer), 3)  # the outer gradient step hurts
    (0.84, 0.877)
    """
    values: Real = eigenvalues("s", s)
    require("s", s, bool(np.all(values >= 0)), "finite s >= 0, singular values")
    bare = np.abs(lookahead_factor(1j * values, lr=lr, k=k, mu=mu))
    rho(0.0, lr=lr, k=k, mu=mu, alpha=alpha)  # refuses a bad alpha
    return np.asarray(np.hypot(1, alpha * values) * bare)


def spectral_radius(J: ArrayLike, *, lr: float, k: int, mu: float, alpha: float) -> float:
    """Largest |rho| over the eigenvalues of the field's matrix: the asymptotic factor per cycle.

    Raises ValueError when J is not a finite square matrix or an argument is out of range.

    Examples
    --------
    >>> from nala_lab.theory.games import spectral_radius
    >>> round(spectral_radius([[0.0, 1.0], [-1.0, 0.0]], lr=0.3, k=1, mu=0.0, alpha=0.0), 4)  # GDA diverges
    1.044
    """
    values: Any = np.linalg.eigvals(_square(J))
    return float(np.abs(rho(values, lr=lr, k=k, mu=mu, alpha=alpha)).max())


@np.errstate(over="ignore", invalid="ignore")  # divergence is a result
def trajectory(J: ArrayLike, e0: ArrayLike, cycles: int, *, lr: float, k: int, mu: float, alpha: float) -> Real:
    """Errors z_t - z* of the slow weights, t = 0 .. T, by powers of the cycle's matrix.

    Returns (T+1, ..., d). Raises ValueError when shapes do not fit or an argument is out of range.

    Parameters
    ----------
    J : (d, d) matrix of the field. e0 : (..., d). cycles : T >= 0. lr, k, mu, alpha : hyperparameters.

    Examples
    --------
    >>> from nala_lab.theory.games import trajectory
    >>> trajectory([[0.0, 1.0], [-1.0, 0.0]], [1.0, 0.0], 1, lr=0.5, k=1, mu=0.0, alpha=0.0)[1]
    array([1. , 0.5])
    """
    a, start = _square(J), eigenvalues("e0", e0)
    require_int("cycles", cycles, low=0)
    require("e0", start.shape, start.shape[-1:] == (len(a),), f"last axis of length {len(a)}")
    rho(0.0, lr=lr, k=k, mu=mu, alpha=alpha)  # refuses bad hyperparameters
    eye = np.eye(len(a))
    inner = (1 + mu) * np.linalg.matrix_power(eye - lr * a, k) if mu > -1 else 0 * eye  # a power may overflow
    one = (eye - alpha * a) @ (inner - mu * eye)
    rows = [start]
    for _ in range(cycles):
        rows.append(rows[-1] @ one.T)
    return np.stack(rows)
