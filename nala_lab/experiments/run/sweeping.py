"""Grids of runs in a store that several processes, sweeps and machines may write at the same time.

A sweep is a TOML file, here with everything that it may hold:

    tasks = ["lenet5-digits"]              # names that `nala-lab train --list` prints
    optimizers = ["nala", "adam"]          # left out: those of each task's paper
    seeds = [0, 1, 2]
    scale = "smoke"                        # smoke, cpu (default) or paper
    epochs = 3                             # left out: the scale's own
    [options]                              # switches of the loop, as in `nala-lab train`
    precision = "float32"
    [grid.nala]                            # every combination of these values is one setting
    k = [3, 5]
    mu = [-0.5, -0.3]

A run is known by the hash of its configuration, in a folder that is named after the checksum of the code:
STORE/code-CHECKSUM/TASK/OPTIMIZER-seedN-HASH.jsonl. What is finished there is skipped, what was saved is taken up, and
nothing is trained twice: a run is locked while it is trained, and the operating system opens the lock of a process that
was killed. The runs are handed to joblib: local processes, or a Dask cluster.
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import BrokenExecutor
from contextlib import AbstractContextManager, nullcontext, suppress
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from pathlib import Path
from types import FrameType
from typing import Any
from warnings import catch_warnings, filterwarnings

from nala_lab.core import require, require_choice, require_int
from nala_lab.experiments.run.alone import Busy, known_by
from nala_lab.experiments.run.keeping import GO_ON
from nala_lab.experiments.run.one_run import Run, Saving, code_sha256, execute, find_device, held_out, plan
from nala_lab.experiments.run.options import Options
from nala_lab.experiments.run.signals import Stopped, StopRequest
from nala_lab.experiments.run.spec_file import require_axes
from nala_lab.experiments.tasks import get_task
from nala_lab.results.records import RecordError, read_record

__all__ = ["BACKENDS", "Cell", "Outcome", "cells", "finished", "in_parallel", "store", "sweep"]

BACKENDS = ("local", "dask")
# Windows has no signal that asks: os.kill ends a process at once. But there Ctrl-C reaches every process of a console.
_CAN_ASK = os.name != "nt"
KEYS = ("tasks", "optimizers", "seeds", "scale", "epochs", "options", "grid")


@dataclass(frozen=True)
class Cell:
    """One run of a sweep, as plain values that any worker can rebuild it from."""

    task: str
    optimizer: str
    seed: int
    scale: str = "cpu"
    epochs: int | None = None
    changes: Mapping[str, Any] = field(default_factory=dict, hash=False)
    options: Mapping[str, Any] = field(default_factory=dict, hash=False)
    held_out: bool = False  # measured on a part of the training images, as tuning does

    def run(self, folders: Sequence[Path] = (), device: str = "auto") -> Run:
        """Check it and make the run; see `nala_lab.experiments.run.one_run.plan`."""
        run = plan(self.task, self.optimizer, seed=self.seed, scale=self.scale, epochs=self.epochs,
                   changes=self.changes, options=Options(**self.options), folders=folders,
                   device=find_device(device))  # fmt: skip
        return held_out(run) if self.held_out else run

    @property
    def key(self) -> str:
        """Its name for programs: no two cells of other runs have the same."""
        return json.dumps(asdict(self), sort_keys=True)

    @property
    def label(self) -> str:
        """Its name for people."""
        changed = "".join(f" {name}={value}" for name, value in self.changes.items())
        return f"{self.task} {self.optimizer} seed {self.seed}{changed}"


@dataclass(frozen=True)
class Outcome:
    """What became of a cell: ``"finished"``, ``"there"`` already, ``"busy"`` elsewhere, ``"stopped"``, ``"failed"``."""

    cell: Cell
    state: str
    detail: str = ""
    record: Path | None = None


def cells(spec: Mapping[str, Any]) -> list[Cell]:
    """Every cell of a sweep, each of them checked.

    Raises ValueError for an unknown key, or a name or value that is not allowed.

    Examples
    --------
    >>> from nala_lab.experiments import cells
    >>> grid = {"nala": {"k": [3, 5]}}
    >>> spec = {"tasks": ["lenet5-digits"], "optimizers": ["nala", "adam"], "seeds": [0, 1], "grid": grid}
    >>> [cell.label for cell in cells(spec)][:3]
    ['lenet5-digits nala seed 0 k=3', 'lenet5-digits nala seed 0 k=5', 'lenet5-digits adam seed 0']
    """
    for key in spec:
        require_choice("key of a sweep", key, KEYS)
    for key in ("tasks", "seeds", *({"optimizers"} & spec.keys())):
        require(key, spec.get(key), _is_list(spec.get(key)), f"{key} is a list of names or numbers")
    grid, options = spec.get("grid", {}), spec.get("options", {})
    for key, table in (("grid", grid), ("options", options)):
        require(key, table, isinstance(table, dict), "a table")
    for name, axes in grid.items():
        require_axes(f"grid.{name}", axes)
    for key in options:
        require_choice("option", key, Options.__dataclass_fields__)
    found = [
        Cell(task, name, seed, spec.get("scale", "cpu"), spec.get("epochs"), changes, options)
        for task in spec["tasks"]
        for seed in spec["seeds"]
        for name in spec.get("optimizers", get_task(task).methods)
        for changes in _combinations(grid.get(name, {}))
    ]
    used = {cell.optimizer for cell in found}
    for name in grid:
        require_choice("optimizer of a grid", name, used)
    for cell in found:
        cell.run(device="cpu")
    return list(dict.fromkeys(found))  # what is named twice is run once


def _is_list(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and not any(isinstance(item, list | dict) for item in value)


def _combinations(axes: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for values in itertools.product(*axes.values()):
        yield dict(zip(axes, values, strict=True))


def store(out: Path) -> Path:
    """The folder in `out` for records of the code as it is now; the files may be edited during a sweep."""
    return out / f"code-{code_sha256()[:12]}"


def finished(root: Path) -> set[str]:
    """Hashes of what is in a store already, whatever the data at hand.

    A record that cannot be read is not, and its run will say so. Nor is one of generated data, or with an extractor for
    FID: the real data or weights may have come since, which is known when they are read.
    """
    found = set()
    for path in root.rglob("*.jsonl"):
        with suppress(RecordError):
            record = read_record(path)
            if not record.generated and "fid" not in record.header["data"]:
                found.add(known_by(record.header["config"]))
    return found


@dataclass(frozen=True)
class Worker:
    """How a worker runs a cell; picklable, and the same on every machine of a cluster.

    `parent` is the process that hands out the runs to processes of its own, and hears the signals for all of them.
    """

    root: Path
    folders: tuple[Path, ...]
    device: str
    threads: int
    minutes: float | None
    parent: int | None = None
    progress: bool = False

    def __post_init__(self) -> None:
        require_int("threads", self.threads, low=1)

    def __call__(self, cell: Cell, *, wait: bool = False) -> Outcome:
        """Train a cell, unless someone else does or did."""
        import torch

        if self.parent not in (None, os.getpid()):
            _listening()
        before = torch.get_num_threads()
        torch.set_num_threads(self.threads)
        try:
            return self._trained(cell, wait)
        except Stopped as stop:
            return Outcome(cell, "stopped", str(stop).removesuffix(GO_ON))  # a sweep takes it up without being asked
        except Exception as error:  # a full memory, or whatever else: it does not stop the others
            told = "" if isinstance(error, ValueError | OSError) else f"{type(error).__name__}: "
            return Outcome(cell, "failed", told + " ".join(str(error).split()))
        finally:
            torch.set_num_threads(before)

    def _trained(self, cell: Cell, wait: bool) -> Outcome:
        run, saving = cell.run(self.folders, self.device), Saving(minutes=self.minutes, resume=True)
        try:
            record, trained = execute(run, self.root, progress=self.progress, saving=saving, wait=wait)
        except Busy:
            return Outcome(cell, "busy")
        generated = ", on generated data" if record.generated else ""
        return Outcome(cell, "finished" if trained else "there", record.outcome + generated, record.path)


def sweep(todo: Sequence[Cell], out: Path | str, *, jobs: int = 1, backend: str = "local", address: str | None = None,
          folders: Sequence[Path | str] = (), device: str = "auto", threads: int | None = None,
          minutes: float | None = 5.0) -> Iterator[Outcome]:  # fmt: skip
    """Run cells, yielding what became of each as it ends; those that are busy elsewhere are waited for at the end.

    Raises ValueError for a setting that is not allowed; OSError before anything is trained, when the store cannot be
    written; as ChildProcessError, when a process was killed.

    Parameters
    ----------
    todo : from `cells`. out : the store.
    jobs : runs at the same time; -1 is one for each core, and on a cluster leaves it to the cluster.
    backend : ``"local"`` processes, or a ``"dask"`` cluster, at `address`; a worker's threads train one after another.
    folders, device : as in `plan`; the same on every worker.
    threads : of each run; None shares the cores of this machine. Sums on a CPU depend on it in the last bit.
    minutes : how often a run is saved, so that a killed sweep loses no more than that; None saves nothing.
    """
    require_choice("backend", backend, BACKENDS)
    require_int("jobs", jobs, low=-1)
    require("jobs", jobs, jobs != 0, "jobs != 0")
    share = 1 if jobs == -1 and backend == "local" else shared_threads(jobs)
    root, places = store(Path(out)), tuple(map(Path, folders))
    worker = Worker(root, places, device, share if threads is None else threads, minutes)
    root.mkdir(parents=True, exist_ok=True)
    done = finished(root)
    left = []
    for cell in todo:
        if known_by(cell.run(places, device).request) in done:
            yield Outcome(cell, "there")
        else:
            left.append(cell)
    busy, heard = [], 0
    for outcome in in_parallel(worker, left, jobs, backend, address):
        heard += outcome.state != "stopped"
        if outcome.state == "busy":
            busy.append(outcome.cell)
        else:
            yield outcome
    for cell in busy if heard == len(left) else ():  # a sweep that was stopped waits for nobody
        yield worker(cell, wait=True)


def shared_threads(jobs: int) -> int:
    """Give the threads of each of so many runs at the same time on this machine."""
    return max(1, (os.cpu_count() or 1) // max(jobs, 1))


def in_parallel(worker: Worker, left: Sequence[Cell], jobs: int, backend: str = "local",
                address: str | None = None) -> Iterator[Outcome]:  # fmt: skip
    """Hand cells to a worker, so many at a time, yielding what became of each as it ends; see `sweep`."""
    if not left:
        return
    if jobs == 1 and backend == "local":
        for cell in left:
            outcome = worker(cell)
            yield outcome
            if outcome.state == "stopped":
                return
        return
    yield from _pooled(worker, left, jobs, backend, address)


def _pooled(worker: Worker, left: Sequence[Cell], jobs: int, backend: str, address: str | None) -> Iterator[Outcome]:
    """After a signal no run is begun, and those at work are heard out: they save, and say that they were stopped."""
    from joblib import Parallel, delayed
    from joblib.externals.loky import get_reusable_executor

    local = backend == "local"
    worker = replace(worker, parent=os.getpid()) if local else worker
    stopped = False
    with _ForAll() if local else StopRequest() as request, _engine(backend, address, jobs), catch_warnings():
        # Between two runs a process that has grown is replaced, and loky warns of it: no run is lost by that.
        filterwarnings("ignore", message="A worker stopped while some jobs", category=UserWarning)
        pool = Parallel(n_jobs=jobs, return_as="generator_unordered", batch_size=1, pre_dispatch="n_jobs",
                        **({"backend": "loky"} if local else {}))  # fmt: skip
        todo = (delayed(worker)(cell) for cell in left if not stopped and request.signum is None)
        try:
            for outcome in pool(todo):
                stopped = stopped or outcome.state == "stopped"
                yield outcome
        except BrokenExecutor as error:
            if request.signum is None:
                raise ChildProcessError("a process of the sweep was killed, perhaps because the memory was full; "
                                        "the same command goes on") from error  # fmt: skip
        if local and request.signum is not None:
            get_reusable_executor().shutdown()  # its processes have heard the signal, and would stop every run


@cache
def _listening() -> StopRequest:
    """What a process that waits for runs has heard; it listens to its end, so the next run hears of it."""
    return StopRequest().__enter__()


class _ForAll(StopRequest):
    """Passes a signal on to the processes that train: it may have been sent to this one only."""

    def _note(self, signum: int, frame: FrameType | None) -> None:
        super()._note(signum, frame)
        for child in multiprocessing.active_children():
            if child.pid is not None and _CAN_ASK:
                os.kill(child.pid, signal.SIGTERM)


def _engine(backend: str, address: str | None, jobs: int) -> AbstractContextManager[Any]:
    """The cluster that joblib hands the runs to."""
    if backend == "local":
        return nullcontext()
    from distributed import Client
    from joblib import parallel_config

    # Without an address: processes of one thread on this machine, because a run has a process to itself.
    Client(address) if address else Client(n_workers=max(jobs, 1), threads_per_worker=1)
    return parallel_config(backend="dask")
