"""Adam in four forms that are easy to mistake for one another.

    g_t     = grad f_t(theta_{t-1}) + weight_decay theta_{t-1}
    m_t     = beta1 m_{t-1} + (1 - beta1) g_t
    m_hat_t = m_t / (1 - beta1^t)

    "kingma-ba"   v_t = beta2 v_{t-1} + (1 - beta2) g_t^2       denominator  sqrt(v_hat_t) + eps
    "printed"     v_t = beta2 v_{t-1} + (1 - beta2) m_hat_t^2   denominator  sqrt(v_hat_t + eps)
    "tensorflow"  v_t = beta2 v_{t-1} + (1 - beta2) g_t^2       denominator  (sqrt(v_t) + eps) / sqrt(1 - beta2^t)
    "ramjee"      v_t = beta2 v_{t-1} + (1 - beta2) g_t^2       denominator  sqrt(v_hat_t + eps)

    theta_t = theta_{t-1} - lr m_hat_t / denominator

"kingma-ba" is Algorithm 1 of Kingma & Ba (2015) and what torch.optim.Adam computes. "printed" is Eq. (3) of the NALA
paper to the letter. "tensorflow" is the epsilon-hat form of the framework the paper's program was written in. "ramjee"
is Algorithm 1 of the AdaLA paper.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from nala_lab.core import Array
from nala_lab.methods.hyper import AdamHyper
from nala_lab.reference.arith import decayed, root, zeros
from nala_lab.reference.feasible import Ball, Box

__all__ = ["Adam", "AdamState"]


class AdamState(NamedTuple):
    """m, v : (..., d) moment estimates. t : steps done."""

    m: Array
    v: Array
    t: int


@dataclass(frozen=True)
class Adam(AdamHyper):
    """Adam (Kingma & Ba 2015, Algorithm 1; Zuo et al. 2024, Eq. 3).

    Raises ValueError when an argument is outside its range or NaN, or `form` is unknown.

    Parameters
    ----------
    lr : step size, in units of x. betas : decay rates (beta1, beta2), each in [0, 1). eps : units of the gradient
    (of its square in the forms "printed" and "ramjee"). weight_decay : L2 coefficient, added to the gradient. form :
    see above. feasible : a Box or Ball to project onto in the norm of the denominator, or None.

    Examples
    --------
    >>> from nala_lab.reference import Adam
    >>> import numpy as np
    >>> adam = Adam(lr=0.1, eps=0.0)
    >>> adam.step(np.array([5.0, -3.0]), lambda x: x, adam.init(np.zeros(2)))[0]  # first step: lr sign(g)
    array([ 4.9, -2.9])
    """

    feasible: Box | Ball | None = None
    momentum_fields: ClassVar[tuple[str, ...]] = ("m",)

    def init(self, theta: Array) -> AdamState:
        """State before the first step: both moments at zero."""
        return AdamState(m=zeros(theta), v=zeros(theta), t=0)

    def step(self, theta: Array, grad: Callable[[Array], Array], state: AdamState) -> tuple[Array, AdamState]:
        """One step: (theta_{t-1}, m, v, t-1) to (theta_t, m, v, t)."""
        beta1, beta2 = self.betas
        t = state.t + 1
        g = decayed(grad(theta), self.weight_decay, theta)
        m = beta1 * state.m + (1 - beta1) * g
        m_hat = m / (1 - beta1**t)
        squared = m_hat**2 if self.form == "printed" else g**2
        v = beta2 * state.v + (1 - beta2) * squared
        denominator = self._denominator(v, t)
        theta_next = theta - self.lr * m_hat / denominator
        if self.feasible is not None:
            theta_next = self.feasible.project(theta_next, denominator)
        return theta_next, AdamState(m, v, t)

    def _denominator(self, v: Array, t: int) -> Array:
        correction = 1 - self.betas[1] ** t
        denominator: Array
        if self.form == "kingma-ba":
            denominator = root(v / correction) + self.eps
        elif self.form in ("printed", "ramjee"):
            denominator = root(v / correction + self.eps)
        else:
            denominator = (root(v) + self.eps) / root(correction)
        return denominator
