"""The two tables of LeNet-5: NALA at both budgets, and every optimizer at the best of its trials."""

import json
import shutil
import tomllib

import pytest

from nala_lab.methods.table import PAPER_METHODS
from nala_lab.methods.task_settings import default_settings
from nala_lab.results.records import RecordWriter
from paper_figs import results_lenet5
from paper_figs.results_images import TASKS
from paper_figs.results_lenet5 import PUBLISHED, RELEASED, as_published_table, trials, tuned, tuned_table

BEST = {"nala": {"lr": 0.01, "mu": -0.2}, "adam": {"lr": 0.003, "betas": [0.9, 0.99]}, "sgd": {"lr": 0.3}}


def write(folder, task, optimizer, seed, accuracy, *, equal="grad_evals", epochs=3, scale="cpu", precision="float32",
          **settings):  # fmt: skip
    config = {"scale": scale, "epochs": epochs, "batch_size": 256, "equal": equal, "seed": seed, "precision": precision,
              "data": {"train": 20_000},
              "optimizer": {"name": optimizer, **default_settings(task, optimizer), **settings}}  # fmt: skip
    header = dict(task=task, optimizer=optimizer, seed=seed, config=config, data={}, versions={}, platform={})
    name = f"{optimizer}-{seed}-{equal}-{len(list((folder / task).glob('*')))}.jsonl"
    with RecordWriter(folder / task / name, header) as out:
        out.row("train", timestep=1, accuracy=accuracy + 0.05)
        out.row("test", epoch=epochs, accuracy=accuracy)
        out.finish("finished", totals={})


@pytest.fixture
def published(tmp_path):
    for task in PUBLISHED:
        for number, name in enumerate(PAPER_METHODS):
            for seed in range(3):
                write(tmp_path, task, name, seed, 0.8 + 0.01 * number + 0.001 * (seed - 1))
        for seed in range(3):
            write(tmp_path, task, "nala", seed, 0.825 + 0.001 * (seed - 1), equal="timesteps")
    return tmp_path


def test_at_the_published_settings_nala_has_a_run_at_each_budget(published):
    table = as_published_table(published)
    rows = {row[:2]: row[2:] for row in table.rows}
    assert len(rows) == (len(PUBLISHED) - 1) * len(PAPER_METHODS)  # the released network at the paper's length only
    printed, batch, accuracy, *_ = rows["CIFAR-10", "NALA"]
    assert [row[2] for row in table.rows if row[1] == "NALA"] == ["94.53", "73.83", "–"]
    assert batch == "85.00 ± 0.10 (equal gradients); 87.50 ± 0.10 (equal timesteps)"
    assert accuracy == "80.00 ± 0.10 (equal gradients); 82.50 ± 0.10 (equal timesteps)"
    printed, batch, accuracy, gradients, timesteps = rows["CIFAR-10", "Lookahead"]
    assert (printed, batch, accuracy) == ("92.97", "87.00 ± 0.10", "82.00 ± 0.10")
    assert gradients.startswith("-2.00 ") and timesteps.startswith("+0.50 ")
    assert "At equal timesteps NALA's test accuracy is" in table.note
    assert "Fashion-MNIST, 3 epochs, batch 256, 20,000 of 60,000 training images, 3 seeds" in table.note


@pytest.mark.parametrize(("whole", "told"), [(1, True), (2, False)])
def test_longer_runs_are_told_until_every_optimizer_has_two_seeds(published, whole, told):
    for name in PAPER_METHODS:
        for seed in range(whole if name == PAPER_METHODS[-1] else 2):
            equal = "timesteps" if name == "nala" else "grad_evals"
            write(published, "lenet5-cifar10", name, seed, 0.6 + 0.1 * seed, scale="paper", epochs=230, equal=equal)
    table = as_published_table(published)
    note, lines = table.note, [row[3:] for row in table.rows if row[:2] == ("CIFAR-10", "Adam")]
    assert ("So far at 230 epochs and equal timesteps, " in note) == told
    size = "230 epochs, batch 256, 20,000 of 50,000 training images, 2 seeds"
    assert (f"CIFAR-10, {size}: At equal timesteps" in note) == (not told)
    assert ("not yet run at this length" in lines[0]) == (not told)  # NALA at equal gradients is not there yet
    assert ("NALA 60.00 and 65.00; NALA 70.00 and 75.00; NAG" in note) == told


@pytest.mark.parametrize("seeds", [1, 2])
def test_the_released_network_is_shown_at_the_papers_length_as_far_as_it_was_run(published, seeds):
    for name in ("nala", "adam"):
        for seed in range(seeds):
            more = {"scale": "paper", "epochs": 230, "equal": "timesteps" if name == "nala" else "grad_evals"}
            write(published, RELEASED, name, seed, 0.6 if name == "nala" else 0.7, precision="bf16", **more)
    table = as_published_table(published)
    rows = {row[1]: row[2:] for row in table.rows if row[0] == PUBLISHED[RELEASED]}
    spread = " ± 0.00" * (seeds > 1)
    assert list(rows) == ["NALA", "Adam"]  # Lookahead, NAG and SGD have short runs only
    assert rows["NALA"][:3] == ("94.53", f"65.00{spread}", f"60.00{spread}")
    assert rows["Adam"][3] == "not yet run at this length"
    assert rows["Adam"][4] == "–" if seeds == 1 else rows["Adam"][4].startswith("-10.00 ")
    size = f"230 epochs, batch 256, 20,000 of 50,000 training images, bf16, {seeds} seed{'s' * (seeds > 1)}"
    compared = "At equal timesteps NALA's test accuracy is undecided against Adam."  # of two pairs that are alike
    said = "no comparison; that takes two seeds of NALA and of another optimizer." if seeds == 1 else compared
    assert f"{PUBLISHED[RELEASED]}, {size}: {said}" in table.note.split("\n")


def test_another_setting_does_not_stand_for_nala(published, tmp_path_factory):
    """At equal gradients there was the released recurrence only, which spends a gradient a timestep."""
    for seed in range(2):
        more = {"scale": "paper", "epochs": 230, "equal": "timesteps"}
        write(published, RELEASED, "nala", seed, 0.6, variant="released", **more)
        write(published, RELEASED, "adam", seed, 0.7, **more)
    assert not [row for row in as_published_table(published).rows if row[0] == PUBLISHED[RELEASED]]
    write(published, RELEASED, "nala", 0, 0.5, **more)
    again = shutil.copytree(published, tmp_path_factory.mktemp("again"), dirs_exist_ok=True)  # a folder is read once
    rows = [row for row in as_published_table(again).rows if row[0] == PUBLISHED[RELEASED]]
    assert [row[4] for row in rows] == ["50.00", "70.00 ± 0.00"]


def test_what_was_not_run_is_not_compared(published):
    for task in set(PUBLISHED) - {"lenet5-cifar10"}:
        shutil.rmtree(published / task)
    for path in (published / "lenet5-cifar10").iterdir():
        if not path.name.startswith("nala"):
            path.unlink()
    table = as_published_table(published)  # was a StopIteration without Fashion-MNIST
    assert [row[1] for row in table.rows] == ["NALA"] and "3 seeds: no comparison; that takes two seeds" in table.note
    assert "There are too few common seeds for a verdict." in table.note


def test_the_tuned_table_takes_the_winners_at_seeds_that_tuning_has_not_seen(tmp_path, tmp_path_factory):
    for task in TASKS:
        for name, best in BEST.items():
            for seed in (0, 10, 11):  # seed 0 was tuned on
                write(tmp_path, task, name, seed, 0.1 if seed == 0 else 0.9, **best)
            write(tmp_path, task, name, 12, 0.2)  # another setting
        told = {name: {"best": best, "edges": ["lr (upper)"] if name == "sgd" else [], "points": 9,
                       "trials": [{"changes": best, "score": 0.9}] * 4} for name, best in BEST.items()}  # fmt: skip
        told["lookahead"] = {"best": None, "edges": [], "points": 9, "trials": told["adam"]["trials"]}
        (tmp_path / task / "trials.json").write_text(json.dumps({"seeds": [0], "optimizers": told}), encoding="utf-8")
    assert {run.seed for run in tuned("lenet5-cifar10", tmp_path).records} == {10, 11}
    rows = {row[:2]: row[2:] for row in tuned_table(tmp_path).rows}
    assert rows["CIFAR-10", "Adam"][:2] == ("lr 0.003, betas (0.9, 0.99)", "90.00 ± 0.00")
    assert rows["CIFAR-10", "SGD"][0] == "lr 0.3 (at the edge: lr (upper))"
    assert rows["CIFAR-10", "Lookahead"] == ("every trial diverged", "diverged", "–")
    assert "4 trials each with one seed" in tuned_table(tmp_path).note
    again = shutil.copytree(tmp_path, tmp_path_factory.mktemp("again"), dirs_exist_ok=True)  # a folder is read once
    for path in (again / "lenet5-cifar10").glob("sgd-1*"):
        path.unlink()
    assert next(row for row in tuned_table(again).rows if row[1] == "SGD")[3] == "not yet run"


def sweep_of(task):
    """The committed sweep of the winners."""
    name = f"lenet5_tuned_{task.removeprefix('lenet5-').replace('-', '_')}.toml"
    return tomllib.loads((results_lenet5.TUNED.parent / "sweeps" / name).read_text(encoding="utf-8"))


def test_the_committed_tuned_runs_are_those_of_the_winners_and_every_optimizer_had_as_many_trials():
    for task in TASKS:
        found = trials(task)["optimizers"]
        assert set(found) == set(PAPER_METHODS) and {len(one["trials"]) for one in found.values()} == {16}
        for name, one in found.items():
            scored = [trial for trial in one["trials"] if trial["score"] is not None]
            assert one["best"] == max(scored, key=lambda trial: trial["score"])["changes"]
            assert len(tuned(task).by_arm[name]) == 5
            assert sweep_of(task)["grid"][name] == {key: [value] for key, value in one["best"].items()}
        assert len(list((results_lenet5.TUNED / task).glob("*.jsonl"))) == 5 * len(PAPER_METHODS)
