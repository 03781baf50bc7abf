"""The two-loop family as one method: an inner loop, a pseudo-gradient, an outer momentum, an outer gradient step.

    theta_{t,0} = phi_{t-1},   theta_{t,i+1} = theta_{t,i} + A(J, theta_{t,i}, d)      i = 0 .. k-1
    D_t   = phi_{t-1} - theta_{t,k}                              pseudo-gradient (mean over workers)
    b_t   = beta b_{t-1} + D_t
    u_t   = D_t + beta b_t                                       "nesterov"
    u_t   = b_t                                                  "heavy-ball"
    y_t   = phi_{t-1} - nu u_t
    phi_t = y_t - alpha grad J(y_t)

beta = alpha = 0: Lookahead and Reptile with slow step nu. beta = 0: NALA with mu = nu - 1. Nesterov, alpha = 0: SNOO,
and DiLoCo with `workers` workers. Heavy ball, alpha = 0: SlowMo at a constant learning rate, and BMUF. The dictionary
is `family_members.py`. Sources: theory of this lab, section "the two-loop family"; arXiv 1907.08610, 1910.00643,
2311.08105, 2510.15830.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from nala_lab.core import Array
from nala_lab.methods.hyper import OuterMomentumHyper
from nala_lab.reference.adam import Adam
from nala_lab.reference.arith import zeros
from nala_lab.reference.oracle import as_oracle
from nala_lab.reference.rules import begin
from nala_lab.reference.two_loop import Cycle, CycleState, inner_loop, require_inner

__all__ = ["OuterMomentum", "OuterState"]


class OuterState(NamedTuple):
    """phi, b : (..., d) slow weights and outer momentum. inners : one inner state per worker."""

    phi: Array
    b: Array
    inners: tuple[Any, ...]


@dataclass(frozen=True)
class OuterMomentum(OuterMomentumHyper):
    """Two loops with a velocity between the cycles, which NALA and Lookahead do not have.

    Raises ValueError when an argument is outside its range, or the inner rule does not fit.

    Parameters
    ----------
    inner : the inner rule; its state is kept across cycles, per worker. k : inner steps per cycle and worker.
    nu : outer learning rate. beta : outer momentum in [0, 1). style : ``"nesterov"`` or ``"heavy-ball"``.
    alpha : outer gradient step at y_t on a fresh mini-batch; 0 takes (and spends) none. workers : inner loops averaged.

    Examples
    --------
    >>> from nala_lab.reference import SGD, OuterMomentum
    >>> import numpy as np
    >>> snoo = OuterMomentum(SGD(lr=0.5), k=1, nu=1.0, beta=0.5)
    >>> c = snoo.cycle(lambda x: x, snoo.init(np.array([4.0])))  # D = b = 2, u = 2 + 0.5 * 2 = 3
    >>> c.state.phi
    array([1.])
    """

    inner: Any = field(default_factory=Adam)

    def __post_init__(self) -> None:
        super().__post_init__()
        require_inner(self.inner, "keep")

    def init(self, theta: Array) -> OuterState:
        """State before the first cycle: no velocity."""
        return OuterState(theta, zeros(theta), tuple(begin(self.inner, theta) for _ in range(self.workers)))

    def cycle(self, grad: Callable[[Array], Array], state: OuterState) -> Cycle:
        """One cycle: k gradients per worker, one more when alpha > 0."""
        oracle, phi = as_oracle(grad), state.phi
        loops = [inner_loop(self.inner, self.k, CycleState(phi, phi, s, {}), oracle) for s in state.inners]
        pseudo = sum((phi - fast[-1] for fast, _, _ in loops), zeros(phi)) / self.workers  # D_t
        b = self.beta * state.b + pseudo  # b_t
        u = pseudo + self.beta * b if self.style == "nesterov" else b  # u_t
        y = phi - self.nu * u  # y_t
        outer_grad = zeros(y) if self.alpha == 0 else oracle(y)
        phi_next = y - self.alpha * outer_grad  # phi_t
        fast, inner_grads, _ = loops[0]
        for theta in (theta for others, _, _ in loops[1:] for theta in others):
            oracle.seen(theta)
        inners = tuple(inner for _, _, inner in loops)
        after: Any = OuterState(phi_next, b, inners)  # run() reads .phi of a cycle's state and nothing else
        return Cycle(fast, inner_grads, y, outer_grad, after)
