"""Mean, spread and the paired verdict, against numbers worked out by hand."""

import math

import pytest

from nala_lab.core import stream
from nala_lab.results.evidence import NOT_SEPARATED, SEPARATED, paired, summary
from tests.refusals import refused


def test_summary_of_three_numbers_by_hand():
    s = summary([2.0, 4.0, 9.0])  # mean 5, squares 9 + 1 + 16 = 26, variance 13
    # Three roundings of numbers below 16.
    assert s.mean == 5 and s.n == 3
    assert math.isclose(s.sd, math.sqrt(13), rel_tol=1e-15) and math.isclose(s.se, math.sqrt(13 / 3), rel_tol=1e-15)
    assert math.isnan(summary([2.0]).sd)


@pytest.mark.parametrize("exponent", [-660, 660])
def test_a_spread_whose_square_is_no_float(exponent):
    """The squares of 2^660 and of 2^-660 are inf and 0."""
    size = 2.0**exponent  # which changes no digit: the numbers are equal
    s, plain = summary([size, 1.9 * size, 3.7 * size]), summary([1.0, 1.9, 3.7])
    assert (s.mean, s.sd) == (plain.mean * size, plain.sd * size)


def test_the_interval_is_students_t():
    # Differences 1, 2, 3: mean 2, sd 1; t(0.975, 2 degrees of freedom) = 4.302652730 (printed tables).
    result = paired([1.0, 2.0, 3.0], [0.0, 0.0, 0.0])
    half = 4.302652730 / math.sqrt(3)
    # The table's last printed digit.
    assert math.isclose(result.high, 2 + half, abs_tol=1e-8) and math.isclose(result.low, 2 - half, abs_tol=1e-8)
    assert result.verdict == NOT_SEPARATED
    assert paired([1.0, 2.0, 3.0], [0.0, 0.0, 0.0], level=0.8).verdict == SEPARATED  # t = 1.886
    assert paired([-11.0, -12.0, -13.0], [0.0, 0.0, 0.0]).verdict == SEPARATED


def test_pairing_uses_the_pairs():
    seeds = [10.0, 20.0, 30.0]  # seeds differ by far more than the two optimizers do
    better = [value + 1 + 0.01 * i for i, value in enumerate(seeds)]
    assert paired(better, seeds).verdict == SEPARATED
    assert paired(better, seeds[::-1]).verdict == NOT_SEPARATED


def test_the_interval_covers_as_often_as_it_says():
    rng, trials = stream(0, "coverage"), 2000
    hits = sum(paired(list(rng.normal(0.3, 2.0, 4)), [0.0] * 4).low <= 0.3 for _ in range(trials))
    # The lower end misses with probability 0.025; 4.4 standard errors: a false alarm about once in 100 000.
    assert abs(hits / trials - 0.975) < 4.4 * math.sqrt(0.975 * 0.025 / trials)


def test_one_pair_and_equal_pairs_separate_nothing():
    assert paired([5.0], [1.0]).verdict == NOT_SEPARATED
    assert paired([5.0, 6.0], [5.0, 6.0]).verdict == NOT_SEPARATED


def test_no_spread_bounds_nothing():
    """Equal to an ulp, and so "separated"; and an interval of width 0 from two seeds."""
    for a, b in (([0.1 + 0.2] * 3, [0.3] * 3), ([1.0, 1.0], [0.0, 0.0])):
        found = paired(a, b)
        assert (found.verdict, found.low, found.high) == (NOT_SEPARATED, -math.inf, math.inf)


test_what_cannot_be_compared_is_refused = refused(
    ([], [], "at least one"),
    ([1.0], [1.0, 2.0], "as many"),
    ([math.nan, 1.0], [1.0, 2.0], "finite"),
    call=lambda a, b: paired(a, b),
)
