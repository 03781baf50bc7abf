"""NT-ASGD: when it goes over, what it averages, that training does not notice, and that it is taken up again."""

import math
import signal

import pytest
import torch

from nala_lab.cli import main
from nala_lab.experiments.run.ntasgd import NTASGD, stopped_falling
from nala_lab.experiments.run.one_run import Saving, plan
from nala_lab.experiments.run.optimizers import METHODS
from nala_lab.experiments.run.signals import Stopped
from nala_lab.experiments.tasks import TASKS
from nala_lab.experiments.tasks.language_workload import LanguageWorkload
from nala_lab.results.records import FINISHED
from tests.experiments.runs import smoke
from tests.experiments.test_resume import content

LR, DECAY = 0.07, 0.3
NAMES = ("loss", "perplexity", "valid_loss", "valid_perplexity")


def weights():
    draw = torch.Generator().manual_seed(3)
    shapes = ((3, 2), (4,), (2,))
    return [torch.nn.Parameter(torch.randn(shape, generator=draw, dtype=torch.float64)) for shape in shapes]


def set_gradients(params, step):
    """A noisy pull towards 1; the last parameter has none in every third step."""
    draw = torch.Generator().manual_seed(step)
    for i, p in enumerate(params):
        noise = torch.randn(p.shape, generator=draw, dtype=p.dtype)
        p.grad = None if i == 2 and step % 3 == 1 else p.detach() - 1 + noise


def over(params, **options):
    """An optimizer that goes over before its first step."""
    opt = NTASGD(params, lr=LR, weight_decay=DECAY, n=0, **options)
    opt.epoch_measured(1, {"valid_loss": 1.0})
    opt.epoch_measured(2, {"valid_loss": 2.0})
    assert opt.averaging
    return opt


def shown(opt, params):
    with opt.slow_weights():
        return [p.detach().clone() for p in params]


@pytest.fixture
def double():
    """torch's ASGD holds its weight 1 / t in the default precision."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def test_step_by_step_the_averages_are_those_of_torchs_asgd(double):
    mine, theirs = weights(), weights()
    opt, asgd = over(mine), torch.optim.ASGD(theirs, lr=LR, lambd=0.0, t0=0, weight_decay=DECAY)
    path = []
    for step in range(40):
        if step == 20:  # torch's takes up a new lr one step late: eta is made at the end of the step before
            opt.param_groups[0]["lr"] = LR / 10
            asgd.param_groups[0]["lr"] = LR / 10
            for own in asgd.state.values():
                own["eta"].fill_(LR / 10)
        for params in (mine, theirs):
            set_gradients(params, step)
        opt.step(), asgd.step()
        path.append([p.detach().clone() for p in mine])
        for p, q, average in zip(mine, theirs, shown(opt, mine), strict=True):
            # Numbers of size 1 and three roundings a step, of which an average forgets none and enlarges none.
            assert (p - q).abs().max() < 40 * 4 * 2**-52
            assert (average - asgd.state[q].get("ax", q)).abs().max() < 40 * 4 * 2**-52
    mean = torch.stack([first for first, _, _ in path[1:]]).mean(0)  # x_2 ... x_40
    assert (shown(opt, mine)[0] - mean).abs().max() < 40 * 4 * 2**-52
    assert (mean - path[-1][0]).abs().max() > 0.01


def test_before_the_switch_there_is_no_average_and_the_steps_are_those_of_sgd():
    mine, theirs = weights(), weights()
    opt, sgd = NTASGD(mine, lr=LR, weight_decay=DECAY), torch.optim.SGD(theirs, lr=LR, weight_decay=DECAY)
    for step in range(30):
        if step == 10:
            assert not opt.state and all(torch.equal(p, q) for p, q in zip(mine, shown(opt, mine), strict=True))
            opt.averaging = True
        for params in (mine, theirs):
            set_gradients(params, step)
        opt.step(), sgd.step()
        assert all(torch.equal(p, q) for p, q in zip(mine, theirs, strict=True))
    assert not torch.equal(shown(opt, mine)[0], mine[0]) and torch.equal(mine[0], theirs[0])


# ---- the rule ----

#   epoch  1  2  3  4  5  6    7    8: the first to be compared is the seventh, with the first
SCRIPT = [
    ([9, 8, 7, 6, 5, 4, 9.5], 7),  # worse than the first
    ([9, 8, 7, 6, 5, 4, 8.5, 7.5], None),  # worse than the last five, but not than those before: patience
    ([9, 8, 7, 6, 5, 4, 8.5, 8.5], 8),
    ([9, 10, 11, 12, 13, 14], None),  # six epochs are too few
    ([9, 10, 11, 12, 13, 14, 9], None),  # equal is not worse
    ([9, 3, 4, 4, 4, 4, 4, 4], 8),  # the best of the earlier ones, not the last of them
    ([9, 8, 7, 6, 5, 4, 3, 2, 1, 1.5, 0.5], None),
]


@pytest.mark.parametrize(("losses", "epoch"), SCRIPT)
def test_the_switch_comes_when_the_rule_says(losses, epoch):
    opt, when = NTASGD(weights(), lr=LR), None
    opt.epoch_measured(0, {"valid_loss": 0.0})  # before training: no epoch
    for n, loss in enumerate(losses, start=1):
        opt.epoch_measured(n, {"loss": -n, "valid_loss": loss})
        when = when or (n if opt.averaging else None)
    assert when == epoch
    # The words of the program's rule, in another way: at least six earlier epochs, all but the last five of them.
    said = [n + 1 for n in range(6, len(losses)) if losses[n] > min(losses[: n - 5])]
    assert (said[0] if said else None) == epoch


def test_there_is_no_way_back_and_nan_is_no_reason():
    opt = over(weights())
    for epoch in range(3, 9):
        opt.epoch_measured(epoch, {"valid_loss": 0.1 / epoch})
    assert opt.averaging and not stopped_falling([1.0, math.nan], 0)
    with pytest.raises(ValueError, match="n must satisfy integer n >= 0"):
        NTASGD(weights(), lr=LR, n=-1)
    with pytest.raises(ValueError, match="n must satisfy integer n >= 0"):
        METHODS["ntasgd"].build(weights(), METHODS["ntasgd"].with_settings({"n": 2.5}))


# ---- state ----


@pytest.mark.parametrize("at", [1, 4, 9])
def test_saved_and_loaded_it_goes_on_bit_for_bit(at, tmp_path):
    """Before the switch (after step 5), at the first averages, and later."""

    def stepped(opt, params, first, last):
        for step in range(first, last):
            if step == 5:
                opt.epoch_measured(2, {"valid_loss": 2.0})
            set_gradients(params, step)
            opt.step()

    params, others = weights(), weights()
    opt, again = (NTASGD(some, lr=LR, weight_decay=DECAY, n=0) for some in (params, others))
    opt.epoch_measured(1, {"valid_loss": 1.0})
    stepped(opt, params, 0, at)
    torch.save([opt.state_dict(), [p.detach() for p in params]], tmp_path / "state.pt")
    stepped(opt, params, at, 14)
    state, saved = torch.load(tmp_path / "state.pt", weights_only=True)
    for p, value in zip(others, saved, strict=True):
        p.data.copy_(value)
    again.load_state_dict(state)
    stepped(again, others, at, 14)
    assert opt.averaging and again.averaging
    for ours, theirs in ((params, others), (shown(opt, params), shown(again, others))):
        assert all(torch.equal(p, q) for p, q in zip(ours, theirs, strict=True))


# ---- in the loop ----


@pytest.fixture
def upside_down(monkeypatch):
    """The better the weights, the higher the validation loss: n = 1 goes over after epoch 3, which is above epoch 1."""

    def evaluate(self, whole=LanguageWorkload.evaluate):
        measured = whole(self)
        return {**measured, "valid_loss": 20 - measured["valid_loss"]}

    monkeypatch.setattr(LanguageWorkload, "evaluate", evaluate)


def run(out, optimizer="ntasgd", changes=(("n", 1),), **options):
    return smoke(out, optimizer, task="lstm1-ptb-released", epochs=5, changes=dict(changes), **options)


def test_beside_the_average_a_record_has_the_numbers_of_sgd(upside_down, tmp_path):
    record, plain = run(tmp_path), run(tmp_path, "sgd", ())
    assert record.outcome == plain.outcome == FINISHED
    assert record.column("train", "loss").tolist() == plain.column("train", "loss").tolist()
    for name in NAMES:
        slow, fast = record.column("test", name), record.column("test", f"fast_{name}")
        assert fast.tolist() == plain.column("test", name).tolist()
        # Rows of epochs 0 to 5; that of epoch 3 says that it is time, and the steps after it are the first averaged.
        assert (slow == fast).tolist() == [True] * 4 + [False] * 2


def test_a_run_that_was_stopped_on_either_side_of_the_switch_ends_the_same(upside_down, tmp_path, monkeypatch):
    whole = run(tmp_path / "whole")
    for gradients in (22, 27):  # 8 an epoch; the switch comes at 24
        out = tmp_path / str(gradients)
        steps = iter(range(1, gradients + 1))
        with monkeypatch.context() as patch, pytest.raises(Stopped):
            patch.setattr(LanguageWorkload, "after", lambda self, batch, steps=steps, last=gradients:
                          signal.raise_signal(signal.SIGTERM) if next(steps) == last else None)  # fmt: skip
            run(out)
        assert content(run(out, saving=Saving(resume=True))) == content(whole)


def test_the_class_itself_asks_for_a_validation_loss_before_it_trains(tmp_path):
    with pytest.raises(ValueError, match="valid_loss among what the task measures"):
        smoke(tmp_path, "nala_lab.experiments.run.ntasgd:NTASGD", changes={"lr": 0.1})


def test_a_task_without_a_validation_loss_is_refused_before_anything_is_trained(tmp_path, capsys):
    command = ["train", "lenet5-digits", "--scale", "smoke", "--optimizer", "adam", "ntasgd", "--out", str(tmp_path)]
    assert main(command) == 2 and not list(tmp_path.rglob("*.jsonl"))
    assert "optimizer must satisfy another one on lenet5-digits, got optimizer='ntasgd'" in capsys.readouterr().err
    for task in TASKS.values():
        if task.main == "perplexity":
            assert plan(task.name, "ntasgd", seed=0, scale="smoke").method.name == "ntasgd"
        else:
            with pytest.raises(ValueError, match="another one on"):
                plan(task.name, "ntasgd", seed=0, scale="smoke")
