"""From names to a record: one run of one optimizer on one task with one seed."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, nullcontext
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

import nala_lab
from nala_lab.core import require, require_choice, require_int, require_number
from nala_lab.experiments.checkpoint import CheckpointError
from nala_lab.experiments.run.alone import alone, known_by
from nala_lab.experiments.run.keeping import Keeper
from nala_lab.experiments.run.log import Row
from nala_lab.experiments.run.loop import Plan, train
from nala_lab.experiments.run.optimizers import Method
from nala_lab.experiments.run.options import Options
from nala_lab.experiments.run.own import find_method
from nala_lab.experiments.run.parallel import SOLO, Team
from nala_lab.experiments.run.signals import Stopped, StopRequest
from nala_lab.experiments.run.tracking import Board
from nala_lab.experiments.tasks import Scale, Task, get_task
from nala_lab.experiments.tasks.workload import Workload
from nala_lab.results.records import Record, RecordError, RecordWriter, config_hash, read_record

__all__ = ["CODE", "DEVICES", "SHARE", "Run", "Saving", "code_sha256", "execute", "find_device", "held_out", "plan"]

DEVICES = ("auto", "cpu", "cuda", "mps")
SHARE = 10  # where a run is measured on held-out training images, one in so many is
CLOCK = "timesteps"  # what rows are due by; records without this key have rows by gradients
COMPUTES = ("core", "methods", "optim", "experiments")  # the rooms whose source decides a run's numbers


def find_device(name: str = "auto") -> torch.device:
    """The device called `name`; ``auto`` takes CUDA, else the CPU.

    ``auto`` passes over Apple's mps: for networks of this size the CPU is the safer choice. Raises ValueError for
    another name, or a device that this machine lacks.
    """
    require_choice("device", name, DEVICES)
    have = {"auto": True, "cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    require("device", name, have[name], "a device of this machine", "use 'cpu' or 'auto'")
    if name == "auto":
        name = "cuda" if have["cuda"] else "cpu"
    return torch.device(name)


@dataclass(frozen=True)
class Saving:
    """When a run is saved, and whether it takes up what was saved; see `nala_lab.experiments.run.keeping.Keeper`."""

    epochs: int | None = None
    minutes: float | None = None
    resume: bool = False

    def __post_init__(self) -> None:
        if self.epochs is not None:
            require_int("epochs", self.epochs, low=1)
        if self.minutes is not None:
            require_number("minutes", self.minutes, low=0, open_low=True)


@dataclass(frozen=True)
class Run:
    """Everything that fixes a run's numbers; what it is trained on is read when it is made.

    Attributes
    ----------
    task, scale, scale_name, method : what is trained, at which sizes, with which optimizer.
    settings : every hyperparameter of the optimizer.
    seed : names the initial weights, the order of the data, and every other random stream.
    device : where it runs.
    folders : where data files are looked for.
    options : switches of the loop.
    """

    task: Task
    scale: Scale
    scale_name: str
    method: Method
    settings: Mapping[str, Any] = field(hash=False)
    seed: int
    device: torch.device
    folders: tuple[Path, ...]
    options: Options

    @property
    def plan(self) -> Plan:
        """The task's protocol at this scale, for the loop."""
        clip = self.task.clip if self.options.clip is None else self.options.clip or None
        last = self.task.channels_last if self.options.channels_last is None else self.options.channels_last
        return Plan(epochs=self.scale.epochs, log_every=self.scale.log_every, decay=self.task.decay, clip=clip,
                    channels_last=last, options=self.options, main=self.task.main)  # fmt: skip

    @property
    def request(self) -> dict[str, Any]:
        """Task, sizes, optimizer, seed, switches and kind of device, as plain values: all but the data."""
        scale = self.scale
        own = {"own": self.method.origin} if self.method.origin else {}
        return {
            "task": self.task.name, "model": self.task.model_name, "scale": self.scale_name, "seed": self.seed,
            "optimizer": {"name": self.method.name, **self.settings},
            "epochs": scale.epochs, "batch_size": scale.batch_size, "log_every": scale.log_every,
            "batches": scale.batches, "extra": dict(scale.extra),
            "decay": self.task.decay_config(), "clip": self.plan.clip, "rows": CLOCK, **self.options.config,
            "device": self.device.type, **own, **({"channels_last": True} if self.plan.channels_last else {}),
        }  # fmt: skip

    def workload(self) -> Workload:
        """Read the data and draw the initial weights."""
        made: Workload = self.task.make(self.scale, seed=self.seed, folders=self.folders, device=self.device)
        return made

    def config(self, workload: Workload) -> dict[str, Any]:
        """What a record's hash is taken of: the request and the data."""
        return {**self.request, "data": workload.fingerprint}

    def path(self, out: Path, config: Mapping[str, Any]) -> Path:
        """Where the record goes: OUT/TASK/OPTIMIZER-seedN-HASH.jsonl, so that no configuration overwrites another."""
        return out / self.task.name / f"{self.method.name}-seed{self.seed}-{config_hash(config)[:8]}.jsonl"


def held_out(run: Run) -> Run:
    """The same run, measured on a part of its training images instead of the test images."""
    images = run.task.main == "accuracy"
    extra = {**run.scale.extra, "held_out": SHARE} if images else run.scale.extra
    return replace(run, scale=replace(run.scale, extra=extra))


def plan(task: str, optimizer: str | Method, *, seed: int, scale: str = "cpu", epochs: int | None = None,
         changes: Mapping[str, Any] | None = None, device: torch.device | str | None = None,
         folders: Sequence[Path | str] = (),
         options: Options | None = None) -> Run:  # fmt: skip
    """Check everything that can be checked of a run before its data are read.

    Raises ValueError in one sentence, for a name or a value that is not allowed.

    Parameters
    ----------
    task, optimizer, scale : names in TASKS, METHODS, SCALES; an optimizer of your own is ``package.module:factory``, or
        what `nala_lab.experiments.run.own.own_method` makes of a class.
    seed : names the initial weights, the order of the data, and every other random stream.
    epochs : instead of the scale's own.
    changes : hyperparameters instead of the published ones.
    device : None for the CPU; see `find_device`.
    folders : where data files are looked for; without any they are downloaded, and generated at smoke scale.
    options : switches of the loop.
    """
    require("options", type(options).__name__, options is None or isinstance(options, Options), "Options(...)")
    require("folders", folders, not isinstance(folders, str), "a list of folders")
    chosen, method = get_task(task), find_method(optimizer)
    able = "waits for the validation loss" not in method.traits or chosen.main == "perplexity"
    require("optimizer", method.name, able, f"another one on {task}", "it goes by a validation loss, which texts have")
    require_choice("scale", scale, chosen.scales)
    require_int("seed", seed, low=0)
    sizes = chosen.scales[scale]
    if epochs is not None:
        require_int("epochs", epochs, low=1)
        sizes = replace(sizes, epochs=epochs)
    last = (options or Options()).channels_last
    require("channels_last", last, not last or chosen.main == "accuracy", "left out", f"{task} is no image classifier")
    own = chosen.settings.get(method.name, {})
    if "inner" in (changes or {}):  # the task's words on another inner optimizer's settings do not concern this one
        known = method.with_settings({"inner": (changes or {})["inner"]})
        own = {name: value for name, value in own.items() if name in known}
    settings = method.with_settings({**own, **(changes or {})})
    return Run(chosen, sizes, scale, method.rehearsed(settings), settings, seed, torch.device(device or "cpu"),
               tuple(map(Path, folders)), options or Options())  # fmt: skip


def execute(run: Run, out: Path | str, *, force: bool = False, progress: bool = True,
            saving: Saving | None = None, team: Team = SOLO, board: Path | None = None,
            wait: bool = True) -> tuple[Record, bool]:  # fmt: skip
    """Train and write the record; a finished record of the same configuration is read instead, unless `force`.

    The checkpoint stands beside the record, under its name with ``.pt``, until the run has ended. Of a `team` only the
    first process writes; its number of processes is a part of the configuration. `board` is a folder for TensorBoard.
    A run that someone else trains is waited for, and its record read; with `wait` False that raises `Busy`. Two runs in
    one process, by threads, are trained one after the other.

    Returns (record, trained): `trained` is False when the record was there already.

    Raises ValueError for data that are missing or corrupt, and for a checkpoint in the way that is neither to be taken
    up nor to be replaced by force; Busy when someone else trains the run, with `wait` False; Stopped when Ctrl-C or
    SIGTERM asked for an end; the run has been saved.
    """
    saving, out = saving or Saving(), Path(out)
    name = f"{run.task.name} {run.method.name} seed {run.seed}"
    with StopRequest() as request:
        workload, identity = run.workload(), known_by(run.request)  # what is missing is said before a folder is made
        run.options.per_epoch(workload.batches)
        with alone(out, name, identity, request, wait=wait) if team.chief else nullcontext():
            done = _execute(run, workload, out, request, saving, force=force, progress=progress, team=team, board=board)
            team.wait()
    if done[1] and request.signum is not None:
        raise Stopped(f"stopped by {request.name}, as the run of {done[0].path} had just ended", request.signum)
    return done


def _execute(run: Run, workload: Workload, out: Path, request: StopRequest, saving: Saving, *, force: bool,
             progress: bool, team: Team, board: Path | None) -> tuple[Record, bool]:  # fmt: skip
    config = run.config(workload)
    if team.size > 1:
        config["processes"] = team.size
    path = run.path(out, config)
    if team.told(path.exists()) and not force:
        try:
            return read_record(path), False
        except RecordError as error:
            raise RecordError(f"{error}; --force, or removing the file, trains the run again") from error
    keeper = _keeper(run, path, config, saving, force=force, team=team)
    optimizer = run.method.build(workload.groups(), run.settings)
    shows = closing(Board(board, path, config)) if board is not None and team.chief else nullcontext()
    with (shows as shown, _no_room(path, keeper),
          RecordWriter(path, _header(run, config)) if team.chief else nullcontext() as writer):  # fmt: skip
        result = train(workload, optimizer, run.plan, method=run.method, settings=run.settings, seed=run.seed,
                       row=_to(writer, shown), keeper=keeper, request=request, team=team,
                       progress=progress, title=f"{run.method.name} seed {run.seed}")  # fmt: skip
        if writer is not None:
            threads = {"threads": keeper.threads} if keeper.threads[1:] else {}  # else the header says it
            writer.finish(result.outcome, diverged_at=result.diverged_at,
                          diverged_because=result.diverged_because, totals=result.totals, **threads)  # fmt: skip
    keeper.discard()
    team.wait()
    return read_record(path), True


@contextmanager
def _no_room(path: Path, keeper: Keeper) -> Iterator[None]:
    """A record that cannot be written ends the run in one sentence; its last checkpoint stays."""
    try:
        yield
    except OSError as error:
        hint = "; --resume goes on from the last checkpoint" if keeper.path.exists() else ""
        raise RecordError(f"{path}: the record cannot be written ({error}){hint}") from error


def _to(*places: RecordWriter | Board | None) -> Row:
    """Write each row to all of the places; a process that leaves the writing to another one has none."""

    def row(kind: str, **values: Any) -> None:
        for place in places:
            if place is not None:
                place.row(kind, **values)

    return row


def _keeper(run: Run, path: Path, config: Mapping[str, Any], saving: Saving, *, force: bool, team: Team) -> Keeper:
    file = path.with_suffix(".pt")
    if team.told(file.exists()) and not (force or saving.resume):
        raise CheckpointError(f"{file}: holds this run, stopped before its end; --resume goes on with it, "
                              "--force begins again")  # fmt: skip
    identity = {"task": run.task.name, "optimizer": run.method.name, "seed": run.seed,
                "configuration": config_hash(config), "code": CODE, "torch": str(torch.__version__)}  # fmt: skip
    return Keeper(file, identity, epochs=saving.epochs, minutes=saving.minutes, resume=saving.resume and not force,
                  writes=team.chief)  # fmt: skip


def code_sha256(root: Path | None = None) -> str:
    """Checksum of the source that decides a run's numbers: core, methods, optim, and experiments without commands.

    Parameters
    ----------
    root : the folder of the package; None for the one that runs.
    """
    root = Path(nala_lab.__file__).parent if root is None else root
    total = hashlib.sha256()
    for room in COMPUTES:
        for path in sorted((root / room).rglob("*.py")):
            if "commands" not in path.relative_to(root).parts:
                name = path.relative_to(root).as_posix().encode()
                total.update(b"%d %s %d\n" % (len(name), name, path.stat().st_size) + path.read_bytes())
    return total.hexdigest()


CODE = code_sha256()  # when the code is loaded: the files may be edited during a run


def _header(run: Run, config: Mapping[str, Any]) -> dict[str, Any]:
    versions = {"python": platform.python_version(), "numpy": np.__version__, "torch": torch.__version__,
                "nala_lab": nala_lab.__version__}  # fmt: skip
    machine = {"system": platform.system(), "machine": platform.machine(), "device": config["device"],
               "threads": torch.get_num_threads()}  # fmt: skip
    return {"task": run.task.name, "optimizer": run.method.name, "seed": run.seed, "config": config,
            "data": config["data"], "versions": versions, "platform": machine,
            "code_sha256": CODE}  # fmt: skip
