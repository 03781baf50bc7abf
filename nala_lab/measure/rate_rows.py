"""What of a run can be measured: the errors of its rows, how far each is rounded, and where the usable part ends.

A row is known to the precision it was stored in, so its error e_t = x_t - x* is known to

    noise_t = eps max(|x_t|, |x*|)        eps of the coarsest of rows, values and minimiser

A number that was once rounded to float32 and is kept in float64 now is still a float32 number: when every entry is one,
eps is float32's. A run that stands still, or scatters at a constant level, is known to that level only. Rows closer
to it than a factor 100 say more about the rounding than about the method and are left out.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from nala_lab.core import Array, OneLoop, Trajectory, TwoLoop, reals, require
from nala_lab.core.ending import inside

__all__ = ["ABOVE_FLOOR", "Usable", "read", "usable"]

ABOVE_FLOOR = 100.0  # rows closer to a floor than this factor are not used
JUMP = 100.0  # times the largest fall in a row: what falls farther, to a floor, has not come by its rate


@dataclass(frozen=True)
class Usable:
    """The part of a run that shows its rate.

    Attributes
    ----------
    errors : (n, d) rows, none zero. noise : (n,) absolute error of each. floor : what ended the part ("" for the end of
        the run). advice : what would show more. left : whether the run left the numbers then. jumps : whether it fell
        to the floor in one row, much farther than in any row before: no rate leads there.
    """

    errors: Array
    noise: Array
    floor: str
    advice: str
    left: bool
    jumps: bool


def read(trajectory: Trajectory | Array) -> tuple[Array, float]:
    """Rows (n, d) of a run of one member, in their own precision, and gradients per row.

    Raises
    ------
    ValueError
        For an ensemble.

    Examples
    --------
    >>> read(np.ones((3, 2), np.float32))[0].dtype.name
    'float32'
    """
    gradients = 1.0
    if isinstance(trajectory, Trajectory):
        require("trajectory", type(trajectory), isinstance(trajectory, OneLoop | TwoLoop), "a OneLoop or a TwoLoop")
        x: Any = trajectory.slow if isinstance(trajectory, TwoLoop) else trajectory.x  # type: ignore[attr-defined]
        gradients = float(trajectory.evals[-1]) / max(len(trajectory.evals) - 1, 1)
    else:  # an array keeps its precision
        x = trajectory if isinstance(trajectory, np.ndarray) else reals("trajectory", trajectory)
    hint = "give one member of an ensemble"
    table = np.ndim(x) == 2 and len(x) >= 2 and x.size > 0
    require("trajectory", np.shape(x), table, "shape (rows, d), at least 2 rows", hint)
    require("trajectory", x.dtype.name, x.dtype.kind in "biufO", "real numbers")
    return x if np.issubdtype(x.dtype, np.floating) else reals("trajectory", x), gradients


def usable(rows: Array, minimizer: Any, values: Any, minimum: float) -> Usable:
    """Cut a run to the rows before it diverges, stands still or meets a floor; see the module docstring.

    Examples
    --------
    >>> t = np.arange(80.0)[:, None]
    >>> part = usable((1 + 0.5**t).astype(np.float32), [1.0], None, 0.0)
    >>> len(part.errors), part.floor
    (17, 'the rounding of float32')
    """
    errors, noise, eps = _errors(rows, minimizer, values, minimum)
    with np.errstate(over="ignore", invalid="ignore"):
        alive = inside(errors)
    end = len(errors) if alive.all() else int(np.argmin(alive))
    errors, noise = errors[:end], noise[:end]
    size = np.linalg.norm(errors, axis=1)
    name = "float32" if eps > 1e-10 else "float64"
    floor, advice = f"the rounding of {name}", "give float64 rows" if eps > 1e-10 else "start farther away"
    level, still = _plateau(size)
    if level > ABOVE_FLOOR * float(noise.max(initial=0.0)):
        # of one coordinate, noise scatters by a factor e: so does a slow swing that falls all the same
        floor, advice = "a floor of noise or swings", "run longer, start farther away, or lower the noise"
        if still:
            floor = "a point beside the minimizer"
            advice = "give the minimizer more digits, or leave it out, if the method has not stopped by itself"
    noise = np.maximum(noise, level)
    low = ~(size > ABOVE_FLOOR * noise)
    stop = int(np.argmax(low)) if low.any() else len(size)
    jumps = False
    if stop == len(size):
        floor = advice = ""
    elif stop > 1 and low[stop:].all():  # not a swing through the minimiser
        falls = size[: stop - 1] / size[1:stop]
        least = 1e-150 if eps < 1e-10 else 1e-36 if eps < 1e-5 else 1e-4  # smaller squares, or rows, become 0 anyway
        jumps = bool(size[stop - 1] > JUMP * max(1.0, float(falls.max())) * max(ABOVE_FLOOR * noise[stop], least))
    if stop < len(size) and not errors[stop].any():
        floor, advice = "a row that does not move, or is the minimizer to the last bit", "start farther away"
    return Usable(errors[:stop], noise[:stop], floor, advice, not alive.all(), jumps)


def _errors(rows: Array, minimizer: Any, values: Any, minimum: float) -> tuple[Array, Array, float]:
    """Rows whose length shows the rate, their rounding, and the eps it was computed with."""
    if values is not None:
        f = np.asarray(values)
        require("values", f.shape, f.shape == rows.shape[:1], f"shape {rows.shape[:1]}")
        require("values", f.dtype.name, f.dtype.kind in "biuf", "real numbers")
        eps, f = max(_eps(f), _eps(rows)), f.astype(np.float64)
        # f is quadratic in the error: rows rounded to eps give values rounded to eps of what was subtracted
        noise = eps * (np.abs(f) + abs(minimum))
        return (f - minimum)[:, None], np.maximum(noise, 1e-300), eps
    eps, x = _eps(rows), rows.astype(np.float64)
    if minimizer is None:
        with np.errstate(over="ignore", invalid="ignore"):
            errors, scale = np.diff(x, axis=0), np.abs(x[:-1]).max(axis=1)
    else:
        best = np.asarray(minimizer)
        require("minimizer", best.shape, best.shape == rows.shape[1:], f"shape {rows.shape[1:]}")
        good = best.dtype.kind in "biuf" and bool(np.all(np.isfinite(best)))
        require("minimizer", minimizer, good, "finite numbers")
        if best.dtype in (np.float16, np.float32) and np.any(best):
            eps = max(eps, float(np.finfo(best.dtype).eps))
        best = best.astype(np.float64)
        errors, scale = x - best, np.maximum(np.abs(x).max(axis=1), np.abs(best).max())
    return errors, np.maximum(eps * scale, 1e-300), eps


def _eps(x: Array) -> float:
    """Machine epsilon of the coarsest format that holds all of `x`: what its entries were rounded to."""
    if x.dtype in (np.float16, np.float32):
        return float(np.finfo(x.dtype).eps)
    with np.errstate(over="ignore", invalid="ignore"):
        single = bool(np.all((x == x.astype(np.float32)) | ~np.isfinite(x)))
    return float(np.finfo(np.float32 if single else np.float64).eps)


def _plateau(size: Array) -> tuple[float, bool]:
    """Level that the sizes have fallen to and keep in the last third, or 0; and whether nothing moves there."""
    tail = size[-(len(size) // 3) :]
    if len(tail) < 8 or not np.all(tail > 0):
        return 0.0, False
    logs = np.log(tail)
    x = np.arange(len(tail)) - (len(tail) - 1) / 2
    slope = float(x @ logs / (x @ x))
    scatter = float(np.std(logs - logs.mean() - slope * x))
    fallen = math.log(float(size.max())) - float(logs.mean())
    still = bool(np.ptp(tail[-8:]) == 0)
    flat = abs(slope) * len(tail) <= 2 * scatter or still
    return (float(tail.max()), still) if flat and fallen > 3 * scatter + 1 else (0.0, False)
