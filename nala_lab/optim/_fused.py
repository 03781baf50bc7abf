"""Whole updates of many parameters in one pass over memory: what goes to the compiled kernels, and with which numbers.

A parameter goes there when it is an ordinary float32 or float64 tensor on the CPU and lies in memory as its gradient
and its state do. Every other parameter (half precision, complex, on another device, sharded, strided) is updated by
the torch operations that spell the equations out; so is every parameter where there is no compiler.
"""

from __future__ import annotations

import ctypes
import math
from collections.abc import Sequence
from typing import Any

import torch

from nala_lab.optim._build import Rule, kernels

__all__ = ["ADAM", "ADAPTED", "ASCEND", "BELIEF", "COPY", "MIX", "PROBE", "RAW", "Fused", "fits"]

ADAM, BELIEF, PROBE, ADAPTED = range(4)
RAW, ASCEND, COPY, MIX, STREAM = 1, 2, 4, 8, 16
_WIDTH = 6  # addresses per tensor
_KINDS = {torch.float32: "float", torch.float64: "double"}
_PLAIN = (torch.Tensor, torch.nn.Parameter)
_SHARED = 2**17  # elements from which a second thread is worth starting
_LARGE = 2**20  # elements from which what is written once is better kept out of the caches

Group = dict[str, Any]
Row = Sequence[torch.Tensor]


def fits(row: Row) -> bool:
    """Say whether a parameter, its gradient and its state can be handed to a kernel, by address."""
    p, grad = row[0], row[1]
    kind = _KINDS.get(p.dtype)
    if kind is None or type(p) not in _PLAIN or not p.is_cpu or p.is_inference() or kernels(kind) is None:
        return False
    dense = True
    for x in row[1:]:
        if type(x) is not torch.Tensor or x.dtype is not p.dtype or not x.is_cpu or x.layout is not torch.strided:
            return False
        dense = dense and x.is_contiguous()
    return (dense and p.is_contiguous() or _channels_last(row)) and not grad.is_neg() and not p.is_neg()


def _channels_last(row: Row) -> bool:
    return row[0].dim() == 4 and all(x.is_contiguous(memory_format=torch.channels_last) for x in row)


def run(rule: Rule, rows: Sequence[Row]) -> None:
    """Update the first tensor of every row, and its state, in place."""
    sizes = [row[0].numel() for row in rows]
    total, n = sum(sizes), len(rows)
    if total >= _LARGE:
        rule.flags |= STREAM
    unused = [0] * (_WIDTH - len(rows[0]))
    places: list[int] = []
    for row in rows:
        places += [x.data_ptr() for x in row]
        places += unused
    update = kernels(_KINDS[rows[0][0].dtype])
    threads = torch.get_num_threads() if total >= _SHARED else 1
    update(ctypes.byref(rule), n, (ctypes.c_longlong * n)(*sizes), (ctypes.c_void_p * (n * _WIDTH))(*places), threads)
    torch.autograd.graph.increment_version([row[0] for row in rows])  # a kernel writes behind autograd's back


def rule(what: int, group: Group, t: int, flags: int = 0, weight: float = 1.0) -> Rule:
    """Numbers of step t of a parameter group."""
    beta1, beta2 = group["betas"]
    scale = 1 / (1 - beta2**t)
    step = float(group["lr"]) / (1 - beta1**t)
    scale = math.sqrt(scale) if what == ADAM else scale
    return Rule(what, flags, beta1, beta2, group["eps"], float(group["weight_decay"]), step, scale, weight)


class Fused:
    """Collects the parameters of one call of ``step()`` that a kernel can take, and updates them together.

    Parameters
    ----------
    what : ADAM, BELIEF, PROBE or ADAPTED. flags, weight : as in ``_kernels.c``.
    """

    def __init__(self, what: int, flags: int = 0, weight: float = 1.0) -> None:
        self.what, self.flags, self.weight = what, flags, weight
        self._taken: dict[tuple[int, torch.dtype], tuple[Group, list[Row], list[torch.Tensor]]] = {}

    def take(self, row: Row, group: Group, step: torch.Tensor) -> bool:
        """Take a parameter with its gradient and state, if it fits. `step` is its counter, not yet advanced."""
        if not fits(row):
            return False
        self.add(row, group, step)
        return True

    def add(self, row: Row, group: Group, step: torch.Tensor) -> None:
        """Take a parameter that is known to fit."""
        _, rows, steps = self._taken.setdefault((id(group), row[0].dtype), (group, [], []))
        rows.append(row)
        steps.append(step)

    def run(self) -> None:
        """Advance the counters, unless this is a probe, and update; parameters of one age go together."""
        for group, rows, steps in self._taken.values():
            if self.what != PROBE:
                torch._foreach_add_(steps, 1)
            ages: dict[float, list[Row]] = {}
            for row, step in zip(rows, steps, strict=True):
                ages.setdefault(step.item() + (self.what == PROBE), []).append(row)
            for age, alike in ages.items():
                run(rule(self.what, group, int(age), self.flags, self.weight), alike)
