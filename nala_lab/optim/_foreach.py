"""AdaBelief's and AdaLA's update of many parameters at once, by torch's foreach operations: for a GPU.

There, every operation on one tensor is a launch of its own, and a model has a hundred tensors; a foreach operation is
a few launches for all of them. The lines are those of _moments.py, over lists. On a CPU the compiled kernels are
quicker, and where there is no compiler the equations are taken one parameter at a time.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import torch

__all__ = ["ADAPTED", "BELIEF", "PROBE", "RAW", "Together", "fits_together"]

BELIEF, PROBE, ADAPTED = 1, 2, 3  # as the kernels number them
RAW = 1
_KINDS = (torch.float32, torch.float64)
_PLAIN = (torch.Tensor, torch.nn.Parameter)
_SPARED = ("cpu",)  # devices that have a better way

Row = Sequence[Any]
List = list[torch.Tensor]


def fits_together(row: Row) -> bool:
    """Say whether a parameter, its gradient and its state are ordinary tensors of one type on one device."""
    p = row[0]
    if p.device.type in _SPARED or p.dtype not in _KINDS or p.is_inference():
        return False
    return all(_same(x, p) for x in row)


def _same(x: Any, p: torch.Tensor) -> bool:
    plain = type(x) in _PLAIN and x.layout is torch.strided
    return plain and x.dtype is p.dtype and x.device == p.device and x.shape == p.shape


class Together:
    """The parameters of one group, of one type and on one device."""

    def __init__(self, group: dict[str, Any]) -> None:
        self.group = group
        self.params: List = []
        self._held: list[tuple[tuple[dict[str, Any], str, torch.Tensor], ...]] = []

    def add(self, row: Row, sources: Sequence[tuple[dict[str, Any], str]]) -> None:
        """Add a parameter; the last source is its counter."""
        self.params.append(row[0])
        self._held.append(tuple((own, key, own[key]) for own, key in sources))

    def close(self) -> None:
        """Line the state up; the gradients are looked up in every call."""
        columns = list(zip(*([x for _, _, x in held] for held in self._held), strict=True))
        *state, self._counters = [list(column) for column in columns]
        self._state: list[List] = state

    @property
    def owners(self) -> list[dict[str, Any]]:
        """For each parameter the dictionary of its first source."""
        return [held[0][0] for held in self._held]

    def holds(self) -> bool:
        """Say whether every gradient fits still and all of the state is where it was."""
        for p, held in zip(self.params, self._held, strict=True):
            if p.grad is None or not fits_together((p, p.grad)):
                return False
            if any(own.get(key) is not x for own, key, x in held):
                return False
        return True

    def run(self, what: int, flags: int, weight: float) -> None:
        """Update every parameter and its state in place, and advance the counters, unless this is a probe."""
        m, s, *more = self._state
        g = self._decayed()
        t = [int(counter) + 1 for counter in self._counters]
        if what == PROBE:
            torch._foreach_copy_(more[0], self.params)  # theta_{t-1}
            torch._foreach_copy_(more[1], g)  # g_t
            m, s = [x.clone() for x in m], [x.clone() for x in s]
        if what == ADAPTED:
            torch._foreach_copy_(self.params, more[0])  # back to theta_{t-1}, bit for bit
            g, ahead = more[1], g
        self._add_mean(m, g)
        if what == ADAPTED:
            expected = ahead if weight == 1 else torch._foreach_lerp(m, ahead, weight)
        else:
            expected = m
        self._add_belief(s, torch._foreach_sub(g, expected))
        torch._foreach_add_(self.params, self._displacement(m, s, t, flags))
        if what != PROBE:
            for counter in self._counters:
                counter += 1

    def _decayed(self) -> List:
        """g = grad + weight_decay p, where p stands now."""
        grads: List = [p.grad for p in self.params if p.grad is not None]
        decay = self.group["weight_decay"]
        return list(torch._foreach_add(grads, self.params, alpha=decay)) if decay else grads

    def _add_mean(self, m: List, g: List) -> None:
        """m_t = beta1 m_{t-1} + (1 - beta1) g_t."""
        beta1 = self.group["betas"][0]
        torch._foreach_mul_(m, beta1)
        torch._foreach_add_(m, g, alpha=1 - beta1)

    def _add_belief(self, s: List, residual: Sequence[torch.Tensor]) -> None:
        """s_t = beta2 s_{t-1} + (1 - beta2) residual^2 + eps."""
        beta2 = self.group["betas"][1]
        torch._foreach_mul_(s, beta2)
        torch._foreach_addcmul_(s, residual, residual, value=1 - beta2)
        torch._foreach_add_(s, self.group["eps"])

    def _displacement(self, m: List, s: List, t: list[int], flags: int) -> Sequence[torch.Tensor]:
        """-lr m_hat_t / (sqrt(s_hat_t) + eps), or "raw": -lr m_hat_t / sqrt(s_t + eps)."""
        (beta1, beta2), eps = self.group["betas"], self.group["eps"]
        if flags & RAW:
            root = torch._foreach_add(s, eps)
            torch._foreach_sqrt_(root)
        else:
            root = torch._foreach_div(s, [1 - beta2**n for n in t])
            torch._foreach_sqrt_(root)
            torch._foreach_add_(root, eps)
        step = torch._foreach_div(m, [1 - beta1**n for n in t])
        torch._foreach_mul_(step, -float(self.group["lr"]))
        torch._foreach_div_(step, root)
        return step
