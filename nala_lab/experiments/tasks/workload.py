"""What the training loop knows of a task: a model, mini-batches with a loss, and a measurement on held-out data.

A workload is one kind of task (images, language, a GAN). The loop takes it through a run like this::

    optimizer = method.build(workload.groups(), settings)      # ONE optimizer for every parameter
    workload.start_epoch(epoch)                                # before mini-batch 0 of every pass over the data
    loss, metrics = workload.loss(batch)                       # batch = 0 .. batches - 1, each spends one gradient
    loss.backward(); clip; optimizer.step()
    workload.after(batch)
    workload.evaluate()                                        # between two steps, at the weights as they stand

The loop does the rest: autocast, accumulation, the learning rate, slow weights, records, checkpoints, divergence.

A workload may have more than the protocol asks for:

bind(optimizer)    called once before training; a game's turns follow the optimizer's steps
closing_rows()     pairs (kind, values) that are written at the end of a run, such as a page of samples
takes_turns        True for a game, whose players take steps in turn: training rows then stand at any step of a cycle
repeatable         True where loss(batch) may be asked twice for one mini-batch; a text's hidden state went on with it
lr_factor(batch)   what lr is multiplied by in the ``optimizer.step()`` on this mini-batch; the mean of them where
                   several are accumulated
forward, part      what computes the network's output in `loss`, and the slice of a mini-batch that it is given, so
                   that several processes can share a run: see `nala_lab.experiments.run.parallel`
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, Protocol, runtime_checkable

import torch
from torch import nn

__all__ = ["Workload"]


@runtime_checkable
class Workload(Protocol):
    """One kind of task, ready to be trained with one seed on one device.

    Attributes
    ----------
    model : everything that is trained and saved, on `device`. A GAN is one module with its two players inside.
    streams : every random stream that training draws from, by name; the loop saves them in checkpoints. Evaluation
        draws from none of them: it makes generators of its own, the same at every call.
    batches : mini-batches, and so gradients, in an epoch.
    unit : what `examples` counts, for the rate in the progress bar: ``"img"`` or ``"tok"``.
    examples : how many of them one mini-batch holds.
    device : where the data and the model are.
    fingerprint : name, sha256 and sizes of the data, as plain values; goes into the record's configuration.
    """

    model: nn.Module
    streams: dict[str, torch.Generator]
    batches: int
    unit: str
    examples: int
    device: torch.device
    fingerprint: dict[str, Any]

    def groups(self) -> list[dict[str, Any]]:
        """Parameter groups for the optimizer; the players of a GAN are two groups of one optimizer, with one clock."""

    def start_epoch(self, epoch: int) -> None:
        """Draw the order of the mini-batches from the streams and reset hidden states. Epochs count from 0."""

    def loss(self, batch: int) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Return the loss to be differentiated, and metrics of this mini-batch before its update.

        The loss and each metric are 0-dim tensors on the device; nothing in here may wait for the device. Parameters
        whose turn it is not must not get a gradient: their ``.grad`` stays None and the optimizer leaves them alone.
        """

    def after(self, batch: int) -> None:
        """Do what follows the optimizer's step, such as clipping the weights of a critic; usually nothing."""

    def evaluate(self) -> dict[str, float]:
        """Measure on held-out data, in evaluation mode and without gradients, at the weights as they stand.

        Holds ``"loss"`` where there is one, and the task's main metric. The same weights give the same numbers, and
        training goes on as if it had not been called; the loop sets the model back to training mode.
        """

    def bn_batches(self) -> Iterable[torch.Tensor] | None:
        """Inputs ``x`` for ``model(x)``, on which BatchNorm is estimated anew; None when nothing needs it."""

    def state_dict(self) -> dict[str, Any]:
        """Return where in the epoch the run stands: order, hidden state ... as tensors and plain values only."""

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Stand where `state` was taken; `streams` are restored by the loop."""
