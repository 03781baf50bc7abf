"""The asymptotic rate of a run, measured, with an interval and the right to say "cannot tell".

    rate = lim ||x_t - x*||^(1/t)

A limit is told only when the run shows it. If the rows are a sum of exponentials up to noise, as those of every linear
map and nearly those of every smooth contraction, the dominant mode is computed (`rate_modes`). Otherwise, if randomness
moves the run, a line is fitted to the log of the distance (`rate_slope`). A slower mode that does not lead yet, a
smooth curve that is no sum of exponentials, scatter that hides whether the rate is 1 (a power of the row number, steps
that shrink), and rows at the end of their own precision (`rate_rows`) are "cannot tell", and the reason ends with what
to do.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from nala_lab.core import Array, Trajectory, reals, require, require_number
from nala_lab.core.ending import LIMIT
from nala_lab.measure.rate_modes import LEAST_ROWS, dominant_mode
from nala_lab.measure.rate_rows import Usable, read, usable
from nala_lab.measure.rate_slope import LEAST_ROWS as LEAST_FOR_A_LINE
from nala_lab.measure.rate_slope import fit_slope, looks_sublinear

__all__ = ["CANNOT_TELL", "ESTIMATED", "RateEstimate", "rate"]

ESTIMATED = "estimated"
CANNOT_TELL = "cannot tell"
BESIDE = 0.05  # a log of the distance that moves less than this in all its rows may be that of a wrong minimiser
OFF = "the minimizer or minimum given is off: give it more digits, or leave it out"


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
        For an ensemble, shapes that do not fit together, or an argument that the others leave without a part.

    Examples
    --------
    >>> import numpy as np
    >>> from nala_lab.measure import rate
    >>> rows = np.array([[0.9**t, (-0.5) ** t] for t in range(60)])
    >>> r = rate(rows, minimizer=[0.0, 0.0])
    >>> r.verdict, r.method, round(r.rate, 9)
    ('estimated', 'modes', 0.9)
    >>> rate(rows[:5], minimizer=[0.0, 0.0]).reason
    'too short: 5 rows can be used, 8 are needed: run at least 3 rows longer'
    """
    require_number("level", level, low=0, high=1, open_low=True, open_high=True)
    require_number("minimum", minimum)
    minimum = float(reals("minimum", minimum))
    of_x = values is None
    require("minimum", minimum, not of_x or minimum == 0, "left out without values", "it is the least of them")
    hint = "their rate is that of f - minimum"
    require("minimizer", minimizer, of_x or minimizer is None, "left out with values", hint)
    rows, gradients = read(trajectory)
    common = {"level": level, "gradients": gradients}
    part = usable(rows, minimizer, values, minimum)
    n = len(part.errors)
    if n < LEAST_ROWS:
        what, advice = "too short", f"run at least {LEAST_ROWS - n} rows longer"
        if part.left and not part.floor:
            what, advice = f"a row leaves the numbers, or {LIMIT:g}", f"look at row {n}"
        if part.floor:
            what, advice = f"the run meets {part.floor}", part.advice
        return _cannot(f"{what}: {n} rows can be used, {LEAST_ROWS} are needed: {advice}", common)
    if part.jumps:
        return _cannot(f"the run falls, in one row as in none before, to {part.floor}: look at row {n}", common)
    logs = np.log(np.linalg.norm(part.errors, axis=1))
    power = f"the run scatters, and a law whose rate is 1 (a power, shrinking steps) fits as well: run {n} rows longer"
    fit = dominant_mode(part.errors, part.noise)
    if fit is not None:
        if fit.doubt:
            off = (minimizer is not None or values is not None) and abs(fit.log_rate) * n < BESIDE
            hint = f"; if it stands still, {OFF}" if off else ""
            return _cannot(_before(part, fit.doubt) + hint, common)
        if fit.scatter and looks_sublinear(logs, fit.burn_in):
            return _cannot(_before(part, power), common)
        return _told(part, fit.log_rate, fit.half, "modes", fit.burn_in, fit.eigenvalues, common)
    line = fit_slope(logs, level)
    if line is None:
        more = f"run {LEAST_FOR_A_LINE - n} rows longer"
        return _cannot(_before(part, f"too short: {n} rows that are no sum of exponentials: {more}"), common)
    if line.doubt:
        return _cannot(_before(part, line.doubt), common)
    if abs(line.log_rate) <= line.half:
        return _cannot(_before(part, f"no decay or growth beyond the scatter: run {n} rows longer"), common)
    if looks_sublinear(logs, line.burn_in):
        return _cannot(_before(part, power), common)
    return _told(part, line.log_rate, line.half, "slope", line.burn_in, np.zeros(0), common)


def _before(part: Usable, reason: str) -> str:
    """A longer run is no advice where a floor has ended the usable rows."""
    if not part.floor:
        return reason
    return f"{reason.rpartition(': ')[0]}, and after {len(part.errors)} rows the run meets {part.floor}: {part.advice}"


def _told(
    part: Usable, log_rate: float, half: float, method: str, burn_in: int, modes: Array, common: dict[str, float]
) -> RateEstimate:
    rows = len(part.errors)
    if part.left and log_rate <= half:
        return _cannot(f"the run left the numbers after {rows} rows without growing: look at row {rows}", common)
    return RateEstimate(
        verdict=ESTIMATED, reason="", rate=math.exp(log_rate), low=math.exp(log_rate - half),
        high=math.exp(log_rate + half), method=method, burn_in=burn_in, rows=rows - burn_in, modes=modes, **common,
    )  # fmt: skip


def _cannot(reason: str, common: dict[str, float]) -> RateEstimate:
    nan = math.nan
    return RateEstimate(
        verdict=CANNOT_TELL, reason=reason, rate=nan, low=nan, high=nan, method="", burn_in=0, rows=0,
        modes=np.zeros(0), **common,
    )  # fmt: skip
