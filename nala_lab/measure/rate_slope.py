"""The slope of log distance against rows, with an interval that knows of oscillation and of drift.

The log of the distance is not a line plus independent noise: complex pairs and signs of period 2 make it oscillate,
faster modes bend its beginning, mini-batches correlate it. So rows are averaged in eight blocks, each long against one
oscillation if the run is long at all. Two t-intervals are made from the eight means: of the line through them (right
when the scatter stays where it is) and of their seven increments (right when it adds up, as under multiplicative
noise); the wider one is given. To it is added three times the difference of the slopes of the two halves: what still
bends has not shown its limit.

Burn-in grows in steps of a tenth of the run until the halves agree within their own errors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nala_lab.core import Array

__all__ = ["Slope", "fit_slope", "plateau"]

BLOCKS = 8
LEAST_ROWS = 3 * BLOCKS


@dataclass(frozen=True)
class Slope:
    """Slope of log distance per row, half the width of its interval, rows left out at the start; `settled` or not."""

    log_rate: float
    half: float
    burn_in: int
    settled: bool


def fit_slope(logs: Array, level: float) -> Slope | None:
    """Fit a line to (n,) logs after the shortest burn-in after which both halves agree; None for fewer than 24 rows.

    Examples
    --------
    >>> t = np.arange(200)
    >>> fit = fit_slope(np.log(0.9**t * (2 + np.cos(t))), 0.95)
    >>> bool(abs(fit.log_rate - np.log(0.9)) < fit.half < 0.02), bool(fit.settled)
    (True, True)
    """
    n = len(logs)
    fit = None
    for tenth in range(7):
        burn_in = tenth * n // 10
        if n - burn_in < LEAST_ROWS:
            break
        slope, error, drift, drift_error = _blocks(logs[burn_in:])
        tiny = 64 * np.finfo(float).eps * (1 + np.abs(logs).max())
        settled = drift <= 3 * drift_error + tiny + 1e-3 * abs(slope)
        fit = Slope(slope, _quantile(level) * error + 3 * drift + tiny / n, burn_in, settled)
        if settled:
            return fit
    return fit


def _blocks(logs: Array) -> tuple[float, float, float, float]:
    """Slope and its error from block means; difference of the halves' slopes and the error to expect of it."""
    size = len(logs) // BLOCKS
    means = logs[len(logs) - size * BLOCKS :].reshape(BLOCKS, size).mean(axis=1)
    x = (np.arange(BLOCKS) - (BLOCKS - 1) / 2) * size
    slope = float(x @ means / (x @ x))
    left = means - means.mean() - slope * x
    line_error = float(np.sqrt(left @ left / (BLOCKS - 2)) / np.sqrt(x @ x))
    walk_error = float(np.std(np.diff(means), ddof=1) / np.sqrt(BLOCKS - 1)) / size
    half = BLOCKS // 2
    z = (np.arange(half) - (half - 1) / 2) * size
    first, second = (float(z @ part / (z @ z)) for part in (means[:half], means[half:]))
    # the scatter of a line within the halves, so that a bend does not excuse itself
    inside = [part - part.mean() - s * z for part, s in ((means[:half], first), (means[half:], second))]
    noise = float(np.sqrt(sum(r @ r for r in inside) / (2 * (half - 2))))
    return slope, max(line_error, walk_error), abs(first - second), noise * float(np.sqrt(2 / (z @ z)))


def _quantile(level: float) -> float:
    from scipy.special import stdtrit

    return float(stdtrit(BLOCKS - 2, 0.5 + level / 2))


def plateau(logs: Array) -> tuple[float, bool] | None:
    """Level (log) of the last third, and whether it is flat: its fall is within its own scatter. None for few rows."""
    tail = logs[-(len(logs) // 3) :]
    if len(tail) < BLOCKS:
        return None
    x = np.arange(len(tail)) - (len(tail) - 1) / 2
    slope = float(x @ tail / (x @ x))
    scatter = float(np.std(tail - tail.mean() - slope * x))
    return float(np.median(tail)), bool(abs(slope) * len(tail) <= 2 * scatter)
