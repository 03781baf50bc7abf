"""The default inner optimizer: torch.optim.Adam, run fused, and where possible in one pass with the slow loop's work.

Moving memory is what a step of a large model costs. Adam reads four numbers per weight and writes three. The slow copy
at the start of a cycle adds two and the mixing at its end three, if they are passes of their own; done while the
weight is at hand they add one each, the slow copy that is written and read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from nala_lab.optim._fused import ADAM, COPY, MIX, Fused

__all__ = ["OnePass", "choose_fused", "keep_fused"]

_FUSED_ON = ("cpu", "cuda")
_KINDS = (torch.float32, torch.float64)
_PLAIN = (torch.Tensor, torch.nn.Parameter)
_ELSEWHERE = ("amsgrad", "capturable", "differentiable", "decoupled_weight_decay")  # options that the kernel has not


def choose_fused(groups: Sequence[dict[str, Any]]) -> None:
    """Let torch run its fused Adam for a group where it has one: float32 and float64, on a CPU or a CUDA device."""
    for group in groups:
        group["fused"] = True if all(map(_fits_torch, group["params"])) and not group["foreach"] else None


def _fits_torch(p: torch.Tensor) -> bool:
    return type(p) in _PLAIN and p.device.type in _FUSED_ON and p.dtype in _KINDS and p.is_contiguous()


def keep_fused(groups: Sequence[dict[str, Any]]) -> None:
    """Give torch's fused Adam up for a group where a gradient does not lie in memory as its parameter does.

    torch 2.13 on a CPU reads both by address, and so pairs weights with the gradients of others; a gradient whose
    sign is still to be applied it refuses.
    """
    for group in groups:
        strided = [p for p in group["params"] if p.grad is not None and p.grad.layout is torch.strided]
        if group["fused"] and not all(map(_plain, strided)):
            group["fused"] = None


def _plain(p: torch.Tensor) -> bool:
    assert p.grad is not None
    return p.is_contiguous() and p.grad.is_contiguous() and not p.grad.is_neg()


class OnePass:
    """Steps of Adam with the slow weights beside them, as long as everything stays as it was found."""

    def __init__(self) -> None:
        self._fused: Fused | None = None
        self._copy = False

    def ready(self, adam: torch.optim.Adam, outer: Mapping[torch.Tensor, Any], copy: bool) -> bool:
        """Prepare a step; False where a parameter, an option or a hook asks for torch's own.

        Parameters
        ----------
        adam : the inner optimizer. outer : state of the slow loop. copy : the slow weights are to be written first.
        """
        self._copy = copy
        if adam._optimizer_step_pre_hooks or adam._optimizer_step_post_hooks or "step" in vars(adam):
            return False
        if any(group[option] for group in adam.param_groups for option in _ELSEWHERE):
            return False
        if self._fused is None or not self._fused.holds(adam.param_groups, adam.state, outer):
            self._fused = _gather(adam, outer)
        return self._fused is not None

    def run(self, weight: float | None = None) -> None:
        """Write the slow weights if the cycle starts, take the step, and mix the result with them by `weight`."""
        assert self._fused is not None
        self._fused.run((COPY if self._copy else 0) | (0 if weight is None else MIX), weight or 0.0)


def _gather(adam: torch.optim.Adam, outer: Mapping[torch.Tensor, Any]) -> Fused | None:
    fused = Fused(ADAM, adam.param_groups, adam.state, outer)
    if sum(len(group["params"]) for group in adam.param_groups) > len(adam.state):
        return None  # a parameter that was given twice, or has no state yet
    for p, group in [(p, g) for g in adam.param_groups for p in g["params"]]:
        state, own = adam.state.get(p), outer.get(p, {})
        if not state or "exact" in own:  # the first cycle, or a model that was in half precision before
            return None
        sources = ((state, "exp_avg"), (state, "exp_avg_sq"), (own, "slow"), (state, "step"))
        if not fused.take(p, group, *sources):
            return None
    return fused.close()
