"""Tasks as data: what is trained, how long, at which sizes, and how the learning rate falls."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from nala_lab.core import require, require_int

__all__ = ["SCALES", "Constant", "Decay", "Halving", "Milestones", "Scale", "Task"]

SCALES = ("smoke", "cpu", "paper")


@dataclass(frozen=True)
class Halving:
    """The learning rate is halved every so many epochs, as in the NALA paper.

    Examples
    --------
    >>> from nala_lab.experiments.tasks import Halving
    >>> Halving(every=20).lr_at(0.1, epoch=45)
    0.025
    """

    every: int

    def __post_init__(self) -> None:
        require_int("every", self.every, low=1)

    def lr_at(self, lr: float, epoch: int) -> float:
        """Learning rate of an epoch, counted from 0."""
        return lr * 0.5 ** (epoch // self.every)


@dataclass(frozen=True)
class Milestones:
    """The learning rate is multiplied by `factor` when each of the epochs `at` begins, as in the AdaLA paper.

    Examples
    --------
    >>> from nala_lab.experiments.tasks import Milestones
    >>> decay = Milestones((150,), 0.1)
    >>> decay.lr_at(0.5, epoch=149), decay.lr_at(0.5, epoch=150)
    (0.5, 0.05)
    """

    at: tuple[int, ...]
    factor: float

    def __post_init__(self) -> None:
        require("factor", self.factor, 0 < self.factor <= 1, "0 < factor <= 1")

    def lr_at(self, lr: float, epoch: int) -> float:
        """Learning rate of an epoch, counted from 0."""
        return lr * self.factor ** sum(epoch >= first for first in self.at)


@dataclass(frozen=True)
class Constant:
    """The learning rate stays."""

    def lr_at(self, lr: float, epoch: int) -> float:
        """Learning rate of an epoch, counted from 0."""
        return lr


Decay = Halving | Milestones | Constant


@dataclass(frozen=True)
class Scale:
    """Sizes of a run; the code path is the same at every scale.

    Attributes
    ----------
    epochs : passes over the mini-batches.
    batch_size : examples in a mini-batch; every mini-batch is full.
    log_every : timesteps between two rows of the paper's metric.
    train, test : examples used, from the first on; None means all.
    batches : mini-batches in an epoch at most; None means all.
    extra : sizes that only this kind of task has (``bptt``, ``samples`` ...).
    """

    epochs: int
    batch_size: int
    log_every: int
    train: int | None = None
    test: int | None = None
    batches: int | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)


@dataclass(frozen=True)
class Task:
    """A data set, a network and the protocol.

    Attributes
    ----------
    name : what the command line calls it.
    source : paper and section, and what departs from it.
    data : name of the data set.
    model_name : what a record calls the network.
    methods : optimizers that the paper trains on it, in the paper's order; ``all`` on the command line.
    make : ``make(scale, seed=..., folders=..., device=...) -> Workload``.
    scales : scale name -> Scale.
    decay : how the learning rate falls.
    settings : optimizer -> changes to its published settings that belong to this task.
    clip : largest norm of a gradient, over all parameters; None: not clipped.
    main : name of the main metric in what the workload's ``evaluate`` returns.
    best : ``max`` or ``min``: which value of the main metric is the better one.
    channels_last : whether images lie in memory pixel by pixel, where no option says it: what is faster on a CPU.
    """

    name: str
    source: str
    data: str
    model_name: str
    methods: tuple[str, ...]
    make: Callable[..., Any]
    scales: Mapping[str, Scale] = field(hash=False)
    decay: Decay
    settings: Mapping[str, Mapping[str, Any]] = field(default_factory=dict, hash=False)
    clip: float | None = None
    main: str = "accuracy"
    best: Callable[..., Any] = max
    channels_last: bool = False

    def decay_config(self) -> dict[str, Any]:
        """How the learning rate falls, as plain values for a record.

        Examples
        --------
        >>> from nala_lab.experiments.tasks import get_task
        >>> get_task("lenet5-digits").decay_config()
        {'name': 'Halving', 'every': 20}
        """
        return {"name": type(self.decay).__name__, **asdict(self.decay)}
