"""The default inner optimizer: torch.optim.Adam, run fused, and where possible in one pass with the slow loop's work.

Moving memory is what a step of a large model costs. Adam reads four numbers per weight and writes three. The slow copy
at the start of a cycle adds two and the mixing at its end three, if they are passes of their own; done while the
weight is at hand they add one each, the slow copy that is written and read.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from nala_lab.optim._fused import ADAM, ASCEND, COPY, MIX, Fused, fits

__all__ = ["OnePass", "choose_fused", "keep_fused", "one_pass"]

_FUSED_ON = ("cpu", "cuda")
_KINDS = (torch.float32, torch.float64)
_PLAIN = (torch.Tensor, torch.nn.Parameter)
_ELSEWHERE = ("amsgrad", "capturable", "differentiable", "decoupled_weight_decay")  # options that the kernel has not

Row = tuple[torch.Tensor, ...]


def choose_fused(groups: Sequence[dict[str, Any]]) -> None:
    """Let torch run its fused Adam for a group where it has one: float32 and float64, on a CPU or a CUDA device."""
    for group in groups:
        group["fused"] = True if all(map(_fits_torch, group["params"])) and not group["foreach"] else None


def _fits_torch(p: torch.Tensor) -> bool:
    return type(p) in _PLAIN and p.device.type in _FUSED_ON and p.dtype in _KINDS and p.is_contiguous()


def keep_fused(groups: Sequence[dict[str, Any]]) -> None:
    """Give torch's fused Adam up for a group where a gradient does not lie in memory as its parameter does.

    torch 2.13 on a CPU reads both by address, and so pairs weights with the gradients of others.
    """
    for group in groups:
        strided = [p for p in group["params"] if p.grad is not None and p.grad.layout is torch.strided]
        if group["fused"] and not all(p.is_contiguous() and p.grad.is_contiguous() for p in strided):
            group["fused"] = None


class OnePass:
    """One step of Adam that is ready to be taken, with the slow weights beside it."""

    def __init__(self, groups: Sequence[tuple[dict[str, Any], list[Row], list[torch.Tensor]]], copy: bool) -> None:
        self._groups, self._copy = groups, copy

    def run(self, weight: float | None = None) -> None:
        """Write the slow weights if the cycle starts, take the step, and mix the result with them by `weight`."""
        flags = (COPY if self._copy else 0) | (0 if weight is None else MIX)
        for group, rows, steps in self._groups:
            fused = Fused(ADAM, flags | (ASCEND if group["maximize"] else 0), weight or 0.0)
            for row, step in zip(rows, steps, strict=True):
                fused.add(row, group, step)
            fused.run()


def one_pass(adam: torch.optim.Adam, outer: Mapping[torch.Tensor, Any], copy: bool) -> OnePass | None:
    """Prepare a step, or return None where a parameter, an option or a hook asks for torch's own.

    Parameters
    ----------
    adam : the inner optimizer. outer : state of the slow loop. copy : the slow weights are to be written first.
    """
    if adam._optimizer_step_pre_hooks or adam._optimizer_step_post_hooks or "step" in vars(adam):
        return None
    groups = []
    for group in adam.param_groups:
        rows, steps = [], []
        if any(group[option] for option in _ELSEWHERE):
            return None
        for p in group["params"]:
            state, own = adam.state.get(p), outer.get(p)
            if not state or not own or "slow" not in own or "exact" in own:
                return None  # the first cycle, or a model that was in half precision before
            row = (p, p.grad, state["exp_avg"], state["exp_avg_sq"], own["slow"])
            if not fits(row):
                return None
            rows.append(row)
            steps.append(state["step"])
        groups.append((group, rows, steps))
    return OnePass(groups, copy)
