"""Algorithm 1 of the NALA paper beside the recurrence of the released program, and each difference by itself.

    theta_{t,0} = phi_{t-1},  theta_{t,i+1} = theta_{t,i} + A(theta_{t,i}),  y_t = (1 + mu) theta_{t,k} - mu phi_{t-1}

    Algorithm 1         phi_0 = theta_{1,0}                 phi_t = y_t - alpha grad J(y_t)
    released program    phi_0 = 0, theta_{1,0} as above     phi_t = y_t - alpha g~_t

g~_t is what a backward pass at the weights y_t gives with the activations of the last inner forward pass, at
theta_{t,k-1}; the forward pass is not repeated. On a quadratic it is grad J(theta_{t,k-1}).

On f = lam (x - c)^2 / 2 with gradient descent inside, r = 1 - lr lam, e_t = phi_t - c, e_0 = theta_{1,0} - c:

    Algorithm 1         e_T = rho^T e_0                                     rho = (1 - alpha lam)((1+mu) r^k - mu)
    stale gradient      e_T = sig^T e_0                                     sig = (1+mu) r^k - mu - alpha lam r^(k-1)
    empty slow slot     e_T = rho^T e_0 + (1 - alpha lam) mu theta_{1,0} rho^(T-1)
    both: released      e_T = sig^T e_0 + mu theta_{1,0} sig^(T-1)

For the empty slot, phi_0 = 0 adds mu theta_{1,0} to y_1 and changes nothing later.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from nala_lab.core import Array

__all__ = ["VARIANTS", "Followed", "closed_form", "follow", "rate"]

VARIANTS: dict[str, tuple[bool, bool]] = {  # name -> (the slow slot starts empty, the outer gradient is stale)
    "Algorithm 1": (False, False),
    "empty slow slot only": (True, False),
    "stale gradient only": (False, True),
    "released: both": (True, True),
}

Mixed = Callable[[Array, Array], Array]


class Followed(NamedTuple):
    """phi : (T+1, d), phi_0 being where the run starts. before, y : (T, d), theta_{t,k-1} and y_t."""

    phi: Array
    before: Array
    y: Array


def follow(
    mixed: Mixed, inner: Any, x0: Array, *, k: int, mu: float, alpha: float, cycles: int, variant: str
) -> Followed:
    """Run one of VARIANTS.

    Parameters
    ----------
    mixed : ``mixed(a, w)``, the gradient with activations at `a` and weights at `w`; ``mixed(x, x)`` is the gradient.
    inner : a rule of ``nala_lab.reference``, whose state is kept at the synchronisation. x0 : (d,) start.

    Examples
    --------
    >>> from nala_lab.reference import SGD
    >>> run = follow(lambda a, w: a, SGD(lr=0.5), np.array([4.0]), k=2, mu=-0.5, alpha=0.1, cycles=1,
    ...              variant="released: both")
    >>> float(run.y[0, 0]), float(run.phi[1, 0])  # 4 -> 2 -> 1, half of it, minus 0.1 of the gradient at 2
    (0.5, 0.3)
    """
    empty, stale = VARIANTS[variant]
    theta, slot, state = x0, np.zeros_like(x0) if empty else x0, inner.init(x0)
    phi, before, ys = [x0], [], []
    for _ in range(cycles):
        for _ in range(k):
            last = theta
            theta, state = inner.step(theta, lambda x: mixed(x, x), state)
        y = (1 + mu) * theta - mu * slot
        theta = slot = y - alpha * mixed(last if stale else y, y)
        phi.append(slot)
        before.append(last)
        ys.append(y)
    return Followed(np.stack(phi), np.stack(before), np.stack(ys))


def rate(lam: Any, *, mu: float, alpha: float, k: int, lr: float, stale: bool) -> Any:
    """Factor of a cycle on a quadratic of curvature `lam`: rho, or sig with the stale gradient."""
    r = 1 - lr * lam
    plain = (1 + mu) * r**k - mu
    return plain - alpha * lam * r ** (k - 1) if stale else (1 - alpha * lam) * plain


def closed_form(x0: float, centre: float, lam: float, cycles: int, *, mu: float, alpha: float, k: int, lr: float,
                variant: str) -> Array:  # fmt: skip
    """phi_0 ... phi_T on f = lam (x - centre)^2 / 2 with gradient descent inside, (T+1,)."""
    empty, stale = VARIANTS[variant]
    factor = rate(lam, mu=mu, alpha=alpha, k=k, lr=lr, stale=stale)
    t = np.arange(1, cycles + 1)
    lost = mu * x0 * (1.0 if stale else 1 - alpha * lam) if empty else 0.0
    return np.append(x0, centre + factor**t * (x0 - centre) + lost * factor ** (t - 1))
