import json
import math

import numpy as np
import pytest

from nala_lab.verify import Check, Tally, Tolerance, format_table, run_checks, to_json
from nala_lab.verify import runner as runner_module
from nala_lab.verify.report import summary
from nala_lab.verify.runner import Entry
from tests.refusals import refused


def tally(kind="tight", relative=0.0, absolute=1e-3):
    return Tally("T01", "a row", "numpy", Tolerance(relative, absolute, "said so"), kind=kind)


@pytest.mark.parametrize(
    ("kind", "predicted", "measured", "verdict"),
    [
        ("tight", 1.0, 1.0005, "pass"),
        ("tight", 1.0, 1.002, "fail"),
        ("identity", 1.0, 0.998, "fail"),
        ("upper", 1.0, -50.0, "pass"),
        ("upper", 1.0, 1.002, "fail"),
        ("lower", 1.0, 50.0, "pass"),
        ("lower", 1.0, 0.998, "fail"),
        ("tight", 1.0, math.nan, "fail"),
        ("upper", 1.0, math.nan, "fail"),
        ("lower", 1.0, math.inf, "fail"),
        ("tight", math.inf, math.inf, "fail"),
        ("tight", math.nan, math.nan, "fail"),
    ],
)
def test_the_verdict_of_one_number(kind, predicted, measured, verdict):
    row = tally(kind)
    row.add(predicted, measured)
    assert row.check().verdict == verdict


def test_one_bad_number_among_many_decides_and_is_shown():
    row = tally()
    row.add(np.zeros(5), np.zeros(5), setting="fine")
    row.add(np.arange(5.0), [0, 1, 2.5, 3, 4], setting="broken")
    row.add(np.zeros(5), np.full(5, 1e-4), setting="nearly fine")
    check = row.check()
    assert (check.verdict, check.predicted, check.measured, check.setting) == ("fail", 2.0, 2.5, "broken")
    assert check.cases == 15 and check.ratio == pytest.approx(500)


def test_an_infinite_error_is_not_displaced_by_a_finite_one():
    row = tally()
    row.add([1.0], [math.inf], setting="lost")
    row.add([1.0], [3.0])
    assert row.check().verdict == "fail" and row.check().setting == "lost"


@pytest.mark.parametrize("kind", ("upper", "lower"))
@pytest.mark.parametrize("left", (math.inf, -math.inf))
@pytest.mark.parametrize("place", (0, 1, 2))
def test_a_run_that_left_the_numbers_satisfies_no_bound_wherever_it_stands(kind, left, place):
    measured = [1.0, 1.0, 1.0]
    measured[place] = left
    row = tally(kind)
    row.add(np.ones(3), measured)
    assert row.check().verdict == "fail" and row.check().measured == left


def test_shapes_are_not_broadcast_and_an_empty_row_fails():
    row = tally()
    assert row.check().verdict == "fail"
    row.add([1.0, 1.0], [[1.0, 1.0]])
    assert row.check().verdict == "fail" and "measured shape (1, 2), predicted (2,)" in row.check().message


def test_a_zero_tolerance_asks_for_equality():
    row = tally(absolute=0.0)
    row.add([4, 7], [4, 7])
    assert row.check().verdict == "pass" and row.check().ratio == 0
    row.add([4], [5])
    assert row.check().verdict == "fail" and row.check().ratio == math.inf


@pytest.mark.parametrize("scale", [math.inf, math.nan])
def test_against_an_infinite_scale_nothing_passes(scale):
    row = Tally("T27", "x", "numpy", Tolerance(1e-10, 1e-13, "rounding"))
    row.add([1.0, 2.0], [1.0, 99.0], scale=scale)
    assert row.check().verdict == "fail"


def test_the_scale_widens_the_absolute_part_only():
    row = tally(relative=0.0, absolute=1e-3)
    row.add([0.0], [0.5], scale=1000.0)
    assert row.check().verdict == "pass" and row.check().tolerance == 1.0


def test_a_check_that_raises_or_returns_nothing_is_a_failed_row(monkeypatch):
    def broken(twin, seed):
        raise ZeroDivisionError("on purpose")

    entries = [Entry("T01", "broken", ("numpy",), broken), Entry("T12", "silent", ("numpy",), lambda twin, seed: [])]
    monkeypatch.setattr(runner_module, "load_checks", lambda: entries)
    first, second = run_checks(twins=["numpy"])
    assert first.verdict == second.verdict == "fail"
    assert first.message.startswith("ZeroDivisionError: on purpose (test_tally.py:")
    assert second.message == "the check returned no row"


def test_overflow_inside_a_check_is_a_failed_row_and_no_warning(monkeypatch):
    def overflows(twin, seed):
        row = tally()
        row.add([1.0], np.array([1e300]) ** 2)
        return [row.check()]

    monkeypatch.setattr(runner_module, "load_checks", lambda: [Entry("T01", "overflows", ("numpy",), overflows)])
    assert [row.verdict for row in run_checks()] == ["fail"]


def test_rows_reach_the_caller_as_they_come():
    seen = []
    assert run_checks(["T27"], twins=["numpy"], done=seen.append) == seen
    assert len(seen) == 2


def test_another_seed_draws_other_settings_and_passes(seed):
    rows = run_checks(["T01", "T04", "T13", "T17"], seed=seed + 1, twins=["numpy"])
    again = run_checks(["T01", "T04", "T13", "T17"], seed=seed + 1, twins=["numpy"])
    other = run_checks(["T01", "T04", "T13", "T17"], seed=seed + 2, twins=["numpy"])
    assert all(row.verdict == "pass" for row in (*rows, *other))
    assert rows == again
    assert rows != other


def test_the_table_shows_failures_in_words():
    row = tally()
    row.add([1.0], [2.0], setting="lr=3")
    text = format_table([row.check(), Check.failed("T12", "unrolled", "torch", "ValueError: no")])
    header, rule, first, second, why, crash, last = text.splitlines()
    assert header.startswith("id ") and set(rule) == {"-", " "}
    assert first.endswith("fail") and second.endswith("fail")
    assert why == "    T01 a row (numpy): error is 1e+03 times the tolerance at lr=3"
    assert crash == "    T12 unrolled (torch): ValueError: no"
    assert last == "2 checks, 2 failed" == summary([row.check(), Check.failed("T12", "a", "torch", "b")])


def test_json_is_strict_and_complete():
    good = tally()
    good.add([1.0], [1.0])
    data = json.loads(to_json([good.check(), Check.failed("T12", "x", "torch", "why")]), parse_constant=pytest.fail)
    assert (data["passed"], data["failed"]) == (1, 1)
    passed, failed = data["checks"]
    assert passed["verdict"] == "pass" and passed["measured"] == 1.0 and passed["tolerance_reason"] == "said so"
    assert failed["measured"] is None and failed["message"] == "why" and failed["kind"] == "identity"


test_what_is_refused = refused(
    ({"only": ["T99"]}, "only must satisfy one or more of .*T01, .* got only='T99'"),
    ({"only": []}, "only must satisfy one or more of"),
    ({"seed": -1}, "seed must satisfy integer seed >= 0, got seed=-1"),
    ({"twins": []}, "twins must satisfy some of numpy, torch"),
    ({"twins": ["jax"]}, "twins must satisfy some of numpy, torch"),
    ({"only": ["T23"], "twins": ["torch"]}, "only must satisfy one with a check for torch, got only=['T23']"),
    call=lambda options: run_checks(**options),
)


def test_a_check_of_a_theorem_that_there_is_not_is_one_sentence():
    with pytest.raises(ValueError, match=r"id must satisfy id in \{'E01', .*got id='T99' \(a check is of a theorem"):
        Tally("T99", "nothing", "numpy", Tolerance(0.0, 0.0, "none"))
