"""lr goes by the mini-batch where a workload says so: for the step on it, and for nothing else."""

import pytest
import torch

from nala_lab.experiments.run.optimizers import METHODS
from nala_lab.experiments.tasks import TASKS
from nala_lab.experiments.tasks.image_workload import ImageWorkload
from tests.experiments.runs import trained
from tests.experiments.test_language import NONE, corpus, workload
from tests.experiments.test_loop import digits, losses
from tests.experiments.test_resume import goes_on
from tests.experiments.tiny import TINY


@pytest.fixture
def factor(monkeypatch):
    """factor(rule): every image workload has this rule, batch -> what lr is multiplied by."""
    return lambda rule: monkeypatch.setattr(ImageWorkload, "lr_factor", lambda self, n: rule(n), raising=False)


@pytest.mark.parametrize("name", [name for name in METHODS if name != "ntasgd"])  # it asks for a validation loss
def test_a_constant_factor_is_another_lr_for_every_method(name, factor):
    """A factor of 1/2 is exact, so both runs have the same numbers bit for bit, but for the lr that is recorded."""
    method = METHODS[name]
    half = {key: method.settings[key] / 2 for key in ("lr", "final_lr") if key in method.settings}
    lower, *_ = trained(digits(), name, half)
    factor(lambda n: 0.5)
    rows, *_ = trained(digits(), name)
    for kind in ("train", "test"):
        assert losses(rows, kind).equal(losses(lower, kind))
    assert {row["lr"] for row in rows if row["kind"] == "test"} == {method.settings["lr"]}


def rates(**options):
    """How far each step of plain SGD went, over the length of its gradient: the lr it had."""
    made, seen = digits(), []
    params = list(made.model.parameters())
    last = [p.detach().clone() for p in params]

    def after(batch):
        moved = [(p.detach() - old).flatten() for p, old in zip(params, last, strict=True)]
        seen.append((torch.cat(moved).norm() / torch.cat([p.grad.flatten() for p in params]).norm()).item())
        last[:] = [p.detach().clone() for p in params]

    made.after = after
    trained(made, settings={"lr": 0.1}, **options)
    return seen


def test_it_is_the_factor_of_the_mini_batch_and_of_several_the_mean(factor):
    asked = []
    factor(lambda n: asked.append(n) or 0.25 * (n + 1))
    # float32: a weight of 0.1 is rounded to 4e-9, a thousandth of a step of 1e-3 lr, and at random among many.
    assert rates() == pytest.approx([0.025, 0.05, 0.075, 0.1, 0.125] * 2, rel=1e-3)
    assert asked == [*range(5)] * 2
    assert rates(accumulate=2) == pytest.approx([0.1 * (0.25 + 0.5) / 2, 0.1 * (0.75 + 1) / 2] * 2, rel=1e-3)


def test_lr_is_put_back_also_when_a_step_fails(factor, monkeypatch):
    def fail(self, closure=None):
        used.append(self.param_groups[0]["lr"])
        raise RuntimeError("no step")

    used, kept, made = [], [], digits()
    factor(lambda n: 0.5)
    monkeypatch.setattr(torch.optim.SGD, "step", fail)
    made.bind = kept.append
    with pytest.raises(RuntimeError, match="no step"):
        trained(made, settings={"lr": 0.3})
    assert used == [0.15] and kept[0].param_groups[0]["lr"] == 0.3


def test_decay_and_resume_are_those_of_the_lr_itself(factor, monkeypatch, tmp_path):
    monkeypatch.setitem(TASKS, "tiny", TINY)
    factor(lambda n: (n + 1) / 4)
    whole = goes_on(tmp_path, monkeypatch, 7, "nala")
    assert whole.column("test", "lr").tolist() == [1e-3, 1e-3, 1e-3, 5e-4]


# ---- language ----


def moved(bptt, **options):
    """How the weights move in one step of SGD on a window of five rows."""
    made = workload(corpus(300), dropout=NONE, bptt=bptt, batches=1, **options)
    made.start_epoch = lambda epoch: setattr(made, "_windows", [[0, 5]])
    before = [p.detach().clone() for p in made.model.parameters()]
    trained(made, settings={"lr": 1.0}, epochs=1)
    return torch.cat([(p.detach() - q).flatten() for p, q in zip(made.model.parameters(), before, strict=True)])


def test_a_window_of_half_the_length_moves_the_weights_half_as_far():
    """The same five rows as a whole window and as half of one: one gradient, two learning rates."""
    whole, half = moved(5, lr_by_length=True), moved(10, lr_by_length=True)
    # Both are differences of float32 weights below 1: their rounding is below 2^-24 each.
    assert whole.abs().max() > 0.01 and (half - whole / 2).abs().max() < 2**-22
    assert moved(10).equal(moved(5)) and moved(5).equal(whole)


def test_windows_of_random_lengths_have_their_own_factors():
    drawn = {"random_windows": True, "batch_size": 2, "bptt": 20}
    made, plain = workload(corpus(2000), lr_by_length=True, **drawn), workload(corpus(2000), **drawn)
    factors = [made.lr_factor(i) for i in range(made.batches)]
    assert factors == [rows / 20 for _, rows in made._windows] and len(set(factors)) > 5
    assert plain._windows == made._windows and {plain.lr_factor(i) for i in range(plain.batches)} == {1.0}
