"""Stochastic gradient descent.

    g_t     = grad f_t(theta_{t-1}) + weight_decay theta_{t-1}
    theta_t = theta_{t-1} - lr g_t

theta: the weights, g: the gradient.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar, NamedTuple

from nala_lab.core import Array
from nala_lab.methods.hyper import SGDHyper
from nala_lab.reference.arith import decayed

__all__ = ["SGD", "SGDState"]


class SGDState(NamedTuple):
    """Nothing is remembered between steps."""


@dataclass(frozen=True)
class SGD(SGDHyper):
    """Gradient descent; stochastic when the gradient is (Robbins & Monro 1951).

    Raises ValueError when lr or weight_decay is negative, infinite or NaN.

    Parameters
    ----------
    lr : step size, units of x per unit of gradient.
    weight_decay : L2 coefficient, added to the gradient as ``weight_decay * theta``.

    Examples
    --------
    >>> from nala_lab.reference import SGD
    >>> import numpy as np
    >>> sgd = SGD(lr=0.5)
    >>> sgd.step(np.array([4.0]), lambda x: x, sgd.init(np.array([4.0])))[0]
    array([2.])
    """

    momentum_fields: ClassVar[tuple[str, ...]] = ()

    def init(self, theta: Array) -> SGDState:
        """State before the first step."""
        return SGDState()

    def step(self, theta: Array, grad: Callable[[Array], Array], state: SGDState) -> tuple[Array, SGDState]:
        """One step: (theta_{t-1}, state) to (theta_t, state)."""
        g: Any = decayed(grad(theta), self.weight_decay, theta)
        return theta - self.lr * g, state
