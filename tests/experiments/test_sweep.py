"""Sweeps: what a file may say, what is skipped, what several processes do to one store, and what a kill leaves."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from nala_lab.core import stream
from nala_lab.core.records import load_records
from nala_lab.experiments.sweep import Store, Worker, _known_by, cells, read_spec, sweep

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


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        ({"task": ["x"]}, "key of a sweep must satisfy"),
        ({"tasks": []}, "tasks must satisfy tasks is a list"),
        ({"tasks": ["x"]}, "task must satisfy"),
        ({"optimizers": ["x"]}, "optimizer must satisfy"),
        ({"seeds": 3}, "seeds must satisfy seeds is a list"),
        ({"seeds": [-1]}, "seed must satisfy"),
        ({"scale": "large"}, "scale must satisfy"),
        ({"epochs": 0}, "epochs must satisfy"),
        ({"grid": {"sgd": {"lr": [0.1]}}}, "optimizer of a grid must satisfy"),
        ({"grid": {"nala": {"k": 3}}}, "grid.nala.k must satisfy a list of values"),
        ({"grid": {"nala": {"k": [0]}}}, "k must satisfy"),
        ({"options": {"speed": 2}}, "option must satisfy"),
        ({"options": {"precision": "fp8"}}, "precision must satisfy"),
    ],
)
def test_what_a_sweep_may_not_say_is_one_sentence(change, sentence):
    with pytest.raises(ValueError, match=sentence):
        cells({**SPEC, **change})


def test_a_file_that_is_not_toml_is_named(tmp_path):
    (tmp_path / "s.toml").write_text("tasks = [", encoding="utf-8")
    with pytest.raises(ValueError, match=r"s\.toml: is not a TOML file"):
        read_spec(tmp_path / "s.toml")


def test_what_is_finished_is_skipped_and_the_rest_is_trained(tmp_path):
    todo = cells({**SPEC, "seeds": [0]})
    first = [outcome.state for outcome in sweep(todo[:1], tmp_path)]
    (record,) = load_records(tmp_path)
    before = record.path.stat().st_mtime_ns
    states = [outcome.state for outcome in sweep(todo, tmp_path)]
    assert first == ["finished"] and states == ["there", "finished"]
    assert len(load_records(tmp_path)) == 2 and record.path.stat().st_mtime_ns == before
    assert not list(tmp_path.rglob("*.pt")) and not list(tmp_path.rglob("*.partial"))


def test_another_version_of_the_code_has_its_own_folder(tmp_path, monkeypatch):
    first = Store.now(tmp_path).root
    monkeypatch.setattr("nala_lab.experiments.sweep.code_sha256", lambda: "f" * 64)
    assert Store.now(tmp_path).root != first and Store.now(tmp_path).root.name == "code-ffffffffffff"


def test_a_run_that_another_process_holds_is_busy_and_then_waited_for(tmp_path):
    (cell,) = cells({**SPEC, "seeds": [0], "optimizers": ["adam"]})
    worker = Worker(tmp_path, (), "cpu", 1, None)
    with Store(tmp_path).locked(_known_by(cell.run().request), wait=False) as mine:
        assert mine and worker(cell).state == "busy"
    assert worker(cell).state == "finished" and worker(cell).state == "there"


def test_one_run_that_cannot_be_done_does_not_stop_the_others(tmp_path):
    todo = cells({**SPEC, "seeds": [0], "optimizers": ["adam"]})
    missing = cells({"tasks": ["lenet5-fashion-mnist"], "optimizers": ["adam"], "seeds": [0], "scale": "cpu"})
    found = list(sweep([*missing, *todo], tmp_path / "store", folders=[tmp_path]))
    assert [outcome.state for outcome in found] == ["failed", "finished"]
    assert "fashion-mnist: no train-images" in found[0].detail


def start(spec, store, *more):
    code = "import sys; from nala_lab.cli import main; sys.exit(main())"
    command = [sys.executable, "-c", code, "sweep", str(spec), "--out", str(store), "--quiet", "--threads", "1", *more]
    environment = {**os.environ, "OMP_NUM_THREADS": "1"}
    return subprocess.Popen(command, cwd=ROOT, env=environment, start_new_session=True, text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # fmt: skip


@pytest.mark.slow
def test_ten_kills_lose_nothing_and_change_nothing(tmp_path):
    """12 runs; the process group gets SIGKILL at ten random moments; then the sweep is left alone."""
    spec, store = tmp_path / "sweep.toml", tmp_path / "killed"
    spec.write_text(TOML, encoding="utf-8")
    quiet = start(spec, tmp_path / "quiet")
    _, err = quiet.communicate(timeout=300)
    assert quiet.returncode == 0, err
    draw, kills = stream(0, "sweep", "kills"), 0
    for attempt in range(10):
        jobs = "2" if attempt in (3, 7) else "1"
        process = start(spec, store, "--jobs", jobs, "--checkpoint-minutes", "0.001")
        while attempt and process.poll() is None and not at_work(store):
            time.sleep(0.01)
        time.sleep(draw.uniform(0, 0.3))  # a run takes about half a second; the first attempt has not begun one
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            kills += 1
        process.communicate()
        for partial in store.rglob("*.partial"):
            partial.unlink()  # so that the next attempt's own can be seen; a record is begun anew in any case
    last = start(spec, store, "--jobs", "2")
    out, err = last.communicate(timeout=300)
    assert last.returncode == 0, err
    expected, found = numbers(tmp_path / "quiet"), numbers(store)
    assert len(expected) == 12 and found == expected and kills == 10
    assert not list(store.rglob("*.pt"))


def at_work(store):
    return any(store.rglob("*.jsonl.partial"))


@pytest.mark.slow
def test_two_sweeps_on_one_store_share_the_work(tmp_path):
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
