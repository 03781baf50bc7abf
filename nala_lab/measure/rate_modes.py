"""The dominant mode of a linear recurrence, from its trajectory alone (subspace method, Prony's idea).

If e_{t+1} = M e_t, or e_t is part of such a state, then e_t = sum_j c_j lam_j^t, and the stacked vectors
h_t = (e_t, ..., e_{t+p-1}) satisfy h_{t+1} = A h_t on a space of as many dimensions as there are modes seen. Columns
are divided by their length first, so that every decade of a decaying run weighs the same. The least number of modes is
taken whose sum leaves nothing but noise in every row: rounding, or a rest that does not resemble itself one and two
rows later. A path that is no such sum leaves a smooth rest and is refused.

The slowest mode is told only when it leads: when the modes as slow as it make up more of the last rows than all others.
Before that the run may be hiding one that is slower still. The fit is made on nested windows with different burn-in,
and the interval is `SPREAD` times the spread between them, plus rounding: a mode that is not resolved, or defective (a
Jordan block), moves from window to window. A mode whose share stays below the noise of every row cannot be seen by any
method.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from nala_lab.core import Array

__all__ = ["LEAST_ROWS", "Modes", "dominant_mode"]

EPS = float(np.finfo(float).eps)
LEAST_ROWS = 8
MOST_ROWS = 400  # of a longer run every s-th row is looked at: modes become lam^s
RANKS = (1, 2, 3, 4, 5, 6, 7, 8, 10, 12, 14, 16, 20, 24)  # numbers of modes that are tried
MOST_MODES = RANKS[-1]
ROUNDING = 40.0  # times sqrt(rows): rests up to it are rounding, enlarged by the map and added up over the rows
ALIKE = 0.4  # mean cosine of rests one or two rows apart, above which they are no noise
NEAR = 0.3  # relative rest above which a set of modes is given up at once
STEPS = 3  # of Gauss-Newton
SURE = 8.0  # standard errors that a mode's amplitude must have to count as seen
SPREAD = 8.0  # no distribution is behind it: the battery of tests/measure holds the coverage to nominal
LEAST_CHANGE = 0.3  # of the log of the distance, in the rows that a told rate was seen in
CROWD = 3.0  # modes whose logs (and angles) differ less over the rows of the run do the same to the eye
ONE = 0.5  # and less still: one eigenvalue that rounding has split
SLOW_CHANGE = 5.0  # modes whose log changes less in these rows can bend together into any smooth curve
BURN_IN = (0.55, 0.4, 0.25, 0.125, 0.0)


@dataclass(frozen=True)
class Modes:
    """Largest modulus seen: its logarithm, half the width of the interval, all modes of the best window, burn-in.

    `doubt` is empty when it may be told, else the reason why not yet and what to do; `scatter`: rests above rounding.
    """

    log_rate: float
    half: float
    eigenvalues: Array
    burn_in: int
    doubt: str
    scatter: bool


@dataclass(frozen=True)
class _Fit:
    """One window: log of the largest modulus, error of the fit, modes, lead of the slowest, log of the next modulus.

    `scatter` says that what is left is more than rounding, and was taken for noise.
    """

    burn_in: int
    rows: int
    log_rate: float
    residual: float
    eigenvalues: Array
    lead: float
    next_log: float
    scatter: bool


def dominant_mode(errors: Array, noise: Array) -> Modes | None:
    """Fit the dominant mode; None when the rows are no sum of exponentials, or too few to say.

    Parameters
    ----------
    errors : (n, d) rows e_t, none zero. noise : (n,) absolute rounding of each row.

    Examples
    --------
    >>> t = np.arange(40)
    >>> fit = dominant_mode(np.stack([0.9**t, 3 * 0.5**t], axis=1), 1e-16 * 0.9**t)
    >>> bool(abs(np.exp(fit.log_rate) - 0.9) < 1e-12), fit.half < 1e-10, fit.doubt
    (True, True, '')
    >>> dominant_mode(np.stack([0.8**t + 1e-7 * 0.99**t], axis=1), 1e-16 * 0.8**t).doubt
    'a slower mode, 0.99 per row, holds 0.0003 of the last rows: run 42 rows longer'
    """
    every = max(1, -(-len(errors) // MOST_ROWS))
    modes = _of_every(errors, noise, every)
    if modes is None or every == 1 or modes.doubt or _hold_between(errors, noise, every, modes):
        return modes
    skipped = len(errors) - MOST_ROWS  # a mode that takes turns with nothing is seen in consecutive rows alone
    last = _of_every(errors[skipped:], noise[skipped:], 1)
    if last is None:
        what = f"rows {every} apart move otherwise than those between them"
        return replace(modes, doubt=f"{what}: look at rows[::{every}] and at rows[1::{every}]")
    return replace(last, burn_in=last.burn_in + skipped)


def _every(rows: Array, every: int, back: int = 0) -> Array:
    """Every so many rows, the last of them `back` rows before the end."""
    return rows[(len(rows) - 1 - back) % every :: every]


def _relative(errors: Array, noise: Array) -> tuple[Array, Array, Array]:
    """Rows of length one in few columns, logs of their lengths, noise over length."""
    size = np.linalg.norm(errors, axis=1)
    relative = noise / size + EPS
    return _fewer_columns(errors / size[:, None], relative), np.log(size), relative


def _of_every(errors: Array, noise: Array, every: int) -> Modes | None:
    unit, log_size, relative = _relative(_every(errors, every), _every(noise, every))
    n = len(unit)
    fits: list[_Fit] = []
    for number, share in enumerate(BURN_IN):
        burn_in = int(share * n)
        fit = None
        if n - burn_in >= LEAST_ROWS:
            fit = _window(unit[burn_in:], log_size[burn_in:], relative[burn_in:], burn_in)
        if fit is not None:
            fits.append(fit)
        elif number > 0:  # the shortest window may fail for want of rows; what no longer one fits has not settled
            break
    if len(fits) < 2:
        return None
    best = min(fits, key=lambda fit: fit.residual)
    logs = np.array([fit.log_rate for fit in fits])
    half = SPREAD * float(np.abs(logs - best.log_rate).max()) + 16 * EPS
    half += ROUNDING * float(np.median(relative)) / math.sqrt(n)
    doubt = _doubt(max(fits, key=lambda fit: fit.log_rate), best, n, every)
    return Modes(best.log_rate / every, half / every, best.eigenvalues, best.burn_in * every, doubt,
                 any(fit.scatter for fit in fits))  # fmt: skip


def _hold_between(errors: Array, noise: Array, every: int, modes: Modes) -> bool:
    """Whether the rows that were passed over are sums of the same modes."""
    for back in range(1, every):
        burn_in = modes.burn_in // every
        unit, log_size, relative = _relative(_every(errors, every, back), _every(noise, every, back))
        unit, log_size, relative = unit[burn_in:], log_size[burn_in:], relative[burn_in:]
        fit = _judge(unit, log_size, relative, modes.eigenvalues, burn_in)
        if fit is None or abs(fit.log_rate / every - modes.log_rate) > modes.half:
            return False
    return True


def _doubt(slowest: _Fit, best: _Fit, n: int, every: int) -> str:
    fit = slowest if slowest.lead < best.lead else best
    if fit.lead < 1:
        gap = fit.log_rate - fit.next_log  # infinite when what leads is no mode but noise
        more = math.ceil(every * math.log(2 / fit.lead) / gap) if math.isfinite(gap) else n * every
        per = math.exp(fit.log_rate / every)
        return f"a slower mode, {per:.6g} per row, holds {fit.lead:.0g} of the last rows: run {more} rows longer"
    # modes that crowd at the slowest, but for an eigenvalue that is defective, draw a curve that is no sum of a few
    phases = np.log(best.eigenvalues.astype(complex))
    apart = np.abs(phases - phases[np.argmax(phases.real)]) * best.rows
    if np.count_nonzero(apart < CROWD) > 2 and apart[apart < CROWD].max() > ONE:
        return f"three modes or more crowd at the slowest, as a smooth curve has them: run {n * every} rows longer"
    # each slow mode more lets a sum follow any curve to more digits, unless it has to follow it far
    logs = np.abs(np.log(np.abs(best.eigenvalues)))
    bend = int(np.count_nonzero(logs * best.rows < SLOW_CHANGE))
    least = LEAST_CHANGE if bend <= 2 else 1.0
    if abs(best.log_rate) * best.rows < least:
        more = math.ceil(every * (least / max(abs(best.log_rate), 1e-6) - best.rows))
        return f"a run that has changed by less than {least:.0%} looks straight anyway: run {more} rows longer"
    return ""


def _window(unit: Array, log_size: Array, relative: Array, burn_in: int) -> _Fit | None:
    """The fit with the fewest modes that leaves only noise, or None."""
    before, after = _stacked(unit, log_size)
    noisy = relative[: before.shape[1]]
    # many modes are seen in the cleanest rows only, slow decay in all of them: noisier columns weigh less, or as much
    low, high = float(noisy.min()), float(noisy.max())
    for level in np.geomspace(low, high, 3) if high > 10 * low else (high,):
        weight = np.minimum(1, level / noisy)
        u, sizes, vt = np.linalg.svd(before * weight, full_matrices=False)
        floor = sizes[0] * EPS * 8 * len(sizes) + 4 * level * math.sqrt(before.shape[1])
        most = min(int((sizes > floor).sum()), min(before.shape) - 1, len(unit) // 2 - 1)
        inner = u.T @ (after * weight) @ vt.T
        for rank in (r for r in RANKS if r <= most):
            values = np.linalg.eigvals(inner[:rank, :rank] / sizes[:rank])
            fit = _judge(unit, log_size, relative, values[np.abs(values) > 0], burn_in)
            if fit is not None:
                return fit
    return None


def _stacked(unit: Array, log_size: Array) -> tuple[Array, Array]:
    """Columns (e_t, ..., e_{t+p-1}) but the last, and the same one row later, both divided by the former's length."""
    n, q = unit.shape
    p = int(np.clip(min(n // 3, 240 // q), 1, 24))
    lags = [unit[t : t + p] * np.exp(log_size[t : t + p] - log_size[t])[:, None] for t in range(n - p + 1)]
    columns = np.stack([lag.ravel() for lag in lags], axis=1)
    length = np.linalg.norm(columns[:, :-1], axis=0)
    return columns[:, :-1] / length, columns[:, 1:] * np.exp(np.diff(log_size[: n - p + 1])) / length


def _fewer_columns(unit: Array, relative: Array) -> Array:
    """Rows in the axes in which they differ by more than rounding, the strongest if these are many."""
    u, sizes, _ = np.linalg.svd(unit, full_matrices=False)
    kept = int((sizes > sizes[0] * EPS * 8 + float(relative.min())).sum())
    kept = min(kept, 2 * MOST_MODES)
    return np.asarray(u[:, :kept] * sizes[:kept])


def _judge(unit: Array, log_size: Array, relative: Array, values: Array, burn_in: int) -> _Fit | None:
    """Refine given modes and their amplitudes by least squares; None when the rest is more than noise."""
    n = len(unit)
    weight = relative.min() / relative[:, None]  # of a row in the fit: the noise is then the same in all
    largest, scatter = NEAR, False
    for step in range(STEPS):
        basis = _basis(values, log_size)
        if basis is None:
            return None
        inverse = np.linalg.pinv(basis * weight, rcond=EPS)
        weights = inverse @ (unit * weight)
        rest = np.real(unit - basis @ weights)
        length = np.linalg.norm(rest, axis=1)
        if length.max() > NEAR:
            return None
        rounding = relative + EPS * (np.abs(basis) @ np.linalg.norm(weights, axis=1))
        if np.all(length <= ROUNDING * math.sqrt(n) * rounding):
            break
        if step == STEPS - 1 or length.max() > 0.9 * largest:
            scatter = True
            if not _is_noise(rest, length, len(values)):
                return None
            break
        largest = float(length.max())
        values = values + _correction(basis * weight, values, weights, rest * weight)
    spread = max(float(np.sqrt(np.mean((length * weight[:, 0]) ** 2))), float(relative.min()))
    amplitude = np.linalg.norm(weights, axis=1)
    seen = amplitude > SURE * spread * np.linalg.norm(inverse, axis=1)
    if not np.any(seen):
        return None
    logs = np.log(np.abs(values))
    log_rate = float(logs[seen].max())
    slow = seen & (logs >= log_rate - 1 / n)
    tail = slice(n - max(2, n // 8), n)
    of_slow = np.real(basis[tail][:, slow] @ weights[slow])
    others = np.linalg.norm(unit[tail] - of_slow)
    lead = float(np.linalg.norm(of_slow) / max(float(others), EPS))
    rival = logs[seen & ~slow]
    error = float(length.max())
    next_log = float(rival.max()) if len(rival) else -math.inf
    return _Fit(burn_in, n, log_rate, error, values, lead, next_log, scatter)


def _basis(values: Array, log_size: Array) -> Array | None:
    """Column j is values_j^t over the size of row t, largest entry 1; None when one overflows or there is none."""
    with np.errstate(over="ignore", under="ignore", divide="ignore", invalid="ignore"):
        logs = np.log(values.astype(complex))[None, :] * np.arange(len(log_size))[:, None]
        basis = np.exp(logs - (log_size - log_size[0])[:, None])
    top = np.abs(basis).max(axis=0, initial=0.0)
    if len(values) == 0 or not np.all(np.isfinite(top) & (top > 0)):
        return None
    return np.asarray(basis / top)


def _correction(basis: Array, values: Array, weights: Array, rest: Array) -> Array:
    """Gauss-Newton step for the modes, amplitudes eliminated (variable projection after Kaufman)."""
    t = np.arange(len(basis))[:, None]
    q, _ = np.linalg.qr(basis)
    slopes = t * basis / values  # d basis_j / d values_j
    slopes = slopes - q @ (q.conj().T @ slopes)
    # column j of the Jacobian is slopes_j weights_j', so its Gram matrix is a product of two small ones
    gram = (slopes.conj().T @ slopes) * (weights.conj() @ weights.T)
    slope = np.sum((slopes.conj().T @ rest) * weights.conj(), axis=1)
    size = np.sqrt(np.abs(np.diag(gram))) + 1e-300
    step = np.linalg.lstsq(gram / np.outer(size, size), slope / size, rcond=1e-13)[0] / size
    return np.asarray(step / max(1.0, 20 * float(np.abs(step / values).max())))


def _is_noise(rest: Array, length: Array, modes: int) -> bool:
    """Whether the rest of a fit is small and does not resemble itself one and two rows later, early or late."""
    n = len(rest)
    if modes > n // 8 or n < 2 * LEAST_ROWS or length.max() > 0.1:
        return False
    unit = rest / np.maximum(length, 1e-300)[:, None]
    for lag in (1, 2):
        alike = np.sum(unit[lag:] * unit[:-lag], axis=1)
        if abs(float(alike.mean())) > ALIKE or abs(float(alike[-max(n // 3, 8) :].mean())) > 1.5 * ALIKE:
            return False
    return True
