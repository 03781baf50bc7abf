"""Nesterov's accelerated gradient in the two forms the NALA paper prints.

    Eq. (1)   y_{t+1}     = (1 + mu) theta_t - mu theta_{t-1}
              theta_{t+1} = y_{t+1} - alpha J'(y_{t+1})

    Eq. (2)   v_{t+1}     = mu v_t - alpha J'(theta_t + mu v_t)
              theta_{t+1} = theta_t + v_{t+1}

With v_t = theta_t - theta_{t-1} they are the same method; a test holds them together. Here mu is called momentum and
alpha lr, as in torch. torch.optim.SGD(nesterov=True) stores the look-ahead point theta_t + mu v_t as its parameter.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar, NamedTuple

from nala_lab.core import Array
from nala_lab.methods.hyper import NAGHyper
from nala_lab.reference.arith import decayed, zeros

__all__ = ["NAG", "NAGState"]


class NAGState(NamedTuple):
    """v : (..., d) the last displacement theta_t - theta_{t-1}."""

    v: Array


@dataclass(frozen=True)
class NAG(NAGHyper):
    """Nesterov's accelerated gradient (Nesterov 1983; Zuo et al. 2024, Eqs. 1 and 2).

    Raises ValueError when an argument is outside its range or NaN.

    Parameters
    ----------
    lr : step size (the paper's alpha_t). momentum : in [0, 1) (the paper's mu_t). weight_decay : L2 coefficient,
    applied at the look-ahead point, where the gradient is taken. form : ``"eq2"`` (Sutskever) or ``"eq1"``.

    Examples
    --------
    >>> from nala_lab.reference import NAG
    >>> import numpy as np
    >>> nag = NAG(lr=0.5, momentum=0.5)
    >>> x, state = nag.step(np.array([4.0]), lambda x: x, nag.init(np.array([4.0])))
    >>> nag.step(x, lambda x: x, state)[0]  # 2 + 0.5 * -2 - 0.5 * (2 + 0.5 * -2)
    array([0.5])
    """

    momentum_fields: ClassVar[tuple[str, ...]] = ("v",)

    def init(self, theta: Array) -> NAGState:
        """State before the first step: at rest, so theta_{-1} = theta_0 in Eq. (1)."""
        return NAGState(v=zeros(theta))

    def step(self, theta: Array, grad: Callable[[Array], Array], state: NAGState) -> tuple[Array, NAGState]:
        """One step: (theta_t, v_t) to (theta_{t+1}, v_{t+1})."""
        if self.form == "eq1":
            previous = theta - state.v
            y = (1 + self.momentum) * theta - self.momentum * previous  # Eq. (1), first line
            theta_next = y - self.lr * decayed(grad(y), self.weight_decay, y)  # Eq. (1), second line
            return theta_next, NAGState(theta_next - theta)
        y = theta + self.momentum * state.v
        v = self.momentum * state.v - self.lr * decayed(grad(y), self.weight_decay, y)  # Eq. (2), first line
        return theta + v, NAGState(v)  # Eq. (2), second line
