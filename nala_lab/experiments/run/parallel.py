"""Several processes on one run: each takes its share of every mini-batch, and all take the same step.

    torchrun --nproc-per-node 2 -m nala_lab.cli train lenet5-cifar10 --optimizer nala

Every process holds the whole data set, draws the same mini-batches and the same augmentation from the same named
streams, and computes the gradient of every size-th example of a mini-batch; DistributedDataParallel averages the
gradients while they are computed. The mean over equal shares is the mean over the mini-batch, so the run is that of
one process up to the order of sums, at the same global batch. The optimizers see equal gradients and so hold equal
weights, slow ones too; nothing of theirs is communicated.

Two things are not those of one process: BatchNorm normalises each share by itself, and layers that draw from torch's
own generator (dropout) draw other numbers in every process. The first process alone writes the record and the
checkpoints; the others read a checkpoint to go on, so the folder must be one that all of them see.
"""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch
import torch.distributed as dist
from torch.nn.parallel import DistributedDataParallel

from nala_lab.core import require
from nala_lab.experiments.run.signals import StopRequest

__all__ = ["SOLO", "Team", "joined"]


class Team:
    """The processes of a run; one alone by default, for which everything here does nothing.

    Attributes
    ----------
    rank : the number of this process, from 0. size : how many there are.
    """

    def __init__(self, rank: int = 0, size: int = 1) -> None:
        self.rank, self.size = rank, size

    @property
    def chief(self) -> bool:
        """Whether this process writes."""
        return self.rank == 0

    def share(self, workload: Any) -> None:
        """Let a workload work on its part of every mini-batch.

        Raises ValueError for a workload that cannot be shared, or a mini-batch that cannot be cut into equal parts.
        """
        if self.size == 1:
            return
        kind = type(workload).__name__
        require("task", kind, hasattr(workload, "forward"), "an image task", "the others run in one process only")
        even = workload.examples % self.size == 0
        rule = f"a multiple of {self.size}"
        require("batch_size", workload.examples, even, rule, "every process takes an equal part of a mini-batch")
        on = [workload.device] if workload.device.type == "cuda" else None
        workload.forward = DistributedDataParallel(workload.model, device_ids=on)
        workload.part = slice(self.rank, None, self.size)

    def mean(
        self, loss: torch.Tensor, metrics: Mapping[str, torch.Tensor]
    ) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Average what the processes measured on their parts."""
        if self.size == 1:
            return loss, dict(metrics)
        names = list(metrics)
        values = torch.stack([loss.detach().float(), *(metrics[name].float() for name in names)])
        dist.all_reduce(values)
        values /= self.size
        return values[0], dict(zip(names, values[1:], strict=True))

    def agree(self, request: StopRequest, overdue: bool) -> bool:
        """Say whether there is reason to pause; a signal that reached one process has then reached all.

        Every process asks at the same step, so that none waits for a gradient that another does not compute.
        """
        if self.size == 1:
            return request.signum is not None or overdue
        flags = torch.tensor([request.signum or 0, int(overdue)])  # on the CPU, where it is known without waiting
        dist.all_reduce(flags, op=dist.ReduceOp.MAX)
        signum, late = flags.tolist()
        if signum:
            request.signum = signal.Signals(signum)
        return bool(signum or late)

    def told(self, value: bool) -> bool:
        """What the first process says: it may see a file that was not there when another looked."""
        if self.size == 1:
            return value
        said = [value]
        dist.broadcast_object_list(said, src=0)
        return said[0]

    def wait(self) -> None:
        """Wait for all."""
        if self.size > 1:
            dist.barrier()


SOLO = Team()


@contextmanager
def joined(device: str = "auto") -> Iterator[Team]:
    """The team that torchrun started this process for, or SOLO.

    Raises ValueError when there are more processes on this machine than GPUs for them.

    Parameters
    ----------
    device : name of the device to be trained on, as in `nala_lab.experiments.run.one_run.find_device`.
    """
    said = os.environ.get("WORLD_SIZE") or "1"
    require("WORLD_SIZE", said, said.isdecimal(), "a number of processes", "torchrun sets it, or unset it")
    size = int(said)
    if size == 1:
        yield SOLO
        return
    on_gpus = device in ("auto", "cuda") and torch.cuda.is_available()
    if on_gpus:
        rank, there = int(os.environ.get("LOCAL_RANK", "0")), torch.cuda.device_count()
        hint = f"every process has a GPU of its own, and this machine has {there}"
        require("LOCAL_RANK", rank, rank < there, f"LOCAL_RANK < {there}", hint)
        torch.cuda.set_device(rank)
    # What is said about signals and files stays off the GPU: it would wait for all the work that is queued there.
    dist.init_process_group("cpu:gloo,cuda:nccl" if on_gpus else "gloo")
    try:
        yield Team(dist.get_rank(), size)
    finally:
        dist.destroy_process_group()
