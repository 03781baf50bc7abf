"""One training loop for every task and optimizer.

Every ``optimizer.step()`` spends one gradient of one new mini-batch; for NALA the look-ahead gradient is such a step,
and for AdaLA the probe. An epoch is one pass over the mini-batches, so at the end of an epoch all optimizers have spent
the same number of gradients and seen the same images in the same order. Rows carry three x-axes: ``timestep`` as the
papers count (the look-ahead gradient is not counted), ``grad_evals``, and ``seconds`` of training, evaluation left out.

Rows of kind ``train``: what the NALA paper logs, loss and accuracy on ONE training mini-batch before its update.
Rows of kind ``test``: after each epoch (and before the first) loss and accuracy on the test images, of the slow weights
(``loss``, ``accuracy``) and of the weights as the optimizer left them (``fast_loss``, ``fast_accuracy``).
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from tqdm import tqdm

from nala_lab.core.records import DIVERGED, FINISHED
from nala_lab.experiments.data import Data
from nala_lab.experiments.methods import Method, slow_weights
from nala_lab.experiments.models import torch_stream

__all__ = ["EVAL_BATCH", "Result", "Schedule", "evaluate", "mini_batches", "train"]

EVAL_BATCH = 1000
Row = Callable[..., None]


@dataclass(frozen=True)
class Schedule:
    """How long and in what pieces.

    Attributes
    ----------
    epochs : passes over the mini-batches.
    batch_size : images in each mini-batch.
    log_every : mini-batches between two ``train`` rows.
    lr : learning rate of the first epoch.
    halve_every : epochs after which it is halved.
    """

    epochs: int
    batch_size: int
    log_every: int
    lr: float
    halve_every: int

    def lr_at(self, epoch: int) -> float:
        """Learning rate of an epoch, counted from 0.

        Examples
        --------
        >>> Schedule(epochs=60, batch_size=256, log_every=100, lr=0.1, halve_every=20).lr_at(45)
        0.025
        """
        return self.lr * 0.5 ** (epoch // self.halve_every)


@dataclass(frozen=True)
class Result:
    """How a run ended.

    Attributes
    ----------
    outcome : ``"finished"`` or ``"diverged"``.
    diverged_at : the mini-batch, counted from 1, whose loss was the first not to be finite; None when all were.
    totals : timesteps, grad_evals, seconds, images, images_per_second.
    """

    outcome: str
    diverged_at: int | None
    totals: dict[str, Any]


def mini_batches(n: int, size: int, generator: torch.Generator) -> Iterator[torch.Tensor]:
    """Index tensors of one epoch: a fresh permutation cut into full batches; a rest of ``n % size`` is left out.

    Every mini-batch is full, so every gradient has the same noise and every accuracy is a multiple of 1/size; which
    images are left out changes with the permutation.
    """
    order = torch.randperm(n, generator=generator)
    return iter(order[: n - n % size].split(size))


@torch.no_grad()
def evaluate(model: nn.Module, x: torch.Tensor, y: torch.Tensor) -> tuple[float, float]:
    """Mean cross-entropy and share of right answers over all of ``x``, ``y``; leaves the model in evaluation mode."""
    model.eval()
    loss, right = torch.zeros((), device=x.device), torch.zeros((), dtype=torch.int64, device=x.device)
    for part, labels in zip(x.split(EVAL_BATCH), y.split(EVAL_BATCH), strict=True):
        logits = model(part)
        loss += F.cross_entropy(logits, labels, reduction="sum")
        right += (logits.argmax(1) == labels).sum()
    return loss.item() / len(y), right.item() / len(y)


def train(
    model: nn.Module,
    optimizer: torch.optim.Optimizer,
    data: Data,
    schedule: Schedule,
    *,
    method: Method,
    settings: dict[str, Any],
    seed: int,
    row: Row,
    title: str = "",
    progress: bool = True,
) -> Result:
    """Train, calling ``row(kind, **values)`` for every line of the record.

    Divergence is a result: the first loss that is not finite ends the run, after a last ``test`` row.

    Parameters
    ----------
    model, optimizer : the network, on the device of `data` and trained in place, and its optimizer.
    method, settings : how the optimizer's gradients are counted.
    seed : names the order of the mini-batches, the same for every optimizer.
    title : shown before the progress bar.
    progress : False hides the bar; it is hidden anyway where the output is not a screen.
    """
    order = torch_stream(seed, "data order")
    log = _Log(model, optimizer, data, schedule, method, settings, row)
    with tqdm(total=log.images_in_all, unit="img", unit_scale=True, desc=title,
              disable=None if progress else True) as bar:  # fmt: skip
        log.test_row(0)
        for epoch in range(schedule.epochs):
            model.train()
            for group in optimizer.param_groups:
                group["lr"] = schedule.lr_at(epoch)
            for index in mini_batches(len(data.train_y), schedule.batch_size, order):
                start = time.perf_counter()
                index = index.to(data.train_y.device)
                x, y = data.train_x[index], data.train_y[index]
                optimizer.zero_grad(set_to_none=True)
                logits = model(x)
                loss = F.cross_entropy(logits, y)
                loss.backward()
                optimizer.step()
                value = loss.item()  # waits for the device, so the seconds are the step's own
                spent = time.perf_counter() - start
                if log.due or not math.isfinite(value):
                    bar.set_postfix(log.train_row(value, logits, y), refresh=False)
                log.count(spent)
                bar.update(schedule.batch_size)
                if not math.isfinite(value):
                    break
            healthy = log.test_row(epoch + 1) and math.isfinite(value)
            if not healthy:
                return Result(DIVERGED, log.done, log.totals())
    return Result(FINISHED, None, log.totals())


class _Log:
    """Where a run stands, and the rows it writes there."""

    def __init__(self, model: nn.Module, optimizer: torch.optim.Optimizer, data: Data, schedule: Schedule,
                 method: Method, settings: dict[str, Any], row: Row) -> None:  # fmt: skip
        self.model, self.optimizer, self.data, self.schedule = model, optimizer, data, schedule
        self.method, self.settings, self.row = method, settings, row
        self.done = 0  # mini-batches, and so gradients, spent
        self.seconds = 0.0
        full = len(data.train_y) // schedule.batch_size
        self.images_in_all = schedule.epochs * full * schedule.batch_size

    def count(self, seconds: float) -> None:
        """One more mini-batch, gradient and update."""
        self.done += 1
        self.seconds += seconds

    @property
    def due(self) -> bool:
        """Whether the mini-batch at hand is one of those that are logged: 0, log_every, 2 log_every ..."""
        return self.done % self.schedule.log_every == 0

    def position(self) -> dict[str, Any]:
        """The three x-axes."""
        timestep = self.method.timesteps(self.done, self.settings)
        return {"timestep": timestep, "grad_evals": self.done, "seconds": round(self.seconds, 3)}

    def train_row(self, loss: float, logits: torch.Tensor, y: torch.Tensor) -> dict[str, str]:
        """Write the paper's metric, which was taken before this mini-batch's update: it is not counted yet."""
        accuracy = (logits.argmax(1) == y).float().mean().item()
        self.row("train", **self.position(), loss=_short(loss), accuracy=_short(accuracy))
        return {"loss": f"{loss:.4f}", "accuracy": f"{accuracy:.3f}"}

    def test_row(self, epoch: int) -> bool:
        """Write the test metrics; say whether both losses are finite."""
        fast_loss, fast_accuracy = evaluate(self.model, self.data.test_x, self.data.test_y)
        with slow_weights(self.optimizer):
            loss, accuracy = evaluate(self.model, self.data.test_x, self.data.test_y)
        self.row("test", epoch=epoch, **self.position(), lr=self.optimizer.param_groups[0]["lr"],
                 loss=_short(loss), accuracy=accuracy, fast_loss=_short(fast_loss),
                 fast_accuracy=fast_accuracy)  # fmt: skip
        return math.isfinite(loss) and math.isfinite(fast_loss)

    def totals(self) -> dict[str, Any]:
        """What the run cost."""
        images = self.done * self.schedule.batch_size
        rate = round(images / self.seconds, 1) if self.seconds else math.nan
        position = self.position()
        return {"timesteps": position["timestep"], "grad_evals": self.done, "seconds": position["seconds"],
                "images": images, "images_per_second": rate}  # fmt: skip


def _short(x: float) -> float:
    """Nine significant digits: all that a float32 has."""
    return float(f"{x:.9g}")
