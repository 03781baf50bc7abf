"""The image tasks.

Batches of 256, lr halved every 20 epochs and a row every 100 mini-batches are the NALA paper's (section "Experiments").
Its LeNet-5 tasks are CIFAR-10 and CIFAR-100 with augmentation, for 230 epochs; digits and Fashion-MNIST are ours,
without, for the epochs below. digits has 6 mini-batches an epoch, so its rows come every 10.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Any

from nala_lab.experiments.tasks.base import Halving, Scale, Task

__all__ = ["IMAGES"]

NALA_METHODS = ("nala", "nag", "lookahead", "adam", "sgd")  # Fig. 2 of the NALA paper


@lru_cache(maxsize=2)  # a table of runs reads its data once
def _load(name: str, folders: tuple[Path, ...], device: Any) -> Any:
    from nala_lab.experiments.data import load_data

    return load_data(name, folders=folders, device=device)


def _lenet5(name: str, scale: Scale, *, seed: int, folders: Sequence[Path], device: Any) -> Any:
    from nala_lab.experiments.images import ImageWorkload
    from nala_lab.experiments.models import lenet5, torch_stream

    data = _load(name, tuple(folders), device).first(scale.train, scale.test)
    model = lenet5(data.classes, generator=torch_stream(seed, "initial weights"))
    return ImageWorkload(model, data, batch_size=scale.batch_size, seed=seed, batches=scale.batches)


IMAGES: tuple[Task, ...] = (
    Task("lenet5-digits", "our own, at the NALA paper's settings", "digits", "LeNet-5 (tanh)", NALA_METHODS,
         partial(_lenet5, "digits"),
         {"smoke": Scale(3, 256, 2, train=1024, test=200), "cpu": Scale(40, 256, 10), "paper": Scale(230, 256, 10)},
         Halving(every=20)),
    Task("lenet5-fashion-mnist", "our own, at the NALA paper's settings", "fashion-mnist", "LeNet-5 (tanh)",
         NALA_METHODS, partial(_lenet5, "fashion-mnist"),
         {"smoke": Scale(1, 256, 2, train=3072, test=1000), "cpu": Scale(10, 256, 100),
          "paper": Scale(230, 256, 100)},
         Halving(every=20)),
)  # fmt: skip
