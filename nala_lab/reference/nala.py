"""NALA, Algorithm 1 of Zuo et al. (PeerJ CS 2024, 10:e2167).

    theta_{t,0}   = phi_{t-1}
    theta_{t,i+1} = theta_{t,i} + A(J, theta_{t,i}, d)          i = 0 .. k-1                    Eq. (4)
    y_t           = (1 + mu) theta_{t,k} - mu phi_{t-1}
    phi_t         = y_t - alpha grad J(y_t)                                                     Eq. (5), first line

phi: slow weights, theta: fast weights, A: the inner rule, k: inner steps per cycle.

mu = -1 ignores the inner loop; -1 < mu < 0 (the paper's range) puts y between phi and theta: interpolation, nothing is
extrapolated; mu = 0 keeps theta; mu > 0 extrapolates beyond it. No velocity is kept between cycles.

The paper does not say which mini-batch grad J(y_t) uses: `outer_batch` names the readings.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from nala_lab.core import Array
from nala_lab.methods.hyper import NALAHyper
from nala_lab.reference.adam import Adam
from nala_lab.reference.arith import zeros
from nala_lab.reference.oracle import Oracle, as_oracle
from nala_lab.reference.two_loop import Cycle, CycleState, inner_loop, require_inner, start, synchronised

__all__ = ["NALA"]


@dataclass(frozen=True)
class NALA(NALAHyper):
    """NALA: k inner steps, a look-ahead point, and one gradient step from there (Zuo et al. 2024, Algorithm 1).

    Raises ValueError when an argument is outside its range or NaN, or the inner rule does not fit.

    Parameters
    ----------
    inner : the inner rule A. k : inner steps per cycle. mu : finite, >= -1. alpha : outer step size >= 0.
    outer_batch : mini-batch of grad J(y_t): ``"fresh"``, the ``"last"`` inner one, or the ``"full"`` objective.
    inner_state : at the synchronisation the inner state is kept, reset, or its momentum is pulled back:
    v <- (1 + mu) v_k - mu v_slow, with v_slow the momentum after the previous synchronisation (first: zero).
    variant : ``"paper"``; or ``"released"``, the recurrence of the published program as far as a gradient function can
    follow it: the slow slot starts at zero instead of at the initial parameters, and the outer gradient is the last
    inner one, taken at theta_{t,k-1} and not spent again. On a quadratic this is exact; through a network the program
    mixes activations of theta_{t,k-1} with weights of y_t, and only the last layer's gradient agrees.

    Notes
    -----
    A cycle spends k + 1 gradients when the inner rule spends one a step, also with alpha = 0: Algorithm 1 takes grad
    J(y_t) whatever it is multiplied by, and a cost that jumped at alpha = 0 would make curves over alpha jump with it.
    Who wants the cycle without that gradient wants Lookahead with slow step 1 + mu, which spends k. "released" spends
    k: its outer gradient is an inner one.

    Examples
    --------
    >>> from nala_lab.reference import NALA, SGD
    >>> import numpy as np
    >>> nala = NALA(SGD(lr=0.5), k=2, mu=-0.5, alpha=0.1)
    >>> c = nala.cycle(lambda x: x, nala.init(np.array([4.0])))  # 4 -> 2 -> 1
    >>> c.y, c.state.phi  # halfway back to 4, then a gradient step of 0.1
    (array([2.5]), array([2.25]))
    """

    inner: Any = field(default_factory=Adam)

    def __post_init__(self) -> None:
        super().__post_init__()
        require_inner(self.inner, self.inner_state)

    def init(self, theta: Array) -> CycleState:
        """State before the first cycle: phi_0 = theta ("released": phi_0 = 0)."""
        state = start(self.inner, theta)
        return state._replace(phi=zeros(theta)) if self.variant == "released" else state

    def cycle(self, grad: Callable[[Array], Array], state: CycleState) -> Cycle:
        """One cycle: phi_{t-1} to phi_t."""
        oracle = as_oracle(grad)
        fast, inner_grads, inner = inner_loop(self.inner, self.k, state, oracle)
        y = self._mix(fast[-1], state.phi)
        outer_grad = inner_grads[-1] if self.variant == "released" else self._outer_gradient(oracle, y)
        phi = y - self.alpha * outer_grad  # Alg. 1  phi_t = y_t - alpha grad J(y_t)
        inner, anchor = synchronised(self.inner, self.inner_state, phi, inner, state.anchor, self._mix)
        return Cycle(fast, inner_grads, y, outer_grad, CycleState(phi, phi, inner, anchor))

    def _mix(self, new: Array, slow: Array) -> Array:
        y: Array = (1 + self.mu) * new - self.mu * slow  # Alg. 1  y_t = (1 + mu) theta_{t,k} - mu phi_{t-1}
        return y

    def _outer_gradient(self, oracle: Oracle, y: Array) -> Array:
        if self.outer_batch == "fresh":
            return oracle(y)
        return oracle.again(y) if self.outer_batch == "last" else oracle.full(y)
