"""From names to a record: one run of one optimizer on one task with one seed."""

from __future__ import annotations

import hashlib
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

import nala_lab
from nala_lab.core import require, require_choice, require_int
from nala_lab.core.records import Record, RecordWriter, config_hash, read_record
from nala_lab.experiments.data import Data, load_data
from nala_lab.experiments.loop import Schedule, train
from nala_lab.experiments.methods import Method, get_method
from nala_lab.experiments.models import torch_stream
from nala_lab.experiments.tasks import Scale, Task, get_task

__all__ = ["DEVICES", "Run", "code_sha256", "execute", "find_device", "plan", "task_data"]

DEVICES = ("auto", "cpu", "cuda", "mps")


def find_device(name: str = "auto") -> torch.device:
    """The device called `name`; ``auto`` takes CUDA, else the CPU.

    ``auto`` passes over Apple's mps: for networks of this size the CPU is the safer choice.

    Raises
    ------
    ValueError
        For another name, or a device that this machine lacks.
    """
    require_choice("device", name, DEVICES)
    have = {"auto": True, "cpu": True, "cuda": torch.cuda.is_available(), "mps": torch.backends.mps.is_available()}
    require("device", name, have[name], "a device of this machine", "use 'cpu' or 'auto'")
    if name == "auto":
        name = "cuda" if have["cuda"] else "cpu"
    return torch.device(name)


@dataclass(frozen=True)
class Run:
    """Everything that fixes a run's numbers; `config` is what its hash is taken of."""

    task: Task
    scale: Scale
    scale_name: str
    method: Method
    settings: dict[str, Any]
    seed: int
    data: Data

    @property
    def schedule(self) -> Schedule:
        """The task's protocol at this scale and learning rate."""
        return Schedule(epochs=self.scale.epochs, batch_size=self.task.batch_size, log_every=self.scale.log_every,
                        lr=self.settings["lr"], halve_every=self.task.halve_every)  # fmt: skip

    @property
    def config(self) -> dict[str, Any]:
        """Task, sizes, optimizer, seed, data and kind of device, as plain values."""
        data = self.data
        sizes = {key: value for key, value in asdict(self.schedule).items() if key != "lr"}
        return {
            "task": self.task.name, "model": self.task.model_name, "scale": self.scale_name, "seed": self.seed,
            "optimizer": {"name": self.method.name, **self.settings}, **sizes,
            "data": {"name": data.name, "sha256": data.sha256, "train": len(data.train_y), "test": len(data.test_y)},
            "device": data.train_y.device.type,
        }  # fmt: skip

    def path(self, out: Path) -> Path:
        """Where the record goes: OUT/TASK/OPTIMIZER-seedN-HASH.jsonl, so that no configuration overwrites another."""
        return out / self.task.name / f"{self.method.name}-seed{self.seed}-{config_hash(self.config)[:8]}.jsonl"


def task_data(task: str, scale: str, *, folders: list[Path], device: torch.device) -> Data:
    """Load what a task at a scale is trained and tested on."""
    chosen = get_task(task)
    require_choice("scale", scale, chosen.scales)
    sizes = chosen.scales[scale]
    return load_data(chosen.data, folders=folders, device=device).first(sizes.train, sizes.test)


def plan(task: str, optimizer: str, *, seed: int, data: Data, scale: str = "cpu", epochs: int | None = None,
         changes: dict[str, Any] | None = None) -> Run:  # fmt: skip
    """Check everything a run needs, before anything is trained.

    Parameters
    ----------
    task, optimizer, scale : names in TASKS, METHODS, SCALES.
    seed : names the initial weights and the order of the data.
    data : from `task_data`.
    epochs : instead of the scale's own.
    changes : hyperparameters instead of the published ones.

    Raises
    ------
    ValueError
        In one sentence, for a name or a value that is not allowed.
    """
    chosen, method = get_task(task), get_method(optimizer)
    require_choice("scale", scale, chosen.scales)
    require_int("seed", seed, low=0)
    sizes = chosen.scales[scale]
    if epochs is not None:
        require_int("epochs", epochs, low=1)
        sizes = Scale(epochs, sizes.log_every, sizes.train, sizes.test)
    settings = method.with_settings(changes or {})
    # The optimizers know their own rules: a throw-away one says now what training would say later.
    method.build([torch.zeros(1, requires_grad=True)], settings)
    return Run(chosen, sizes, scale, method, settings, seed, data)


def execute(run: Run, out: Path, *, force: bool = False, progress: bool = True) -> tuple[Record, bool]:
    """Train and write the record; a finished record of the same configuration is read instead, unless `force`.

    Returns
    -------
    (record, trained) : `trained` is False when the record was there already.
    """
    path = run.path(out)
    if path.exists() and not force:
        return read_record(path), False
    device = run.data.train_y.device
    model = run.task.model(run.data.classes, generator=torch_stream(run.seed, "initial weights")).to(device)
    optimizer = run.method.build(model.parameters(), run.settings)
    with RecordWriter(path, _header(run)) as writer:
        result = train(model, optimizer, run.data, run.schedule, method=run.method, settings=run.settings,
                       seed=run.seed, row=writer.row, title=f"{run.method.name} seed {run.seed}",
                       progress=progress)  # fmt: skip
        writer.finish(result.outcome, diverged_at=result.diverged_at, totals=result.totals)
    return read_record(path), True


def code_sha256() -> str:
    """Checksum of the source that decides a run's numbers: optim and experiments."""
    root = Path(nala_lab.__file__).parent
    total = hashlib.sha256()
    for part in ("optim", "experiments"):
        for path in sorted((root / part).glob("*.py")):
            total.update(path.read_bytes())
    return total.hexdigest()


_CODE = code_sha256()  # when the code is loaded: the files may be edited during a run


def _header(run: Run) -> dict[str, Any]:
    config = run.config
    versions = {"python": platform.python_version(), "numpy": np.__version__, "torch": torch.__version__,
                "nala_lab": nala_lab.__version__}  # fmt: skip
    machine = {"system": platform.system(), "machine": platform.machine(), "device": config["device"],
               "threads": torch.get_num_threads()}  # fmt: skip
    return {"task": run.task.name, "optimizer": run.method.name, "seed": run.seed, "config": config,
            "data": config["data"], "versions": versions, "platform": machine,
            "code_sha256": _CODE}  # fmt: skip
