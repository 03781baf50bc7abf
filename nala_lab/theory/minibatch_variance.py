"""T29. The exact variance of the loss under mini-batch noise on least squares: fourth moments, for small d.

    f(phi_t) = e' H e / 2,   Var f = sum H_ij H_kl E e_i e_j e_k e_l / 4 - (E f)^2

With u = (e, 1) a gradient step on example i is the matrix T_i = I - lr (a_i; 0)(a_i, r_i)', and a step on a batch the
mean of B of them. Slots 1 .. q of a tensor power are split by who shares an example, which is a set partition s:

    E (mean_b T_b)^{(x) q} = sum_s c_s (x)_{blocks of s} M_|block|,       M_j = mean_i T_i^{(x) j}

    with replacement      c_s = (B)_|s| / B^q                               (B)_j = B (B-1) .. (B-j+1)
    without               c_s = n^|s| sum_{p <= s} (B)_|p| / (B^q (n)_|p|) prod_{blocks of s} (-1)^{m-1} (m-1)!

where p refines s and m counts the blocks of p in a block of s (Moebius inversion over "all different"). The k inner
steps are independent: E P^{(x) q} = (E T^{(x) q})^k. R workers are a batch of R draws of P. The outer update is
w' = (L + K P J) w on w = (e, 1, b), which expands into the 2^q choices of L or K P J in each slot; so does the outer
gradient. For q = 2 this is the engine of minibatch_cycle once more, by another route.

Source: derived here. Status: proved; tight. Cost: (2d + 1)^8 numbers a cycle with velocity, (d + 1)^8 without.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import combinations
from math import factorial, perm, prod
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from nala_lab.core import Real, eigenvalues, require, require_int
from nala_lab.theory.minibatch_cycle import Loop
from nala_lab.theory.minibatch_noise import batch_factor

__all__ = ["LossMoments", "loss_moments"]

Partition = tuple[tuple[int, ...], ...]
ORDER = 4


class LossMoments(NamedTuple):
    """Mean and variance of f(phi_t) - f*, t = 0 .. T: (T + 1,)."""

    mean: Real
    variance: Real


def loss_moments(
    a: ArrayLike, r: ArrayLike, loop: Loop, e0: ArrayLike, *, B: int, replace: bool, T: int
) -> LossMoments:
    """Exact mean and variance of the loss of least squares mean_i (a_i' e + r_i)^2 / 2, from the displacement e0.

    Raises ValueError when the shapes do not fit, d > 3, or the mean of a_i r_i is not zero.

    Parameters
    ----------
    a : (n, d) features, d <= 3. r : (n,) residuals at the minimiser, mean a_i r_i = 0. e0 : (d,).

    Examples
    --------
    >>> from nala_lab.theory.minibatch_variance import loss_moments
    >>> from nala_lab.theory.minibatch_cycle import nala
    >>> one = loss_moments([[1.0], [2.0]], [0.0, 0.0], nala(lr=0.5, k=1, mu=0.0), [1.0], B=1, replace=True, T=1)
    >>> one.mean, one.variance  # e = 1/2 or -1: f = 5/4 e^2
    (array([1.25   , 0.78125]), array([0.      , 0.219727]))
    """
    a, r, e = (eigenvalues(name, v) for name, v in (("a", a), ("r", r), ("e0", e0)))
    n, d = a.shape if a.ndim == 2 else (0, 0)
    require("a", a.shape, 1 <= d <= 3, "(n, d) with d <= 3", "the cost grows as (2d + 1)^8")
    require("r", r.shape, r.shape == (n,) and e.shape == (d,), f"({n},), and e0 ({d},)")
    off, size = np.abs(a.T @ r).max(initial=0.0), np.abs(a.T) @ np.abs(r)
    require("r", r, bool(off <= 1e-9 * size.max(initial=0.0)), "mean a_i r_i = 0", "residuals at the minimiser")
    require_int("T", T, low=0)
    batch_factor(B, n, replace=replace)
    step = [_batch(_powers(a, r, loop.lr), q, B, None if replace else n) for q in range(ORDER + 1)]
    inner = [_power(M, loop.k) for M in step]
    workers = [_batch(inner, q, loop.workers, None) for q in range(ORDER + 1)]
    maps = [_mixed(*_outer_update(d, loop), workers)]
    if loop.alpha:
        each = _powers(a, r, loop.alpha)
        taken = [_batch(each, q, B, None if replace else n) for q in range(ORDER + 1)]
        if loop.outer == "full":
            taken = [_tensor_power(each[1], q) for q in range(ORDER + 1)]
        maps.append(_mixed(*_outer_gradient(d, loop), taken))
    w = np.concatenate([e, [1.0], np.zeros(d if loop.beta else 0)])
    state = _tensor_power(w, ORDER)
    H, rows = a.T @ a / n, [state]
    for _ in range(T):
        for operator in maps:
            state = np.tensordot(operator, state, ORDER)
        rows.append(state)
    fourth = [np.einsum("ijkl,ij,kl", s[:d, :d, :d, :d], H, H) / 4 for s in rows]
    mean = [np.einsum("ij,ij", s[:d, :d, d, d], H) / 2 for s in rows]
    variance = np.array(fourth) - np.array(mean) ** 2
    return LossMoments(np.array(mean), np.maximum(variance, 0.0))  # below 0 by rounding only


def _tensor_power(x: Real, q: int) -> Real:
    """q copies of x: for a vector q axes, for a matrix q axes out, then q axes in."""
    out: Real = np.ones(())
    for _ in range(q):
        out = np.multiply.outer(out, x)
    return out if x.ndim == 1 else np.transpose(out, [*range(0, 2 * q, 2), *range(1, 2 * q, 2)])


def _powers(a: Real, r: Real, lr: float) -> list[Real]:
    """M_q = mean_i T_i^{(x) q} for q = 0 .. 4."""
    d = a.shape[1]
    wide = np.concatenate([a, r[:, None]], axis=1)
    tall = np.concatenate([a, np.zeros_like(r)[:, None]], axis=1)
    each = np.eye(d + 1) - lr * tall[:, :, None] * wide[:, None, :]
    return [np.mean([_tensor_power(t, q) for t in each], axis=0) for q in range(ORDER + 1)]


def _power(M: Real, k: int) -> Real:
    q = M.ndim // 2
    size = prod(M.shape[:q])
    out: Real = np.linalg.matrix_power(M.reshape(size, size), k).reshape(M.shape)
    return out


def _partitions(items: tuple[int, ...]) -> Iterator[Partition]:
    """All set partitions."""
    if not items:
        yield ()
        return
    first, rest = items[0], items[1:]
    for size in range(len(rest) + 1):
        for together in combinations(rest, size):
            others = tuple(i for i in rest if i not in together)
            for tail in _partitions(others):
                yield ((first, *together), *tail)


def _coefficient(s: Partition, q: int, B: int, n: int | None) -> float:
    B = int(B)  # powers of NumPy's integers may not fit their type
    if n is None:
        return float(perm(B, len(s)) / B**q)
    total = 0.0
    for p in _refinements(s):
        signs = prod([(-1) ** (m - 1) * factorial(m - 1) for m in p])
        total += signs * perm(B, sum(p)) / (B**q * perm(n, sum(p))) if sum(p) <= B else 0.0
    return float(n ** len(s) * total)


def _refinements(s: Partition) -> Iterator[tuple[int, ...]]:
    """For every refinement of s: into how many blocks each block of s falls."""
    if not s:
        yield ()
        return
    for head in _partitions(s[0]):
        for tail in _refinements(s[1:]):
            yield (len(head), *tail)


def _batch(M: list[Real], q: int, B: int, n: int | None) -> Real:
    """E (mean of B draws)^{(x) q} from the moments M of one draw."""
    if q == 0:
        return np.ones(())
    D = M[1].shape[0]
    total = np.zeros((D,) * (2 * q))
    for s in _partitions(tuple(range(q))):
        total = total + _coefficient(s, q, B, n) * _placed([(slots, M[len(slots)]) for slots in s], q)
    return total


def _placed(factors: list[tuple[tuple[int, ...], Real]], q: int) -> Real:
    """Tensor product of operators, each acting on its own slots; axes out 0 .. q-1, then in."""
    out: Real = np.ones(())
    axes: list[int] = []
    for slots, operator in factors:
        out = np.multiply.outer(out, operator)
        axes += [*slots, *(q + i for i in slots)]
    return np.transpose(out, np.argsort(axes))


def _mixed(L: Real, K: Real, J: Real, W: list[Real]) -> Real:
    """E (L + K P J)^{(x) 4} from W_q = E P^{(x) q}."""
    size = L.shape[0]
    total = np.zeros((size,) * (2 * ORDER))
    for q in range(ORDER + 1):
        inside = W[q]
        for axis in range(q):  # K on the way out, J on the way in
            inside = np.moveaxis(np.tensordot(K, inside, (1, axis)), 0, axis)
            inside = np.moveaxis(np.tensordot(inside, J, (q + axis, 0)), -1, q + axis)
        for chosen in combinations(range(ORDER), q):
            rest = [((i,), L) for i in range(ORDER) if i not in chosen]
            total = total + _placed([*rest, (chosen, inside)], ORDER)
    return total


def _outer_update(d: int, loop: Loop) -> tuple[Real, Real, Real]:
    """L, K, J of y and b' from (e, 1, b) and the workers' mean P (e, 1)."""
    p, q = loop.weights
    size, eye = 2 * d + 1 if loop.beta else d + 1, np.eye(d)
    L, K = np.zeros((size, size)), np.zeros((size, d + 1))
    L[:d, :d], L[d, d], K[:d, :d] = (1 - loop.nu * p) * eye, 1.0, loop.nu * p * eye
    if loop.beta:
        L[:d, d + 1 :], L[d + 1 :, d + 1 :] = -loop.nu * q * eye, loop.beta * eye
        L[d + 1 :, :d], K[d + 1 :, :d] = eye, -eye
    return L, K, np.eye(d + 1, size)


def _outer_gradient(d: int, loop: Loop) -> tuple[Real, Real, Real]:
    size = 2 * d + 1 if loop.beta else d + 1
    L = np.diag((np.arange(size) > d).astype(np.float64))
    return L, np.eye(size, d + 1), np.eye(d + 1, size)
