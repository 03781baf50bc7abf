"""What is trained and how long: tasks and their sizes as data.

Batches of 256, lr halved every 20 epochs and a row every 100 mini-batches are the NALA paper's (section "Experiments").
Its LeNet-5 tasks are CIFAR-10 and CIFAR-100 with augmentation, for 230 epochs; ours are digits and Fashion-MNIST,
without, for the epochs below. digits has 6 mini-batches an epoch, so its rows come every 10.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from torch import nn

from nala_lab.core import require_choice
from nala_lab.experiments.models import lenet5

__all__ = ["SCALES", "TASKS", "Scale", "Task", "get_task"]

SCALES = ("smoke", "cpu")


@dataclass(frozen=True)
class Scale:
    """Sizes of a run; the code path is the same at every scale.

    Attributes
    ----------
    epochs : passes over the training images.
    log_every : mini-batches between two rows of the paper's metric.
    train, test : images used, from the first on; None means all.
    """

    epochs: int
    log_every: int
    train: int | None = None
    test: int | None = None


@dataclass(frozen=True)
class Task:
    """A data set, a network and the protocol.

    Attributes
    ----------
    name : what the command line calls it.
    data : name in DATASETS.
    model : makes the network from ``(classes, generator=...)``.
    model_name : what a record calls the network.
    scales : scale name -> Scale.
    batch_size : images in a mini-batch; every mini-batch is full.
    halve_every : epochs after which lr is halved.
    """

    name: str
    data: str
    model: Callable[..., nn.Sequential]
    model_name: str
    scales: dict[str, Scale]
    batch_size: int = 256
    halve_every: int = 20


TASKS = {
    task.name: task
    for task in (
        Task("lenet5-digits", "digits", lenet5, "LeNet-5 (tanh)",
             {"smoke": Scale(3, 2, train=1024, test=200), "cpu": Scale(40, 10)}),
        Task("lenet5-fashion-mnist", "fashion-mnist", lenet5, "LeNet-5 (tanh)",
             {"smoke": Scale(1, 2, train=3072, test=1000), "cpu": Scale(10, 100)}),
    )
}  # fmt: skip


def get_task(name: str) -> Task:
    """The task called `name`.

    Raises
    ------
    ValueError
        Listing the tasks, for another name.
    """
    require_choice("task", name, TASKS)
    return TASKS[name]
