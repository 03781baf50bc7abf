"""Lookahead (Zhang et al. 2019).

    theta_{t,0}   = phi_{t-1}
    theta_{t,i+1} = theta_{t,i} + A(J, theta_{t,i}, d)          i = 0 .. k-1
    phi_t         = phi_{t-1} + alpha (theta_{t,k} - phi_{t-1})

phi: slow weights, theta: fast weights, A: the inner rule.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from nala_lab.core import Array
from nala_lab.methods.hyper import LookaheadHyper
from nala_lab.reference.adam import Adam
from nala_lab.reference.arith import zeros
from nala_lab.reference.oracle import as_oracle
from nala_lab.reference.two_loop import Cycle, CycleState, inner_loop, require_inner, start, synchronised

__all__ = ["Lookahead"]


@dataclass(frozen=True)
class Lookahead(LookaheadHyper):
    """Lookahead: k steps forward, one step back.

    Raises ValueError when an argument is outside its range, or the inner rule does not fit.

    Parameters
    ----------
    inner : the inner rule. k : inner steps per cycle. alpha : the slow step; 0 freezes, 1 keeps the inner result.
    inner_state : at the synchronisation the inner state is kept, reset, or its momentum is pulled back:
    v <- alpha v_k + (1 - alpha) v_slow, with v_slow the momentum after the previous synchronisation (first: zero).

    Notes
    -----
    A cycle spends k gradients when the inner rule spends one a step: there is none at phi_t. NALA with its
    alpha = 0 and mu = (this alpha) - 1 gives the same iterates for k + 1.

    Examples
    --------
    >>> from nala_lab.reference import SGD, Lookahead
    >>> import numpy as np
    >>> la = Lookahead(SGD(lr=0.5), k=2, alpha=0.5)
    >>> la.cycle(lambda x: x, la.init(np.array([4.0]))).state.phi  # 4 -> 2 -> 1, then halfway back to 4
    array([2.5])
    """

    inner: Any = field(default_factory=Adam)

    def __post_init__(self) -> None:
        super().__post_init__()
        require_inner(self.inner, self.inner_state)

    def init(self, theta: Array) -> CycleState:
        """State before the first cycle."""
        return start(self.inner, theta)

    def cycle(self, grad: Callable[[Array], Array], state: CycleState) -> Cycle:
        """One cycle: phi_{t-1} to phi_t, k gradients."""
        fast, inner_grads, inner = inner_loop(self.inner, self.k, state, as_oracle(grad))
        phi = self._mix(fast[-1], state.phi)
        inner, anchor = synchronised(self.inner, self.inner_state, phi, inner, state.anchor, self._mix)
        return Cycle(fast, inner_grads, phi, zeros(phi), CycleState(phi, phi, inner, anchor))

    def _mix(self, new: Array, slow: Array) -> Array:
        phi: Array = slow + self.alpha * (new - slow)  # phi_t = phi_{t-1} + alpha (theta_{t,k} - phi_{t-1})
        return phi
