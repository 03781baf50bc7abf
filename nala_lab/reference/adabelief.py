"""AdaBelief as Algorithm 2 of the AdaLA paper prints it, with the one choice the print leaves open.

    g_t = grad f_t(theta_{t-1}) + weight_decay theta_{t-1}
    m_t = beta1 m_{t-1} + (1 - beta1) g_t
    s_t = beta2 s_{t-1} + (1 - beta2) (g_t - m_t)^2 + eps
    m_hat_t = m_t / (1 - beta1^t),   s_hat_t = s_t / (1 - beta2^t)

    "hat"          theta_t = theta_{t-1} - lr m_hat_t / (sqrt(s_hat_t) + eps)
    "raw"          theta_t = theta_{t-1} - lr m_hat_t / sqrt(s_t + eps)
    "hat-inside"   theta_t = theta_{t-1} - lr m_hat_t / sqrt(s_hat_t + eps)

The print computes s_hat and then divides by sqrt(s_t + eps): that is "raw". Zhuang et al. (2020) and the public
programs use "hat". "hat-inside" takes the print at its word but for the hat that s_t lost: it divides as the paper's
Algorithm 1 (Adam) does. eps enters twice in each: in every step of the average, and at the root.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from nala_lab.core import Array
from nala_lab.methods.hyper import AdaBeliefHyper
from nala_lab.reference.arith import decayed, root, zeros
from nala_lab.reference.feasible import Ball, Box

__all__ = ["AdaBelief", "AdaBeliefState", "belief_denominator"]


def belief_denominator(s: Array, t: int, beta2: float, eps: float, form: str) -> Array:
    """Denominator of AdaBelief and AdaLA: sqrt(s_hat_t) + eps ("hat"), sqrt(s_t + eps) ("raw"), sqrt(s_hat_t + eps)."""
    if form == "hat":
        return root(s / (1 - beta2**t)) + eps
    if form == "hat-inside":
        return root(s / (1 - beta2**t) + eps)
    return root(s + eps)


class AdaBeliefState(NamedTuple):
    """m, s : (..., d) moment estimates. t : steps done."""

    m: Array
    s: Array
    t: int


@dataclass(frozen=True)
class AdaBelief(AdaBeliefHyper):
    """AdaBelief (Zhuang et al. 2020; Ramjee, Algorithm 2).

    Raises ValueError when an argument is outside its range or NaN, or `denominator` is unknown.

    Parameters
    ----------
    lr, betas, eps, weight_decay : as for Adam. denominator : ``"hat"``, ``"raw"`` or ``"hat-inside"``, see above.
    feasible : a Box or Ball to project onto in the norm of the denominator, or None.

    Examples
    --------
    >>> from nala_lab.reference import AdaBelief
    >>> import numpy as np
    >>> adabelief = AdaBelief(lr=0.9, eps=0.0)
    >>> adabelief.step(np.array([5.0]), lambda x: x, adabelief.init(np.zeros(1)))[0]  # first step: lr / beta1
    array([4.])
    """

    feasible: Box | Ball | None = None
    momentum_fields: ClassVar[tuple[str, ...]] = ("m",)

    def init(self, theta: Array) -> AdaBeliefState:
        """State before the first step: both moments at zero."""
        return AdaBeliefState(m=zeros(theta), s=zeros(theta), t=0)

    def step(self, theta: Array, grad: Callable[[Array], Array], state: AdaBeliefState) -> tuple[Array, AdaBeliefState]:
        """One step: (theta_{t-1}, m, s, t-1) to (theta_t, m, s, t)."""
        beta1, beta2 = self.betas
        t = state.t + 1
        g = decayed(grad(theta), self.weight_decay, theta)
        m = beta1 * state.m + (1 - beta1) * g
        s = beta2 * state.s + (1 - beta2) * (g - m) ** 2 + self.eps
        m_hat = m / (1 - beta1**t)
        denominator = belief_denominator(s, t, beta2, self.eps, self.denominator)
        theta_next = theta - self.lr * m_hat / denominator
        if self.feasible is not None:
            theta_next = self.feasible.project(theta_next, denominator)
        return theta_next, AdaBeliefState(m, s, t)
