"""The default inner optimizer: torch.optim.Adam, fused where torch has it and where it is safe, moments in float32."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from itertools import chain
from typing import Any

import torch
from torch.optim.adam import adam

from nala_lab.core import require, require_choice
from nala_lab.methods.hyper import ADAM_FORMS
from nala_lab.optim._adaptive import add_mean, add_number, add_square, begin, count, each, move, refuse_flags, with_grad
from nala_lab.optim._base import bare_step, require_shape, wide
from nala_lab.optim._groups import PLAIN

__all__ = ["Adam"]

_TORCH_S = ADAM_FORMS[0]
_OPTIONS = ("weight_decay", "eps", "maximize", "amsgrad", "foreach", "decoupled_weight_decay")  # the last: torch >= 2.7
_KERNEL_S = ("lr", "weight_decay", "eps", "maximize")
_NOT_AT_ONCE = ("amsgrad", "capturable", "differentiable", "decoupled_weight_decay")
_PLAIN_TYPES = (torch.float32, torch.float64)
_MOMENTS = ("exp_avg", "exp_avg_sq")


class Adam(torch.optim.Adam):
    """torch.optim.Adam with the same numbers, run in the quickest way that is right; and three other forms of it.

    Unless `fused` or `foreach` is given, a group of ordinary float32 and float64 parameters on a CPU or a CUDA device
    is fused, until a gradient or a moment does not lie in memory as its parameter does: torch 2.13 on a CPU then pairs
    weights with those of others. Half types are computed in float32; in torch's own, eps = 1e-8 is zero in float16.

    Raises ValueError for an unknown form, an option of torch's that another form does not have, a state saved with
    another form, and for `capturable` and `differentiable` with float16 and bfloat16.

    Parameters
    ----------
    params, lr, betas, eps, weight_decay, options : as of torch.optim.Adam.
    form : ``"kingma-ba"``, torch's; ``"printed"``, Eq. (3) of the NALA paper; ``"tensorflow"``, with eps-hat;
        ``"ramjee"``, Algorithm 1 of the AdaLA paper. The equations stand in `nala_lab.reference.adam`.

    Examples
    --------
    >>> from nala_lab.optim import Adam
    >>> import torch
    >>> w = torch.nn.Parameter(torch.ones(2, dtype=torch.float16))
    >>> opt = Adam([w], lr=0.25)
    >>> w.grad = torch.tensor([3.0, 0.0], dtype=torch.float16)
    >>> opt.step()
    >>> w.tolist(), opt.state[w]["exp_avg"].dtype
    ([0.75, 1.0], torch.float32)
    """

    def __init__(self, params: Any, lr: Any = 1e-3, betas: tuple[Any, Any] = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 0.0, *, form: str = _TORCH_S, **options: Any) -> None:  # fmt: skip
        require_choice("form", form, ADAM_FORMS)
        self._form = form
        super().__init__(params, lr, betas, eps, weight_decay, **options)
        self._step_supports_amp_scaling = False  # a GradScaler unscales and skips: not every group stays fused

    def add_param_group(self, param_group: dict[str, Any]) -> None:
        """Add parameters, as torch's own does."""
        merged = {**self.defaults, **param_group}
        form = merged.get("form", self._form)
        require("form", form, form == self._form, f"form={self._form!r}", "it belongs to the whole optimizer")
        if self._form != _TORCH_S:
            refuse_flags(merged)
            param_group["form"] = self._form  # for the saved state; `_form` is what is done
        super().add_param_group(param_group)
        group = self.param_groups[-1]
        if group["fused"] is None:
            group["fused"] = self._fused(group)

    def _fused(self, group: dict[str, Any]) -> bool | None:
        if group["fused"] is False:
            return False
        free = self._form == _TORCH_S and group["foreach"] is None and not group["differentiable"]
        return (free and all(map(_fits, group["params"]))) or None

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step; return the closure's loss, if there is one."""
        loss = None
        if closure is not None:
            with torch.enable_grad():
                loss = closure()
        if self._form != _TORCH_S:
            for group in self.param_groups:
                refuse_flags(group)
            pairs = with_grad(self)
            for p, _ in pairs:
                begin(self.state[p], p, *_MOMENTS)
            each(pairs, self.state, _MOMENTS, self._other_form)
            count(pairs, self.state)
            return loss
        if self._at_once():
            return loss
        narrow = {p: p.grad for p in self._all() if p.dtype != wide(p) and p.grad is not None}
        for group in self.param_groups:
            if any(p in narrow for p in group["params"]):
                refuse_flags(group, ("capturable", "differentiable"), "half types do not have it")
            given = [(p, p.grad, self.state.get(p)) for p in group["params"] if p.grad is not None]
            if group["fused"] and not all(_lies_alike(*one) for one in given):
                group["fused"] = None
        for p in narrow:
            p.grad = None
        try:
            bare_step(torch.optim.Adam)(self)
        finally:  # also where torch refuses a sparse gradient
            for p, grad in narrow.items():
                p.grad = grad
        for group in self.param_groups if narrow else ():
            self._narrow_step(group, [p for p in dict.fromkeys(group["params"]) if p in narrow])
        return loss

    def _at_once(self) -> bool:
        """Step by torch's fused kernel itself, where torch's own step would do nothing else; say whether it was done.

        For a small network that step is mostly Python, which looks for cases that are ruled out here.
        """
        lists = [self._columns(group) for group in self.param_groups]
        if None in lists:
            return False
        for group, (p, g, m, v, steps) in zip(self.param_groups, lists, strict=True):
            if p:
                add_number(steps, 1)
                (beta1, beta2), options = group["betas"], {name: group[name] for name in _KERNEL_S}
                torch._fused_adam_(p, g, m, v, [], steps, beta1=beta1, beta2=beta2, amsgrad=False, **options)
        return True

    def _columns(self, group: dict[str, Any]) -> list[Any] | None:
        """Weights, gradients, moments and counters of a group, if the kernel can take them as they are."""
        numbers = all(type(x) is float for x in (group["lr"], *group["betas"]))  # they may be tensors
        if not (group["fused"] and numbers) or any(group.get(flag) for flag in _NOT_AT_ONCE):
            return None
        rows = []
        for p in group["params"]:
            grad, own = p.grad, self.state.get(p)
            if grad is None:
                continue
            plain = p.is_cpu and p.dtype in _PLAIN_TYPES and grad.dtype is p.dtype and grad.layout is torch.strided
            if not (own and plain and _lies_alike(p, grad, own)):
                return None
            rows.append((p, grad, own["exp_avg"], own["exp_avg_sq"], own["step"]))
        one_type = len({row[0].dtype for row in rows}) < 2
        return [[row[i] for row in rows] for i in range(5)] if one_type else None

    def _narrow_step(self, group: dict[str, Any], params: list[Any]) -> None:
        names = (*_MOMENTS, *(["max_exp_avg_sq"] if group["amsgrad"] else []))
        for p in params:
            begin(self.state[p], p, *names)
        work = [p.to(wide(p)) for p in params]
        state: list[Any] = [[self.state[p][name] for p in params] for name in names] + [[]] * (3 - len(names))
        (beta1, beta2), options = group["betas"], {name: group[name] for name in _OPTIONS if name in group}
        adam(work, [p.grad.to(wide(p)) for p in params], *state, [self.state[p]["step"] for p in params], beta1=beta1,
             beta2=beta2, lr=group["lr"], **options)  # fmt: skip
        for p, exact in zip(params, work, strict=True):
            p.copy_(exact)

    def _other_form(self, x: Any) -> None:
        """One step of a form that torch has not, over lists."""
        m = add_mean(x.exp_avg, x.g, x.group)  # m_t
        printed = self._form == "printed"
        squared = torch._foreach_div(m, 1 - x.group["betas"][0] ** x.t) if printed else x.g  # m_hat_t or g_t
        v = add_square(x.exp_avg_sq, squared, x.group)  # v_t
        move(x.p, m, v, x.t, x.group, "tensorflow" if self._form == "tensorflow" else "hat-inside")

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> None:
        """Take a state over, as torch's own does; whether to be fused is decided here, and moments stay float32."""
        groups: list[dict[str, Any]] = state_dict["param_groups"]
        for group in groups:
            saved = group.get("form", _TORCH_S)
            require("state_dict", saved, saved == self._form, f"saved with form={self._form!r}", "its moments differ")
        if len(groups) == len(self.param_groups):  # torch says what is wrong otherwise
            pairs = zip(groups, self.param_groups, strict=True)
            groups = [{**new, "fused": self._fused({**old, "foreach": new.get("foreach")})} for new, old in pairs]
        keys = list(chain.from_iterable(group["params"] for group in groups))
        for key, p in zip(keys, self._all(), strict=False):
            require_shape(state_dict["state"].get(key, {}).get("exp_avg"), p)
        super().load_state_dict({**state_dict, "param_groups": groups})
        for key, p in zip(keys, self._all(), strict=True):
            for name, value in state_dict["state"].get(key, {}).items() if p.dtype != wide(p) else ():
                if isinstance(value, torch.Tensor) and name != "step":  # torch made it as narrow as the weights
                    self.state[p][name] = value.to(p.device, wide(p), copy=True)

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_form": self._form}

    def _all(self) -> list[Any]:
        return [p for group in self.param_groups for p in group["params"]]


def _fits(p: torch.Tensor) -> bool:
    return type(p) in PLAIN and p.device.type in ("cpu", "cuda") and p.dtype in _PLAIN_TYPES and p.is_contiguous()


def _lies_alike(p: torch.Tensor, grad: torch.Tensor, own: Any) -> bool:
    """Whether gradient and moments lie in memory as `p` does: the kernels look at no size and no stride."""
    if grad.layout is not torch.strided:
        return True
    m, v, n = (own["exp_avg"], own["exp_avg_sq"], p.numel()) if own else (grad, grad, p.numel())
    alike = p.is_contiguous() and grad.is_contiguous() and m.is_contiguous() and v.is_contiguous()  # quick, one by one
    return alike and n == grad.numel() == m.numel() == v.numel() and not grad.is_neg()
