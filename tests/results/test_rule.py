"""The evidence rule: numbers by hand, the stated rate of false verdicts in A/A tables, and bugs that break it."""

from __future__ import annotations

import math
from fractions import Fraction
from itertools import product

import numpy as np
import pytest
from scipy.integrate import quad
from scipy.special import ndtr

from nala_lab.core import stream
from nala_lab.results.evidence import (
    BETTER,
    EQUIVALENT,
    UNDECIDED,
    WORSE,
    Rule,
    a_a,
    decide,
    detectable,
    holm,
    judge,
    judge_table,
    power,
    power_equivalent,
    rule,
    seeds_needed,
    sign_flip_p,
)
from nala_lab.results.evidence.intervals import Paired, paired
from nala_lab.results.evidence.sample_size import smallest
from tests.refusals import refused

TABLES = 1000
RATE = 0.05


def binomial_bounds(n, rate, miss=1e-5):
    """Counts that a binomial(n, rate) leaves with probability at most `miss` on either side."""
    from scipy.stats import binom

    return int(binom.ppf(miss, n, rate)), int(binom.isf(miss, n, rate))


def alarms(name, checked=None, **sizes):
    return a_a(stream(0, "A/A", name), checked or Rule(), tables=TABLES, **sizes)


def in_order(count):
    # A correct rule leaves the bounds of a binomial(1000, 0.05) once in 100 000 streams; the stream is fixed.
    low, high = binomial_bounds(TABLES, RATE)
    return low <= count <= high


def test_equal_optimizers_are_called_different_as_often_as_stated():
    found = alarms("five seeds")
    low, high = binomial_bounds(TABLES, RATE)
    assert low <= found.single <= high  # normal differences: the t-test's rate is exact, so both sides are tested
    assert 0 < found.family <= high  # Holm's bound is an upper one: nine comparisons with a common partner


def test_a_threshold_and_sign_flips_only_make_false_alarms_rarer():
    high = binomial_bounds(TABLES, RATE)[1]
    assert alarms("threshold", Rule(threshold=0.5)).family <= high
    flips = alarms("flips", Rule(test="sign-flip"), seeds=7, optimizers=3)
    assert 0 < flips.single <= high and flips.family <= high


def unpaired(a, b, *, level):
    found = paired(a, b, level=level)
    se = math.sqrt((np.var(a, ddof=1) + np.var(b, ddof=1)) / found.n)
    return Paired(found.gap, se, found.n, found.low, found.high, level, found.verdict)


def normal_tail(t, degrees):
    return 0.5 * math.erfc(t / math.sqrt(2))


@pytest.mark.parametrize(
    ("bug", "name", "planted"),
    [("uncorrected", "holm", list), ("unpaired", "paired", unpaired), ("normal for t", "_upper_tail", normal_tail)],
)
def test_planted_bugs_change_the_rate(monkeypatch, bug, name, planted):
    monkeypatch.setattr(rule, name, planted)
    found = alarms("five seeds")
    caught_family = found.family > binomial_bounds(TABLES, RATE)[1]
    caught_single = not in_order(found.single)
    assert {"uncorrected": caught_family, "unpaired": caught_single, "normal for t": caught_single}[bug]
    if bug == "unpaired":  # it hides what is there: the spread between seeds drowns the gap
        assert found.single < TABLES * RATE / 10


def test_a_difference_of_the_threshold_is_rarely_called_equivalent():
    rng, ruled = stream(0, "TOST at its edge"), Rule(threshold=1.0)
    said = [judge(list(rng.normal(1.0, 0.4, 6)), [0.0] * 6, ruled).verdict for _ in range(TABLES)]
    count = said.count(EQUIVALENT)
    # At the edge of the threshold the one-sided test's rate is 0.05; the other side adds nothing at 0.4 of spread.
    assert in_order(count)
    assert judge([0.01, -0.01, 0.0, 0.02], [0.0] * 4, ruled).verdict == EQUIVALENT


def test_power_is_what_simulation_finds():
    for effect, n, comparisons in ((1.0, 5, 1), (0.7, 12, 1), (2.0, 4, 9), (4.0, 2, 1)):
        rng, trials = stream(0, "power", effect, n, comparisons), 2000
        ruled = Rule(error_rate=RATE / comparisons)
        hits = sum(judge(list(rng.normal(effect, 1, n)), [0.0] * n, ruled).verdict == BETTER for _ in range(trials))
        expected = power(effect, n, comparisons=comparisons)
        # 4.4 standard errors: once in 100 000 streams
        assert abs(hits / trials - expected) < 4.4 * math.sqrt(expected * (1 - expected) / trials), (effect, n)


def test_seeds_needed_is_the_smallest_number_that_is_enough():
    for gap, comparisons in ((0.2, 1), (1.0, 1), (1.0, 9), (30.0, 1)):
        n = seeds_needed(gap, 1.0, comparisons=comparisons)
        assert power(gap, n, comparisons=comparisons) >= 0.8
        assert n == 2 or power(gap, n - 1, comparisons=comparisons) < 0.8
    assert seeds_needed(0.0, 1.0) is None
    # Large n: (z(0.975) + z(0.8))^2 / effect^2 = 7.849 / effect^2, from tables of the normal distribution
    assert abs(seeds_needed(0.01, 1.0) - 78_489) <= 5  # the t quantile adds about 2


def test_the_power_of_enormous_effects():
    assert power(1e10, 5) == power(1e300, 5) == 1 and seeds_needed(1.0, 1e-10) == seeds_needed(-1e308, 1e-300) == 2
    # n = 2: U = |N|, and P(|N| < shift / t) = 0.8 at shift = 1.2815515655 t with the Cauchy t = cot(pi p / 2)
    wanted = 1.2815515655446004 / math.tan(math.pi * 1e-7 / 2) / math.sqrt(2)
    assert math.isclose(detectable(2, error_rate=1e-6, comparisons=10), wanted, rel_tol=1e-9)


@pytest.mark.parametrize("shift", [0.9999e4, 1.0001e4])
def test_power_on_both_sides_of_the_switch(shift):
    """n = 2: U = |N|, so power = P(N' + shift > t U), the integral of 2 phi(u) Phi(shift - t u)."""
    t = 1 / math.tan(math.pi * 1e-4 / 2)  # of the Cauchy distribution
    edge, width = shift / t, 40 / t  # Phi is 1 below edge - width and 0 above edge + width, to 1e-300
    near, _ = quad(lambda u: math.sqrt(2 / math.pi) * math.exp(-u * u / 2) * ndtr(shift - t * u),
                   edge - width, edge + width, points=[edge], epsabs=0, epsrel=1e-12)  # fmt: skip
    wanted = math.erf((edge - width) / math.sqrt(2)) + near
    # what is neglected above it is of relative size shift^-2 = 1e-8
    assert math.isclose(power(shift / math.sqrt(2), 2, error_rate=1e-4), wanted, rel_tol=1e-8)


test_what_is_no_test_is_refused_by_its_own_name = refused(
    (seeds_needed, {"error_rate": math.nan}, "error_rate must satisfy 0 < error_rate < 1"),
    (seeds_needed, {"comparisons": 0}, "comparisons must satisfy integer comparisons >= 1"),
    (lambda gap, sd, **of: detectable(5, **of), {"error_rate": 0.0}, "error_rate must satisfy 0 < error_rate < 1"),
    call=lambda function, settings: function(0.5, 1.0, **settings),
)


def test_sign_flips_by_hand():
    d = [0.3, -0.1, 0.4, 0.2]
    sums = [abs(sum(s * x for s, x in zip(signs, d, strict=True))) for signs in product((1, -1), repeat=4)]
    assert sign_flip_p(d) == sum(total >= 0.8 - 1e-12 for total in sums) / 16  # ties up to rounding
    assert sign_flip_p([1.0]) == 1.0 and sign_flip_p([0.1, 0.2, 0.3]) == 0.25
    assert math.isnan(sign_flip_p(np.linspace(1, 2, 17)))
    assert sign_flip_p([1e308] * 3) == 0.25


def test_holm_by_hand():
    # 0.001 * 4, 0.015 * 3, 0.02 * 2 raised to 0.045, 0.9
    assert holm([0.02, 0.001, 0.9, 0.015]) == pytest.approx([0.045, 0.004, 0.9, 0.045], rel=1e-14)  # few roundings
    assert holm([0.6, 0.7]) == [1.0, 1.0]


def test_a_gap_can_be_separated_alone_and_not_in_its_table():
    base = [0.0] * 5
    edge = [1.0, 0.3, 0.9, 0.1, 0.8]
    assert judge(edge, base, Rule()).verdict == BETTER
    noise = {str(i): (list(stream(i, "noise").normal(0, 1, 5)), base) for i in range(8)}
    found = judge_table({"edge": (edge, base)} | noise, Rule())
    assert found["edge"].p < 0.05 < found["edge"].p_corrected and found["edge"].verdict == UNDECIDED
    assert found["edge"].low > 0  # the interval is that of the comparison alone


def test_the_direction_follows_the_metric():
    losses = ([0.5, 0.6, 0.52], [0.1, 0.21, 0.1])
    assert judge(*losses, Rule(higher_is_better=False)).verdict == WORSE
    assert judge(*losses, Rule()).verdict == BETTER
    assert judge(*losses[::-1], Rule(higher_is_better=False)).verdict == BETTER


def test_pairs_without_spread_are_judged_by_their_signs():
    assert judge([1.0] * 5, [0.0] * 5, Rule()).verdict == UNDECIDED  # 2 / 2^5 = 0.0625
    assert judge([1.0] * 6, [0.0] * 6, Rule()).verdict == BETTER  # 2 / 2^6
    rounded = [0.7 + 0.1 * i for i in range(5)], [0.6 + 0.1 * i for i in range(5)]
    assert judge(*rounded, Rule()).verdict == UNDECIDED  # the differences differ by rounding only
    assert judge([1.0], [0.0], Rule(threshold=9.0)).verdict == UNDECIDED
    many = judge([100.0 * i + 0.7 for i in range(20)], [100.0 * i for i in range(20)], Rule())  # more than FLIPS
    assert (many.verdict, many.p) == (BETTER, 2 / 2**20)
    assert judge([0.3] * 6, [0.1 + 0.2] * 6, Rule()).verdict == UNDECIDED  # the difference itself is rounding


@pytest.mark.parametrize("kept", [np.float16, np.float32])
def test_numbers_of_few_digits_differ_by_their_own_rounding(kept):
    """Two seeds with one difference, read as float64, had a spread, and p = 2e-6."""
    for a, b in ((kept([0.91, 0.92]), kept([0.9, 0.91])), (list(kept([0.91, 0.92])), [0.9, 0.91])):
        assert (judge(a, b, Rule()).p, judge(a, b, Rule()).verdict) == (0.5, UNDECIDED)
    assert judge(kept([1, 2, 4]), kept([0, 0, 0]), Rule()) == judge([1.0, 2.0, 4.0], [0.0] * 3, Rule())


def test_the_rounding_of_one_pair_is_not_that_of_the_others():
    a, b = [1e16, 2, 2.1, 2.2, 2.3, 2.4, 2.5, 2.6], [1e16, 1, 1.2, 1.1, 1.3, 1.2, 1.4, 1.3]
    found = judge(a, b, Rule(test="sign-flip"))
    assert found.p_sign_flip == 2 / 2**7  # a draw and seven of one sign
    # the same numbers without their size, but for the rounding of a difference
    assert math.isclose(found.se, judge([0, *a[1:]], [0, *b[1:]], Rule()).se, rel_tol=1e-12)


def test_fractions_are_numbers():
    exact = judge([Fraction(1, 2), Fraction(1, 4)], [Fraction(1, 8), 0], Rule(error_rate=Fraction(1, 20)))
    assert exact == judge([0.5, 0.25], [0.125, 0.0], Rule())
    assert power(1.0, 5, error_rate=Fraction(1, 20)) == power(1.0, 5)


def test_the_last_half_of_a_million_is_looked_at():
    """7.849 / 0.00313^2 = 801,160 seeds were "more than a million"."""
    assert smallest(lambda n: n >= 800_000) == 800_000 and smallest(lambda n: n > 1_000_000) is None


test_what_makes_no_sense_is_refused = refused(
    (lambda: Rule(threshold=-1), "threshold"),
    (lambda: Rule(error_rate=0.7), "error_rate"),
    (lambda: Rule(test="wilcoxon"), "test"),
    (lambda: judge_table({}, Rule()), "at least one comparison"),
    (lambda: judge_table([1], Rule()), "a dict of at least one comparison"),
    (lambda: judge(3.0, 2.0, Rule()), "a must satisfy a list of at least one number"),
    (lambda: judge([1.0], [math.nan], Rule()), "finite"),
    (lambda: judge([1.0, 2.0] * 9, [0.0] * 18, Rule(test="sign-flip")), "16 pairs"),
    (lambda: sign_flip_p([math.nan, 1.0, 2.0]), "differences must satisfy a list of finite"),
    (lambda: holm([0.01, math.nan]), "p_values must satisfy"),
    (lambda: judge([None, 1.0], [1.0, 2.0], Rule()), r"a must satisfy real numbers, got a=\[None, 1.0\]"),
    (lambda: judge([1.0], ["b"], Rule()), r"b must satisfy real numbers, got b=\['b'\]"),
    (lambda: holm(["0.05"]), "p_values must satisfy real numbers"),
    (lambda: sign_flip_p([1j]), "differences must satisfy real numbers"),
    (lambda: sign_flip_p([[1.0, 2.0], [3.0, 4.0]]), "differences must satisfy a list"),
    (lambda: holm([[0.1, 0.2]]), "p_values must satisfy a list"),
    (lambda: decide(judge([1.0, 2.0], [2.0, 1.0], Rule()), Rule(), "better", claimed=math.nan), "claimed must"),
    (lambda: decide(judge([1.0, 2.0], [2.0, 1.0], Rule()), Rule(), "better", comparisons=0), "comparisons must"),
    (lambda: seeds_needed(1.0, 0.0), "sd"),
    (lambda: power(1.0, 1), "n must"),
    (lambda: power_equivalent(1.0, 5, comparisons=0), "comparisons must"),
)
