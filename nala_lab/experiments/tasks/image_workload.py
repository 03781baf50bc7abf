"""The image workload: a classifier on images that lie wholly on the device.

An epoch is a fresh permutation of the training images, drawn from the stream "data order" and cut into full
mini-batches. What happens to a mini-batch on its way into the network is two functions:

    augment(x, generator) -> float    training: crop, flip, ... and standardise, a whole batch at once, on the device
    prepare(x) -> float               evaluation, and training where there is no `augment`: centre crop, standardise

Images may be stored as they were published (uint8, a quarter of the memory) or ready to use (float32).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from numbers import Integral
from typing import Any

import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.modules.batchnorm import _BatchNorm

from nala_lab.core import require, require_int
from nala_lab.experiments.models import torch_stream

__all__ = ["BN_BATCHES", "EVAL_BATCH", "ImageWorkload", "mini_batches"]

EVAL_BATCH = 500  # as fast as 1000 on a CPU, with half the memory
BN_BATCHES = 20  # mini-batches for estimating BatchNorm anew: thousands of images, and a second or two on a CPU

Augment = Callable[[torch.Tensor, torch.Generator], torch.Tensor]
Prepare = Callable[[torch.Tensor], torch.Tensor]


def mini_batches(n: int, size: int, generator: torch.Generator) -> tuple[torch.Tensor, ...]:
    """Index tensors of one epoch: a fresh permutation cut into full batches; a rest of ``n % size`` is left out.

    Every mini-batch is full, so every gradient has the same noise and every accuracy is a multiple of 1/size; which
    images are left out changes with the permutation.
    """
    order = torch.randperm(n, generator=generator)
    return order[: n - n % size].split(size)


class ImageWorkload:
    """Cross-entropy on labelled images; an implementation of `nala_lab.experiments.tasks.workload.Workload`.

    Raises ValueError for fewer training images than one mini-batch, or whole-number pixels without a `prepare`.

    Parameters
    ----------
    model : maps (n, channels, height, width) to (n, classes), without a softmax. It is moved to the device.
    data : has ``train_x, train_y, test_x, test_y`` on one device, ``name`` and ``sha256``.
    batch_size : images in a mini-batch.
    seed : names the streams "data order" and "augmentation".
    augment, prepare : see the top of the module; None leaves the images as they are, which then must be float.
    softmax_twice : take the cross-entropy of ``softmax(logits)`` instead of the logits, as the program of the NALA
        paper does for its ResNet. Its floor for 10 classes is log(e + 9) - 1 = 1.4612; accuracies are not affected.
    batches : use only so many mini-batches of each epoch; None means all.

    Examples
    --------
    >>> from nala_lab.experiments.data.images import load_data
    >>> from nala_lab.experiments.models import lenet5
    >>> model = lenet5(generator=torch_stream(0, "initial weights"))
    >>> workload = ImageWorkload(model, load_data("digits"), batch_size=256, seed=0)
    >>> workload.start_epoch(0)
    >>> loss, metrics = workload.loss(0)
    >>> workload.batches, loss.shape, sorted(metrics)
    (6, torch.Size([]), ['accuracy'])
    """

    unit = "img"
    repeatable = True  # a mini-batch is a choice of images: it can be given a second time

    def __init__(self, model: nn.Module, data: Any, *, batch_size: int, seed: int, augment: Augment | None = None,
                 prepare: Prepare | None = None, softmax_twice: bool = False,
                 batches: int | None = None) -> None:  # fmt: skip
        images = len(data.train_y)
        rule = f"integer 1 <= batch_size <= {images}"
        whole = isinstance(batch_size, Integral) and not isinstance(batch_size, bool)
        ok = whole and 1 <= batch_size <= images
        require("batch_size", batch_size, ok, rule, "the training images of this scale")
        if batches is not None:
            require_int("batches", batches, low=1)
        ready = data.train_x.is_floating_point()
        require("prepare", prepare, ready or prepare is not None, "a function", "the pixels are whole numbers")
        self.data, self.seed, self.softmax_twice = data, seed, softmax_twice
        self.device = data.train_y.device
        self.channels_last = False  # the loop says it, before training
        self.model = model.to(self.device)
        self.forward: Callable[[torch.Tensor], torch.Tensor] = self.model  # or what spreads it over processes
        self.part = slice(None)  # of every mini-batch: what this process takes
        self.examples = batch_size
        self.batches = min(images // batch_size, batches or images)
        self._prepare: Prepare = prepare or (lambda x: x)
        self._augment: Augment = augment or (lambda x, generator: self._prepare(x))
        self.streams = {"data order": torch_stream(seed, "data order"),
                        "augmentation": torch_stream(seed, "augmentation")}  # fmt: skip
        self.fingerprint = {"name": data.name, "sha256": data.sha256, "train": images, "test": len(data.test_y)}
        self._order: tuple[torch.Tensor, ...] = ()

    def groups(self) -> list[dict[str, Any]]:
        """One group of all parameters."""
        return [{"params": list(self.model.parameters())}]

    def start_epoch(self, epoch: int) -> None:
        """Draw the order of the images."""
        order = mini_batches(len(self.data.train_y), self.examples, self.streams["data order"])
        self._order = tuple(index.to(self.device) for index in order)

    def loss(self, batch: int) -> tuple[torch.Tensor, dict[str, torch.Tensor]]:
        """Cross-entropy and accuracy on one augmented mini-batch."""
        index = self._order[batch]
        x = self._augment(self.data.train_x.index_select(0, index), self.streams["augmentation"])[self.part]
        x = self._laid_out(x)
        y = self.data.train_y[index][self.part]
        logits = self.forward(x)
        return self._cross_entropy(logits, y), {"accuracy": (logits.detach().argmax(1) == y).float().mean()}

    def after(self, batch: int) -> None:
        """Nothing follows a step."""

    @torch.no_grad()
    def evaluate(self) -> dict[str, float]:
        """Mean loss and share of right answers on all test images; leaves the model in evaluation mode."""
        self.model.eval()
        x, y = self.data.test_x, self.data.test_y
        loss, right = torch.zeros((), device=self.device), torch.zeros((), dtype=torch.int64, device=self.device)
        for part, labels in zip(x.split(EVAL_BATCH), y.split(EVAL_BATCH), strict=True):
            logits = self.model(self._laid_out(self._prepare(part)))
            loss += self._cross_entropy(logits, labels, "sum")
            right += (logits.argmax(1) == labels).sum()
        return {"loss": loss.item() / len(y), "accuracy": right.item() / len(y)}

    def bn_batches(self) -> Iterable[torch.Tensor] | None:
        """Augmented training images, the same at every call, where the network has BatchNorm."""
        has = any(isinstance(m, _BatchNorm) and m.track_running_stats for m in self.model.modules())
        return self._for_batchnorm() if has else None

    def _for_batchnorm(self) -> Iterator[torch.Tensor]:
        draw = torch_stream(self.seed, "batchnorm")
        for index in mini_batches(len(self.data.train_y), self.examples, draw)[:BN_BATCHES]:
            yield self._laid_out(self._augment(self.data.train_x.index_select(0, index.to(self.device)), draw))

    def _laid_out(self, x: torch.Tensor) -> torch.Tensor:
        """The pixels in the order of memory in which the network is faster; convolutions hand it on."""
        return x.to(memory_format=torch.channels_last) if self.channels_last else x

    def state_dict(self) -> dict[str, Any]:
        """Return the order of the epoch."""
        return {"order": torch.stack(self._order).cpu() if self._order else torch.empty(0, dtype=torch.int64)}

    def load_state_dict(self, state: dict[str, Any]) -> None:
        """Go on in the saved order."""
        self._order = tuple(state["order"].to(self.device).unbind())

    def _cross_entropy(self, logits: torch.Tensor, y: torch.Tensor, reduction: str = "mean") -> torch.Tensor:
        scores = logits.softmax(1) if self.softmax_twice else logits
        return F.cross_entropy(scores, y, reduction=reduction)
