"""Training runs at smoke scale: every optimizer, determinism, equal starts and data, divergence, skipping."""

import contextlib
import math

import pytest
import torch

from nala_lab.cli import main
from nala_lab.core.records import DIVERGED, FINISHED, RecordError, load_records, read_record
from nala_lab.experiments.fetch import data_folders
from nala_lab.experiments.loop import Schedule, evaluate, train
from nala_lab.experiments.methods import METHODS, PAPER_METHODS
from nala_lab.experiments.models import lenet5, torch_stream
from nala_lab.experiments.run import execute, find_device, plan, task_data
from tests.experiments.test_models import FILES

PER_CYCLE = {"nala": [1, 2, 3, 4, 5, 5, 6, 7, 8, 9, 10, 10, 11], "adala": [1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7]}


@pytest.fixture(scope="module")
def data():
    return task_data("lenet5-digits", "smoke", folders=[], device=torch.device("cpu"))


def smoke(data, out, name="adam", *, seed=0, **options):
    force = options.pop("force", False)
    run = plan("lenet5-digits", name, seed=seed, data=data, scale="smoke", **options)
    record, _ = execute(run, out, force=force, progress=False)
    return record


def numbers(record):
    """The rows without the seconds, which are the machine's."""
    return [{key: value for key, value in row.items() if key != "seconds"} for row in record.rows]


@pytest.mark.parametrize("name", METHODS)
def test_every_optimizer_lowers_the_loss_and_leaves_a_whole_record(data, tmp_path, name):
    record = smoke(data, tmp_path, name)
    assert record.outcome == FINISHED and record.footer["diverged_at"] is None
    assert record.header["config"]["optimizer"] == {"name": name, **METHODS[name].settings}
    assert set(record.header["versions"]) == {"python", "numpy", "torch", "nala_lab"}
    # 4 mini-batches an epoch, 3 epochs, a row every 2, and the test set before the first and after each epoch.
    assert record.column("train", "grad_evals").tolist() == [0, 2, 4, 6, 8, 10]
    assert record.column("test", "grad_evals").tolist() == [0, 4, 8, 12]
    assert record.footer["totals"]["grad_evals"] == 12 and record.footer["totals"]["images"] == 12 * 256
    assert record.column("test", "loss")[-1] < record.column("test", "loss")[0]
    assert all(math.isfinite(value) for row in record.rows for value in row.values() if value != row["kind"])
    # The paper's metric is of one mini-batch of 256, the test metric of 200 images.
    assert (record.column("train", "accuracy") * 256 % 1 == 0).all()
    assert record.path.stat().st_size < 100_000 and list(tmp_path.rglob("*.partial")) == []


def test_gradients_are_counted_as_the_optimizers_count_them(data):
    for name, method in METHODS.items():
        model = lenet5(generator=torch_stream(0, "x"))
        optimizer = method.build(model.parameters(), method.settings)
        steps = []
        for done in range(1, 14):
            torch.nn.functional.cross_entropy(model(data.train_x[:8]), data.train_y[:8]).backward()
            optimizer.step()
            steps.append(method.timesteps(done, method.settings))
            assert getattr(optimizer, "grad_evals", done) == done, name
        assert steps == PER_CYCLE.get(name, list(range(1, 14))), name


def test_the_same_seed_twice_gives_the_same_rows(data, tmp_path):
    for name in ("nala", "sgd"):
        first = smoke(data, tmp_path / "a", name, seed=5, epochs=2)  # 8 gradients: past NALA's first cycle
        assert numbers(first) == numbers(smoke(data, tmp_path / "b", name, seed=5, epochs=2))
        assert numbers(first) != numbers(smoke(data, tmp_path / "b", name, seed=6, epochs=2))


def test_at_one_seed_all_optimizers_start_at_the_same_point_with_the_same_batch(data, tmp_path):
    starts = {}
    for name in METHODS:
        record = smoke(data, tmp_path, name, seed=2, epochs=1)
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


def test_all_optimizers_see_the_same_batches_in_the_same_order(data):
    seen = {}
    for name in PAPER_METHODS:
        method = METHODS[name]
        model = Spy(lenet5(generator=torch_stream(1, "x")))
        schedule = Schedule(epochs=2, batch_size=256, log_every=1, lr=method.settings["lr"], halve_every=20)
        optimizer = method.build(model.parameters(), method.settings)
        train(model, optimizer, data, schedule, method=method, settings=dict(method.settings), seed=4,
              row=lambda *args, **values: None, progress=False)  # fmt: skip
        seen[name] = tuple(model.seen)
    assert len(set(seen.values())) == 1 and len(seen["nala"]) == 8  # one new mini-batch for each gradient
    assert len(set(seen["nala"])) == 8  # and no batch twice


def test_the_learning_rate_is_halved_as_the_paper_says(data):
    schedule = Schedule(epochs=5, batch_size=512, log_every=9, lr=0.08, halve_every=2)
    method, rates = METHODS["nala"], []
    model = lenet5(generator=torch_stream(1, "x"))
    optimizer = method.build(model.parameters(), method.settings)
    train(model, optimizer, data, schedule, method=method, settings=dict(method.settings), seed=0,
          row=lambda kind, **values: rates.append(values.get("lr")), progress=False)  # fmt: skip
    assert [rate for rate in rates if rate is not None][1:] == [0.08, 0.08, 0.04, 0.04, 0.02]
    assert optimizer.inner.param_groups[0]["lr"] == 0.02  # the inner Adam hears of it


def test_slow_weights_are_what_the_test_metric_measures(data, tmp_path):
    record = smoke(data, tmp_path, "nala", epochs=1)  # 4 gradients of a cycle of 6: no synchronisation yet
    before, after = record.column("test", "loss")
    assert before == after  # phi is still phi_0
    assert record.column("test", "fast_loss")[1] < before


def test_a_diverging_run_is_recorded_with_its_mini_batch(data, tmp_path, capsys):
    # tanh saturates instead of overflowing, so only a rate near the largest float32 breaks this network.
    record = smoke(data, tmp_path, "sgd", changes={"lr": 1e38})
    assert record.outcome == DIVERGED
    losses = record.column("train", "loss")
    assert not math.isfinite(losses[-1]) or not math.isfinite(record.column("test", "loss")[-1])
    assert 1 <= record.footer["diverged_at"] < 12
    assert record.footer["diverged_at"] == record.footer["totals"]["grad_evals"]
    argv = ["train", "--scale", "smoke", "--optimizer", "sgd", "--set", "lr=1e38", "--out", str(tmp_path)]
    assert main(argv) == 0  # a result, not a failure
    out = capsys.readouterr().out
    assert "diverged at mini-batch" in out and "| SGD | none finished |" in out


def test_a_finished_run_is_not_trained_again_unless_forced(data, tmp_path):
    record = smoke(data, tmp_path)
    stamp = record.path.stat().st_mtime_ns
    assert smoke(data, tmp_path).path == record.path and record.path.stat().st_mtime_ns == stamp
    smoke(data, tmp_path, force=True)
    assert record.path.stat().st_mtime_ns > stamp
    other = smoke(data, tmp_path, changes={"lr": 0.002})
    assert other.path != record.path and len(load_records(tmp_path)) == 2


def test_a_broken_record_in_the_way_is_named(data, tmp_path):
    path = smoke(data, tmp_path).path
    path.write_text("nonsense\n")
    with pytest.raises(RecordError, match="line 1: not valid JSON"):
        smoke(data, tmp_path)


def test_an_interrupted_run_leaves_a_readable_prefix(data, tmp_path, monkeypatch):
    calls = []

    def impatient(*args):
        calls.append(args)
        if len(calls) == 4:
            raise KeyboardInterrupt
        return evaluate(*args)

    monkeypatch.setattr("nala_lab.experiments.loop.evaluate", impatient)
    with contextlib.suppress(KeyboardInterrupt):
        smoke(data, tmp_path, "adam")
    (partial,) = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert partial.name.endswith(".jsonl.partial")
    assert read_record(partial).outcome == "unfinished" and len(read_record(partial).column("train", "loss")) == 2


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


@pytest.fixture(scope="module")
def real():
    return task_data("lenet5-fashion-mnist", "smoke", folders=data_folders(), device=torch.device("cpu"))


@pytest.mark.data(*FILES)
@pytest.mark.parametrize("name", PAPER_METHODS)
def test_real_fashion_mnist_trains_at_smoke_scale(real, tmp_path, name):
    run = plan("lenet5-fashion-mnist", name, seed=0, data=real, scale="smoke")
    record, trained = execute(run, tmp_path, progress=False)
    assert trained and record.outcome == FINISHED
    loss = record.column("test", "loss")
    assert loss[-1] < loss[0] < 1.2 * math.log(10)  # an untrained softmax starts near log 10
