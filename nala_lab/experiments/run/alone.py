"""A run has its record, its checkpoint and torch's random generators to itself.

Between processes: a lock file in OUT/locks, named after what was asked for; the operating system opens the lock of a
process that was killed. Between threads of one process, whatever they train: one lock, because layers such as dropout
draw from torch's one default generator, and two runs at once would draw each other's numbers.
"""

from __future__ import annotations

import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from filelock import FileLock, Timeout
from tqdm import tqdm

from nala_lab.core import stream
from nala_lab.experiments.run.signals import Stopped, StopRequest
from nala_lab.results.records import config_hash

__all__ = ["Busy", "alone", "known_by", "own_randomness"]

LOOK = 0.5  # seconds between two looks for a signal while a run is waited for
_IN_THIS_PROCESS = threading.RLock()


class Busy(Exception):  # noqa: N818 - it is no error: someone else trains the run
    """The run is being trained elsewhere, and was not to be waited for."""


def known_by(config: Mapping[str, Any]) -> str:
    """Hash of a run's request: its configuration without the data, which are known only when they are read."""
    return config_hash({name: value for name, value in config.items() if name != "data"})


@contextmanager
def alone(out: Path, name: str, identity: str, request: StopRequest, *, wait: bool = True) -> Iterator[None]:
    """Hold a run while it is trained.

    Raises Busy when someone else has it and `wait` is False; Stopped when a signal came while it was waited for.

    Parameters
    ----------
    out : the folder of the records. name : of the run, for people. identity : see `known_by`.
    request : where a signal is noted. wait : False gives up at once where another process has the run.
    """
    (out / "locks").mkdir(parents=True, exist_ok=True)
    lock, told = FileLock(out / "locks" / f"{identity}.lock"), False
    with _IN_THIS_PROCESS:
        while True:
            try:
                lock.acquire(timeout=LOOK if wait else 0)
                break
            except Timeout:
                if not wait:
                    raise Busy(name) from None
                if request.signum is not None:
                    raise Stopped(f"stopped by {request.name} while waiting for {name}", request.signum) from None
                if not told:
                    tqdm.write(f"{name} is being trained by another process: waiting for it", file=sys.stderr)
                told = True
        try:
            yield
        finally:
            lock.release()


@contextmanager
def own_randomness(seed: int, device: torch.device, rank: int = 0) -> Iterator[dict[str, torch.Generator]]:
    """Let torch's global generators belong to a run: layers such as nn.Dropout can draw from no others."""
    own = (rank,) if rank else ()
    on_cuda = device.type == "cuda"
    with torch.random.fork_rng(devices=[device] if on_cuda else [], device_type="cuda"):
        generators = {"torch": torch.default_generator}
        if on_cuda:
            index = torch.cuda.current_device() if device.index is None else device.index
            generators["torch cuda"] = torch.cuda.default_generators[index]
        for name, generator in generators.items():
            generator.manual_seed(int(stream(seed, name, *own).integers(2**63)))
        yield generators
