"""The dominant mode of a linear recurrence, from its trajectory alone (subspace method, Prony's idea).

If e_{t+1} = M e_t, or e_t is part of such a state, then e_t = sum_j c_j lam_j^t, and the stacked vectors
h_t = (e_t, ..., e_{t+p-1}) satisfy h_{t+1} = A h_t on a space of as many dimensions as there are modes seen. Columns
are divided by their length first, so that every decade of a decaying run weighs the same. Singular values below the
rounding of the run are dropped; the modes are the eigenvalues of the rest. A mode counts when its share of the last row
is above rounding. The sum is fitted to all rows again: what it leaves over says whether the run is such a sum at all.

The estimate is made on nested windows with different burn-in, and the interval is eight times the spread between them,
plus rounding: a mode that is not resolved, or defective (a Jordan block), moves from window to window. A mode whose
share stays below rounding in every window cannot be seen by any method.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nala_lab.core import Array

__all__ = ["Modes", "dominant_mode"]

EPS = float(np.finfo(float).eps)
LEAST_ROWS = 8
RESIDUAL = 1e-4  # largest relative error of the fitted sum in any row for the run to pass as linear
SPREAD = 8.0


@dataclass(frozen=True)
class Modes:
    """Largest modulus seen: its logarithm, half the width of the interval, all modes of the best window, burn-in."""

    log_rate: float
    half: float
    eigenvalues: Array
    burn_in: int


def dominant_mode(errors: Array, noise: Array) -> Modes | None:
    """Fit the dominant mode; None when the rows are no sum of exponentials, or too few to say.

    Parameters
    ----------
    errors : (n, d) rows e_t, none zero. noise : (n,) absolute rounding of each row.

    Examples
    --------
    >>> t = np.arange(40)
    >>> fit = dominant_mode(np.stack([0.9**t, 3 * 0.5**t], axis=1), 1e-16 * 0.9**t)
    >>> bool(abs(np.exp(fit.log_rate) - 0.9) < 1e-12), fit.half < 1e-10
    (True, True)
    """
    n = len(errors)
    if n < LEAST_ROWS:
        return None
    found = []
    for burn_in in sorted({0, n // 8, n // 4, 2 * n // 5}):
        if n - burn_in >= LEAST_ROWS:
            fit = _window(errors[burn_in:], noise[burn_in:])
            if fit is not None:
                found.append((burn_in, *fit))
    if len(found) < 2:
        return None
    logs = np.array([log for _, log, _, _ in found])
    worst_noise = float((noise / np.linalg.norm(errors, axis=1)).max())
    best = min(found, key=lambda fit: fit[2])
    half = SPREAD * float(np.abs(logs - best[1]).max()) + 16 * EPS + 16 * worst_noise / n
    return Modes(best[1], half, best[3], best[0])


def _window(errors: Array, noise: Array) -> tuple[float, float, Array] | None:
    """Log of the largest modulus, relative residual of the fit, all eigenvalues; None when the fit is no fit."""
    n = len(errors)
    p = int(np.clip(n // 3, 1, 24))
    relative = noise / np.linalg.norm(errors, axis=1)
    stacked = np.stack([errors[t : t + p].ravel() for t in range(n - p + 1)], axis=1)  # (p d, n-p+1)
    scale = np.linalg.norm(stacked[:, :-1], axis=0)
    before, after = stacked[:, :-1] / scale, stacked[:, 1:] / scale
    u, sizes, vt = np.linalg.svd(before, full_matrices=False)
    floor = sizes[0] * EPS * 8 * len(sizes) + 4 * float(relative.max()) * np.sqrt(before.shape[1])
    rank = int((sizes > floor).sum())
    if rank == 0 or rank >= min(before.shape):
        return None  # as many modes as columns: anything fits
    reduced = u[:, :rank].T @ after @ vt[:rank].T / sizes[:rank]
    values = np.linalg.eigvals(reduced)
    values = values[np.abs(values) > 0]
    shares, residual = _shares(errors, values)
    seen = shares > max(1e-8, 100 * float(relative[-1]))
    if not np.any(seen) or residual > max(RESIDUAL, 10 * float(relative.max())):
        return None
    return float(np.log(np.abs(values[seen]).max())), residual, values


def _shares(errors: Array, values: Array) -> tuple[Array, float]:
    """Share of each mode in the last row, and the largest relative error of the fitted sum in any row."""
    n, size = len(errors), np.linalg.norm(errors, axis=1)
    log_basis = np.log(values.astype(complex))[None, :] * np.arange(n)[:, None]
    with np.errstate(over="ignore", under="ignore"):
        basis = np.exp(log_basis - np.log(size)[:, None])  # rows divided by their length
    top = np.abs(basis).max(axis=0)
    if not np.all(np.isfinite(top)) or np.any(top == 0):
        return np.zeros(len(values)), np.inf
    weights = np.linalg.lstsq(basis / top, errors / size[:, None], rcond=None)[0]
    left = np.linalg.norm((basis / top) @ weights - errors / size[:, None], axis=1)
    return np.abs(basis[-1] / top) * np.linalg.norm(weights, axis=1), float(left.max())
