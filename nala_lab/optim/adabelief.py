"""AdaBelief as Algorithm 2 of the AdaLA paper prints it, for torch.

    g_t = grad f_t(theta_{t-1}) + weight_decay theta_{t-1}
    m_t = beta1 m_{t-1} + (1 - beta1) g_t
    s_t = beta2 s_{t-1} + (1 - beta2) (g_t - m_t)^2 + eps

    "hat"   theta_t = theta_{t-1} - lr m_hat_t / (sqrt(s_hat_t) + eps)
    "raw"   theta_t = theta_{t-1} - lr m_hat_t / sqrt(s_t + eps)

m is ``state[p]["exp_avg"]``, s is ``state[p]["exp_avg_var"]``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from nala_lab.methods.hyper import AdaBeliefHyper
from nala_lab.optim._base import LabOptimizer, require_lr
from nala_lab.optim._fused import BELIEF, RAW, Fused
from nala_lab.optim._moments import (
    Group,
    add_belief,
    add_mean,
    begin,
    decayed,
    move,
    ratio,
    refuse_flags,
    second_root,
    with_grad,
)

__all__ = ["AdaBelief"]

_MOMENTS = ("exp_avg", "exp_avg_var")


class AdaBelief(LabOptimizer):
    """AdaBelief: the step is long where the gradient is what its average led to expect.

    Parameters
    ----------
    params : parameters or parameter groups. lr : step size >= 0. betas : decay rates in [0, 1).
    eps : >= 0; enters twice, in every step of the average and at the root.
    weight_decay : L2 coefficient >= 0, added to the gradient.
    denominator : ``"hat"``, sqrt(s_hat) + eps, as Zhuang et al. and the public programs; ``"raw"``, sqrt(s + eps), as
        the AdaLA paper prints it.

    Raises
    ------
    ValueError
        When an option is out of range or unknown, in the constructor or in a parameter group, and for a sparse
        gradient.

    Notes
    -----
    A parameter without a gradient is left alone. `phase` is always 0, and the slow weights are the weights.

    References
    ----------
    Ramjee, AdaLA, Algorithm 2; Zhuang et al., AdaBelief Optimizer (2020).

    Examples
    --------
    >>> import torch
    >>> from nala_lab.optim import AdaBelief
    >>> w = torch.nn.Parameter(torch.tensor([5.0]))
    >>> opt = AdaBelief([w], lr=0.9, eps=0.0)
    >>> w.sum().backward()
    >>> opt.step()  # the first step is lr / beta1
    >>> w.data
    tensor([4.])
    """

    _fused: Fused | None = None  # for the next call; never saved

    def __init__(
        self,
        params: Any,
        lr: Any = 1e-3,
        betas: tuple[float, float] = (0.9, 0.999),
        eps: float = 1e-8,
        weight_decay: float = 0.0,
        *,
        denominator: str = "hat",
    ) -> None:
        self._denominator = AdaBeliefHyper(denominator=denominator).denominator
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    def _check_group(self, group: Group) -> None:
        require_lr(group["lr"])
        AdaBeliefHyper(betas=group["betas"], eps=group["eps"], weight_decay=group["weight_decay"])
        refuse_flags(group)

    def _options(self) -> dict[str, Any]:
        return {"denominator": self._denominator}

    def _set_options(self, options: dict[str, Any]) -> None:
        self._denominator = options["denominator"]

    def __getstate__(self) -> dict[str, Any]:
        return {**super().__getstate__(), "_denominator": self._denominator}

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step; return the closure's loss, if there is one."""
        if self._rehearses(closure):
            return None
        loss = self._spend(closure)
        if self._fused is None or not self._fused.holds(self.param_groups, self.state):
            self._fused = self._gather()
        self._fused.run(RAW if self._denominator == "raw" else 0)
        return loss

    def _gather(self) -> Fused:
        """What a kernel takes; the other parameters are updated here."""
        with_grad(self)  # raises before anything has moved
        fused = Fused(BELIEF, self.param_groups, self.state)
        for p, group in [(p, g) for g in self.param_groups for p in dict.fromkeys(g["params"])]:
            if p.grad is None:
                fused.pass_by(p)
                continue
            begin(self.state[p], p, *_MOMENTS)
            if not fused.take(p, group, *((self.state[p], key) for key in (*_MOMENTS, "step"))):
                self._update(p, group)
        return fused.close()

    def _allocate(self) -> None:
        for p, _ in with_grad(self):
            begin(self.state[p], p, *_MOMENTS)

    def _update(self, p: torch.Tensor, group: Group) -> None:
        state = self.state[p]
        beta1, beta2 = group["betas"]
        state["step"] += 1
        t = int(state["step"])
        g = decayed(p, group)  # g_t
        m = add_mean(state["exp_avg"], g, beta1)  # m_t
        s = add_belief(state["exp_avg_var"], g - m, beta2, group["eps"])  # s_t
        move(p, ratio(m, t, second_root(s, t, group, self._denominator), group))
