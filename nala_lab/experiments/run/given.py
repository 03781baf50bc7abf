"""Which mini-batch a gradient is of: a new one for every gradient, or, for NALA's look-ahead gradient, the last again.

The program of the NALA paper takes the look-ahead gradient on the mini-batch of the last inner step
(``outer_batch="last"``): k mini-batches a cycle instead of k + 1. The second time it is augmented and dropped out as
the first time, because both gradients are of one function.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import torch

from nala_lab.core import require
from nala_lab.experiments.tasks.workload import Workload

__all__ = ["Given"]


class Given:
    """The mini-batches of a run, in the order in which they are given.

    Raises ValueError when `repeats` is asked of a workload whose mini-batches cannot be given twice.

    Parameters
    ----------
    workload, optimizer : of the run. streams : every random stream of it.
    per_epoch : mini-batches in a pass over the data. repeats : whether the look-ahead gradient is of the last one.
    """

    def __init__(self, workload: Workload, optimizer: Any, streams: Mapping[str, torch.Generator], per_epoch: int,
                 repeats: bool) -> None:  # fmt: skip
        able = not repeats or getattr(workload, "repeatable", False)
        require("outer_batch", "last", able, "'fresh' on this task", "its mini-batches cannot be given twice")
        self._workload, self._optimizer, self._streams = workload, optimizer, streams
        self._per_epoch, self._repeats = per_epoch, repeats
        self._fresh = 0  # mini-batches given so far, each counted once
        self._before: dict[str, torch.Tensor] = {}  # the streams as the last of them found them

    @contextmanager
    def next(self) -> Iterator[int]:
        """The position in the pass of the next gradient's mini-batch; inside the block its draws are made."""
        again = self._repeats and self._optimizer.phase == self._optimizer.k
        if not again:
            if self._fresh % self._per_epoch == 0:
                self._workload.start_epoch(self._fresh // self._per_epoch)
            self._fresh += 1
        position = (self._fresh - 1) % self._per_epoch
        if not self._repeats:
            yield position
            return
        now = {name: stream.get_state() for name, stream in self._streams.items()}
        if not again:
            self._before = now
            yield position
            return
        for name, state in self._before.items():
            self._streams[name].set_state(state)
        try:
            yield position
        finally:
            for name, state in now.items():
                self._streams[name].set_state(state)

    def state_dict(self) -> dict[str, Any]:
        """Return how far the run is, and what the last mini-batch was drawn from."""
        return {"fresh": self._fresh, "before": dict(self._before)}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on from there."""
        self._fresh, self._before = state["fresh"], dict(state["before"])
