"""The rule that turns pairs of runs into a verdict, with Holm's correction within a table.

For each comparison, d_i = a_i - b_i over the common seeds, n of them, with mean d and standard deviation s:

    t = d / (s / sqrt(n))                                       two-sided p from Student's t, n - 1 degrees of freedom
    p_equivalent = max(P(T > (threshold + d) / se), P(T > (threshold - d) / se))        two one-sided tests (TOST)
    g = J(n - 1) d / s,  J(m) = Gamma(m/2) / (sqrt(m/2) Gamma((m-1)/2))                 effect size, bias corrected

Where a level was not reached, a number is infinite and has no spread: then only the signs of the d_i count (sign test).

Sources: Student (1908); Holm (1979); Schuirmann (1987) for TOST; Hedges (1981) for J; Fisher (1935) for the sign flips.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

from nala_lab.core import Real, reals
from nala_lab.core.validate import require, require_choice, require_number
from nala_lab.results.evidence.intervals import Paired, paired, rounding

__all__ = ["BETTER", "EQUIVALENT", "UNDECIDED", "WORSE", "Judgement", "Rule", "effect_size", "holm", "judge",
           "judge_table", "sign_flip_p"]  # fmt: skip

BETTER = "better"
WORSE = "worse"
EQUIVALENT = "equivalent within threshold"
UNDECIDED = "undecided"
FLIPS = 16  # pairs; above that the 2^n sign flips are not enumerated

Pairs = Mapping[str, tuple[Sequence[float], Sequence[float]]]


@dataclass(frozen=True, kw_only=True)
class Rule:
    """What is decided before the runs are looked at.

    Raises ValueError for a negative threshold, an error rate outside (0, 0.5), another test.

    Attributes
    ----------
    threshold : differences smaller than this do not matter in practice; in the unit of the metric. 0: all matter.
    higher_is_better : False for a loss.
    error_rate : family-wise rate of false verdicts of one kind within a table.
    test : ``"t"``, or ``"sign-flip"``, which assumes symmetry only, but can separate nothing with fewer than 6 seeds at
        an error rate of 0.05, its smallest p-value being 2^(1-n).
    """

    threshold: float = 0.0
    higher_is_better: bool = True
    error_rate: float = 0.05
    test: str = "t"

    def __post_init__(self) -> None:
        require_number("threshold", self.threshold, low=0)
        require_number("error_rate", self.error_rate, low=0, high=0.5, open_low=True, open_high=True)
        require_choice("test", self.test, ("t", "sign-flip"))


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """One comparison and its verdict.

    Attributes
    ----------
    gap, se, n : mean of a_i - b_i, its standard error, number of pairs. Where some were not reached, gap is infinite
        with the sign of the majority (NaN for a draw) and se is NaN.
    low, high : t-interval of this comparison alone, at 1 - error_rate; infinite without spread. Under a correction it
        can leave out 0 while the verdict is "undecided".
    effect : g, the gap in standard deviations of the paired differences; NaN below 3 pairs or without spread.
    p, p_sign_flip : p-value of this comparison alone by the rule's test, and by exact sign flips (NaN above 16 pairs).
    p_corrected, p_equivalent : after Holm's correction within the table: of a difference, of equivalence.
    verdict : ``"better"`` or ``"worse"`` (a is), ``"equivalent within threshold"``, ``"undecided"``.
    """

    gap: float
    se: float
    n: int
    low: float
    high: float
    effect: float
    p: float
    p_sign_flip: float
    p_corrected: float
    p_equivalent: float
    verdict: str


def judge(a: Sequence[float], b: Sequence[float], rule: Rule) -> Judgement:
    """Compare `a` with `b` seed by seed: a table of one comparison; see `judge_table`.

    Examples
    --------
    >>> from nala_lab.results.evidence import Rule, judge
    >>> adam, nala = [0.90, 0.88, 0.91, 0.89, 0.90], [0.89, 0.86, 0.90, 0.88, 0.88]
    >>> found = judge(nala, adam, Rule(threshold=0.002))
    >>> found.verdict, round(found.gap, 3), round(found.p, 4), found.p_sign_flip
    ('worse', -0.014, 0.0046, 0.0625)
    """
    return judge_table({"": (a, b)}, rule)[""]


def judge_table(pairs: Pairs, rule: Rule) -> dict[str, Judgement]:
    """Judge the comparisons of one table together: name -> (a, b), each with one number for a seed, in one order.

    ``inf`` on one side of a pair is a level that was not reached, and beyond every number.

    A comparison is "equivalent within threshold" when both one-sided tests say so after Holm's correction, else
    "better" or "worse" when its difference is significant after Holm's correction, else "undecided". Each of the two
    kinds of false verdict has a family-wise rate of at most `error_rate`, whatever the dependence in the table.

    Raises ValueError for an empty table, lists of different lengths, empty ones, NaN, or a pair of two infinities.

    Examples
    --------
    >>> from nala_lab.results.evidence import Rule, judge_table
    >>> base = [0.1, 0.5, 0.3, 0.2, 0.4]
    >>> table = {"same": (base, [x + 0.001 for x in base[::1]]), "far": (base, [0.3, 0.8, 0.5, 0.45, 0.6])}
    >>> {name: j.verdict for name, j in judge_table(table, Rule(threshold=0.01)).items()}
    {'same': 'undecided', 'far': 'worse'}
    """
    require("pairs", pairs, isinstance(pairs, Mapping) and len(pairs) > 0, "a dict of at least one comparison")
    found = {name: _paired(a, b, 1 - rule.error_rate) for name, (a, b) in pairs.items()}
    flips = {name: _flip(found[name], _differences(a, b)) for name, (a, b) in pairs.items()}
    alone = {name: _p_value(found[name], flips[name], rule) for name in pairs}
    corrected = dict(zip(pairs, holm(list(alone.values())), strict=True))
    same = dict(zip(pairs, holm([_p_equivalent(one, rule.threshold) for one in found.values()]), strict=True))
    return {
        name: Judgement(
            gap=one.gap, se=one.se, n=one.n, low=one.low, high=one.high, effect=effect_size(one), p=alone[name],
            p_sign_flip=flips[name], p_corrected=corrected[name], p_equivalent=same[name],
            verdict=_verdict(one.gap, corrected[name], same[name], rule),
        )
        for name, one in found.items()
    }  # fmt: skip


def _paired(a: Sequence[float], b: Sequence[float], level: float) -> Paired:
    """Compare as `paired` does; by signs alone where a level was not reached."""
    if np.isinf(np.append(reals("a", a), reals("b", b))).any():
        signs = float(_differences(a, b).sum())
        gap = math.copysign(math.inf, signs) if signs else math.nan
        return Paired(gap=gap, se=math.nan, n=len(a), low=-math.inf, high=math.inf, level=level, verdict="")
    return paired(a, b, level=level)


def _differences(a: Sequence[float], b: Sequence[float]) -> Real:
    """a_i - b_i, 0 where that is rounding only; only their signs where one of them is infinite."""
    first, second = reals("a", a), reals("b", b)
    require("b", list(b), first.shape == second.shape, "as many numbers as a", "pairs share a seed")
    told = not np.isnan([first, second]).any() and not (np.isinf(first) & np.isinf(second)).any()
    require("pairs", list(zip(a, b, strict=True)), told, "no NaN, and at most one infinity in a pair")
    gaps: Real = first - second
    if np.isinf(gaps).any():
        return np.sign(gaps)
    return np.where(np.abs(gaps) > rounding(a, b), gaps, 0.0)


def _verdict(gap: float, p: float, p_equivalent: float, rule: Rule) -> str:
    if p_equivalent <= rule.error_rate:
        return EQUIVALENT
    if p <= rule.error_rate:
        return BETTER if (gap > 0) == rule.higher_is_better else WORSE
    return UNDECIDED


def _flip(one: Paired, gaps: Real) -> float:
    # Without any spread each is its sign times one number; signs are counted for any number of pairs.
    return sign_flip_p(gaps if one.se > 0 else np.sign(gaps))


def _p_value(one: Paired, flip: float, rule: Rule) -> float:
    # Without any spread t is infinite and says nothing; the signs still do.
    if rule.test == "sign-flip" or not one.se > 0:
        require("seeds", one.n, not math.isnan(flip) or one.n == 1, f"at most {FLIPS} pairs for sign flips")
        return flip
    return 2 * _upper_tail(abs(one.gap) / one.se, one.n - 1)


def _p_equivalent(one: Paired, threshold: float) -> float:
    if threshold == 0 or not one.se > 0:
        return 1.0  # nothing lies strictly inside 0, and no spread means no measure of it
    return max(_upper_tail((threshold + side * one.gap) / one.se, one.n - 1) for side in (1, -1))


def _upper_tail(t: float, degrees: int) -> float:
    from scipy.special import stdtr  # inside the function: the core must import without scipy

    return float(stdtr(degrees, -t))


def holm(p_values: Sequence[float]) -> list[float]:
    """Correct the p-values of a table for their number: Holm's step-down, valid under any dependence.

    The i-th smallest of m is multiplied by m - i + 1, and none may be smaller than one before it.

    Examples
    --------
    >>> from nala_lab.results.evidence import holm
    >>> holm([0.01, 0.04, 0.03])
    [0.03, 0.06, 0.06]
    """
    p = reals("p_values", p_values)
    require("p_values", p_values, p.ndim == 1 and bool(np.all((p >= 0) & (p <= 1))), "a list with 0 <= p <= 1")
    order = np.argsort(p, kind="stable")
    steps = np.maximum.accumulate(p[order] * np.arange(p.size, 0, -1))
    out = np.empty_like(p)
    out[order] = np.minimum(steps, 1.0)
    return [float(value) for value in out]


@cache
def _signs(n: int) -> Real:
    """All 2^(n-1) sign patterns whose first sign is +: the other half gives the same absolute sums."""
    bits = np.arange(2 ** (n - 1))[:, None] >> np.arange(n - 1) & 1
    return np.hstack([np.ones((bits.shape[0], 1)), 1.0 - 2.0 * bits])


def sign_flip_p(differences: Sequence[float] | Real) -> float:
    """Exact two-sided p-value of the mean under all 2^n sign flips; NaN above 16 differences that are not 0 or 1.

    If neither run of a pair is better, its difference is as likely with the other sign. No other assumption is made.

    Examples
    --------
    >>> from nala_lab.results.evidence import sign_flip_p
    >>> sign_flip_p([1.0, 2.0, 0.5])
    0.25
    >>> sign_flip_p([1.0, -2.0, 0.5])
    1.0
    """
    d = reals("differences", differences)
    require("differences", differences, d.ndim == 1 and bool(np.isfinite(d).all()), "a list of finite numbers")
    d = d / (np.abs(d).max(initial=0.0) or 1.0)  # sums of the largest floats are none
    if set(np.abs(d)) <= {0.0, 1.0}:  # signs only: counted, for any number of them
        n, fewer = int(np.abs(d).sum()), int(min((d > 0).sum(), (d < 0).sum()))
        return float(min(1.0, 2 * sum(math.comb(n, i) for i in range(fewer + 1)) / 2**n))
    if d.size > FLIPS:
        return math.nan
    sums = np.abs(_signs(d.size) @ d)
    # Ties differ by the rounding of n additions of numbers up to sum |d|: n 2^-53 < 1e-14 of it for n <= 16.
    return float(np.mean(sums >= abs(d.sum()) - 1e-14 * np.abs(d).sum()))


def effect_size(one: Paired) -> float:
    """Hedges' g of the paired differences: Cohen's d_z = gap / s times J(n - 1), which removes its bias.

    NaN below 3 pairs, where J is 0 or undefined, and without spread.

    Examples
    --------
    >>> from nala_lab.results.evidence import effect_size, paired
    >>> round(effect_size(paired([1.0, 2.0, 3.0], [0.0, 0.0, 0.0])), 4)  # d_z = 2, J(2) = 1/sqrt(pi)
    1.1284
    """
    if one.n < 3 or not one.se > 0:
        return math.nan
    half = (one.n - 1) / 2
    bias = math.exp(math.lgamma(half) - math.lgamma(half - 0.5)) / math.sqrt(half)
    return bias * one.gap / (one.se * math.sqrt(one.n))
