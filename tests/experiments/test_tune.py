"""Tuning: equal numbers of trials, a stated space, edges named, and no look at the test images."""

import json

import pytest
import torch

from nala_lab.cli import main
from nala_lab.experiments.data.images import load_pixels
from nala_lab.experiments.run.one_run import held_out, plan
from nala_lab.experiments.run.optimizers import METHODS
from nala_lab.experiments.run.sweeping import Outcome, Worker
from nala_lab.experiments.run.tuning import Trial, judge, read_space, space_of, trials
from nala_lab.experiments.tasks import get_task
from nala_lab.results.records import load_records

DIGITS = get_task("lenet5-digits")
SPACE = {"lr": [1e-4, 1e-3, 1e-2], "k": [3, 5]}


def test_every_optimizer_gets_as_many_trials_the_published_point_among_them():
    for count in range(1, 7):
        chosen = trials("nala", SPACE, count, {}, seed=0)
        points = [tuple(trial.changes.items()) for trial in chosen]
        assert len(set(points)) == count and (("lr", 1e-3), ("k", 5)) in points
    assert trials("nala", SPACE, 4, {}, seed=0) == trials("nala", SPACE, 4, {}, seed=0)
    assert len({str(trials("nala", SPACE, 3, {}, seed=seed)) for seed in range(9)}) > 1


def test_the_default_pair_of_an_own_optimizer_is_its_published_point():
    axis = {"betas": [[0.8, 0.9], [0.5, 0.5], [0.9, 0.999], [0.1, 0.1]]}
    for seed in range(6):
        (trial,) = trials("torch.optim:Adamax", axis, 1, {}, seed=seed)
        assert trial.changes == {"betas": [0.9, 0.999]}  # torch writes it as a tuple


def test_more_trials_than_points_is_refused():
    with pytest.raises(ValueError, match="trials must satisfy trials <= 6"):
        trials("nala", SPACE, 7, {}, seed=0)


def test_a_value_that_is_there_twice_is_no_second_trial():
    for axis in ([0.1, 0.1], [1, 1.0], [[0.9, 0.99], [0.9, 0.999], [0.9, 0.99]]):
        with pytest.raises(ValueError, match="nala.lr must satisfy values that differ"):
            trials("nala", {"k": [3, 5], "lr": axis}, 2, {}, seed=0)


@pytest.mark.parametrize(
    ("scores", "edges"),
    [((0.5, 0.9, 0.7), ()), ((0.9, 0.5, 0.7), ("lr (lower)",)), ((0.5, 0.7, 0.9), ("lr (upper)",))],
)
def test_an_optimum_at_the_edge_is_named(scores, edges):
    space = {"lr": [1.0, 0.1, 10.0]}  # not in order: the edge is of the values, not of the list
    found = [Trial("sgd", {"lr": lr}, (score,), 1) for lr, score in zip((0.1, 1.0, 10.0), scores, strict=True)]
    assert judge("sgd", space, found).edges == edges
    assert judge("sgd", space, [Trial("sgd", {"lr": 1.0}, (), 1)]).best is None


@pytest.mark.parametrize(
    ("optimizer", "name", "values", "best", "edges"),
    [
        ("adabelief", "eps", [1e-16, 1e-12, 1e-8], 1e-16, ("eps (lower)",)),  # 1e-16 - 1e-9 is below 0, 1e-17 is not
        ("adam", "lr", [1e-12, 1e-9], 1e-12, ("lr (lower)",)),
        ("adabound", "gamma", [1, 2], 1, ("gamma (lower)",)),  # a rate written as a whole number: 1/2 is one too
        ("nala", "k", [1, 2], 1, ()),
    ],
)
def test_an_edge_is_named_whatever_the_unit_of_its_axis(optimizer, name, values, best, edges):
    found = [Trial(optimizer, {name: value}, (float(value == best),), 1) for value in values]
    assert judge(optimizer, {name: values}, found).edges == edges


def test_an_edge_is_seen_where_a_setting_that_is_needed_was_not_tuned():
    space, fixed = {"inner.momentum": [0.1, 0.5, 0.9]}, METHODS["nala"].with_settings({"inner": "nag"})
    found = [Trial("nala", {"inner.momentum": m}, (m,), 1) for m in space["inner.momentum"]]
    assert judge("nala", space, found, fixed=fixed).edges == ("inner.momentum (upper)",)
    found = [Trial("nala", {"inner.momentum": m}, (-m,), 1) for m in (0.0, 0.5)]
    assert judge("nala", {"inner.momentum": [0.0, 0.5]}, found, fixed=fixed).edges == ()


class Asserting(torch.optim.SGD):
    """Its author refuses a number in another way than ours."""

    def __init__(self, params, lr=0.1, momentum=0.5):
        assert 0 <= momentum < 1
        super().__init__(params, lr=lr, momentum=momentum)


def test_an_edge_of_one_s_own_optimizer_is_found_whatever_it_raises():
    found = [Trial(f"{__name__}:Asserting", {"momentum": m}, (1.0 - m,), 1) for m in (0.0, 0.5)]
    assert judge(f"{__name__}:Asserting", {"momentum": [0.0, 0.5]}, found).edges == ()
    found = [Trial(f"{__name__}:Asserting", {"momentum": m}, (m,), 1) for m in (0.0, 0.5)]
    assert judge(f"{__name__}:Asserting", {"momentum": [0.0, 0.5]}, found).edges == ("momentum (upper)",)


def test_values_that_are_no_numbers_have_no_edge():
    space = {"betas": [[0.9, 0.999], [0.9, 0.99]]}
    found = [Trial("adam", {"betas": betas}, (betas[1],), 1) for betas in space["betas"]]
    assert judge("adam", space, found).edges == ()


def test_a_seed_that_diverged_takes_its_trial_out():
    found = [Trial("sgd", {"lr": 1.0}, (0.99,), 2), Trial("sgd", {"lr": 0.1}, (0.5, 0.6), 2)]
    assert judge("sgd", {"lr": [0.1, 1.0]}, found).best.changes == {"lr": 0.1}
    low = [Trial("sgd", {"lr": 1.0}, (3.0,), 1), Trial("sgd", {"lr": 0.1}, (2.0,), 1)]
    assert judge("sgd", {"lr": [0.1, 1.0]}, low, min).best.score == 2.0


def test_the_test_images_are_not_looked_at():
    run = plan("lenet5-digits", "adam", seed=0, scale="smoke")
    whole, part = run.workload(), held_out(run).workload()
    n = len(whole.data.train_y) // 10
    assert torch.equal(part.data.test_y, whole.data.train_y[-n:]) and len(part.data.train_y) == 1024 - n
    shown = {tuple(x.flatten()[:300].tolist()) for x in part.data.test_x}
    assert not shown & {tuple(x.flatten()[:300].tolist()) for x in whole.data.test_x}


@pytest.mark.parametrize(("images", "held"), [(4, 1), (8, 1), (10, 1), (25, 2)])
def test_a_smoke_run_of_few_images_holds_one_of_them_out(images, held):
    """AlexNet, VGG11, ResNet-34 and DenseNet121 train on 4 or 8 images at smoke scale: a tenth of them is none."""
    data = load_pixels("cifar-10", standin=True).first(images, 5)
    part = data.held_out(10)
    assert len(part.train_y) == images - held and torch.equal(part.test_x, data.train_x[-held:])


def test_the_command_prints_one_line_an_optimizer_and_keeps_its_trials(tmp_path, capsys):
    (tmp_path / "space.toml").write_text("[adam]\nlr = [1e-5, 1e-3]\n[sgd]\nlr = [0.1, 1e-4]\n", encoding="utf-8")
    command = ["tune", "lenet5-digits", "--optimizer", "adam", "sgd", "--set", "sgd.momentum=0.5",
               "--trials", "2", "--space",
               str(tmp_path / "space.toml"), "--scale", "smoke", "--epochs", "1", "--quiet", "--out",
               str(tmp_path / "out")]  # fmt: skip
    assert main(command) == 0
    told = capsys.readouterr().out
    assert "| adam | lr=0.001 |" in told and "lr (upper)" in told and "one training image in 10" in told
    records = load_records(tmp_path / "out")
    assert len(records) == 4 and all(json.dumps(r.header["config"]["extra"]) == '{"held_out": 10}' for r in records)
    assert main([*command, "--json", str(tmp_path / "told.json")]) == 0 and "adam lr=1e-05" in capsys.readouterr().out
    kept = json.loads((tmp_path / "told.json").read_text(encoding="utf-8"))
    assert main([*command, "--json", "-"]) == 0
    printed = capsys.readouterr().out
    assert json.loads(printed[printed.index("{") :]) == kept
    assert (kept["task"], kept["scale"], kept["epochs"], kept["equal"]) == ("lenet5-digits", "smoke", 1, "grad_evals")
    adam = kept["optimizers"]["adam"]
    assert adam["best"] == {"lr": 0.001} and adam["edges"] == ["lr (upper)"] and adam["points"] == 2
    assert all(one["momentum"] == 0.5 for one in (kept["optimizers"]["sgd"]["best"], *(
        trial["changes"] for trial in kept["optimizers"]["sgd"]["trials"])))  # fmt: skip
    scores = {trial["changes"]["lr"]: trial["score"] for trial in adam["trials"]}
    assert scores[1e-3] > scores[1e-5] and f"| lr=0.001 | {scores[1e-3]:.4f} |" in told


def test_generated_data_and_other_code_are_said_under_the_table(tmp_path, capsys, monkeypatch):
    monkeypatch.delenv("NALA_LAB_DATA", raising=False)
    command = ["tune", "lenet5-fashion-mnist", "--optimizer", "sgd", "--trials", "1", "--scale", "smoke", "--epochs",
               "1", "--quiet", "--out", str(tmp_path)]  # fmt: skip
    assert main(command) == 0
    told = capsys.readouterr().out
    assert "1 of 1 runs on GENERATED data" in told and "another version" not in told
    monkeypatch.setattr("nala_lab.experiments.run.one_run.CODE", "another")
    assert main(command) == 0
    assert "1 of 1 runs trained by another version of this code" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("[adam", "is not a TOML file"),
        ("[nobody]\nlr=[1]", "optimizer must satisfy"),
        ("[adam]\nlr=1", "a list of values"),
    ],
)
def test_a_bad_space_is_one_sentence(text, sentence, tmp_path):
    (tmp_path / "space.toml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match=sentence):
        read_space(tmp_path / "space.toml")


def test_the_default_space_is_around_what_the_task_publishes():
    assert space_of(get_task("lstm1-ptb-released"), "sgd")["lr"][2] == 30.0


def test_a_trial_that_was_busy_elsewhere_and_then_stopped_ends_tuning(tmp_path, capsys, monkeypatch):
    def called(worker, cell, *, wait=False):
        return Outcome(cell, "stopped", "stopped by signal 15") if wait else Outcome(cell, "busy")

    monkeypatch.setattr(Worker, "__call__", called)
    assert main(["tune", "lenet5-digits", "--optimizer", "adam", "--scale", "smoke", "--trials", "1",
                 "--out", str(tmp_path), "--quiet"]) == 130  # fmt: skip
    assert "stopped by signal 15; the same command goes on" in capsys.readouterr().err


def test_a_trial_that_cannot_be_done_is_not_said_to_go_on(tmp_path, capsys):
    assert main(["tune", "lenet5-cifar10", "--optimizer", "adam", "--scale", "smoke", "--trials", "1", "--out",
                 str(tmp_path / "out"), "--data-dir", str(tmp_path), "--quiet"]) == 1  # fmt: skip
    said = capsys.readouterr().err
    assert "to download the archive" in said and "goes on" not in said
