"""What a handful of runs shows: mean and spread, and a paired comparison whose verdict was fixed beforehand.

Numbers per seed come in, a sentence that may be printed under a figure comes out. The intervals are
Student's t, not corrected for the number of comparisons made: with many pairs, some separate by chance.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from nala_lab.core import reals
from nala_lab.core.validate import require, require_number

__all__ = ["NOT_SEPARATED", "SEPARATED", "Paired", "Summary", "paired", "rounding", "summary"]

SEPARATED = "separated"
NOT_SEPARATED = "not separated"


@dataclass(frozen=True)
class Summary:
    """Mean, sample standard deviation (divisor n - 1; NaN for one value) and number of values."""

    mean: float
    sd: float
    n: int

    @property
    def se(self) -> float:
        """Standard error of the mean, sd / sqrt(n); NaN for one value."""
        return self.sd / math.sqrt(self.n)


@dataclass(frozen=True)
class Paired:
    """The mean difference of pairs, its t-interval, and what may be said about it.

    Attributes
    ----------
    gap : mean of a_i - b_i.
    se : standard error of that mean; NaN for one pair, 0 where the spread is rounding only.
    n : number of pairs.
    low, high : the interval at `level`; infinite for one pair, or no spread, which bound nothing.
    level : coverage of the interval, 0.95 unless said otherwise.
    verdict : ``"separated"`` when the interval leaves out 0, else ``"not separated"``.
    """

    gap: float
    se: float
    n: int
    low: float
    high: float
    level: float
    verdict: str


def _finite(name: str, values: Sequence[float]) -> np.ndarray:
    array = reals(name, values)
    require(name, values, array.ndim == 1 and array.size >= 1, "a list of at least one number")
    require(
        name, values, bool(np.isfinite(array).all()), "finite numbers only", "diverged runs stay out, and are counted"
    )
    return array


def summary(values: Sequence[float]) -> Summary:
    """Mean, standard deviation and number of one value per seed.

    Raises ValueError for no value, or one that is not finite.

    Examples
    --------
    >>> from nala_lab.results.evidence import summary
    >>> s = summary([1.0, 2.0, 6.0])
    >>> s.mean, round(s.sd, 3), s.n, round(s.se, 3)
    (3.0, 2.646, 3, 1.528)
    """
    array = _finite("values", values)
    # By a power of two, which changes no digit: the squares of 1e200 and of 1e-200 are no floats.
    power = np.frexp(np.abs(array).max())[1]
    scaled = np.ldexp(array, -power)
    sd = float(np.ldexp(scaled.std(ddof=1), power)) if array.size > 1 else math.nan
    return Summary(mean=float(np.ldexp(scaled.mean(), power)), sd=sd, n=int(array.size))


def paired(a: Sequence[float], b: Sequence[float], *, level: float = 0.95) -> Paired:
    """Compare `a` with `b` seed by seed: mean of a_i - b_i with Student's t-interval.

    The i-th values must belong together (same initial weights, same order of the data), which is what makes
    the difference less noisy than either. The differences are taken to be roughly normal, which 3 seeds
    cannot show.

    Raises ValueError for lists of different lengths, empty ones, or numbers that are not finite; ModuleNotFoundError
    without scipy, whose t quantile is used when there are two pairs or more.

    Parameters
    ----------
    a, b : (n,) one number per seed, in the same order.
    level : coverage of the interval, above 0 and below 1.

    Examples
    --------
    >>> from nala_lab.results.evidence import paired
    >>> result = paired([3.0, 4.0, 5.0], [1.0, 1.5, 3.5])
    >>> round(result.gap, 3), round(result.low, 3), round(result.high, 3), result.verdict
    (2.0, 0.758, 3.242, 'separated')
    >>> paired([3.0], [1.0]).verdict
    'not separated'
    """
    require_number("level", level, low=0, high=1, open_low=True, open_high=True)
    first, second = _finite("a", a), _finite("b", b)
    require("b", b, first.size == second.size, "as many numbers as a", "pairs share a seed")
    differences, off = first - second, rounding(a, b)
    gaps = summary(list(differences))
    # One number lies within the rounding of every difference: all of them may be that number.
    alike = gaps.n > 1 and float((differences - off).max()) <= float((differences + off).min())
    se = 0.0 if alike else gaps.se
    half = _t_quantile(0.5 + level / 2, gaps.n - 1) * se if se > 0 else math.inf
    low, high = gaps.mean - half, gaps.mean + half
    verdict = SEPARATED if low > 0 or high < 0 else NOT_SEPARATED
    return Paired(gap=gaps.mean, se=se, n=gaps.n, low=low, high=high, level=level, verdict=verdict)


def rounding(a: Sequence[float], b: Sequence[float]) -> np.ndarray:
    """What each a_i - b_i may be off by, because a_i and b_i are rounded to the digits of the type they came in.

    Up to eps max(|a_i|, |b_i|) where each is rounded once; 4.5 of that, for numbers that took a few operations. That is
    1e-15 for float64, which lists of Python's numbers are, 5e-7 for float32 and 0.004 for float16.
    """
    return np.maximum(*(4.5 * _eps(values) * np.abs(reals("values", values)) for values in (a, b)))


def _eps(values: Sequence[float]) -> float:
    kept = np.asarray(values).dtype
    coarse = kept in (np.float16, np.float32)
    return float(np.finfo(kept if coarse else np.float64).eps)


def _t_quantile(probability: float, degrees: int) -> float:
    # Inside the function: the core must import without scipy.
    from scipy.special import stdtrit

    return float(stdtrit(degrees, probability))
