"""The two-loop family around any torch optimizer: an inner loop, a pseudo-gradient, an outer momentum, a gradient step.

    theta_{t,0} = phi_{t-1},   theta_{t,i+1} = theta_{t,i} + A(J, theta_{t,i}, d)      i = 0 .. k-1
    D_t   = phi_{t-1} - theta_{t,k}                                                    pseudo-gradient
    b_t   = beta b_{t-1} + D_t
    u_t   = D_t + beta b_t                                                             "nesterov"
    u_t   = b_t                                                                        "heavy-ball"
    y_t   = phi_{t-1} - nu u_t
    phi_t = y_t - alpha grad J(y_t)                                                    if alpha > 0

phi: slow weights (``state[p]["slow"]``), b: outer momentum (``state[p]["velocity"]``), theta: the parameters.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.optim import Optimizer

from nala_lab.core import require
from nala_lab.methods.hyper import OuterMomentumHyper
from nala_lab.optim._base import local
from nala_lab.optim._groups import InGroups
from nala_lab.optim._two_loop import TwoLoop
from nala_lab.optim.nala import NALA

__all__ = ["OuterMomentum"]


class OuterMomentum(NALA):
    """Two loops with a velocity between the cycles, which NALA and Lookahead do not have.

    beta = alpha = 0: Lookahead and Reptile with slow step nu. beta = 0: NALA with mu = nu - 1. Nesterov, alpha = 0:
    SNOO, and DiLoCo with one worker. Heavy ball, alpha = 0: SlowMo at a constant learning rate.

    Raises ValueError when an argument is outside its range or NaN, an option is unknown, or the inner optimizer does
    not fit.

    Parameters
    ----------
    params, lr, k, inner : as of `NALA`. The state of the inner optimizer is kept across cycles.
    nu : outer learning rate >= 0. beta : outer momentum in [0, 1). style : ``"nesterov"`` or ``"heavy-ball"``.
        nu, beta and alpha are keys of every group.
    alpha : outer step size >= 0. 0: the k-th ``step()`` ends the cycle, as Lookahead's does, and no gradient is taken
        at y. Above 0: after the k-th the weights stand at y_t (``phase == k``), and the next ``step()``, with the
        gradient of a new batch, is the outer step, as NALA's is.
    workers : 1. One process runs one inner loop; the NumPy twin averages several.

    Notes
    -----
    A cycle spends k gradients, k + 1 with alpha > 0, and two copies of the parameters are kept. `sync` from y_t drops
    the cycle, but the velocity has seen its D_t.

    References
    ----------
    Zhang et al. 2019 (arXiv 1907.08610), Wang et al. 2019 (1910.00643), Douillard et al. 2023 (2311.08105),
    SNOO 2025 (2510.15830); section "the two-loop family" of this lab's theory.

    Examples
    --------
    >>> import torch
    >>> from nala_lab.optim import OuterMomentum
    >>> w = torch.nn.Parameter(torch.tensor([4.0]))
    >>> opt = OuterMomentum([w], inner=lambda params: torch.optim.SGD(params, lr=0.5), k=1, nu=1.0, beta=0.5)
    >>> (w**2 / 2).sum().backward()
    >>> opt.step()  # D = b = 2, u = 2 + 0.5 * 2 = 3
    >>> w.data
    tensor([1.])
    """

    hyper: OuterMomentumHyper
    nu = InGroups()
    beta = InGroups()
    alpha = InGroups()
    _whole = ("k", "style", "workers")

    def __init__(self, params: Any, lr: Any = 1e-3, *, k: int = 5, nu: float = 0.7, beta: float = 0.9,
                 style: str = "nesterov", alpha: float = 0.0, inner: Callable[[Any], Optimizer] | None = None,
                 workers: int = 1) -> None:  # fmt: skip
        require("workers", workers, workers == 1, "workers=1", "the NumPy twin averages several inner loops")
        hyper = OuterMomentumHyper(k=k, nu=nu, beta=beta, style=style, alpha=alpha, workers=workers)
        TwoLoop.__init__(self, params, lr, hyper, inner)

    @property
    def _rests_at_y(self) -> bool:
        return any(self._setting(group, "alpha") > 0 for group in self.param_groups)

    @property
    def mu(self) -> float:
        """Decay factor of the NALA that this is without velocity: nu - 1."""
        return self.nu - 1

    def _copy_slow(self, params: list[torch.Tensor]) -> None:
        super()._copy_slow(params)
        for p in params:
            self.state[p]["velocity"] = torch.zeros_like(self.state[p]["slow"])

    def _back(self, group: dict[str, Any]) -> tuple[float, float]:
        return self._setting(group, "nu"), self._setting(group, "beta")

    def _go(self, theta: list[torch.Tensor], slow: list[torch.Tensor], params: list[torch.Tensor], how: Any) -> None:
        """Turn theta_{t,k} into y_t and b_{t-1} into b_t, in place; on the way theta holds -D_t, which is exact."""
        (nu, beta), b = how, [local(self._kept_as(p, "velocity")) for p in params]
        torch._foreach_sub_(theta, slow)  # -D_t
        torch._foreach_mul_(b, beta)
        torch._foreach_sub_(b, theta)  # b_t = beta b_{t-1} + D_t
        if self.hyper.style == "nesterov":
            torch._foreach_mul_(theta, nu)
            torch._foreach_add_(theta, b, alpha=-nu * beta)  # -nu u_t = -nu (D_t + beta b_t)
        else:
            torch._foreach_copy_(theta, b)
            torch._foreach_mul_(theta, -nu)  # -nu u_t = -nu b_t
        torch._foreach_add_(theta, slow)  # y_t = phi_{t-1} - nu u_t
