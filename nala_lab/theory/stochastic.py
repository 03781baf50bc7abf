"""T10. The exact stochastic engine: mean and covariance of a two-loop method on any noisy quadratic.

    f = e' A e / 2,   g = A e + xi,   E xi = 0,  E xi xi' = C,   fresh xi at every gradient          e = x - x*

State z = (e_phi, v) with v the inner momentum as a displacement. An inner step is z <- M z + n xi with

    gradient descent  M = [[I - lr A, 0], [0, 0]],                            n = (-lr I, 0)
    heavy ball        M = [[I - lr A, b I], [-lr A, b I]],                    n = (-lr I, -lr I)
    NAG, Eq. 2        M = [[I - lr A, b (I - lr A)], [-lr A, b (I - lr A)]],  n = (-lr I, -lr I)

Over a cycle, with c = I - alpha A, s = 1 + mu, P = M_k ... M_1, z_k = P z + sum_j S_j n_j xi_j, S_j = M_k ... M_{j+1}:

    z' = G z_k - F z + (-alpha xi_outer, 0)

    keep       G = diag(c s, I),    F = diag(mu c, 0)
    reset      G = diag(c s, 0),    F = diag(mu c, 0)
    pullback   G = diag(c s, s I),  F = diag(mu c, mu I)

    mean' = O mean,   Sigma' = O Sigma O' + N,   O = G P - F
    N = sum_j (G S_j n_j) C (G S_j n_j)' + alpha^2 E C E'                   E = (I, 0)'

for the outer gradient "fresh". "last": the j = k term becomes (G n_k - alpha E) C (G n_k - alpha E)'. "full": no outer
noise.

The fixed point Sigma* = O Sigma* O' + N is a discrete Lyapunov equation. Everything is exact: nothing is linearised and
nothing is sampled. Learning rates may differ at every inner step and every cycle.

Source: derived here (theory of linear systems driven by white noise). Status: checked against Monte Carlo; tight.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import scipy.linalg
from numpy.typing import ArrayLike

from nala_lab.core import Real, covariance, eigenvalues, reals, require, require_choice, require_int, require_number
from nala_lab.theory.card import Card
from nala_lab.theory.momentum_cycle import CONVENTIONS
from nala_lab.theory.noise_one_mode import OUTER

__all__ = ["CARDS", "INNER", "Cycle", "Moments", "cycle", "expected_loss", "inner_moments", "propagate", "stationary"]

INNER = ("gd", "heavy-ball", "nag")

CARDS = (
    Card(
        id="T10", title="covariance with momentum inside, three conventions", status="checked", kind="tight",
        statement="Sigma' = O Sigma O' + N;  Sigma* = O Sigma* O' + N (discrete Lyapunov)",
        assumptions="quadratic, additive noise of constant covariance; gradient descent, heavy ball or NAG inside",
        source="derived here",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Cycle:
    """One cycle as a linear map with noise: O (2d, 2d), N (2d, 2d), and the inner steps it is made of."""

    O: Real  # noqa: E741 - the matrix's name in the derivation above
    N: Real
    steps: tuple[tuple[Real, Real], ...]  # (M_j, n_j) in order
    C: Real

    @property
    def d(self) -> int:
        """Dimension of x."""
        return int(self.C.shape[0])


@dataclass(frozen=True)
class Moments:
    """mean (T+1, 2d) and covariance (T+1, 2d, 2d) of (error of phi_t, momentum) at t = 0 .. T."""

    mean: Real
    covariance: Real


def _matrix(name: str, value: ArrayLike) -> Real:
    a = reals(name, value)
    square = a.ndim == 2 and a.shape[0] == a.shape[1] and bool(np.all(np.isfinite(a)))
    require(name, value, square, "a finite square matrix")
    size = float(np.abs(a).max(initial=0.0))
    symmetric = bool(np.abs(a - a.T).max(initial=0.0) <= 1e-12 * size)  # rounding of Q diag Q'
    require(name, value, symmetric, "symmetric")
    return a


def cycle(A: ArrayLike, C: ArrayLike, *, lr: float | ArrayLike, k: int, mu: float, alpha: float, outer: str = "fresh",
          inner: str = "gd", beta: float = 0.0, convention: str = "keep") -> Cycle:  # fmt: skip
    """Build one cycle's exact map. SGD or heavy ball alone: k = 1, mu = 0, alpha = 0.

    Raises ValueError when an argument is out of range, A is not symmetric or C is not a covariance.

    Parameters
    ----------
    A : (d, d) Hessian, symmetric. C : covariance of the gradient noise, one number, (d,) or (d, d).
    lr : learning rate, or (k,) one for each inner step. k, mu, alpha, outer : as `nala_lab.reference.NALA`
    (``"fresh"``, ``"last"``, ``"full"``). inner, beta : inner rule and its momentum. convention : of the momentum at
    the synchronisation.

    Examples
    --------
    >>> from nala_lab.theory.stochastic import cycle
    >>> sgd = cycle([[2.0]], [[1.0]], lr=0.25, k=1, mu=0.0, alpha=0.0)
    >>> float(sgd.O[0, 0]), float(sgd.N[0, 0])
    (0.5, 0.0625)
    """
    hessian = _matrix("A", A)
    noise = covariance("C", C, len(hessian))
    require_int("k", k, low=1)
    require_number("mu", mu, low=-1)
    require_number("alpha", alpha, low=0)
    require_choice("outer", outer, OUTER)
    require_choice("inner", inner, INNER)
    require_choice("convention", convention, CONVENTIONS)
    require_number("beta", beta, low=0, high=1, open_high=True)
    mu, alpha, beta = float(mu), float(alpha), float(beta)
    require("beta", beta, inner != "gd" or beta == 0, "beta = 0 when inner='gd'", "gradient descent has no momentum")
    rates = reals("lr", lr)
    rates = np.broadcast_to(rates, (k,)) if rates.ndim == 0 else rates
    good = rates.shape == (k,) and bool(np.all(np.isfinite(rates) & (rates >= 0)))
    require("lr", lr, good, "finite and >= 0, one number or k of them")
    steps = tuple(_inner_step(hessian, float(rate), inner, beta) for rate in rates)
    return _join(hessian, noise, steps, mu, alpha, outer, convention)


def _inner_step(A: Real, rate: float, inner: str, beta: float) -> tuple[Real, Real]:
    eye, zero = np.eye(len(A)), np.zeros_like(A)
    if inner == "gd":
        return np.block([[eye - rate * A, zero], [zero, zero]]), np.vstack([-rate * eye, zero])
    carried = beta * eye if inner == "heavy-ball" else beta * (eye - rate * A)
    return np.block([[eye - rate * A, carried], [-rate * A, carried]]), np.vstack([-rate * eye, -rate * eye])


@np.errstate(over="ignore", invalid="ignore")  # divergence is a result
def _join(
    A: Real, C: Real, steps: tuple[tuple[Real, Real], ...], mu: float, alpha: float, outer: str, convention: str
) -> Cycle:
    d = len(A)
    eye, zero = np.eye(d), np.zeros((d, d))
    c, s = eye - alpha * A, 1 + mu
    kept = {"keep": (eye, zero), "reset": (zero, zero), "pullback": (s * eye, mu * eye)}[convention]
    G = scipy.linalg.block_diag(c * s, kept[0])
    F = scipy.linalg.block_diag(mu * c, kept[1])
    E = np.vstack([eye, zero])
    N = np.zeros((2 * d, 2 * d))
    suffix = np.eye(2 * d)  # S_j, built from the last inner step backwards
    for j, (M, n) in enumerate(reversed(steps)):
        into = G @ suffix @ n
        if j == 0 and outer == "last":
            into = into - alpha * E
        N = N + into @ C @ into.T
        suffix = suffix @ M
    if outer == "fresh":
        N = N + alpha**2 * E @ C @ E.T
    return Cycle(O=G @ suffix - F, N=(N + N.T) / 2, steps=steps, C=C)


@np.errstate(over="ignore", invalid="ignore")  # divergence is a result
def propagate(
    cycles: Cycle | list[Cycle], mean0: ArrayLike, covariance0: ArrayLike | None = None, *, T: int
) -> Moments:
    """Mean and covariance after 0 .. T cycles, from a start with zero momentum.

    Raises ValueError when the shapes do not fit.

    Parameters
    ----------
    cycles : one cycle, or a list of T for a schedule. mean0 : (d,) error of the start.
    covariance0 : of the start, one number, (d,), (d, d) or None.

    Examples
    --------
    >>> from nala_lab.theory.stochastic import cycle, propagate
    >>> sgd = cycle([[2.0]], [[1.0]], lr=0.25, k=1, mu=0.0, alpha=0.0)
    >>> propagate(sgd, [1.0], T=2).mean[:, 0]
    array([1.  , 0.5 , 0.25])
    """
    require_int("T", T, low=0)
    maps = [cycles] * T if isinstance(cycles, Cycle) else list(cycles)
    require("cycles", len(maps), len(maps) == T, f"one cycle, or T = {T} of them")
    start = eigenvalues("mean0", mean0)
    d = len(start) if start.ndim == 1 else -1
    require("mean0", start.shape, d > 0 and all(m.d == d for m in maps), "(d,), with the d of the cycles")
    z = np.concatenate([start, np.zeros(d)])
    sigma = np.zeros((2 * d, 2 * d))
    if covariance0 is not None:
        sigma[:d, :d] = covariance("covariance0", covariance0, d)
    means, covariances = [z], [sigma]
    for m in maps:
        z, sigma = m.O @ z, m.O @ sigma @ m.O.T + m.N
        means.append(z)
        covariances.append(sigma)
    return Moments(np.stack(means), np.stack(covariances))


@np.errstate(over="ignore", invalid="ignore")  # divergence is a result
def inner_moments(one: Cycle, mean: ArrayLike, covariance: ArrayLike) -> Moments:
    """Mean and covariance of (error of theta_{t,i}, momentum), i = 0 .. k, inside the cycle that starts there.

    Raises ValueError unless `mean` is (2d,) and `covariance` (2d, 2d).

    Examples
    --------
    >>> from nala_lab.theory.stochastic import cycle, inner_moments
    >>> import numpy as np
    >>> two = cycle([[2.0]], [[1.0]], lr=0.25, k=2, mu=0.0, alpha=0.0)
    >>> inner_moments(two, [1.0, 0.0], np.zeros((2, 2))).covariance[:, 0, 0]
    array([0.      , 0.0625  , 0.078125])
    """
    z, sigma = reals("mean", mean), reals("covariance", covariance)
    both = 2 * one.d
    require("mean", z.shape, z.shape == (both,), f"shape ({both},), of error and momentum")
    require("covariance", sigma.shape, sigma.shape == (both, both), f"shape ({both}, {both})")
    means, covariances = [z], [sigma]
    for M, n in one.steps:
        z, sigma = M @ z, M @ sigma @ M.T + n @ one.C @ n.T
        means.append(z)
        covariances.append(sigma)
    return Moments(np.stack(means), np.stack(covariances))


def stationary(one: Cycle) -> Real:
    """Sigma* = O Sigma* O' + N, (2d, 2d), by scipy's discrete Lyapunov solver.

    Raises ValueError when the spectral radius of the cycle is not below 1: there is no stationary covariance.

    Examples
    --------
    >>> from nala_lab.theory.stochastic import cycle, stationary
    >>> sgd = cycle([[1.0]], [[1.0]], lr=0.5, k=1, mu=0.0, alpha=0.0)
    >>> round(float(stationary(sgd)[0, 0]), 12)  # lr / (lam (2 - lr lam))
    0.333333333333
    """
    radius = float(np.abs(np.linalg.eigvals(one.O)).max()) if np.all(np.isfinite(one.O)) else np.inf
    hint = "a cycle that does not contract has no stationary covariance"
    require("spectral radius", radius, radius < 1, "spectral radius < 1", hint)
    sigma: Any = scipy.linalg.solve_discrete_lyapunov(one.O, one.N)
    return np.asarray((sigma + sigma.T) / 2, dtype=np.float64)


def expected_loss(A: ArrayLike, moments: Moments) -> Real:
    """E f - f* = (mean' A mean + tr(A Sigma)) / 2 at every row, in units of f.

    Raises ValueError when A is not symmetric or has another d than the moments.

    Examples
    --------
    >>> from nala_lab.theory.stochastic import cycle, expected_loss, propagate
    >>> sgd = cycle([[2.0]], [[1.0]], lr=0.25, k=1, mu=0.0, alpha=0.0)
    >>> expected_loss([[2.0]], propagate(sgd, [1.0], T=1))
    array([1.    , 0.3125])
    """
    hessian = _matrix("A", A)
    d = len(hessian)
    require("A", hessian.shape, moments.mean.shape[1] == 2 * d, "(d, d), with the d of the moments")
    mean, sigma = moments.mean[:, :d], moments.covariance[:, :d, :d]
    loss: Real = (np.einsum("ti,ij,tj->t", mean, hessian, mean) + np.einsum("ij,tji->t", hessian, sigma)) / 2
    return loss
