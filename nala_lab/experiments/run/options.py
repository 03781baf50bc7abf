"""Switches of the training loop that no task decides: precision, compilation, determinism, accumulation, budget."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from dataclasses import asdict, dataclass
from typing import Any

import torch
from torch import nn

from nala_lab.core import require, require_choice, require_int, require_number

__all__ = ["EQUAL", "PRECISIONS", "Options", "compile_parts", "exact"]

PRECISIONS = ("float32", "bf16")
EQUAL = ("grad_evals", "timesteps")
_MEASURING = ("probe_every", "curvature_every")


@dataclass(frozen=True)
class Options:
    """How a run computes; every one of them is part of the record's configuration.

    Raises ValueError for a value that is not allowed.

    Attributes
    ----------
    precision : ``"bf16"`` runs forward passes in bfloat16 where torch's autocast thinks it safe; the weights, the
        optimizer and the evaluation stay in float32. bfloat16 has float32's range, so no loss scaling is needed.
    compile : compile the network with torch.compile.
    deterministic : torch's deterministic algorithms only. On one machine two runs then agree bit for bit; on the CPU,
        at one number of threads, they do without it.
    accumulate : mini-batches whose gradients are averaged to one. A rest at the end of an epoch is left out.
    clip : largest norm of a gradient instead of the task's; 0 does not clip, None takes the task's.
    channels_last : lay images out in memory pixel by pixel; None takes the task's. Sums have another order then.
    equal : what all optimizers are given the same number of: ``"grad_evals"`` (the same mini-batches), or
        ``"timesteps"`` as the papers count them, for which NALA gets (k + 1) / k and AdaLA 2 times the mini-batches.
    probe_every : cycles from one that `nala_lab.experiments.run.look_ahead_probe` measures to the next; None: none.
    curvature_every : cycles between two estimates of the largest curvatures, which cost more; None: none.
    """

    precision: str = "float32"
    compile: bool = False
    deterministic: bool = False
    accumulate: int = 1
    clip: float | None = None
    channels_last: bool | None = None
    equal: str = "grad_evals"
    probe_every: int | None = None
    curvature_every: int | None = None

    def __post_init__(self) -> None:
        require_choice("precision", self.precision, PRECISIONS)
        require_choice("equal", self.equal, EQUAL)
        require_int("accumulate", self.accumulate, low=1)
        for name in ("compile", "deterministic", "channels_last"):
            value = getattr(self, name)
            told = isinstance(value, bool) or (value is None and name == "channels_last")
            require(name, value, told, "True or False", "in TOML true or false, without quotes")
        for name in _MEASURING:
            if getattr(self, name) is not None:
                require_int(name, getattr(self, name), low=1)
                require(name, getattr(self, name), not self.compile, "None with compile",
                        "compiled networks have no second derivatives")  # fmt: skip
        if self.clip is not None:
            require_number("clip", self.clip, low=0)

    @property
    def config(self) -> dict[str, Any]:
        """The switches without `clip` and `channels_last`, which a record holds as they are in force.

        What is measured by the way is named where it is on, so that a record without it keeps its name.
        """
        off = {"clip", "channels_last", *(name for name in _MEASURING if getattr(self, name) is None)}
        return {name: value for name, value in asdict(self).items() if name not in off}

    @property
    def measures(self) -> bool:
        """Whether cycles are measured by the way."""
        return any(getattr(self, name) is not None for name in _MEASURING)

    def per_epoch(self, batches: int) -> int:
        """Gradients that an epoch of so many mini-batches gives; ValueError when they are too few for one."""
        require("accumulate", self.accumulate, self.accumulate <= batches, f"accumulate <= {batches}",
                "the mini-batches of an epoch")  # fmt: skip
        return batches // self.accumulate

    def autocast(self, device: torch.device) -> AbstractContextManager[Any]:
        """Where the forward pass of a mini-batch runs."""
        half = self.precision == "bf16"
        return torch.autocast(device.type, dtype=torch.bfloat16) if half else nullcontext()


def compile_parts(model: nn.Module) -> None:
    """Compile a network, or each part of a container that has no forward pass of its own, in place.

    The names of its weights stay what they are, so checkpoints fit with and without.
    """
    parts = list(model.values()) if isinstance(model, nn.ModuleDict) else [model]
    for part in parts:
        part.compile()


@contextmanager
def exact(switched_on: bool) -> Iterator[None]:
    """Allow only deterministic algorithms inside the block; torch says so where it has none."""
    if not switched_on:
        yield
        return
    os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")  # read when CUDA's matrix library is first used
    before = torch.are_deterministic_algorithms_enabled(), torch.is_deterministic_algorithms_warn_only_enabled()
    tuned = torch.backends.cudnn.benchmark
    torch.use_deterministic_algorithms(True)
    torch.backends.cudnn.benchmark = False
    try:
        yield
    finally:
        torch.use_deterministic_algorithms(before[0], warn_only=before[1])
        torch.backends.cudnn.benchmark = tuned
