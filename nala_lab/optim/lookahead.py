"""Lookahead (Zhang et al. 2019) around any torch optimizer.

    theta_{t,0}   = phi_{t-1}
    theta_{t,i+1} = theta_{t,i} + A(J, theta_{t,i}, d)          i = 0 .. k-1
    phi_t         = phi_{t-1} + alpha (theta_{t,k} - phi_{t-1})

phi: slow weights, theta: the parameters, A: ``inner``.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch.optim import Optimizer

from nala_lab.methods.hyper import LookaheadHyper
from nala_lab.optim._groups import InGroups
from nala_lab.optim._two_loop import TwoLoop

__all__ = ["Lookahead"]


class Lookahead(TwoLoop):
    """Lookahead: k steps forward, one step back.

    Raises ValueError when an argument is outside its range or NaN, an option is unknown, or the inner optimizer does
    not fit.
    Source: Zhang, Lucas, Hinton and Ba, Lookahead Optimizer: k steps forward, 1 step back (2019), Algorithm 1.

    Parameters
    ----------
    params, lr, k, inner : as of `NALA`.
    alpha : the slow step >= 0; 0 freezes, 1 keeps the inner result. A key of every group.
    inner_state : as of `NALA`; the momentum pulled back is v <- alpha v_k + (1 - alpha) v_slow.

    Notes
    -----
    Inner steps k, 2k, ... end with the synchronisation; a cycle spends k gradients. `phase` runs from 0 to k - 1.

    Examples
    --------
    >>> import torch
    >>> from nala_lab.optim import Lookahead
    >>> w = torch.nn.Parameter(torch.tensor([4.0]))
    >>> opt = Lookahead([w], inner=lambda params: torch.optim.SGD(params, lr=0.5), k=2, alpha=0.5)
    >>> path = []
    >>> for _ in range(2):  # 4 -> 2 -> 1, then halfway back to 4
    ...     opt.zero_grad()
    ...     (w**2 / 2).sum().backward()
    ...     opt.step()
    ...     path.append(w.item())
    >>> path
    [2.0, 2.5]
    """

    hyper: LookaheadHyper
    alpha = InGroups()
    _whole = ("k", "inner_state")

    def __init__(self, params: Any, lr: Any = 1e-3, *, k: int = 5, alpha: float = 0.5,
                 inner: Callable[[Any], Optimizer] | None = None, inner_state: str = "keep") -> None:  # fmt: skip
        super().__init__(params, lr, LookaheadHyper(k=k, alpha=alpha, inner_state=inner_state), inner)

    @torch.no_grad()
    def step(self, closure: Callable[[], Any] | None = None) -> Any:
        """Take one inner step, and synchronise after the k-th; return the closure's loss, if there is one."""
        if self._rehearses(closure):
            return None
        loss = self._inner_step(closure)
        if self._phase == self.k:
            self._mix()
            self._end_cycle()
        return loss

    def _back(self, group: dict[str, Any]) -> float:
        return 1 - self._setting(group, "alpha")  # phi_t = phi + alpha (theta - phi) = theta + (1-alpha) (phi - theta)
