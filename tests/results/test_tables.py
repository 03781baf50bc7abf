"""Tables from records: means by hand, order of the paper, settings kept apart, diverged runs counted."""

import math
from dataclasses import replace

import pytest

from nala_lab.results.records import DIVERGED, load_records
from nala_lab.results.tables import compare, markdown_comparison, markdown_table, results_table
from paper_figs.beside.runs import RECORDS
from tests.results.test_records import written


def test_means_and_spreads_are_over_seeds(tmp_path):
    for seed, final in ((0, 0.5), (1, 0.75), (2, 1.0)):
        written(tmp_path / f"{seed}.jsonl", accuracies=(0.9, final), seed=seed)
    (row,) = results_table(load_records(tmp_path))
    assert row.seeds == (0, 1, 2) and row.diverged == 0
    assert (row.test_accuracy.mean, row.test_accuracy.sd) == (0.75, 0.25)  # exact in binary
    assert row.test_loss.mean == 0.5 and row.fast_accuracy.mean == 0.375
    assert row.batch_loss.mean == 1.0  # the lowest of 2.0, 1.0
    assert math.isclose(row.batch_accuracy.mean, (0.9 + 0.9 + 1.0) / 3, rel_tol=1e-15)  # the highest, separately
    assert "| 75.00 ± 25.00 |" in markdown_table([row])


def test_rows_stand_in_the_papers_order_and_settings_are_kept_apart(tmp_path):
    for name in ("sgd", "adam", "nala"):
        written(tmp_path / f"{name}.jsonl", optimizer=name)
    written(tmp_path / "other.jsonl", optimizer="adam", k=7)
    rows = results_table(load_records(tmp_path))
    assert [row.optimizer for row in rows] == ["nala", "adam", "adam", "sgd"]
    assert len({row.setting for row in rows}) == 2


def test_a_run_counts_once_whatever_its_budget_is_called_and_however_often_it_is_there(tmp_path):
    for name in ("sgd", "nala"):
        for seed, equal in enumerate(("timesteps", "grad_evals")):
            for folder in (tmp_path, tmp_path / "copy"):
                written(folder / f"{name}{seed}.jsonl", optimizer=name, seed=seed, equal=equal)
    rows = results_table(load_records(tmp_path))
    assert sorted((row.optimizer, row.seeds) for row in rows) == [("nala", (0,)), ("nala", (1,)), ("sgd", (0, 1))]


def test_two_results_of_one_configuration_are_refused_whatever_the_order_of_their_files(tmp_path):
    for code, final in (("A", 0.5), ("B", 0.75)):
        written(tmp_path / f"code-{code}" / "0.jsonl", optimizer="adam", accuracies=(0.5, final))
    runs = load_records(tmp_path)
    for order in (runs, runs[::-1]):
        with pytest.raises(ValueError, match=r"adam, seed 3, was run twice, with .*: leave out .*code-A.* or .*code-B"):
            results_table(order)


def test_diverged_runs_are_counted_and_not_averaged(tmp_path):
    written(tmp_path / "a.jsonl", seed=0, accuracies=(0.5, 0.5))
    written(tmp_path / "b.jsonl", seed=1, accuracies=(0.5, 0.1), outcome=DIVERGED)
    (row,) = results_table(load_records(tmp_path))
    assert (row.seeds, row.diverged, row.test_accuracy.mean) == ((0,), 1, 0.5)
    (tmp_path / "a.jsonl").unlink()
    (row,) = results_table(load_records(tmp_path))
    assert row.test_accuracy is None and "none finished" in markdown_table([row])


def test_a_mean_over_fewer_seeds_than_finished_says_so(tmp_path):
    written(tmp_path / "a.jsonl", seed=0, accuracies=(0.5, 0.5))
    written(tmp_path / "b.jsonl", seed=1, accuracies=(0.5, math.nan))
    (row,) = results_table(load_records(tmp_path))
    assert row.seeds == (0, 1) and "| 50.00 (1 of 2 seeds) |" in markdown_table([row])


def test_runs_counted_in_tokens_have_a_table():
    rows = results_table(load_records(RECORDS / "lstm1-ptb"))
    assert len({row.optimizer for row in rows}) > 2 and all(row.test_loss is not None for row in rows if row.seeds)


def test_pairs_share_a_seed(tmp_path):
    for seed, gain in ((0, 0.125), (1, 0.25)):
        written(tmp_path / f"a{seed}.jsonl", optimizer="adam", seed=seed, accuracies=(0.5, 0.5))
        written(tmp_path / f"n{seed}.jsonl", optimizer="nala", seed=seed, accuracies=(0.5, 0.5 + gain))
    written(tmp_path / "n9.jsonl", optimizer="nala", seed=9, accuracies=(0.5, 0.0))
    records = load_records(tmp_path)
    assert compare(records, "nala", "adam").gap == 0.1875 and compare(records, "nala", "adam").n == 2
    assert compare(records, "nala", "sgd") is None
    assert "| NALA - Adam | +18.75 |" in markdown_comparison(records)
    with pytest.raises(ValueError, match="baseline must satisfy one of adam, nala"):
        markdown_comparison(records, "Adam")
    written(tmp_path / "again.jsonl", optimizer="nala", seed=0)
    with pytest.raises(ValueError, match="seed 0 of nala occurs twice"):
        compare(load_records(tmp_path), "nala", "adam")


def test_what_does_not_stand_together_is_not_compared(tmp_path):
    for seed in (0, 1):
        written(tmp_path / f"n{seed}.jsonl", optimizer="nala", seed=seed)
        written(tmp_path / f"a{seed}.jsonl", optimizer="adam", seed=seed, k=7 * seed)
    one, *others = load_records(tmp_path)
    with pytest.raises(ValueError, match="runs of adam at one setting"):
        markdown_comparison([one, *others])
    with pytest.raises(ValueError, match="runs of one task"):
        markdown_comparison([replace(one, header=one.header | {"task": "other"}), *others[1:]])


def test_who_shares_no_seed_has_a_row_and_an_own_adam_its_whole_name(tmp_path):
    written(tmp_path / "a.jsonl", optimizer="adam", seed=0)
    written(tmp_path / "n.jsonl", optimizer="nala", seed=1)
    written(tmp_path / "m.jsonl", optimizer="mine.Adam", seed=0)
    table = markdown_comparison(load_records(tmp_path))
    assert "| NALA - Adam |  |  | 0 | no seed that both have finished |" in table and "| mine.Adam - Adam |" in table
