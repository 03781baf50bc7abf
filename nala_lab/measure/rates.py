"""The asymptotic rate of a run, measured, with an interval and the right to say "cannot tell".

    rate = lim ||x_t - x*||^(1/t)

Two methods, in this order. If the rows are a sum of exponentials up to rounding, as those of every linear map and
nearly those of every smooth contraction, the dominant mode is computed (`rate_modes`). Otherwise a line is fitted to
the log of the distance after an automatic burn-in (`rate_slope`), on the rows before a noise floor.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from nala_lab.core import Array, OneLoop, Trajectory, TwoLoop, require, require_number
from nala_lab.measure.rate_modes import LEAST_ROWS, Modes, dominant_mode
from nala_lab.measure.rate_slope import fit_slope, plateau

__all__ = ["CANNOT_TELL", "ESTIMATED", "RateEstimate", "rate"]

ESTIMATED = "estimated"
CANNOT_TELL = "cannot tell"
ABOVE_FLOOR = 30.0  # rows closer to a floor than this factor are not used


@dataclass(frozen=True, kw_only=True)
class RateEstimate:
    """What a run says about its rate.

    Attributes
    ----------
    verdict : ``"estimated"`` or ``"cannot tell"``; `reason` says why, in words.
    rate, low, high : per row (outer step of a two-loop method), with the interval; NaN when it cannot be told.
    level : nominal coverage of the interval. `rate_modes` has no distribution behind it: its interval is eight times
        the spread between windows; tests/measure/test_rate.py prints how often intervals of both kinds cover.
    method : ``"modes"`` or ``"slope"``, "" when neither could be used.
    burn_in, rows : rows left out at the start, rows used.
    gradients : gradient evaluations per row. modes : eigenvalues seen, for method "modes".
    """

    verdict: str
    reason: str
    rate: float
    low: float
    high: float
    level: float
    method: str
    burn_in: int
    rows: int
    gradients: float
    modes: Array

    @property
    def per_gradient(self) -> tuple[float, float, float]:
        """Rate, low and high per gradient evaluation: to the power 1/gradients."""
        power = 1 / self.gradients
        return self.rate**power, self.low**power, self.high**power


def rate(
    trajectory: Trajectory | Array, *, minimizer: Any = None, values: Any = None, minimum: float = 0.0,
    level: float = 0.95,
) -> RateEstimate:  # fmt: skip
    """Measure the asymptotic rate of ||x_t - x*||, of f(x_t) - f*, or of ||x_{t+1} - x_t||.

    Parameters
    ----------
    trajectory : a run of one member (rows, d), or the array of its rows.
    minimizer : (d,) x*. Without it the rate of the steps x_{t+1} - x_t is measured, the same for a rate below 1.
    values : (rows,) f at each row; then the rate of f(x_t) - `minimum` is measured (the square, for smooth f).
    level : coverage of the interval.

    Raises
    ------
    ValueError
        For an ensemble, or shapes that do not fit together.

    Examples
    --------
    >>> import numpy as np
    >>> from nala_lab.measure import rate
    >>> rows = np.array([[0.9**t, (-0.5) ** t] for t in range(60)])
    >>> r = rate(rows, minimizer=[0.0, 0.0])
    >>> r.verdict, r.method, round(r.rate, 9)
    ('estimated', 'modes', 0.9)
    >>> rate(rows[:5], minimizer=[0.0, 0.0]).reason
    'too short: 5 rows can be used, 8 are needed'
    """
    require_number("level", level, low=0, high=1, open_low=True, open_high=True)
    rows, gradients = _rows(trajectory)
    common = {"level": level, "gradients": gradients}
    if not np.all(np.isfinite(rows)) or getattr(trajectory, "outcome", "") == "diverged":
        return _cannot("diverged: the run left the numbers it can be measured on", common)
    errors, noise = _errors(rows, minimizer, values, minimum)
    size = np.linalg.norm(errors, axis=1)
    low = size <= 100 * noise
    end = int(np.argmax(low)) if low.any() else len(size)
    at_floor = end < len(size)
    if end < LEAST_ROWS:
        what = "hit the rounding floor" if at_floor else "too short"
        return _cannot(f"{what}: {end} rows can be used, {LEAST_ROWS} are needed", common)
    errors, noise, logs = errors[:end], noise[:end], np.log(size[:end])
    flat, floor_reason = _before_floor(logs, noise)
    for rows in _lengths(logs, noise, flat):
        fit = dominant_mode(errors[:rows], noise[:rows])
        if fit is not None and _has_shown(fit, logs[:rows]):
            return _told(fit.log_rate, fit.half, "modes", fit.burn_in, rows - fit.burn_in, fit.eigenvalues, common)
    line = fit_slope(logs[:flat], level)
    if line is None:
        return _cannot(floor_reason or f"too short: {flat} rows that are no sum of exponentials", common)
    if not line.settled:
        return _cannot("not linear: the slope of log distance still changes after every burn-in", common)
    if abs(line.log_rate) <= line.half:
        return _cannot(floor_reason or "noise floor: no decay or growth beyond the scatter", common)
    return _told(line.log_rate, line.half, "slope", line.burn_in, flat - line.burn_in, np.zeros(0), common)


def _rows(trajectory: Trajectory | Array) -> tuple[Array, float]:
    if isinstance(trajectory, Trajectory):
        require("trajectory", type(trajectory), isinstance(trajectory, OneLoop | TwoLoop), "a OneLoop or a TwoLoop")
        x = trajectory.slow if isinstance(trajectory, TwoLoop) else trajectory.x  # type: ignore[attr-defined]
        gradients = float(trajectory.evals[-1]) / max(len(trajectory.evals) - 1, 1)
    else:
        x, gradients = np.asarray(trajectory, dtype=float), 1.0
    hint = "give one member of an ensemble"
    require("trajectory", np.shape(x), np.ndim(x) == 2 and len(x) >= 2, "shape (rows, d), at least 2 rows", hint)
    return np.asarray(x, dtype=float), gradients


def _errors(rows: Array, minimizer: Any, values: Any, minimum: float) -> tuple[Array, Array]:
    """Rows whose length decays, and their rounding: half an ulp of what was subtracted, times the number of entries."""
    eps = float(np.finfo(float).eps)
    if values is not None:
        f = np.asarray(values, dtype=float)
        require("values", f.shape, f.shape == rows.shape[:1], f"shape {rows.shape[:1]}")
        return (f - minimum)[:, None], eps * (np.abs(f) + abs(minimum)) if minimum else eps * np.abs(f)
    if minimizer is None:
        errors, scale = np.diff(rows, axis=0), np.abs(rows[:-1]).max(axis=1)
    else:
        best = np.asarray(minimizer, dtype=float)
        require("minimizer", best.shape, best.shape == rows.shape[1:], f"shape {rows.shape[1:]}")
        errors, scale = rows - best, np.maximum(np.abs(rows).max(axis=1), np.abs(best).max())
    return errors, np.maximum(eps * scale, 1e-300)


def _lengths(logs: Array, noise: Array, flat: int) -> list[int]:
    """Rows to try `dominant_mode` on, most precise first: the map may enlarge the rounding of a row a thousandfold."""
    digits = logs - np.log(noise)
    clean = [int(np.argmin(digits > np.log(factor))) for factor in (1e7, 1e5) if not np.all(digits > np.log(factor))]
    return list(dict.fromkeys([*(n for n in clean if n >= 3 * LEAST_ROWS), len(logs), flat]))


def _has_shown(fit: Modes, logs: Array) -> bool:
    """Refuse an extrapolation: a mode slower than the run is long must be seen in the slope of the last third.

    A dozen exponentials follow 1/(1+t) to the last digit; the slowest of them says nothing about the limit.
    """
    if abs(fit.log_rate) * len(logs) >= 1:
        return True
    tail = logs[-max(len(logs) // 3, 4) :]
    slope = float(np.polyfit(np.arange(len(tail)), tail, 1)[0])
    return abs(slope - fit.log_rate) <= 0.1 * abs(fit.log_rate) + 1e-12


def _before_floor(logs: Array, noise: Array) -> tuple[int, str]:
    """Rows before a flat end, and how to call it; all rows and "" when the end is not flat."""
    found = plateau(logs)
    if found is None or not found[1]:
        return len(logs), ""
    level = found[0]
    name = "rounding floor" if level <= math.log(1e5 * float(noise[-1])) else "noise floor"
    above = logs > level + math.log(ABOVE_FLOOR)
    end = int(np.argmin(above)) if not above.all() else len(logs)
    return end, f"hit the {name}: {end} rows lie above it by a factor of {ABOVE_FLOOR:g}"


def _told(
    log_rate: float, half: float, method: str, burn_in: int, rows: int, modes: Array, common: dict[str, float]
) -> RateEstimate:
    return RateEstimate(
        verdict=ESTIMATED, reason="", rate=math.exp(log_rate), low=math.exp(log_rate - half),
        high=math.exp(log_rate + half), method=method, burn_in=burn_in, rows=rows, modes=modes, **common,
    )  # fmt: skip


def _cannot(reason: str, common: dict[str, float]) -> RateEstimate:
    nan = math.nan
    return RateEstimate(
        verdict=CANNOT_TELL, reason=reason, rate=nan, low=nan, high=nan, method="", burn_in=0, rows=0,
        modes=np.zeros(0), **common,
    )  # fmt: skip
