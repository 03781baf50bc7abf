"""Which runs are shown together."""

from pathlib import Path

import pytest

from nala_lab.methods.task_settings import default_settings
from nala_lab.results import comparable
from nala_lab.results.comparable import CUT, Arm, budget_of, budgets_of, choose, runs_of, scale_of
from nala_lab.results.metrics import trained_rows
from nala_lab.results.records import RecordWriter, load_records, read_record

TASK = "lenet5-digits"
RECORDS = Path(__file__).parents[2] / "paper_figs" / "records"


def write(folder, name, optimizer, seed=0, epochs=3, task=TASK, scale="smoke", protocol=(), rows=(), **settings):
    config = {"scale": scale, "epochs": epochs, "optimizer": {"name": optimizer, **settings}, "seed": seed,
              **dict(protocol)}  # fmt: skip
    header = dict(task=task, optimizer=optimizer, seed=seed, config=config, data={}, versions={}, platform={})
    with RecordWriter(folder / task / f"{name}.jsonl", header) as writer:
        for row in rows:
            writer.row(**{"kind": "test", **row})
        return writer.finish("finished", totals={})


def test_one_protocol_and_one_setting_an_optimizer_in_the_papers_order(tmp_path):
    write(tmp_path, "a", "yogi")
    write(tmp_path, "b", "sgd", lr=0.1)
    write(tmp_path, "c", "nala", seed=1, k=5)
    write(tmp_path, "d", "nala", seed=0, k=5)
    write(tmp_path, "e", "nala", seed=2, k=7)  # a setting with fewer runs
    write(tmp_path, "f", "adam", epochs=4)  # a protocol with fewer runs
    (tmp_path / TASK / "g.jsonl.partial").write_text("", encoding="utf-8")
    shown = [(run.optimizer, run.seed) for run in runs_of(tmp_path, TASK)]
    assert shown == [("nala", 0), ("nala", 1), ("sgd", 0), ("yogi", 0)]


def test_a_task_without_runs_has_none(tmp_path):
    assert runs_of(tmp_path, TASK) == []


@pytest.mark.parametrize(("task", "lr"), [("lenet5-cifar100", 1e-3), ("resnet18-fashion-mnist", 2e-4)])
def test_of_a_grid_the_defaults_of_the_task_are_shown_however_often_the_rest_was_run(tmp_path, task, lr):
    default = default_settings(task, "nala")
    grid = [{"k": 3}, {"k": 7}, {"mu": -0.3}, {"alpha": 1e-2}, {"lr": 3e-3}, {"lr": 1e-3, "k": 5}]
    for number, change in enumerate(grid):
        for seed in range(3):
            write(tmp_path, f"{number}-{seed}", "nala", seed, task=task, **{**default, **change})
    write(tmp_path, "zzz", "nala", 0, task=task, **default)  # a single run, and last in the order of names
    shown = runs_of(tmp_path, task)
    assert {run.header["config"]["optimizer"]["lr"] for run in shown} == {lr} and 0 in {run.seed for run in shown}
    assert all(run.header["config"]["optimizer"] == {"name": "nala", **default} for run in shown)


def test_a_tie_between_settings_is_refused_where_none_is_the_default(tmp_path):
    write(tmp_path, "a", "sgd", lr=0.3)
    write(tmp_path, "b", "sgd", lr=0.2)
    with pytest.raises(ValueError, match=r"sgd stands for several settings in lenet5-digits, .*: name one"):
        runs_of(tmp_path, TASK)
    runs = [read_record(path) for path in sorted((tmp_path / TASK).iterdir())]
    named = choose(runs, [Arm("SGD, lr = 0.2", "sgd", {"lr": 0.2})])
    assert [run.path.stem for run in named.records] == ["b"] and named.left_out == 0
    write(tmp_path, "c", "sgd", seed=1, lr=0.3)
    assert [run.path.stem for run in runs_of(tmp_path, TASK)] == ["a", "c"]  # the one with more runs


def test_betas_of_an_arm_may_be_a_tuple(tmp_path):
    write(tmp_path, "a", "adam", betas=(0.9, 0.99))
    named = choose(load_records(tmp_path), [Arm("Adam", "adam", {"betas": (0.9, 0.99)})])
    assert [run.path.stem for run in named.records] == ["a"]


def test_of_equally_frequent_protocols_the_longest_is_taken_and_no_hash_decides(tmp_path):
    write(tmp_path, "a", "nala", epochs=3)
    write(tmp_path, "b", "nala", epochs=4, protocol={"equal": "timesteps"})
    assert [run.path.stem for run in runs_of(tmp_path, TASK)] == ["b"]
    write(tmp_path, "c", "nala", epochs=4, protocol={"equal": "grad_evals"})
    assert [run.path.stem for run in runs_of(tmp_path, TASK)] == ["c"]
    write(tmp_path, "d", "nala", epochs=4, protocol={"equal": "grad_evals", "clip": 0.25})
    with pytest.raises(ValueError, match="runs of several protocols, each run equally often, that differ in clip:"):
        runs_of(tmp_path, TASK)


def test_a_run_without_look_ahead_gradients_counts_for_both_budgets(tmp_path):
    for seed in range(3):
        write(tmp_path, f"adam-{seed}", "adam", seed, protocol={"equal": "grad_evals"})
        write(tmp_path, f"nala-{seed}", "nala", seed, protocol={"equal": "grad_evals"})
    for seed in range(2):
        write(tmp_path, f"nala-{seed}t", "nala", seed, protocol={"equal": "timesteps"})
    runs, arms = load_records(tmp_path), [Arm(name, name) for name in ("nala", "adam")]
    for equal, count in (("gradients", 3), ("timesteps", 2), (None, 3)):
        found = choose(runs, arms, equal=equal)
        assert (len(found.by_arm["nala"]), len(found.by_arm["adam"])) == (count, 3)
        assert found.budget == (equal or "gradients") == budget_of(found.records)
    assert budget_of([]) == "gradients"
    with pytest.raises(ValueError, match="equal must satisfy .* got equal='steps'"):
        choose(runs, arms, equal="steps")
    own = read_record(write(tmp_path, "own", "module:factory", protocol={"equal": "timesteps"}))
    assert budgets_of(own) == ("timesteps",)  # what it spends is not known here


def test_of_one_run_at_both_budgets_that_at_equal_gradients_is_shown_and_two_results_of_one_are_refused(tmp_path):
    row = dict(kind="test", epoch=1, timestep=1, grad_evals=1, accuracy=float("nan"))
    for folder, seconds in (("a", 1.0), ("b", 2.0)):
        for equal in comparable.BUDGETS:
            rows = [dict(row, seconds=seconds)]
            write(tmp_path / folder, equal, "adam", protocol={"equal": equal}, rows=rows)
    runs = load_records(tmp_path)
    for order in (runs, runs[::-1]):
        (kept,) = comparable.one_a_seed(order)
        assert kept.path.parts[-3::2] == ("a", "gradients.jsonl")
    write(tmp_path / "c", "x", "adam", protocol={"equal": "gradients"}, rows=[dict(row, accuracy=0.5, seconds=1.0)])
    with pytest.raises(ValueError, match=r"adam, seed 0, was run twice, .* leave out .*gradients.jsonl or .*x.jsonl"):
        choose(load_records(tmp_path), [Arm("Adam", "adam")])


def test_the_largest_scale_is_taken_and_a_cut_run_is_not_the_papers(tmp_path):
    full = {"epochs": 9, "train": 100}
    write(tmp_path, "a", "adam", scale="smoke")
    cut = write(tmp_path, "c", "adam", scale="paper", epochs=8, protocol={"data": {"train": 100}})
    assert [run.path.stem for run in runs_of(tmp_path, TASK)] == ["c"]
    assert (scale_of(read_record(cut)), scale_of(read_record(cut), full)) == ("paper", CUT)
    whole = write(tmp_path, "d", "adam", scale="paper", epochs=9, protocol={"data": {"train": 100}})
    assert scale_of(read_record(whole), full) == "paper"
    with pytest.raises(ValueError, match="scale"):
        scale_of(read_record(write(tmp_path, "e", "adam", scale="huge")))


def test_a_larger_scale_is_shown_once_every_optimizer_has_two_seeds_there(tmp_path):
    for name, seed in (("adam", 0), ("adam", 1), ("sgd", 0), ("sgd", 1)):
        write(tmp_path, f"{name}{seed}-cpu", name, seed, scale="cpu")
    shown = ["adam0-cpu", "adam1-cpu", "sgd0-cpu", "sgd1-cpu"]
    for name, seed in (("adam", 0), ("adam", 1), ("sgd", 0)):
        write(tmp_path, f"{name}{seed}-paper", name, seed, scale="paper")
        assert [run.path.stem for run in runs_of(tmp_path, TASK)] == shown
    write(tmp_path, "sgd1-paper", "sgd", 1, scale="paper")
    assert [run.path.stem for run in runs_of(tmp_path, TASK)] == [stem.replace("cpu", "paper") for stem in shown]


def test_an_untrained_network_has_no_row_of_training(tmp_path):
    rows = [{"epoch": epoch, "accuracy": 1 - epoch / 4} for epoch in range(3)] + [{"epoch": 3, "loss": 2.0}]
    record = read_record(write(tmp_path, "a", "adam", rows=rows))
    assert [row["epoch"] for row in trained_rows(record, "test", "accuracy")] == [1, 2]


def test_what_is_committed_and_shown_is_at_the_defaults_of_its_task():
    for folder in sorted(RECORDS.iterdir()):
        for run in runs_of(RECORDS, folder.name):
            assert Arm("", run.optimizer).means(run), run.path.name
