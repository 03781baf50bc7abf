"""Sweeps: what a file may say, what is skipped, what several processes do to one store, and what a kill leaves."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
import torch

from nala_lab.cli import main
from nala_lab.core import stream
from nala_lab.experiments.data.fetch import FASHION_MNIST, data_folders
from nala_lab.experiments.run.alone import alone, known_by
from nala_lab.experiments.run.signals import StopRequest
from nala_lab.experiments.run.spec_file import read_toml
from nala_lab.experiments.run.sweeping import Worker, cells, store, sweep
from nala_lab.experiments.tasks.image_workload import ImageWorkload
from nala_lab.results.records import load_records
from tests.refusals import refused

ROOT = Path(__file__).resolve().parents[2]
SPEC = {"tasks": ["lenet5-digits"], "optimizers": ["nala", "adam"], "seeds": [0, 1], "scale": "smoke", "epochs": 1}
TOML = """
tasks = ["lenet5-digits"]
optimizers = ["nala", "adam"]
seeds = [0, 1, 2]
scale = "smoke"
epochs = 1
[grid.nala]
k = [2, 3, 5]
"""


def numbers(root):
    """What every record says, the seconds left out."""
    kept = {}
    for record in load_records(root):
        rows = [{k: v for k, v in row.items() if k != "seconds"} for row in record.rows]
        assert record.outcome == "finished"
        kept[record.path.name] = rows
    return kept


test_what_a_sweep_may_not_say_is_one_sentence = refused(
    ({"task": ["x"]}, "key of a sweep must satisfy"),
    ({"tasks": []}, "tasks must satisfy tasks is a list"),
    ({"tasks": ["x"]}, "task must satisfy"),
    ({"optimizers": ["x"]}, "optimizer must satisfy"),
    ({"seeds": 3}, "seeds must satisfy seeds is a list"),
    ({"seeds": [-1]}, "seed must satisfy"),
    ({"seeds": [[1]]}, "seeds must satisfy seeds is a list of names or numbers"),
    ({"optimizers": "adam"}, "optimizers must satisfy optimizers is a list"),
    ({"optimizers": []}, "optimizers must satisfy optimizers is a list"),
    ({"grid": 3}, "grid must satisfy a table, got grid=3"),
    ({"grid": {"nala": 3}}, "grid.nala must satisfy a table of settings"),
    ({"options": 3}, "options must satisfy a table"),
    ({"scale": "large"}, "scale must satisfy"),
    ({"epochs": 0}, "epochs must satisfy"),
    ({"grid": {"sgd": {"lr": [0.1]}}}, "optimizer of a grid must satisfy"),
    ({"grid": {"nala": {"k": 3}}}, "grid.nala.k must satisfy a list of values"),
    ({"grid": {"nala": {"k": [0]}}}, "k must satisfy"),
    ({"options": {"speed": 2}}, "option must satisfy"),
    ({"options": {"precision": "fp8"}}, "precision must satisfy"),
    ({"options": {"compile": "false"}}, "compile must satisfy True or False, got compile='false'"),
    ({"options": {"deterministic": 1}}, "deterministic must satisfy True or False"),
    ({"options": {"channels_last": "no"}}, "channels_last must satisfy True or False"),
    ({"tasks": ["lstm1-ptb"], "options": {"channels_last": True}}, "channels_last must satisfy left out"),
    ({"optimizers": ["torch.optim:Adam"], "grid": {"torch.optim:Adam": {"amsgrad": ["False"]}}},
     "amsgrad must satisfy true or false, without quotes"),
    call=lambda change: cells({**SPEC, **change}),
)


def test_a_file_that_is_not_toml_is_named(tmp_path):
    (tmp_path / "s.toml").write_text("tasks = [", encoding="utf-8")
    with pytest.raises(ValueError, match=r"s\.toml: is not a TOML file"):
        cells(read_toml(tmp_path / "s.toml"))


def test_what_is_finished_is_skipped_and_the_rest_is_trained(tmp_path):
    todo = cells({**SPEC, "seeds": [0]})
    first = [outcome.state for outcome in sweep(todo[:1], tmp_path)]
    (record,) = load_records(tmp_path)
    before = record.path.stat().st_mtime_ns
    states = [outcome.state for outcome in sweep(todo, tmp_path)]
    assert first == ["finished"] and states == ["there", "finished"]
    assert len(load_records(tmp_path)) == 2 and record.path.stat().st_mtime_ns == before
    assert not list(tmp_path.rglob("*.pt")) and not list(tmp_path.rglob("*.partial"))


def test_what_is_named_twice_is_run_once():
    for key, value in (("tasks", ["lenet5-digits"] * 2), ("seeds", [0, 1, 0]), ("grid", {"adam": {"lr": [0.1, 0.1]}})):
        assert len(cells({**SPEC, key: value})) == 4


@pytest.mark.data(*FASHION_MNIST)
def test_a_record_of_generated_data_does_not_stand_for_the_real_ones(tmp_path):
    todo = cells({**SPEC, "tasks": ["lenet5-fashion-mnist"], "optimizers": ["adam"], "seeds": [0]})
    ends = [next(sweep(todo, tmp_path, folders=folders)) for folders in ((), data_folders(), data_folders())]
    assert [end.state for end in ends] == ["finished", "finished", "there"]
    assert [record.generated for record in load_records(tmp_path)].count(True) == 1


def test_another_version_of_the_code_has_its_own_folder(tmp_path, monkeypatch):
    first = store(tmp_path)
    monkeypatch.setattr("nala_lab.experiments.run.sweeping.code_sha256", lambda: "f" * 64)
    assert store(tmp_path) != first and store(tmp_path).name == "code-ffffffffffff"


def test_a_run_that_another_process_holds_is_busy_and_then_waited_for(tmp_path):
    (cell,) = cells({**SPEC, "seeds": [0], "optimizers": ["adam"]})
    worker = Worker(tmp_path, (), "cpu", 1, None)
    name = known_by(cell.run(device="cpu").request)
    with StopRequest() as request, alone(tmp_path, "a run", name, request):
        assert worker(cell).state == "busy"
    assert worker(cell).state == "finished" and worker(cell).state == "there"


def test_threads_are_at_least_one():
    with pytest.raises(ValueError, match="threads must satisfy integer threads >= 1, got threads=0"):
        Worker(Path(), (), "cpu", 0, None)


def test_one_run_that_cannot_be_done_does_not_stop_the_others(tmp_path):
    todo = cells({**SPEC, "seeds": [0], "optimizers": ["adam"]})
    missing = cells({"tasks": ["lenet5-fashion-mnist"], "optimizers": ["adam"], "seeds": [0], "scale": "cpu"})
    found = list(sweep([*missing, *todo], tmp_path / "store", folders=[tmp_path]))
    assert [outcome.state for outcome in found] == ["failed", "finished"]
    assert "fashion-mnist: no train-images" in found[0].detail


def test_a_run_that_breaks_in_any_way_does_not_stop_the_others(tmp_path, monkeypatch):
    todo, whole = cells({**SPEC, "seeds": [0]}), ImageWorkload.loss

    def loss(self, batch):
        if any(isinstance(module, torch.nn.Linear) for module in self.model.modules()) and not broken:
            broken.append(self)
            raise torch.OutOfMemoryError("no more")
        return whole(self, batch)

    broken = []
    monkeypatch.setattr(ImageWorkload, "loss", loss)
    found = list(sweep(todo, tmp_path))
    assert [(outcome.state, outcome.detail) for outcome in found] == [
        ("failed", "OutOfMemoryError: no more"), ("finished", "finished")]  # fmt: skip


@pytest.mark.parametrize(("jobs", "threads"), [(1, 6), (2, 3), (4, 1), (-1, 1), (99, 1)])
def test_the_cores_are_shared_by_the_runs(jobs, threads, tmp_path, monkeypatch):
    workers = []
    alone = lambda worker, *rest: workers.append(worker) or []  # noqa: E731
    monkeypatch.setattr("nala_lab.experiments.run.sweeping.in_parallel", alone)
    monkeypatch.setattr("os.cpu_count", lambda: 6)
    assert list(sweep(cells({**SPEC, "seeds": [0]}), tmp_path, jobs=jobs)) == []
    assert workers[0].threads == threads


def test_a_run_hears_a_signal_that_came_before_it_began(tmp_path):
    (cell,) = cells({**SPEC, "seeds": [0], "optimizers": ["adam"]})
    with StopRequest() as waiting:
        signal.raise_signal(signal.SIGTERM)
        signal.raise_signal(signal.SIGTERM)  # again: only Ctrl-C interrupts a run that is being saved
        outcome = Worker(tmp_path, (), "cpu", 1, None)(cell)
    assert waiting.name == "SIGTERM" and outcome.state == "stopped" and "after 0 of 4 gradients" in outcome.detail
    assert "--resume" not in outcome.detail  # which the command of a sweep does not have
    assert Worker(tmp_path, (), "cpu", 1, None)(cell).state == "finished"


def test_a_store_that_cannot_be_written_is_one_sentence_before_anything_is_trained(tmp_path, capsys):
    spec = tmp_path / "sweep.toml"
    spec.write_text(TOML, encoding="utf-8")
    for out in (spec, spec / "inside"):
        assert main(["sweep", str(spec), "--out", str(out)]) == 2
        said = capsys.readouterr().err
        assert str(out) in said and said.count("\n") == 1
    assert main(["sweep", str(spec), "--address", "tcp://10.0.0.1:8786", "--out", str(tmp_path / "store")]) == 2
    assert "--address must satisfy given with --backend dask" in capsys.readouterr().err
    assert not (tmp_path / "store").exists()
    assert main(["sweep", str(tmp_path / "none.toml")]) == 2
    assert "none.toml: cannot be read (No such file or directory)" in capsys.readouterr().err


@pytest.fixture
def start():
    """start(spec, store, *more): a sweep, or what else is named, in a session of its own that ends with the test."""
    begun = []

    def command(spec, store, *more, name="sweep"):
        begun.append(started(name, str(spec), "--out", str(store), *more))
        return begun[-1]

    yield command
    for process in begun:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(process.pid, signal.SIGKILL)
        process.communicate()


def started(*arguments):
    code = "import sys; from nala_lab.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, *arguments, "--quiet", "--threads", "1"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip


TRIALS = ("--optimizer", "nala", "adam", "nag", "--trials", "4", "--scale", "smoke", "--epochs", "1")


@pytest.mark.slow
@pytest.mark.parametrize("name", ["sweep", "tune"])
def test_ten_kills_lose_nothing_and_change_nothing(name, tmp_path, start):
    """12 runs; the process group gets SIGKILL at ten random moments; then the command is left alone."""
    spec, store = tmp_path / "sweep.toml", tmp_path / "killed"
    spec.write_text(TOML, encoding="utf-8")
    what, more = (spec, ()) if name == "sweep" else ("lenet5-digits", TRIALS)
    quiet = start(what, tmp_path / "quiet", *more, name=name)
    whole, err = quiet.communicate(timeout=300)
    assert quiet.returncode == 0, err
    draw, kills = stream(0, name, "kills"), 0
    saves = ("--checkpoint-minutes", "0.001") if name == "sweep" else ()  # a trial is begun anew
    for attempt in range(10):
        jobs = "2" if attempt in (3, 7) else "1"
        process = start(what, store, *more, "--jobs", jobs, *saves, name=name)
        while attempt and process.poll() is None and not at_work(store):
            time.sleep(0.01)
        time.sleep(draw.uniform(0, 0.3))  # a run takes about half a second; the first attempt has not begun one
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            kills += 1
        process.communicate()
        for partial in store.rglob("*.partial"):
            partial.unlink()  # so that the next attempt's own can be seen; a record is begun anew in any case
    last = start(what, store, *more, "--jobs", "2", name=name)
    out, err = last.communicate(timeout=300)
    assert last.returncode == 0, err
    expected, found = numbers(tmp_path / "quiet"), numbers(store)
    assert len(expected) == 12 and found == expected and kills == 10
    assert not list(store.rglob("*.pt"))
    table = [text.partition("|")[2] for text in (whole, out)]  # what tune prints; a sweep prints none
    assert table[0] == table[1] and bool(table[0]) == (name == "tune")


def at_work(store):
    return any(store.rglob("*.jsonl.partial"))


@pytest.mark.slow
@pytest.mark.parametrize("everyone", [False, True])
def test_a_signal_saves_every_run_that_is_at_work(everyone, tmp_path, start):
    """SIGTERM to the sweep alone, or as a terminal's Ctrl-C to all its processes: both runs are saved, none begun."""
    spec, store = tmp_path / "sweep.toml", tmp_path / "store"
    spec.write_text(TOML.replace("epochs = 1", "epochs = 4000"), encoding="utf-8")
    process = start(spec, store, "--jobs", "2", "--checkpoint-minutes", "60")
    while process.poll() is None and sum(rows(path) > 20 for path in store.rglob("*.partial")) < 2:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT) if everyone else process.send_signal(signal.SIGTERM)
    out, err = process.communicate(timeout=120)
    assert process.returncode == 130 and out.endswith("stopped; the same command goes on\n"), err
    assert out.count(": stopped by SIG") == 2 and "2 stopped ->" in out and "Traceback" not in err
    assert len(list(store.rglob("*.pt"))) == 2 and not list(store.rglob("*.jsonl"))


def rows(path):
    return path.read_bytes().count(b"\n")


@pytest.mark.slow
def test_a_process_that_was_killed_ends_the_sweep_in_one_sentence(tmp_path, start):
    spec, store = tmp_path / "sweep.toml", tmp_path / "store"
    spec.write_text(TOML.replace("epochs = 1", "epochs = 4000"), encoding="utf-8")
    process = start(spec, store, "--jobs", "2")
    while process.poll() is None and not any(rows(path) > 20 for path in store.rglob("*.partial")):
        time.sleep(0.05)
    children = Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
    trains = [pid for pid in children if b"loky" in Path(f"/proc/{pid}/cmdline").read_bytes()]
    os.kill(int(trains[-1]), signal.SIGKILL)
    _, err = process.communicate(timeout=120)
    assert process.returncode == 1 and "a process of the sweep was killed" in err and "Traceback" not in err


@pytest.mark.slow
def test_two_sweeps_on_one_store_share_the_work(tmp_path, start):
    spec = tmp_path / "sweep.toml"
    spec.write_text(TOML, encoding="utf-8")
    both = [start(spec, tmp_path / "store") for _ in range(2)]
    ends, errors = zip(*[process.communicate(timeout=300) for process in both], strict=True)
    assert [process.returncode for process in both] == [0, 0], errors
    assert len(numbers(tmp_path / "store")) == 12
    trained = [end.count(": finished") for end in ends]
    assert sum(trained) == 12 and min(trained) > 0  # no run twice, and neither did all of it


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore")  # the cluster's own, about ports and processes
def test_a_dask_cluster_gives_the_same_numbers(tmp_path):
    todo = cells({**SPEC, "seeds": [0]})
    assert [outcome.state for outcome in sweep(todo, tmp_path / "here", threads=1)] == ["finished"] * 2
    there = sweep(todo, tmp_path / "cluster", backend="dask", jobs=-1, threads=1)
    assert [outcome.state for outcome in there] == ["finished"] * 2
    assert numbers(tmp_path / "here") == numbers(tmp_path / "cluster")
