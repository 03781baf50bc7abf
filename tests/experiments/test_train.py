"""Training runs at smoke scale: determinism, equal starts and data, rows, divergence, skipping, the command."""

import math

import pytest
import torch

from nala_lab.cli import main
from nala_lab.experiments.data.images import load_data
from nala_lab.experiments.models import lenet5, torch_stream
from nala_lab.experiments.run.one_run import find_device
from nala_lab.experiments.run.optimizers import METHODS
from nala_lab.experiments.tasks import Halving
from nala_lab.experiments.tasks.image_workload import ImageWorkload
from nala_lab.methods import PAPER_METHODS
from nala_lab.results.records import DIVERGED, FINISHED, RecordError, load_records
from tests.experiments.runs import left, numbers, rows_at, smoke, trained

pytestmark = pytest.mark.usefixtures("tiny")


def workload(seed=0, model=None, train=1024, batch_size=256):
    model = model or lenet5(generator=torch_stream(1, "x"))
    return ImageWorkload(model, load_data("digits").first(train, 200), batch_size=batch_size, seed=seed)


@pytest.mark.parametrize("name", PAPER_METHODS)
def test_every_optimizer_lowers_the_loss_and_leaves_a_whole_record(tmp_path, name):
    record = smoke(tmp_path, name)
    assert record.outcome == FINISHED and record.footer["diverged_at"] is None
    assert record.header["config"]["optimizer"] == {"name": name, **METHODS[name].settings}
    assert set(record.header["versions"]) == {"python", "numpy", "torch", "nala_lab"}
    # 4 mini-batches an epoch, 3 epochs, a row every 2 steps, and the test set before the first and after each epoch.
    assert record.column("train", "grad_evals").tolist() == rows_at(name, METHODS[name].settings, 12, every=2)
    assert record.column("test", "grad_evals").tolist() == [0, 4, 8, 12]
    assert record.footer["totals"]["grad_evals"] == 12 and record.footer["totals"]["images"] == 12 * 256
    assert record.column("test", "loss")[-1] < record.column("test", "loss")[0]
    assert all(math.isfinite(value) for row in record.rows for value in row.values() if value != row["kind"])
    # The paper's metric is of one mini-batch of 256, the test metric of 200 images.
    assert (record.column("train", "accuracy") * 256 % 1 == 0).all()
    assert record.path.stat().st_size < 100_000
    assert left(tmp_path) == [record.path.name]  # no checkpoint and no part is left


def test_the_same_seed_twice_gives_the_same_rows(tmp_path):
    for name in ("nala", "sgd"):
        first = smoke(tmp_path / "a", name, task="tiny", seed=5, epochs=2)  # 10 gradients: past NALA's first cycle
        assert numbers(first) == numbers(smoke(tmp_path / "b", name, task="tiny", seed=5, epochs=2))
        assert numbers(first) != numbers(smoke(tmp_path / "b", name, task="tiny", seed=6, epochs=2))


def test_at_one_seed_all_optimizers_start_at_the_same_point_with_the_same_batch(tmp_path):
    starts = {}
    for name in METHODS.keys() - {"ntasgd"}:  # which needs a validation loss
        record = smoke(tmp_path, name, task="tiny", seed=2, epochs=1)
        train_row, test_row = (next(r for r in record.rows if r["kind"] == kind) for kind in ("train", "test"))
        starts[name] = (train_row["loss"], train_row["accuracy"], test_row["loss"], test_row["accuracy"])
    assert len(set(starts.values())) == 1, starts


class Spy(torch.nn.Module):
    """A model that remembers which batches it was shown while training."""

    def __init__(self, inner):
        super().__init__()
        self.inner, self.seen = inner, []

    def forward(self, x):
        if self.training:
            self.seen.append(x[:, 0, 2:26:3, 2:26:3].sum().item())
        return self.inner(x)


def test_all_optimizers_see_the_same_batches_in_the_same_order():
    seen = {}
    for name in PAPER_METHODS:
        spy = Spy(lenet5(generator=torch_stream(1, "x")))
        trained(workload(seed=4, model=spy), name)
        seen[name] = tuple(spy.seen)
    assert len(set(seen.values())) == 1 and len(seen["nala"]) == 8  # one new mini-batch for each gradient
    assert len(set(seen["nala"])) == 8  # and no batch twice


def test_the_learning_rate_is_halved_as_the_paper_says():
    rows, optimizer, _ = trained(workload(batch_size=512), "nala", epochs=5, decay=Halving(2))
    rates = [row["lr"] for row in rows if row["kind"] == "test"]
    assert rates[1:] == [1e-3, 1e-3, 5e-4, 5e-4, 2.5e-4]
    assert optimizer.inner.param_groups[0]["lr"] == 2.5e-4  # the inner Adam hears of it


def test_slow_weights_are_what_the_test_metric_measures(tmp_path):
    record = smoke(tmp_path, "nala", epochs=1)  # 4 gradients of a cycle of 6: no synchronisation yet
    before, after = record.column("test", "loss")
    assert before == after  # phi is still phi_0
    assert record.column("test", "fast_loss")[1] < before


def test_a_diverging_run_is_recorded_with_its_mini_batch(tmp_path, capsys):
    # tanh saturates instead of overflowing, so only a rate near the largest float32 breaks this network.
    record = smoke(tmp_path, "sgd", changes={"lr": 1e38})
    assert record.outcome == DIVERGED and "is not finite" in record.footer["diverged_because"]
    losses = record.column("train", "loss")
    assert not math.isfinite(losses[-1]) or not math.isfinite(record.column("test", "loss")[-1])
    assert 1 <= record.footer["diverged_at"] < 12
    assert record.footer["diverged_at"] == record.footer["totals"]["grad_evals"]
    argv = ["train", "--scale", "smoke", "--optimizer", "sgd", "--set", "lr=1e38", "--out", str(tmp_path)]
    assert main(argv) == 0  # a result, not a failure
    out = capsys.readouterr().out
    assert "diverged at gradient" in out and "| SGD | none finished |" in out


def test_a_finished_run_is_not_trained_again_unless_forced(tmp_path):
    record = smoke(tmp_path)
    stamp = record.path.stat().st_mtime_ns
    assert smoke(tmp_path).path == record.path and record.path.stat().st_mtime_ns == stamp
    smoke(tmp_path, force=True)
    assert record.path.stat().st_mtime_ns > stamp
    other = smoke(tmp_path, changes={"lr": 0.002})
    assert other.path != record.path and len(load_records(tmp_path)) == 2


def test_a_broken_record_in_the_way_is_named(tmp_path):
    path = smoke(tmp_path).path
    path.write_text("nonsense\n")
    with pytest.raises(RecordError, match="line 1: not valid JSON"):
        smoke(tmp_path)


def test_the_command_trains_the_papers_five_and_prints_the_table(tmp_path, capsys):
    argv = ["train", "--scale", "smoke", "--seeds", "0", "1", "--epochs", "1", "--out", str(tmp_path), "--quiet"]
    assert main(argv) == 0
    out = capsys.readouterr().out
    labels = ["| NALA ", "| NAG ", "| Lookahead ", "| Adam ", "| SGD "]
    assert [out.index(label) for label in labels] == sorted(out.index(label) for label in labels)
    assert "| NALA - Adam |" in out and " ± " in out
    assert len(load_records(tmp_path / "lenet5-digits")) == 10
    assert main(argv) == 0
    assert capsys.readouterr().out.count("was there already") == 10


def test_a_device_that_is_not_there_is_refused():
    assert find_device("cpu").type == "cpu" and find_device("auto").type in ("cpu", "cuda")
    if not torch.cuda.is_available():
        with pytest.raises(ValueError, match="a device of this machine, got device='cuda'"):
            find_device("cuda")
