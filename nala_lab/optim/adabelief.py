"""AdaBelief as Algorithm 2 of the AdaLA paper prints it, for torch.

    g_t = grad f_t(theta_{t-1}) + weight_decay theta_{t-1}
    m_t = beta1 m_{t-1} + (1 - beta1) g_t
    s_t = beta2 s_{t-1} + (1 - beta2) (g_t - m_t)^2 + eps

    "hat"          theta_t = theta_{t-1} - lr m_hat_t / (sqrt(s_hat_t) + eps)
    "raw"          theta_t = theta_{t-1} - lr m_hat_t / sqrt(s_t + eps)
    "hat-inside"   theta_t = theta_{t-1} - lr m_hat_t / sqrt(s_hat_t + eps)

with m_hat_t = m_t / (1 - beta1^t), s_hat_t = s_t / (1 - beta2^t). m is ``state[p]["exp_avg"]``, s ``exp_avg_var``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch

from nala_lab.methods.hyper import AdaBeliefHyper
from nala_lab.optim._adaptive import Adaptive, add_belief, add_mean, count, each, move

__all__ = ["AdaBelief"]


class AdaBelief(Adaptive):
    """AdaBelief: the step is long where the gradient is what its average led to expect.

    Raises ValueError when an option is out of range or unknown, in the constructor or in a parameter group, and for a
    sparse gradient.
    Source: Ramjee, AdaLA, Algorithm 2; Zhuang et al., AdaBelief Optimizer (2020).

    Parameters
    ----------
    params : parameters or parameter groups. lr : step size >= 0. betas : decay rates in [0, 1).
    eps : >= 0; enters twice, in every step of the average and at the root.
    weight_decay : L2 coefficient >= 0, added to the gradient.
    denominator : ``"hat"``, sqrt(s_hat) + eps, as Zhuang et al. and the public programs; ``"raw"``, sqrt(s + eps), as
        the AdaLA paper prints it; ``"hat-inside"``, sqrt(s_hat + eps).

    Notes
    -----
    A parameter without a gradient is left alone. `phase` is always 0, and the slow weights are the weights.

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

    _whole = ("denominator",)
    _moments = ("exp_avg", "exp_avg_var")

    def __init__(self, params: Any, lr: Any = 1e-3, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
                 weight_decay: float = 0.0, *, denominator: str = "hat") -> None:  # fmt: skip
        self.hyper = AdaBeliefHyper(denominator=denominator)
        super().__init__(params, {"lr": lr, "betas": betas, "eps": eps, "weight_decay": weight_decay})

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one step; return the closure's loss, if there is one."""
        if self._rehearses(closure):
            return None
        loss = self._spend(closure)
        pairs = self._begun()
        each(pairs, self.state, self._moments, self._update)
        count(pairs, self.state)
        return loss

    def _update(self, x: Any) -> None:
        m = add_mean(x.exp_avg, x.g, x.group)  # m_t
        s = add_belief(x.exp_avg_var, x.g, m, x.group)  # s_t
        move(x.p, m, s, x.t, x.group, self.hyper.denominator)
