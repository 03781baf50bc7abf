"""The arithmetic of AdaBelief and AdaLA in torch, one line per equation of theirs, over lists of tensors.

How long the lists are decides the speed, and nothing else. On a GPU every operation is a launch, so all parameters go
together. On a CPU what is computed in between must stay in the cache, so a list holds about 2^18 numbers: many small
parameters, or a part of a large one.

A complex parameter is treated as the pair of its real and imaginary parts, as torch.optim.Adam does. Half types are
computed in float32 and rounded once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from functools import lru_cache
from math import sqrt
from types import SimpleNamespace
from typing import Any

import torch
from torch.optim import Optimizer

from nala_lab.core import require
from nala_lab.optim._base import LabOptimizer, local, wide
from nala_lab.optim._groups import PLAIN, number, require_lr

__all__ = ["Adaptive", "Group", "List", "add_belief", "add_mean", "add_number", "add_square", "begin", "count", "each",
           "moment", "move", "refuse_flags", "with_grad"]  # fmt: skip

Group = dict[str, Any]
List = Any  # of tensors; torch's foreach functions give lists or tuples
_AS_THEY_ARE = (torch.float32, torch.float64)
_FLAGS = ("maximize", "amsgrad", "foreach", "fused", "capturable", "differentiable", "decoupled_weight_decay")
_BLOCK = 2**18  # numbers: 1 MiB in float32


def refuse_flags(group: Group, flags: Sequence[str] = _FLAGS, hint: str = "this method does not have it") -> None:
    """Refuse options of torch.optim.Adam that would be ignored in a parameter group."""
    for flag in flags:
        require(flag, group.get(flag), not group.get(flag), f"{flag} left out", hint)


def with_grad(optimizer: Optimizer) -> list[tuple[torch.Tensor, Group]]:
    """Each parameter that has a gradient, with its group; all are checked first."""
    pairs = [(p, g) for g in optimizer.param_groups for p in dict.fromkeys(g["params"]) if p.grad is not None]
    for p, _ in pairs:
        if p.grad.is_sparse:
            hint = f"{type(optimizer).__name__} keeps dense moments; use torch.optim.SparseAdam for sparse gradients"
            require("grad.layout", p.grad.layout, False, "a dense gradient", hint)
    return pairs


def _real(x: torch.Tensor) -> torch.Tensor:
    return torch.view_as_real(x) if x.is_complex() else x


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


@lru_cache  # options are read at every step, and seldom change
def _require(hyper: Any, lr: Any, betas: Any, eps: Any, weight_decay: Any) -> None:
    require_lr(lr)
    replace(hyper, betas=betas, eps=eps, weight_decay=weight_decay)


class Adaptive(LabOptimizer):
    """What AdaBelief and AdaLA share: the options of a group, and a state that is made once."""

    _moments: tuple[str, ...]  # per parameter, beside "step"

    def _check_group(self, group: Group) -> None:
        super()._check_group(group)
        _require(self.hyper, number(group["lr"]), tuple(group["betas"]), group["eps"], group["weight_decay"])
        refuse_flags(group)

    def _check_groups(self) -> None:
        """Check what stands in the groups now, before anything moves."""
        for group in self.param_groups:
            self._check_group(group)

    def _begun(self) -> list[tuple[torch.Tensor, Group]]:
        """Parameters with a gradient, and a state."""
        self._check_groups()
        pairs = with_grad(self)
        for p, _ in pairs:
            begin(self.state[p], p, *self._moments)
        return pairs

    def _allocate(self) -> None:
        self._begun()


def each(pairs: Iterable[tuple[torch.Tensor, Group]], state: Mapping[Any, dict[str, Any]], keys: Sequence[str],
         update: Callable[[Any], None]) -> None:  # fmt: skip
    """Call `update` with lists that together hold every parameter of `pairs`, or parts of them; it writes into them.

    One call is for parameters of one group that stand at one step: p, the weights; g, their gradients where they stand,
    with weight decay; the state under its own names; group, their options; t, the number of the step that is being
    taken, from 1. The counters are not touched: see `count`.
    """
    bundles: dict[tuple[Any, ...], tuple[Group, list[Any]]] = {}
    for p, group in pairs:
        place = (id(group), int(state[p]["step"]), p.dtype, p.device)
        bundles.setdefault(place, (group, []))[1].append(p)
    names = ("p", "g", *keys)
    for (_, done, _, device), (group, params) in bundles.items():
        rows = [_row(p, state[p], keys) for p in params]
        for columns in _cut(rows) if device.type == "cpu" else [zip(*rows, strict=True)]:
            x = SimpleNamespace(**dict(zip(names, map(list, columns), strict=True)), group=group, t=done + 1)
            if group["weight_decay"]:
                x.g = torch._foreach_add(x.g, x.p, alpha=group["weight_decay"])  # where p stands now
            update(x)
        if wide(params[0]) != params[0].dtype:
            for p, (work, *_) in zip(params, rows, strict=True):
                local(p).copy_(work)  # of half types: the one rounding


def _row(p: torch.Tensor, own: dict[str, Any], keys: Sequence[str]) -> list[torch.Tensor]:
    """Weights, gradient and state of one parameter as real tensors of this process."""
    if type(p) in PLAIN and p.dtype in _AS_THEY_ARE:
        return [p, p.grad, *(own[key] for key in keys)]  # type: ignore[list-item]
    assert p.grad is not None
    g: Any = p.grad.resolve_conj()
    if hasattr(g, "placements") and g.placements != p.placements:  # type: ignore[attr-defined]
        g = g.redistribute(placements=p.placements)
    real, *others = (_real(local(x)) for x in (p, g, *(own[key] for key in keys)))
    work = real.to(wide(real))
    return [work, others[0].to(work.dtype), *others[1:]]


def _cut(rows: list[list[torch.Tensor]]) -> Iterator[Any]:
    """Columns of about `_BLOCK` numbers: many small tensors, or a part of a large one."""
    few: list[list[torch.Tensor]] = []
    numbers = 0
    for row in rows:
        if row[0].numel() > _BLOCK:
            pieces = (x.split(_BLOCK) for x in _as_vectors(row))
            yield from ([[part] for part in parts] for parts in zip(*pieces, strict=True))
            continue
        if few and numbers + row[0].numel() > _BLOCK:
            yield zip(*few, strict=True)
            few, numbers = [], 0
        few.append(row)
        numbers += row[0].numel()
    if few:
        yield zip(*few, strict=True)


def _as_vectors(row: list[torch.Tensor]) -> list[torch.Tensor]:
    """The same numbers as vectors, where all lie in memory in one order without gaps; else the tensors themselves."""
    order = sorted(range(row[0].dim()), key=row[0].stride, reverse=True)
    turned = [x.permute(order) for x in row]
    return [x.view(-1) for x in turned] if all(x.is_contiguous() for x in turned) else row


def count(pairs: Iterable[tuple[torch.Tensor, Group]], state: Mapping[Any, dict[str, Any]]) -> None:
    """The step of these parameters is done."""
    counters = [state[p]["step"] for p, _ in pairs]
    if counters:
        add_number(counters, 1)


def add_number(xs: List, x: float, *, new: bool = False) -> List:
    """`x` more, in place or as new tensors. On a CPU torch would wrap a plain number anew for every tensor."""
    add = torch._foreach_add if new else torch._foreach_add_
    return (add(xs, _wrapped(x, xs), alpha=1) if xs[0].is_cpu else add(xs, x)) or xs


def _wrapped(x: float, xs: List) -> Any:
    return torch.scalar_tensor(x, dtype=xs[0].dtype) if xs[0].is_cpu else x


# ---- the equations, over lists ---------------------------------------------------------------------------------------


def add_mean(m: List, g: List, group: Group, *, new: bool = False) -> List:
    """m_t = beta1 m_{t-1} + (1 - beta1) g_t, in place or as new tensors."""
    weight = 1 - group["betas"][0]
    return torch._foreach_lerp(m, g, weight) if new else torch._foreach_lerp_(m, g, weight) or m


def add_square(s: List, residual: List, group: Group, *, new: bool = False) -> List:
    """v_t = beta2 v_{t-1} + (1 - beta2) residual^2, in place or as new tensors."""
    beta2 = group["betas"][1]
    factor = _wrapped(beta2, s)
    s = torch._foreach_mul(s, factor) if new else torch._foreach_mul_(s, factor) or s
    torch._foreach_addcmul_(s, residual, residual, 1 - beta2)
    return s


def add_belief(s: List, g: List, expected: List, group: Group, *, new: bool = False) -> List:
    """s_t = beta2 s_{t-1} + (1 - beta2) (g_t - expected)^2 + eps, in place or as new tensors."""
    s = add_square(s, torch._foreach_sub(g, expected), group, new=new)
    return add_number(s, group["eps"])


def move(p: List, m: List, s: List, t: int, group: Group, form: str, t_s: int | None = None) -> None:
    """theta_t, in place: p <- p - lr m_hat_t / denominator(s_t); `t_s` is the number of steps in s, where it is not t.

    The root of the correction of s is taken out of the others: sqrt(s / c) + eps = (sqrt(s) + eps sqrt(c)) / sqrt(c),
    and sqrt(s / c + eps) = sqrt(s + eps c) / sqrt(c).
    """
    (beta1, beta2), eps = group["betas"], group["eps"]
    length = float(group["lr"]) / (1 - beta1**t)
    if form == "raw":
        root = add_number(s, eps, new=True)
        torch._foreach_sqrt_(root)
    else:
        c = sqrt(1 - beta2 ** (t if t_s is None else t_s))
        if form in ("hat", "tensorflow"):
            root = torch._foreach_sqrt(s)
            add_number(root, eps * c if form == "hat" else eps)  # TensorFlow's eps is not corrected
        else:
            root = add_number(s, eps * c * c, new=True)
            torch._foreach_sqrt_(root)
        length *= c
    torch._foreach_addcdiv_(p, m, root, -length)
