"""When a run is saved, what its checkpoint belongs to, and how it is taken up again.

A checkpoint belongs to one configuration, one version of this code and one version of torch: another one would go on
with other numbers under the same name. It is refused in one sentence, and stays where it is.
"""

from __future__ import annotations

import sys
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from tqdm import tqdm

from nala_lab.experiments import checkpoint
from nala_lab.experiments.checkpoint import CheckpointError
from nala_lab.experiments.run.signals import Stopped, StopRequest

__all__ = ["GO_ON", "Keeper"]

GO_ON = "; the same command with --resume goes on"


class Keeper:
    """The checkpoint of one run.

    Parameters
    ----------
    path : its file; replaced whole at every saving.
    identity : what the run is, as plain values by name: a checkpoint in which one differs is not taken up.
    epochs : save after every so many epochs; None: not because of epochs.
    minutes : save when so many minutes have passed since the last time; None: not because of time.
    resume : take up what is in the file, if there is one.
    writes : False for a process that leaves the writing to another one.

    Attributes
    ----------
    threads : every number of threads that a part of the run was computed at; sums on a CPU depend on it.

    Notes
    -----
    A signal saves in any case. Where saving fails because the disk is full or the folder is gone, a run goes on with
    a warning and its last checkpoint stays whole; a run that was asked to stop ends and says so.
    """

    def __init__(self, path: Path, identity: Mapping[str, Any], *, epochs: int | None = None,
                 minutes: float | None = None, resume: bool = False, writes: bool = True) -> None:  # fmt: skip
        self.path, self.identity, self.resume, self._writes = path, dict(identity), resume, writes
        self._epochs, self._minutes = epochs, minutes
        self._saved = time.monotonic()
        self.threads = [torch.get_num_threads()]

    @property
    def overdue(self) -> bool:
        """Whether the time for the next saving has come."""
        return self._minutes is not None and time.monotonic() - self._saved >= 60 * self._minutes

    def restore(self, trainer: Any) -> None:
        """Put a run where its checkpoint was taken; a run without a checkpoint starts at its beginning.

        Raises CheckpointError when the file is broken, or belongs to something else.
        """
        if not self.resume or not self.path.exists():
            return
        saved = checkpoint.load(self.path)
        self._require_mine(saved.get("identity", {}))
        self.threads = list(dict.fromkeys([*saved["threads"], *self.threads]))
        parts = {"model": trainer.workload.model, "optimizer": trainer.optimizer, "streams": trainer.streams}
        trainer.load_state_dict(checkpoint.load(self.path, **parts)["run"])

    def _require_mine(self, saved: Mapping[str, Any]) -> None:
        for name, value in self.identity.items():
            if saved.get(name) != value:
                raise CheckpointError(
                    f"{self.path}: belongs to {name} {saved.get(name)!r}, this run has {name} {value!r}; "
                    "it was left as it is (without it, or with --force, this run starts at its beginning)"
                )

    def save(self, trainer: Any) -> None:
        """Write the run as it stands.

        Raises CheckpointError when the file cannot be written.
        """
        parts = {"model": trainer.workload.model, "optimizer": trainer.optimizer, "streams": trainer.streams}
        self._saved = time.monotonic()
        if self._writes:
            checkpoint.save(self.path, **parts, identity=self.identity, threads=self.threads,
                            run=trainer.state_dict())  # fmt: skip

    def epoch_ended(self, trainer: Any) -> None:
        """Save if it is time, by epochs."""
        if self._epochs is not None and (trainer.tested - 1) % self._epochs == 0 and trainer.done:
            self._try_to_save(trainer)

    def between_steps(self, trainer: Any, request: StopRequest) -> None:
        """Save if it is time, or if a signal asked for an end.

        Raises Stopped after the signal, saying where the run stands.
        """
        if request.signum is not None:
            where = f"stopped by {request.name} after {trainer.done:,} of {trainer.ends[-1]:,} gradients"
            try:
                self.save(trainer)
            except CheckpointError as error:
                raise Stopped(f"{where}; not saved: {error}", request.signum) from error
            raise Stopped(f"{where}, saved in {self.path}{GO_ON}", request.signum)
        if self.overdue:
            self._try_to_save(trainer)

    def _try_to_save(self, trainer: Any) -> None:
        try:
            self.save(trainer)
        except CheckpointError as error:
            tqdm.write(f"warning: {error}; the run goes on unsaved", file=sys.stderr)

    def discard(self) -> None:
        """Remove the checkpoint of a run that has ended."""
        if self._writes:
            self.path.unlink(missing_ok=True)
