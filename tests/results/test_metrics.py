"""What is measured of a run: the best, the last and the first row that counts, and levels that were missed."""

from __future__ import annotations

import math

import pytest

from nala_lab.results.evidence import BETTER, UNDECIDED, WORSE, judge
from nala_lab.results.metrics import METRICS, Metric, at_phase_0, matched, reached, timesteps_to, value_of, values_of
from nala_lab.results.records import RecordWriter, read_record

HALF = timesteps_to(0.5)


@pytest.mark.parametrize("level", [float("nan"), -0.1, 1.1])
def test_a_level_that_is_no_accuracy_is_refused(level):
    with pytest.raises(ValueError, match="level must satisfy"):
        timesteps_to(level)

LOSS, ACCURACY, LAST = METRICS["batch loss"], METRICS["batch accuracy"], METRICS["test accuracy"]


@pytest.fixture
def run(tmp_path):
    def make(*rows, seed=0, optimizer="nala", outcome="finished"):
        header = {"task": "toy", "optimizer": optimizer, "seed": seed, "config": {"seed": seed}, "data": {},
                  "versions": {}, "platform": {}}  # fmt: skip
        with RecordWriter(tmp_path / optimizer / f"{seed}.jsonl", header) as out:
            for kind, values in rows:
                out.row(kind, **values)
            return read_record(out.finish(outcome, totals={}))

    return make


def steps(*accuracies, every=10):
    """Training rows, one each `every` timesteps."""
    return [("train", {"timestep": every * i, "accuracy": a, "loss": 2 - a}) for i, a in enumerate(accuracies)]


def test_the_best_of_a_run_is_the_highest_accuracy_and_the_lowest_loss_taken_separately(run):
    rows = [("train", {"timestep": i, "loss": loss, "accuracy": accuracy})
            for i, (loss, accuracy) in enumerate([(2.0, 0.2), (0.5, 0.4), (0.9, 0.8), (1.0, 0.3)])]  # fmt: skip
    assert (value_of(run(*rows), LOSS), value_of(run(*rows), ACCURACY)) == (0.5, 0.8)


def test_an_untrained_network_is_no_candidate_and_the_last_row_is_the_last(run):
    rows = [("test", {"epoch": i, "accuracy": a, "fid": f})
            for i, (a, f) in enumerate([(0.99, 1.0), (0.6, 9.0), (0.7, 8.0), (0.65, 8.5)])]  # fmt: skip
    record = run(*rows)
    assert value_of(record, LAST) == 0.65
    assert value_of(record, METRICS["best test accuracy"]) == 0.7 and value_of(record, METRICS["FID"]) == 8.0


def test_rows_between_two_slow_updates_are_no_candidates(run):
    rows = [("train", {"timestep": i, "loss": 2.0 - i / 10, "accuracy": i / 10, "phase": i % 3}) for i in range(9)]
    record = run(*rows)  # phase 0 at 0, 3, 6
    assert value_of(record, ACCURACY) == 0.6 and value_of(record, LOSS) == 1.4
    assert value_of(record, timesteps_to(0.4)) == 6.0 and value_of(record, timesteps_to(0.7)) is None
    assert at_phase_0([record])
    tested = run(("test", {"epoch": 1, "accuracy": 0.5, "phase": 2}))  # of the slow weights, whatever the phase
    assert value_of(tested, LAST) == 0.5
    older = run(*[(kind, {key: v for key, v in row.items() if key != "phase"}) for kind, row in rows])
    assert value_of(older, ACCURACY) == 0.8 and not at_phase_0([record, older]) and at_phase_0([older], "test")


def test_what_is_not_there_is_no_number(run):
    record = run(*steps(0.1, 0.2))
    assert value_of(record, LAST) is None and value_of(record, METRICS["FID"]) is None
    rows = [("train", {"timestep": i, "loss": loss}) for i, loss in enumerate((math.nan, 1.0))]
    assert value_of(run(*rows), LOSS) is None


def test_a_level_is_reached_at_the_first_row_or_not_at_all(run):
    assert value_of(run(*steps(0.1, 0.5, 0.4, 0.9)), HALF) == 10.0
    assert value_of(run(*steps(0.1, 0.49, 0.4)), HALF) is None
    some = [run(*steps(0.1, 0.6), seed=0), run(*steps(0.1, 0.2), seed=1), run(*steps(0.9), seed=2, outcome="diverged")]
    assert reached(some, HALF) == "1 of 2" and values_of(some, HALF) == [10.0]


@pytest.mark.parametrize(
    ("mine", "theirs", "pair"),
    [
        ((0.1, 0.6, 0.7), (0.1, 0.2, 0.6), (10.0, 20.0)),  # both reached it
        ((0.1, 0.6, 0.7), (0.1, 0.2, 0.3), (10.0, math.inf)),  # reached beats not reached
        ((0.1, 0.2, 0.3), (0.1, 0.6, 0.7), (math.inf, 10.0)),
        ((0.1, 0.6), (0.1, 0.2), (10.0, math.inf)),  # at the very end of the other
        ((0.1, 0.2), (0.1, 0.2, 0.6), None),  # the other reached it when this run had ended
        ((0.1, 0.2, 0.6), (0.1, 0.2), None),
        ((0.1, 0.2, 0.3), (0.1, 0.2, 0.3), None),  # nobody reached it
    ],
)
def test_a_run_that_did_not_reach_a_level_is_censored_at_its_own_end(run, mine, theirs, pair):
    found = matched([run(*steps(*mine))], [run(*steps(*theirs), optimizer="adam")], HALF)
    assert list(zip(found.a, found.b, strict=True)) == ([] if pair is None else [pair])


def test_pairs_share_a_seed_and_only_finished_runs_count(run):
    mine = [run(*steps(0.1 * seed), seed=seed) for seed in (3, 1, 2)]
    theirs = [run(*steps(0.5 + seed / 100), seed=seed, optimizer="adam",
                  outcome="diverged" if seed == 2 else "finished") for seed in (1, 2, 3, 4)]  # fmt: skip
    found = matched(mine, theirs, ACCURACY)
    assert found.a == (0.1, pytest.approx(0.3)) and found.b == (0.51, 0.53)
    assert matched(mine, theirs, METRICS["FID"]).a == ()  # no such column: no pair
    with pytest.raises(ValueError, match="seed 1 of nala occurs twice"):
        matched([*mine, mine[1]], theirs, ACCURACY)


def test_not_reached_counts_by_its_sign_only(run):
    never, rule = [math.inf] * 6, HALF.rule
    assert judge([10.0] * 6, never, rule).verdict == BETTER  # 2 / 2^6
    assert judge(never, [10.0] * 6, rule).verdict == WORSE
    assert judge([10.0] * 5, never[:5], rule).verdict == UNDECIDED  # 2 / 2^5 = 0.0625
    mixed = judge([10.0, 20.0, 30.0, 10.0, math.inf], [20.0, 30.0, 20.0, math.inf, 10.0], rule)
    assert mixed.p == mixed.p_sign_flip == 1.0 and math.isinf(mixed.gap) and math.isnan(mixed.se)  # 3 of 5
    long = judge([10.0] * 20, [math.inf] * 20, rule)
    assert long.p == 2 / 2**20 and (long.low, long.high) == (-math.inf, math.inf)
    with pytest.raises(ValueError, match="at most one infinity in a pair"):
        judge([math.inf, 1.0], [math.inf, 2.0], rule)


def test_a_metric_of_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="take"):
        Metric(row="test", column="accuracy", take="best", higher_is_better=True, threshold=0.1)
