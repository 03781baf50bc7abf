"""A training run that saves after every call, and that is killed: the child side of ``test_kill.py``.

``python -m tests.experiments.killed FOLDER`` lives each line in a fork: see `tests.experiments.forks`. A life resumes
from the checkpoint if there is one, and is ended by SIGKILL at the moment that its line of the plan names.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import torch

from nala_lab.experiments import checkpoint
from nala_lab.experiments.models import torch_stream
from nala_lab.optim import NALA, AdaLA, Lookahead
from tests.experiments.forks import serve

CALLS = 40
MAKERS = {
    "NALA": lambda p: NALA(p, lr=0.02, k=3, alpha=0.05),
    "Lookahead": lambda p: Lookahead(
        p, k=4, inner=lambda q: torch.optim.SGD(q, lr=0.02, momentum=0.9), inner_state="pullback"
    ),
    "AdaLA": lambda p: AdaLA(p, lr=0.02),
}
# Where in a life the kill comes: while it computes, while it writes, around the rename, or from outside.
STAGES = ("before step", "after step", "in write", "before fsync", "before rename", "after rename", "outside")


def die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


class Counting:
    """A file that kills its process in the middle of a write, once so many bytes are in it."""

    def __init__(self, file, at: int) -> None:
        self.file, self.left = file, at

    def write(self, data) -> int:
        data = memoryview(data).cast("B")
        if len(data) >= self.left:
            self.file.write(data[: self.left])
            self.file.flush()
            die()
        self.left -= len(data)
        return self.file.write(data)

    def flush(self) -> None:
        self.file.flush()


def at_write(stage: str, size: int) -> None:
    """Plant the kill in the next write of a checkpoint."""
    if stage == "in write":
        whole = torch.save
        checkpoint.torch.save = lambda content, file: whole(content, Counting(file, size))
    elif stage == "before fsync":
        checkpoint.os.fsync = lambda handle: die()
    elif stage == "before rename":
        checkpoint.os.replace = lambda *names: die()
    elif stage == "after rename":
        rename = os.replace
        checkpoint.os.replace = lambda *names: (rename(*names), die())


def live(name: str, path: Path | None, end: int, stage: str = "", size: int = 0) -> torch.nn.Module:
    """Resume, train to the end, saving after every call; with a `stage`, be killed in call number `end`."""
    model = torch.nn.Sequential(torch.nn.Linear(6, 64), torch.nn.BatchNorm1d(64), torch.nn.Linear(64, 2))
    for p in model.parameters():
        torch.nn.init.normal_(p, generator=torch_stream(0, "weights", tuple(p.shape)))
    opt = MAKERS[name](model.parameters())
    plan = torch.optim.lr_scheduler.OneCycleLR(opt, 0.05, total_steps=CALLS + 1, cycle_momentum=False)
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**12, growth_interval=3)
    data = torch_stream(0, "data")
    parts = {"model": model, "optimizer": opt, "scheduler": plan, "scaler": scaler, "streams": {"data": data}}
    done = 0
    if path is not None and path.exists():
        done = checkpoint.load(path, **parts)["step"]
    for call in range(done, CALLS):
        x, y = torch.randn(16, 6, generator=data), torch.randn(16, 2, generator=data)
        opt.zero_grad()
        loss = torch.nn.functional.mse_loss(model(x), y) * (torch.inf if call % 11 == 5 else 1.0)  # a skipped step
        scaler.scale(loss).backward()
        if call == end and stage == "before step":
            die()
        scaler.step(opt)
        scaler.update()
        plan.step()
        if call == end and stage == "after step":
            die()
        if call == end and stage == "outside":
            signal.pause()  # the parent kills
        if call == end:
            at_write(stage, size)
        if path is not None:
            checkpoint.save(path, **parts, step=call + 1)
    return model


def main(folder: Path) -> None:
    """Live what lines ``name end size stage`` say, in a fork for each."""
    torch.set_num_threads(1)

    def life(line):
        name, end, size, stage = line.split(maxsplit=3)
        model = live(name, folder / f"{name}.pt", int(end), stage.strip(), int(size))
        torch.save(model.state_dict(), folder / f"{name}.final")

    serve(life)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
