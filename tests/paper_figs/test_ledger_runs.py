"""What training records say to a claim: the rule's verdict at the paper's scale, only a remark below it."""

from __future__ import annotations

import math

import pytest

from nala_lab.results.records import RecordWriter
from paper_figs.ledger import by_records as judge
from paper_figs.ledger.by_records import by_records, value_of
from paper_figs.ledger.loading import Ledger, Metric
from paper_figs.ledger.model import NOT_REPRODUCED, NOT_RUN, REPRODUCED

METRICS = {
    "accuracy": Metric(row="test", column="accuracy", take="last", higher_is_better=True, threshold=0.01),
    "loss": Metric(row="train", column="loss", take="best", higher_is_better=False, threshold=0.01),
    "time": Metric(row="test", column="accuracy", take="first", level=0.5, higher_is_better=False, threshold=1),
    "fid": Metric(row="test", column="fid", take="best", higher_is_better=False, threshold=1),
}
LEDGER = Ledger((), METRICS, {"nala": {"k": 5}}, {"toy": {"epochs": 2, "train": 100}})
NOISE = (0.001, -0.002, 0.0005, 0.0005)
OWN = {"nala": 1.0, "adam": 1.6, "sgd": 0.4}


def record(folder, optimizer, seed, accuracy, *, scale="paper", outcome="finished", epochs=2, data=(), **setting):
    header = {"task": "toy", "optimizer": optimizer, "seed": seed, "data": {}, "versions": {}, "platform": {},
              "config": {"scale": scale, "epochs": epochs, "seed": seed, "data": {"train": 100, **dict(data)},
                         "optimizer": {"name": optimizer, **setting}}}  # fmt: skip
    name = "-".join([optimizer, str(seed), scale, str(epochs), *map(str, setting.values())])
    with RecordWriter(folder / "toy" / f"{name}.jsonl", header) as out:
        out.row("train", timestep=0, loss=2.0)
        out.row("train", timestep=10, loss=1 - accuracy)
        out.row("test", timestep=0, accuracy=0.1)
        out.row("test", timestep=10, accuracy=accuracy)
        out.finish(outcome, totals={"timesteps": 10})


def fill(folder, level, **more):
    """Four seeds of each optimizer at its level of accuracy; what a seed does to all, and a little noise of its own."""
    for optimizer, base in level.items():
        for seed, noise in enumerate(NOISE):
            own = noise * OWN[optimizer]
            record(folder, optimizer, seed, base + 0.1 * math.sin(seed) + own, **more)


def said(folder, *, relation="better", metric="accuracy", than=("adam",), optimizer="nala", **more):
    judge._records.cache_clear()
    test = {"records": "toy", "optimizer": optimizer, "than": list(than), "metric": metric, "relation": relation}
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
    assert found.verdict == NOT_RUN and found.words.startswith("seen at cpu scale (2 epochs): NALA - Adam +0.1")
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
    assert said(tmp_path).words == "no records of toy"
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


def test_a_level_is_reached_first_or_at_the_end(tmp_path):
    record(tmp_path, "nala", 0, 0.7)
    record(tmp_path, "adam", 0, 0.4)
    judge._records.cache_clear()
    reached = {one.optimizer: value_of(one, METRICS["time"]) for one in judge._records(tmp_path / "toy")}
    assert reached == {"nala": 10.0, "adam": 10.0}
    low = Metric(row="test", column="accuracy", take="first", level=0.05, higher_is_better=False, threshold=1)
    assert value_of(judge._records(tmp_path / "toy")[0], low) == 0.0


def test_the_printed_difference_gets_its_number_of_seeds(tmp_path):
    fill(tmp_path, {"nala": 0.7, "adam": 0.7}, scale="cpu", k=5)
    found = said(tmp_path, printed=["nala", 1, 1, 1])
    # Table 1: 0.94531250 - 0.94140625
    assert "what is printed would need: +0.003906 over Adam" in found.words and "seeds" in found.words


def test_an_unknown_relation_or_scale_is_refused(tmp_path):
    fill(tmp_path, {"nala": 0.7, "adam": 0.6}, k=5)
    with pytest.raises(ValueError, match="relation"):
        said(tmp_path, relation="nicer")
    record(tmp_path, "adam", 5, 0.6, scale="huge", k=5)
    with pytest.raises(ValueError, match="scale"):
        said(tmp_path)
