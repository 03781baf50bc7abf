"""The committed records of the Fashion-MNIST run: whole, small, and of one protocol."""

from pathlib import Path

import pytest

import paper_figs
from nala_lab.core.records import FINISHED, LIMIT, load_records
from nala_lab.core.tables import markdown_table, results_table

FOLDER = Path(paper_figs.__file__).parent / "records" / "lenet5-fashion-mnist"
PAPER = {  # the NALA paper's settings for LeNet-5
    "nala": {"lr": 1e-3, "k": 5, "mu": -0.5, "alpha": 1e-3},
    "nag": {"lr": 0.1, "momentum": 0.1},
    "lookahead": {"lr": 1e-3, "k": 5},
    "adam": {"lr": 1e-3},
    "sgd": {"lr": 0.1},
}


@pytest.fixture(scope="module")
def records():
    return load_records(FOLDER)


def test_five_optimizers_ran_with_three_seeds_for_five_epochs_or_more(records):
    assert sorted((r.optimizer, r.seed) for r in records) == sorted((name, seed) for name in PAPER for seed in range(3))
    assert all(r.outcome == FINISHED and r.column("test", "epoch")[-1] >= 5 for r in records)
    assert all(r.path.stat().st_size < LIMIT for r in records)


def test_they_are_of_the_papers_settings_on_the_published_data(records):
    for record in records:
        config = record.header["config"]
        settings = config["optimizer"]
        assert PAPER[record.optimizer].items() <= settings.items()
        assert (config["batch_size"], config["halve_every"], config["log_every"]) == (256, 20, 100)
        assert (config["data"]["train"], config["data"]["test"]) == (60_000, 10_000)
    assert len({record.header["data"]["sha256"] for record in records}) == 1
    assert len({record.header["code_sha256"] for record in records}) == 1


def test_at_a_seed_all_started_at_the_same_point_and_spent_the_same_gradients(records):
    for seed in range(3):
        group = [record for record in records if record.seed == seed]
        assert len({record.column("test", "loss")[0] for record in group}) == 1
        assert len({record.column("train", "loss")[0] for record in group}) == 1
        assert len({record.footer["totals"]["grad_evals"] for record in group}) == 1


def test_their_table_has_a_row_for_each_optimizer(records):
    rows = results_table(records)
    assert [row.optimizer for row in rows] == list(PAPER) and all(len(row.seeds) == 3 for row in rows)
    assert markdown_table(rows).count("±") == 4 * len(PAPER)
