"""The arithmetic of AdaBelief and AdaLA in torch, one line per equation; in place on accumulators, never on ``.grad``.

    m_t = beta1 m_{t-1} + (1 - beta1) g_t                               m_hat_t = m_t / (1 - beta1^t)
    s_t = beta2 s_{t-1} + (1 - beta2) r_t^2 + eps                       s_hat_t = s_t / (1 - beta2^t)
    "hat"   displacement = -lr m_hat_t / (sqrt(s_hat_t) + eps)
    "raw"   displacement = -lr m_hat_t / sqrt(s_t + eps)

A complex parameter is treated as the pair of its real and imaginary parts, as torch.optim.Adam does.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import torch

from nala_lab.core import require
from nala_lab.optim._base import LabOptimizer, wide

__all__ = [
    "Group",
    "add_belief",
    "add_mean",
    "begin",
    "decayed",
    "moment",
    "move",
    "ratio",
    "refuse_flags",
    "second_root",
    "with_grad",
]

Group = dict[str, Any]
_FLAGS = ("maximize", "amsgrad", "foreach", "fused")


def refuse_flags(group: Group) -> None:
    """Refuse options of torch.optim.Adam that would be ignored in a parameter group."""
    for flag in _FLAGS:
        require(flag, group.get(flag), not group.get(flag), f"{flag} left out", "AdaBelief and AdaLA do not have it")


def with_grad(optimizer: LabOptimizer) -> Iterator[tuple[torch.Tensor, Group]]:
    """Each parameter that has a gradient, with its group; all are checked before the first is handed out."""
    pairs = [(p, g) for g in optimizer.param_groups for p in dict.fromkeys(g["params"]) if p.grad is not None]
    for p, _ in pairs:
        name = type(optimizer).__name__
        hint = f"{name} keeps dense moments; use torch.optim.SparseAdam for sparse gradients"
        require("grad.layout", p.grad.layout, not p.grad.is_sparse, "a dense gradient", hint)
    return iter(pairs)


def _real(x: torch.Tensor) -> torch.Tensor:
    return torch.view_as_real(x.resolve_conj()) if x.is_complex() else x


def moment(p: torch.Tensor) -> torch.Tensor:
    """Zeros of the shape of `p`, real and at least float32."""
    real = _real(p.detach())
    return torch.zeros_like(real, dtype=wide(real))


def begin(state: dict[str, Any], p: torch.Tensor, *names: str) -> None:
    """Set up a counter and zero moments, once."""
    if "step" not in state:
        state["step"] = torch.tensor(0.0, dtype=torch.float32)
    for name in names:
        if name not in state:
            state[name] = moment(p)


def decayed(p: torch.Tensor, group: Group) -> torch.Tensor:
    """g = grad + weight_decay p, where p stands now; a new tensor."""
    assert p.grad is not None
    g = _real(p.grad).to(wide(_real(p)), copy=True)
    return g.add_(_real(p), alpha=group["weight_decay"]) if group["weight_decay"] else g


def move(p: torch.Tensor, displacement: torch.Tensor) -> None:
    """theta <- theta + displacement."""
    _real(p).add_(displacement)


def add_mean(m: torch.Tensor, g: torch.Tensor, beta1: float) -> torch.Tensor:
    """m_t = beta1 m_{t-1} + (1 - beta1) g_t, in place."""
    return m.mul_(beta1).add_(g, alpha=1 - beta1)


def add_belief(s: torch.Tensor, residual: torch.Tensor, beta2: float, eps: float) -> torch.Tensor:
    """s_t = beta2 s_{t-1} + (1 - beta2) residual^2 + eps, in place."""
    return s.mul_(beta2).addcmul_(residual, residual, value=1 - beta2).add_(eps)


def second_root(s: torch.Tensor, t: int, group: Group, form: str) -> torch.Tensor:
    """Denominator: sqrt(s_hat_t) + eps ("hat") or sqrt(s_t + eps) ("raw")."""
    if form == "hat":
        return (s / (1 - group["betas"][1] ** t)).sqrt_().add_(group["eps"])
    return (s + group["eps"]).sqrt_()


def ratio(m: torch.Tensor, t: int, denominator: torch.Tensor, group: Group) -> torch.Tensor:
    """Displacement -lr m_hat_t / denominator."""
    m_hat = m / (1 - group["betas"][0] ** t)
    return m_hat.mul_(-group["lr"]).div_(denominator)
