"""How many seeds a difference takes: power of the paired t-test and of the two one-sided tests."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from nala_lab.core.validate import require_int, require_number

__all__ = ["detectable", "power", "power_equivalent", "seeds_needed", "smallest"]

MOST = 1_000_000  # seeds; nobody runs more
FAR = 1e4  # noncentralities above it: scipy's tail is off by 7e-7 at 1e5 and by 0.25 at 1e6


def power(effect: float, n: int, *, error_rate: float = 0.05, comparisons: int = 1) -> float:
    """Probability that the paired t-test with `n` seeds separates a true difference of `effect`.

    With T noncentral t, n - 1 degrees of freedom, noncentrality effect sqrt(n), and t the critical value at
    error_rate / comparisons (the first, hardest step of Holm's correction, so a lower bound for a table):
    power = P(|T| > t).

    Raises ValueError for fewer than 2 seeds, an error rate outside (0, 1), no comparison.

    Parameters
    ----------
    effect : true mean of the paired differences over their true standard deviation.
    n : seeds, at least 2.
    error_rate : two-sided.
    comparisons : number of comparisons in the table.

    Examples
    --------
    >>> from nala_lab.results.evidence import power
    >>> round(power(0.5, 34), 3), round(power(0.0, 5), 3)
    (0.808, 0.05)
    """
    require_number("effect", effect)
    require_int("n", n, low=2)
    _require_test(error_rate, comparisons)
    # Inside the function: the core must import without scipy. Not scipy.special.nctdtr, which gives NaN here and there.
    from scipy.special import chdtr
    from scipy.stats import nct, t

    shift = abs(effect) * math.sqrt(n)
    critical = t.isf(float(error_rate) / comparisons / 2, n - 1)
    if shift > FAR:  # (shift + normal) / U > t is U < shift / t, the normal neglected: of relative size shift^-2
        return float(chdtr(n - 1, (n - 1) * min(shift / critical, 1e100) ** 2))
    # The lower tail at -critical is the upper tail of the mirrored distribution.
    return float(nct.sf(critical, n - 1, shift) + nct.sf(critical, n - 1, -shift))


def _require_test(error_rate: float, comparisons: int) -> None:
    require_number("error_rate", error_rate, low=0, high=1, open_low=True, open_high=True)
    require_int("comparisons", comparisons, low=1)


def seeds_needed(
    gap: float, sd: float, *, wanted: float = 0.8, error_rate: float = 0.05, comparisons: int = 1
) -> int | None:
    """Smallest number of seeds with which a true difference `gap` is separated with probability `wanted`.

    Returns the number, or None when a million seeds would not do, as for a gap of 0. Raises ValueError for sd <= 0, or
    `wanted` outside (error_rate, 1).

    Parameters
    ----------
    gap : the claimed difference of the means, in the unit of the metric.
    sd : standard deviation of the paired differences, in that unit.
    wanted : power, above the error rate and below 1.
    error_rate, comparisons : as `power`.

    Examples
    --------
    >>> from nala_lab.results.evidence import seeds_needed
    >>> seeds_needed(0.5, 1.0), seeds_needed(3.0, 1.0), seeds_needed(0.5, 1.0, comparisons=9)
    (34, 4, 57)
    """
    require_number("gap", gap)
    require_number("sd", sd, low=0, open_low=True)
    _require_test(error_rate, comparisons)
    require_number("wanted", wanted, low=error_rate, high=1, open_low=True, open_high=True)
    effect = min(abs(gap) / sd, 1e300)  # power is even, and 1 there
    return smallest(lambda n: power(effect, n, error_rate=error_rate, comparisons=comparisons) >= wanted)


def smallest(enough: Callable[[int], bool]) -> int | None:
    """The smallest n from 2 on with `enough`, which once true stays true; None when a million would not do.

    Examples
    --------
    >>> smallest(lambda n: n * n > 1000), smallest(lambda n: False)
    (32, None)
    """
    high = 2
    while not enough(high):
        if high == MOST:
            return None
        high = min(2 * high, MOST)
    low = high // 2  # not enough, or 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if enough(middle) else (middle, high)
    return high


def power_equivalent(threshold: float, n: int, *, error_rate: float = 0.05, comparisons: int = 1) -> float:
    """Probability that `n` seeds show two equal optimizers to be equivalent within `threshold`.

    With z = threshold sqrt(n), U the sample standard deviation over the true one and t the one-sided critical value at
    error_rate / comparisons, the mean over U of max(0, 2 Phi(z - t U) - 1), on 2000 quantiles of U.

    Parameters
    ----------
    threshold : in true standard deviations of the paired differences. The others, and what is refused: as `power`.

    Examples
    --------
    >>> from nala_lab.results.evidence import power_equivalent
    >>> [round(power_equivalent(1.0, n), 2) for n in (2, 5, 10)]
    [0.09, 0.29, 0.8]
    """
    require_number("threshold", threshold, low=0)
    require_int("n", n, low=2)
    _require_test(error_rate, comparisons)
    from scipy.special import chdtri, ndtr, stdtrit

    share = (np.arange(2000) + 0.5) / 2000
    spread = np.sqrt(chdtri(n - 1, share) / (n - 1))
    critical = stdtrit(n - 1, 1 - float(error_rate) / comparisons)
    return float(np.maximum(0, 2 * ndtr(threshold * math.sqrt(n) - critical * spread) - 1).mean())


def detectable(n: int, *, wanted: float = 0.8, error_rate: float = 0.05, comparisons: int = 1) -> float:
    """Smallest effect (in standard deviations of the differences) that `n` seeds separate with probability `wanted`.

    Examples
    --------
    >>> from nala_lab.results.evidence import detectable
    >>> [round(detectable(n), 2) for n in (2, 3, 5, 10)]
    [11.55, 3.26, 1.68, 1.0]
    """
    _require_test(error_rate, comparisons)
    require_number("wanted", wanted, low=error_rate, high=1, open_low=True, open_high=True)
    low, high = 0.0, 1.0
    while power(high, n, error_rate=error_rate, comparisons=comparisons) < wanted:
        high *= 2
    for _ in range(60):  # 2^-60 of the first bracket is below rounding
        middle = (low + high) / 2
        inside = power(middle, n, error_rate=error_rate, comparisons=comparisons) < wanted
        low, high = (middle, high) if inside else (low, middle)
    return high
