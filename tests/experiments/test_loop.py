"""The switches of the loop: what each does to a run, and that it does nothing else."""

import math
import shutil
from dataclasses import replace

import pytest
import torch

from nala_lab.experiments.data.images import load_data
from nala_lab.experiments.models import lenet5, torch_stream
from nala_lab.experiments.run import loop
from nala_lab.experiments.run.divergence import FACTOR, PATIENCE, Watch
from nala_lab.experiments.run.loop import Plan, gradients
from nala_lab.experiments.run.one_run import plan
from nala_lab.experiments.run.optimizers import METHODS
from nala_lab.experiments.run.options import Options, exact
from nala_lab.experiments.run.signals import StopRequest
from nala_lab.experiments.tasks import Constant, Halving, Milestones, Scale
from nala_lab.experiments.tasks.image_workload import ImageWorkload
from nala_lab.results.records import DIVERGED
from tests.experiments.runs import numbers, rows_at, smoke, trained
from tests.experiments.tiny import TINY, network
from tests.refusals import refused

pytestmark = pytest.mark.usefixtures("tiny")


def digits(model=None, batch_size=64, train_images=320):
    model = model or lenet5(generator=torch_stream(1, "x"))
    return ImageWorkload(model, load_data("digits").first(train_images, 60), batch_size=batch_size, seed=0)


def losses(rows, kind="train"):
    return torch.tensor([row["loss"] for row in rows if row["kind"] == kind], dtype=torch.float64)


# ---- accumulation, clipping, precision, compilation, determinism ----


def test_two_mini_batches_of_half_the_size_are_one():
    whole, *_ = trained(digits(batch_size=128))
    halves, _, result = trained(digits(batch_size=64), accumulate=2)
    # Sums of 64 and of 128 terms differ in rounding, and a step carries that on: a few float32 ulps in 4 steps.
    assert len(losses(whole)) == 4 and (losses(whole) - losses(halves)).abs().max() < 64 * torch.finfo().eps
    accuracy = [[row["accuracy"] for row in rows if row["kind"] == "train"] for rows in (whole, halves)]
    assert accuracy[0] == accuracy[1]
    # 5 mini-batches: the fifth is left out, in both epochs
    assert result.totals["images"] == 2 * 2 * 128 and result.totals["grad_evals"] == 4


def test_more_mini_batches_than_an_epoch_has_cannot_be_accumulated():
    with pytest.raises(ValueError, match="accumulate <= 5, got accumulate=6"):
        trained(digits(), accumulate=6)


def test_a_signal_is_looked_at_only_where_the_run_can_be_saved():
    request, rows = StopRequest(), []
    request.signum = 15
    workload, method = digits(), METHODS["sgd"]
    settings = method.with_settings({})
    optimizer, how = method.build(workload.groups(), settings), Plan(1, log_every=1, decay=Constant())
    loop.train(workload, optimizer, how, method=method, settings=settings, seed=0, request=request, progress=False,
               row=lambda kind, **values: rows.append(kind))  # fmt: skip
    assert rows.count("train") == 5


def test_no_gradient_is_longer_than_the_limit():
    model = torch.nn.Sequential(torch.nn.Flatten(), torch.nn.Linear(784, 10))
    torch.nn.init.normal_(model[1].weight, std=0.3, generator=torch_stream(0, "weights"))
    before = torch.cat([p.detach().flatten().clone() for p in model.parameters()])
    trained(digits(model), limit=0.01, settings={"lr": 1.0})
    after = torch.cat([p.detach().flatten() for p in model.parameters()])
    moved = (after - before).norm().item()  # ten steps of length 0.01 at most, and hardly any in a straight line
    assert 0.01 < moved <= 10 * 0.01 * (1 + 1e-5)  # float32 sums


def test_the_clip_of_the_command_line_replaces_the_tasks():
    clipped = replace(plan("tiny", "adam", seed=0, scale="smoke"), task=replace(TINY, clip=0.25))
    assert clipped.plan.clip == clipped.request["clip"] == 0.25
    assert replace(clipped, options=Options(clip=3.0)).plan.clip == 3.0
    assert replace(clipped, options=Options(clip=0.0)).plan.clip is None


def test_bf16_changes_the_forward_pass_and_not_the_weights():
    model = lenet5(generator=torch_stream(1, "x"))
    exactly, *_ = trained(digits())
    roughly, *_ = trained(digits(model), precision="bf16")
    gap = (losses(exactly) - losses(roughly)).abs().max()
    assert 0 < gap < 10 * torch.finfo(torch.bfloat16).eps  # a few roundings of a loss of about 2 in 8 bits
    assert losses(exactly, "test")[0] == losses(roughly, "test")[0]  # evaluation is in float32
    assert {p.dtype for p in model.parameters()} == {torch.float32}


@pytest.mark.slow
@pytest.mark.skipif(shutil.which("g++") is None, reason="needs a C++ compiler")
@pytest.mark.filterwarnings("ignore")  # of torch's compiler about itself
def test_a_compiled_network_computes_the_same():
    plain, *_ = trained(digits())
    model = lenet5(generator=torch_stream(1, "x"))
    names = list(model.state_dict())
    compiled, *_ = trained(digits(model), compile=True)
    assert (losses(plain) - losses(compiled)).abs().max() < 256 * torch.finfo().eps  # sums in another order
    assert list(model.state_dict()) == names


def test_deterministic_mode_is_on_in_the_run_and_off_after_it(monkeypatch):
    seen, before = [], torch.are_deterministic_algorithms_enabled()
    whole = ImageWorkload.loss
    monkeypatch.setattr(ImageWorkload, "loss", lambda self, batch: (seen.append(
        torch.are_deterministic_algorithms_enabled()), whole(self, batch))[1])  # fmt: skip
    trained(digits(), deterministic=True)
    assert set(seen) == {True} and torch.are_deterministic_algorithms_enabled() == before
    with pytest.raises(KeyboardInterrupt), exact(True):
        raise KeyboardInterrupt
    assert torch.are_deterministic_algorithms_enabled() == before


test_a_switch_that_does_not_exist_is_one_sentence = refused(
    ({"precision": "fp8"}, "precision in"),
    ({"accumulate": 0}, "accumulate >= 1"),
    ({"clip": math.nan}, "0 <= clip"),
    ({"equal": "seconds"}, "equal in"),
    call=lambda option: Options(**option),
)


# ---- budgets and decay ----


@pytest.mark.parametrize(("name", "per_epoch"), [("nala", 6), ("adala", 10), ("adam", 5), ("lookahead", 5)])
def test_equal_timesteps_are_more_gradients_for_those_who_look_ahead(name, per_epoch, tmp_path):
    record = smoke(tmp_path, name, task="tiny", options=Options(equal="timesteps"))
    assert record.column("test", "timestep").tolist() == [0, 5, 10, 15]
    assert record.column("test", "grad_evals").tolist() == [0, per_epoch, 2 * per_epoch, 3 * per_epoch]
    assert record.column("test", "lr").tolist()[1:] == pytest.approx([s * record.column("test", "lr")[0]
                                                                      for s in (1, 1, 0.5)], rel=1e-15)  # fmt: skip
    rows = rows_at(name, METHODS[name].settings, 3 * per_epoch)
    assert record.column("train", "grad_evals").tolist() == rows


def test_a_mini_batch_is_seen_once_in_a_pass_also_when_passes_and_epochs_differ(tmp_path, monkeypatch):
    seen, whole = [], ImageWorkload.loss
    monkeypatch.setattr(ImageWorkload, "loss", lambda self, batch: (seen.append(batch), whole(self, batch))[1])
    smoke(tmp_path, "nala", task="tiny", options=Options(equal="timesteps"))
    assert seen == [n % 5 for n in range(18)]


def test_whole_steps_are_counted_for_every_method():
    for method in METHODS.values():
        for steps in (1, 7, 60):
            spent = gradients(method, method.settings, steps)
            assert method.timesteps(spent, method.settings) == steps
            assert method.timesteps(spent + 1, method.settings) == steps + 1  # no look-ahead is left to do


def test_a_mini_batch_is_a_whole_number_of_images():
    for wrong in (0, 2.5, True, "8", None, 1537):
        with pytest.raises(ValueError, match="batch_size must satisfy integer 1 <= batch_size <= 1536"):
            ImageWorkload(torch.nn.Linear(1, 1), load_data("digits"), batch_size=wrong, seed=0)


def test_a_largest_norm_that_would_turn_or_end_every_gradient_is_refused():
    for wrong in (-1.0, 0.0, math.nan, math.inf, True):
        with pytest.raises(ValueError, match="clip must satisfy 0 < clip < inf"):
            Plan(1, log_every=1, decay=Constant(), clip=wrong)


def test_decays_fall_when_the_papers_say():
    assert [Halving(20).lr_at(0.8, epoch) for epoch in (0, 19, 20, 45)] == [0.8, 0.8, 0.4, 0.2]
    rates = [Milestones((100, 145), 0.1).lr_at(30.0, epoch) for epoch in (99, 100, 144, 145)]
    assert rates == pytest.approx([30, 3, 3, 0.3], rel=1e-15)
    assert Constant().lr_at(0.3, 1000) == 0.3
    for wrong in (lambda: Halving(0), lambda: Milestones((1,), math.nan), lambda: Milestones((1,), 0.0)):
        with pytest.raises(ValueError, match="must satisfy"):
            wrong()


def test_an_epoch_may_be_cut_short(tmp_path):
    scale = Scale(2, 64, 1, train=320, test=60, batches=3)
    made = TINY.make(scale, seed=0, folders=(), device=torch.device("cpu"))
    assert made.batches == 5  # this task does not cut; the workload does
    made = ImageWorkload(network(0), load_data("digits"), batch_size=64, seed=0, batches=3)
    rows, *_ = trained(made)
    assert len(losses(rows)) == 6


# ---- divergence ----


def test_a_spike_is_let_pass_and_a_plateau_above_the_limit_is_not():
    watch, high = Watch(), 1.01 * FACTOR * (1 + 2.5)
    assert watch.sees(2.5) is None
    for _ in range(3):  # up and back again, as often as it likes
        assert [watch.sees(high) for _ in range(PATIENCE - 1)] == [None] * (PATIENCE - 1)
        assert watch.sees(0.99 * FACTOR * (1 + 2.5)) is None
    reasons = [watch.sees(-high) for _ in range(PATIENCE)]  # a critic's loss may go either way
    assert reasons[:-1] == [None] * (PATIENCE - 1) and reasons[-1].startswith("|loss| > 1000 (1 + |first loss|)")
    for value in (math.nan, math.inf, -math.inf):
        assert Watch().sees(value) == "the loss is not finite"


def losing(monkeypatch, at, value=math.nan):
    """Let the loss of one gradient be another number."""
    calls, whole = [], ImageWorkload.loss

    def loss(self, batch):
        calls.append(batch)
        got, metrics = whole(self, batch)
        return (got * value if len(calls) == at else got), metrics

    monkeypatch.setattr(ImageWorkload, "loss", loss)


@pytest.mark.parametrize("waiting", [1, 4, 100])
def test_divergence_is_found_at_its_gradient_however_late_the_losses_are_looked_at(waiting, monkeypatch, tmp_path):
    """An accelerator runs ahead of the check; here the CPU is made to."""
    monkeypatch.setitem(loop.WAITING_ON, "cpu", waiting)
    losing(monkeypatch, at=8)
    record = smoke(tmp_path, "adam", task="tiny")
    assert record.outcome == DIVERGED and record.footer["diverged_at"] == 8
    assert record.footer["diverged_because"] == "the loss is not finite"
    assert math.isnan(record.column("train", "loss")[-1]) and record.column("train", "grad_evals")[-1] == 7
    assert record.footer["totals"]["grad_evals"] == {1: 8, 4: 9, 100: 10}[waiting]  # at the end of the epoch at last


def test_looking_late_at_the_losses_changes_no_row(monkeypatch, tmp_path):
    eager = smoke(tmp_path / "eager", "nala", task="tiny")
    monkeypatch.setitem(loop.WAITING_ON, "cpu", 32)
    assert numbers(smoke(tmp_path / "late", "nala", task="tiny")) == numbers(eager)


def test_a_test_loss_that_is_not_finite_ends_the_run(monkeypatch, tmp_path):
    whole = ImageWorkload.evaluate
    monkeypatch.setattr(ImageWorkload, "evaluate", lambda self: {**whole(self), "loss": math.inf})
    record = smoke(tmp_path, "adam", task="tiny")
    assert record.outcome == DIVERGED and record.footer["diverged_at"] == 0
    assert record.footer["diverged_because"] == "loss on held-out data is not finite"


def test_a_metric_that_cannot_be_computed_of_nan_does_not_hide_the_divergence(monkeypatch, tmp_path):
    whole = ImageWorkload.evaluate

    def evaluate(self):
        measured = whole(self)
        if not math.isfinite(measured["loss"]):
            raise ValueError("the square root of what?")
        return measured

    monkeypatch.setattr(ImageWorkload, "evaluate", evaluate)
    losing(monkeypatch, at=3)
    record = smoke(tmp_path, "sgd", task="tiny")
    assert record.outcome == DIVERGED and len(record.column("test", "loss")) == 1


# ---- randomness and slow weights ----


def test_a_run_leaves_torchs_global_generator_as_it_was_and_does_not_depend_on_it(tmp_path):
    first = smoke(tmp_path / "a", "adam", task="tiny")
    before = torch.get_rng_state()
    torch.rand(3, generator=torch.default_generator)  # someone else's draws
    moved = torch.get_rng_state()
    assert numbers(smoke(tmp_path / "b", "adam", task="tiny")) == numbers(first)
    assert torch.equal(torch.get_rng_state(), moved)
    torch.set_rng_state(before)


def test_batchnorm_is_estimated_anew_for_every_optimizer_alike(tmp_path):
    starts = {}
    for name in ("nala", "adam"):
        record = smoke(tmp_path, name, task="tiny")
        starts[name] = [record.column("test", kind)[0] for kind in ("loss", "fast_loss")]
        # The weights of Adam are one thing only, but the statistics of a run lag behind it.
        assert (record.column("test", "loss") != record.column("test", "fast_loss")).all()
    # Before any training the slow and the fast weights are one, and the statistics of a new network are 0 and 1.
    assert starts["nala"] == starts["adam"] and starts["nala"][0] != starts["nala"][1]


def test_without_batchnorm_a_plain_optimizer_is_measured_once(monkeypatch):
    calls, whole = [], ImageWorkload.evaluate
    monkeypatch.setattr(ImageWorkload, "evaluate", lambda self: (calls.append(self), whole(self))[1])
    rows, *_ = trained(digits(), "adam")
    assert len(calls) == 3 and all(row["loss"] == row["fast_loss"] for row in rows if row["kind"] == "test")
