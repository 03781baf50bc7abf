"""What training records say to a claim: the rule's verdict at the paper's scale, only a remark below it."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest

from nala_lab.results.evidence import power, seeds_needed
from nala_lab.results.metrics import ANY_PHASE, Metric
from nala_lab.results.records import RecordWriter
from paper_figs.beside.runs import records_of
from paper_figs.ledger.by_records import by_records
from paper_figs.ledger.loading import Ledger
from paper_figs.ledger.model import NOT_REPRODUCED, NOT_RUN, REPRODUCED, UNDECIDED

METRICS = {
    "accuracy": Metric(row="test", column="accuracy", take="last", higher_is_better=True, threshold=0.01),
    "loss": Metric(row="train", column="loss", take="lowest", higher_is_better=False, threshold=0.01),
    "time": Metric(row="test", column="accuracy", take="first", level=0.5, higher_is_better=False, threshold=1),
    "fid": Metric(row="test", column="fid", take="lowest", higher_is_better=False, threshold=1),
}
LEDGER = Ledger((), {"nala": {"k": 5}}, {"toy": {"epochs": 2, "train": 100}}, METRICS)
NOISE = (0.001, -0.002, 0.0005, 0.0005)
OWN = {"nala": 1.0, "adam": 1.6, "sgd": 0.4}


def record(folder, optimizer, seed, accuracy, *, scale="paper", outcome="finished", epochs=2, data=(), end=10,
           equal="timesteps", phase=0, **setting):  # fmt: skip
    header = {"task": "toy", "optimizer": optimizer, "seed": seed, "data": {}, "versions": {}, "platform": {},
              "config": {"scale": scale, "epochs": epochs, "seed": seed, "equal": equal,
                         "data": {"train": 100, **dict(data)},
                         "optimizer": {"name": optimizer, **setting}}}  # fmt: skip
    clock = {} if phase is None else {"phase": phase}
    name = "-".join([optimizer, str(seed), scale, str(epochs), equal, *map(str, setting.values())])
    with RecordWriter(folder / "toy" / f"{name}.jsonl", header) as out:
        out.row("train", timestep=0, loss=2.0, **clock)
        out.row("train", timestep=end, loss=1 - accuracy, **clock)
        out.row("test", timestep=0, accuracy=0.1)
        out.row("test", timestep=end, accuracy=accuracy)
        out.finish(outcome, totals={"timesteps": 10})


def fill(folder, level, **more):
    """Four seeds of each optimizer at its level of accuracy; what a seed does to all, and a little noise of its own."""
    for optimizer, base in level.items():
        for seed, noise in enumerate(NOISE):
            own = noise * OWN[optimizer]
            record(folder, optimizer, seed, base + 0.1 * math.sin(seed) + own, **more)


def said(folder, *, relation="better", metric="accuracy", than=("adam",), optimizer="nala", **more):
    records_of.cache_clear()
    test = {"records": "toy", "optimizer": optimizer, "than": list(than), "metric": metric, "relation": relation,
            "equal": "timesteps"}  # fmt: skip
    return by_records(test | more, LEDGER, folder)


def test_the_rule_decides_at_the_papers_scale(tmp_path):
    fill(tmp_path, {"nala": 0.7, "adam": 0.6, "sgd": 0.701}, k=5)
    assert said(tmp_path).verdict == REPRODUCED
    assert said(tmp_path, than=("adam", "sgd")).verdict == NOT_REPRODUCED
    assert said(tmp_path, relation="comparable", than=("sgd",)).verdict == REPRODUCED
    assert said(tmp_path, relation="comparable").verdict == NOT_REPRODUCED
    assert said(tmp_path, relation="better or comparable", than=("adam", "sgd")).verdict == REPRODUCED
    assert said(tmp_path, optimizer="adam", than=("nala",)).verdict == NOT_REPRODUCED
    assert said(tmp_path, metric="loss").verdict == REPRODUCED  # lower is better


def test_smaller_runs_decide_nothing_but_are_told(tmp_path):
    fill(tmp_path, {"nala": 0.7, "adam": 0.6}, scale="cpu", k=5)
    found = said(tmp_path)
    assert found.verdict == NOT_RUN
    assert found.words.startswith("seen at cpu scale (2 epochs, equal timesteps): NALA - Adam +0.1")
    assert said(tmp_path, relation="comparable").words.startswith("not seen at cpu scale")
    fill(tmp_path, {"nala": 0.6, "adam": 0.7}, scale="paper", k=5)
    assert said(tmp_path).verdict == NOT_REPRODUCED  # the larger scale is taken


@pytest.mark.parametrize(
    "less",
    [{"epochs": 1}, {"data": {"train": 99}}, {"data": {"name": "toy (generated)"}},
     {"data": {"fid": {"extractor": "a classifier (not comparable with published FID)"}}}],
)  # fmt: skip
def test_a_cut_run_does_not_count_as_the_papers(tmp_path, less):
    fill(tmp_path, {"nala": 0.7, "adam": 0.6}, k=5, **less)
    found = said(tmp_path)
    assert found.verdict == NOT_RUN and found.words.startswith("seen at paper, cut short scale")


def test_what_was_not_run_is_said(tmp_path):
    assert said(tmp_path).words == "no records of toy" and said(tmp_path).verdict == NOT_RUN
    fill(tmp_path, {"nala": 0.7}, k=5)
    assert said(tmp_path).verdict == NOT_RUN and "fewer than 2 common seeds with Adam" in said(tmp_path).words
    record(tmp_path, "adam", 7, 0.6, k=5)
    assert "fewer than 2 common seeds" in said(tmp_path).words  # seed 7 has no partner
    fill(tmp_path, {"adam": 0.6}, k=5)
    assert "fewer than 2 common seeds" in said(tmp_path, metric="fid").words  # no such column
    found = said(tmp_path, than=("adam", "sgd"))  # one rival is missing: what is there is told, and decides nothing
    assert found.verdict == NOT_RUN and "NALA - Adam +0.1" in found.words and "seeds with SGD" in found.words


def test_diverged_runs_are_counted_and_left_out(tmp_path):
    fill(tmp_path, {"nala": 0.7, "adam": 0.6}, k=5)
    record(tmp_path, "adam", 9, 0.0, outcome="diverged", k=5)
    found = said(tmp_path)
    assert found.verdict == REPRODUCED and "1 run(s) of Adam diverged" in found.words


def test_an_arm_is_an_optimizer_at_a_setting(tmp_path):
    fill(tmp_path, {"nala": 0.7}, k=5)
    for seed, noise in enumerate(NOISE[::-1]):
        record(tmp_path, "nala", seed, 0.6 + 0.1 * math.sin(seed) + noise, k=7)
    found = said(tmp_path, than=({"name": "nala", "k": 7},))
    assert found.verdict == REPRODUCED and "NALA - NALA, k = 7 +0.1 " in found.words


def test_two_settings_or_protocols_are_not_mixed(tmp_path):
    fill(tmp_path, {"nala": 0.7, "adam": 0.6}, k=5)
    record(tmp_path, "nala", 0, 0.1, k=5, lr=3)  # run once against four times: a trial, left out
    record(tmp_path, "nala", 0, 0.1, k=5, epochs=9)  # another protocol, run once
    assert said(tmp_path).verdict == REPRODUCED
    fill(tmp_path, {"nala": 0.5}, k=5, lr=0.2)  # run as often, and not at the default
    assert said(tmp_path).verdict == REPRODUCED


def test_two_settings_of_which_none_is_the_default_are_refused(tmp_path):
    fill(tmp_path, {"nala": 0.7}, k=5, lr=0.2)
    assert "fewer than 2 common seeds with Adam" in said(tmp_path).words
    fill(tmp_path, {"nala": 0.7}, k=5, lr=0.3)
    with pytest.raises(ValueError, match="NALA stands for several settings in toy, each run equally often"):
        said(tmp_path)


def test_differences_that_are_not_separated_are_undecided_and_get_their_number_of_seeds(tmp_path):
    fill(tmp_path, {"nala": 0.7, "adam": 0.7, "sgd": 0.6}, k=5)
    found = said(tmp_path, relation="better")
    assert found.verdict == NOT_REPRODUCED and "equivalent within threshold" in found.words
    for seed, accuracy in enumerate((0.5, 0.8, 0.6, 0.9)):
        record(tmp_path, "adam", seed, accuracy, k=5)
    found = said(tmp_path)
    assert found.verdict == UNDECIDED
    assert re.search(r"n = 4, undecided with 4 seeds; the smallest that counts takes about [\d,]+", found.words)
    # one rival that is excluded decides before one that is undecided, whatever their order
    assert said(tmp_path, than=("adam", "sgd")).verdict == UNDECIDED
    assert said(tmp_path, optimizer="sgd", than=("adam", "nala")).verdict == NOT_REPRODUCED
    assert said(tmp_path, optimizer="sgd", than=("nala", "adam")).verdict == NOT_REPRODUCED


def test_the_printed_difference_decides_how_many_seeds_are_enough(tmp_path):
    noise = 0.01 * np.array([1, -1, 0.5, -0.5])
    for seed in range(4):
        record(tmp_path, "nala", seed, 0.7, k=5)
        record(tmp_path, "adam", seed, 0.7 + noise[seed], k=5)
    sd = float(np.std(noise, ddof=1))
    # Table 1: 0.94531250 - 0.94140625 of LeNet-5 on CIFAR-10, and, of its loss, -0.0186 nats
    small = said(tmp_path, printed=["nala", 1, 1, 1])
    assert small.verdict == UNDECIDED
    assert f"the 0.003906 claimed takes about {seeds_needed(0.94531250 - 0.94140625, sd)}" in small.words
    large = said(tmp_path, printed=["nala", 1, 1, 10])
    assert large.verdict == NOT_REPRODUCED
    chance = power(0.0390625 / sd, 4)
    assert f"not better: the 0.03906 claimed would have been seen with power {chance:.2f}" in large.words


def test_a_level_that_nobody_reached_is_no_evidence(tmp_path):
    fill(tmp_path, {"nala": 0.2, "adam": 0.3}, k=5)
    found = said(tmp_path, metric="time")
    assert found.verdict == UNDECIDED and found.words.endswith("NALA - Adam: reached by nobody, no evidence")
    assert "[" not in found.words  # no interval is made of budgets


@pytest.mark.parametrize(("level", "verdict"), [((0.9, 0.3), REPRODUCED), ((0.3, 0.9), NOT_REPRODUCED)])
def test_reached_beats_not_reached(tmp_path, level, verdict):
    for seed in range(6):
        record(tmp_path, "nala", seed, level[0], k=5)
        record(tmp_path, "adam", seed, level[1], k=5)
    found = said(tmp_path, metric="time")
    assert found.verdict == verdict and "6 pairs tell, p = 0.031" in found.words
    assert f"reached by {6 * (level[0] > 0.5)} of 6 against {6 * (level[1] > 0.5)} of 6" in found.words
    (tmp_path / "toy" / "adam-5-paper-2-timesteps-5.jsonl").unlink()
    assert said(tmp_path, metric="time").verdict == UNDECIDED  # 2 / 2^5 = 0.0625


def test_a_run_that_ended_earlier_than_the_other_reached_the_level_tells_nothing(tmp_path):
    for seed in range(6):
        record(tmp_path, "nala", seed, 0.3, end=8, k=5)
        record(tmp_path, "adam", seed, 0.9, end=10, k=5)
    found = said(tmp_path, metric="time")
    assert found.verdict == UNDECIDED
    assert found.words.endswith("NALA - Adam: reached by 0 of 6 against 6 of 6, 0 pairs tell, undecided")


def test_a_difference_without_spread_is_no_interval_of_no_width(tmp_path):
    for seed in range(4):
        record(tmp_path, "nala", seed, 0.75, k=5)
        record(tmp_path, "adam", seed, 0.5, k=5)
    found = said(tmp_path)
    assert found.verdict == UNDECIDED
    assert "NALA - Adam +0.25 at every seed, n = 4, undecided with 4 seeds" in found.words


def test_rows_at_an_unknown_phase_of_a_cycle_are_told_and_decide_nothing(tmp_path):
    fill(tmp_path, {"nala": 0.7, "adam": 0.6}, k=5, phase=None)
    found = said(tmp_path, metric="loss")
    assert found.verdict == NOT_RUN
    assert found.words.startswith(f"seen at paper scale (2 epochs, equal timesteps, {ANY_PHASE}): NALA - Adam")
    tested = said(tmp_path)  # test rows are of the slow weights at any time
    assert tested.verdict == REPRODUCED and ANY_PHASE not in tested.words


def test_the_line_says_what_was_held_equal_and_another_budget_decides_nothing(tmp_path):
    fill(tmp_path, {"nala": 0.7, "adam": 0.6}, k=5, equal="grad_evals")
    found = said(tmp_path)
    assert found.verdict == NOT_RUN
    assert found.words.startswith("seen at paper scale (2 epochs, equal gradients where the claim means equal times")
    assert said(tmp_path, equal="gradients").verdict == REPRODUCED
    # As many, at the budget of the claim; Adam's runs are the same at either.
    fill(tmp_path, {"nala": 0.5}, k=5, equal="timesteps")
    assert said(tmp_path).verdict == NOT_REPRODUCED and "(2 epochs, equal timesteps)" in said(tmp_path).words
    assert said(tmp_path, equal="gradients").verdict == REPRODUCED


def test_an_unknown_relation_or_scale_is_refused(tmp_path):
    fill(tmp_path, {"nala": 0.7, "adam": 0.6}, k=5)
    with pytest.raises(ValueError, match="relation"):
        said(tmp_path, relation="nicer")
    record(tmp_path, "adam", 5, 0.6, scale="huge", k=5)
    with pytest.raises(ValueError, match="scale"):
        said(tmp_path)
