"""The slope of log distance against rows, for runs that randomness moves; a smooth curve is refused.

The log of the distance is not a line plus independent noise: mini-batches correlate it, and multiplicative noise adds
up. So rows are averaged in eight blocks. Two t-intervals are made from the eight means: of the line through them (right
when the scatter stays where it is) and of their seven increments (right when it adds up); the wider one is given. To it
is added three times the difference of the slopes of the two halves: what still bends has not shown its limit.

Blocks are independent only when each is long against the memory of the scatter. The increments log d_{t+1} - log d_t
say how long that is: they must cross their mean often in every block. Those of a smooth transient cross it a few times
in the whole run: its slope is no rate, however straight it looks.

Burn-in grows in steps of a tenth of the run until the halves agree within their own errors.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nala_lab.core import Array

__all__ = ["LEAST_ROWS", "Slope", "fit_slope", "looks_sublinear"]

BLOCKS = 8
LEAST_ROWS = 3 * BLOCKS
CROSSINGS = 20  # of the mean, by independent increments of a block twice as many rows long
ODD = 3.0
HIGHEST = 5.0  # power of the row number; sublinear methods fall by powers of 1/2 to 4
SHRINKING = (0.25, 0.5, 0.75)  # powers of t in log distance: steps that shrink like t^(-3/4), t^(-1/2) and t^(-1/4)
AS_WELL = 1.1  # sums of squares this near are no choice between two curves: scatter is often correlated


@dataclass(frozen=True)
class Slope:
    """Slope of log distance per row, half the width of its interval, rows left out at the start; `doubt` or ""."""

    log_rate: float
    half: float
    burn_in: int
    doubt: str


def fit_slope(logs: Array, level: float) -> Slope | None:
    """Fit a line to (n,) logs after the shortest burn-in after which both halves agree; None for fewer than 24 rows.

    Examples
    --------
    >>> steps = np.log(0.9) + 0.1 * np.random.default_rng(0).normal(size=400)
    >>> fit = fit_slope(np.cumsum(steps), 0.95)
    >>> bool(abs(fit.log_rate - np.log(0.9)) < fit.half < 0.05), fit.doubt
    (True, '')
    >>> fit_slope(-2 * np.log(1 + np.arange(400.0)), 0.95).doubt
    'the slope of log distance changes smoothly: run 400 rows longer'
    """
    n = len(logs)
    fit = None
    for tenth in range(7):
        burn_in = tenth * n // 10
        if n - burn_in < LEAST_ROWS:
            break
        part = logs[burn_in:]
        slope, error, drift, drift_error = _blocks(part)
        doubt = _doubt(part, drift, drift_error) or _turns(part)
        doubt = f"{doubt}: run {n} rows longer" if doubt else ""
        fit = Slope(slope, _quantile(level) * error + ODD * drift, burn_in, doubt)
        if not doubt:
            return fit
    return fit


def looks_sublinear(logs: Array, burn_in: int) -> bool:
    """Say whether a curve whose rate is 1 follows (n,) logs after the burn-in as well as a line does.

    It is c (t + t_0)^p, as of a flat valley, or c exp(-b t^q), as of steps that shrink.

    Examples
    --------
    >>> t, scatter = np.arange(400.0), 0.01 * np.random.default_rng(0).normal(size=400)
    >>> looks_sublinear(-2 * np.log(1 + t) + scatter, 240), looks_sublinear(-0.005 * t + scatter, 0)
    (True, False)
    """
    t, y = np.arange(burn_in, len(logs)), logs[burn_in:] - logs[burn_in:].mean()

    def rest(x: Array) -> tuple[float, float]:
        x = x - x.mean()
        power = float(x @ y / (x @ x))
        return float(np.sum((y - power * x) ** 2)), abs(power)

    least = AS_WELL * rest(t)[0]
    powers = (rest(np.log(t + start)) for start in np.geomspace(0.3, len(logs) / 4, 12))
    return any(left <= least and power <= HIGHEST for left, power in powers) or any(
        rest((1.0 + t) ** q)[0] <= least for q in SHRINKING
    )


def _doubt(logs: Array, drift: float, drift_error: float) -> str:
    steps = np.diff(logs)
    above = steps > np.median(steps)
    crossings = int(np.count_nonzero(above[1:] != above[:-1]))
    if crossings < len(steps) // 10 or crossings < CROSSINGS:
        what = "changes smoothly" if crossings < BLOCKS else "is correlated over many rows"
        return f"the slope of log distance {what}"
    if drift > 3 * drift_error:
        return "the slope of log distance still changes"
    return ""


def _turns(logs: Array) -> str:
    """Doubt when rows 2, 3 or 5 apart fall at another rate than those between them."""
    for every in (2, 3, 5):
        if len(logs) >= every * LEAST_ROWS:
            slopes, errors, *_ = zip(*(_blocks(logs[start::every]) for start in range(every)), strict=True)
            if max(slopes) - min(slopes) > ODD * 2 * max(errors):
                return f"rows {every} apart fall at another rate than those between them"
    return ""


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
