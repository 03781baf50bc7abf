"""How far the noise of the mini-batches carries the weights within one inner loop of k steps.

    u_i = b u_{i-1} + a (h e_{i-1} + xi_i),     e_i = e_{i-1} - P (c u_i + d (h e_{i-1} + xi_i)),     e_0 = u_0 = 0

SGD with momentum b, dampening t:    P = 1,   a = 1 - t,  c = lr,  d = 0     (nesterov: c = lr b, d = lr)
Adam, in its n-th step:              P = 1 / (sqrt(v / (1 - b2^n)) + eps),   b = b1,  a = 1 - b1,
                                     c = lr / (1 - b1^n),  d = 0,  v held fixed

A noise in one gradient moves e by -r_m, m steps on. Independent noises of covariance C make S_D = sum_m r_m C r_m, with
r_m a polynomial of P H. One sample z of C and one product H P z see two moments of its curvatures,

    m1 = u' H u,   m2 = (H u)' P (H u),   u = P z,     tr(H S_D) ~ m1 sum_m r_m(m2 / m1)^2

exact where the noise lies in flat directions and directions of one curvature m2 / m1 (Gauss-Radau, node at 0).
An optimizer that is neither of the two is not told: None. Source: derived here.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from inspect import unwrap
from typing import NamedTuple

import torch

from nala_lab.core import require
from nala_lab.experiments.run.curvature import dot
from nala_lab.optim import Adam

__all__ = ["Inner", "bent_by_noise", "inner_of"]

DECAY = 1e-3  # lr times weight decay up to which k steps forget the noise as without it, to 2 k times as much

Vector = list[torch.Tensor]


class Inner(NamedTuple):
    """The update rule of an inner loop with its state held fixed; P, one tensor a parameter, or None for 1."""

    a: float
    b: float
    c: float
    d: float
    P: Vector | None = None

    def carried(self, h: float, steps: int) -> float:
        """sum_m r_m(h)^2: the variance that noise of variance 1 in each of so many gradients makes where P = 1.

        Examples
        --------
        >>> Inner(a=1, b=0, c=0.1, d=0).carried(h=0.0, steps=4), Inner(a=1, b=0, c=0.5, d=0).carried(h=2.0, steps=4)
        (0.04, 0.25)
        """
        e, u, xi, total = 0.0, 0.0, 1.0, 0.0
        for _ in range(steps):
            g = h * e + xi
            u = self.b * u + self.a * g
            e -= self.c * u + self.d * g
            total, xi = total + e * e, 0.0  # infinite where a float's ** would raise
        return total

    def scaled(self, v: Vector) -> Vector:
        """P v."""
        return v if self.P is None else list(torch._foreach_mul(v, self.P))


def inner_of(optimizer: torch.optim.Optimizer, order: Sequence[torch.Tensor]) -> Inner | None:
    """Read the rule from an optimizer, or its ``inner`` one; None where it is another, or differs between groups.

    Weight decay is left out: None where it would show.

    Parameters
    ----------
    order : the parameters, in the order of P.

    Examples
    --------
    >>> w = torch.nn.Parameter(torch.zeros(1))
    >>> inner_of(torch.optim.SGD([w], lr=0.1, momentum=0.9), [w])
    Inner(a=1.0, b=0.9, c=0.1, d=0.0, P=None)
    """
    inner = getattr(optimizer, "inner", optimizer)
    group = inner.param_groups[0]
    alike = ("lr", "momentum", "dampening", "nesterov", "betas", "eps", "amsgrad")
    if any(other.get(name) != group.get(name) for other in inner.param_groups for name in alike):
        return None
    if getattr(inner, "_form", "kingma-ba") != "kingma-ba":
        return None  # another P
    if unwrap(type(inner).step) not in map(unwrap, (torch.optim.SGD.step, torch.optim.Adam.step, Adam.step)):
        return None  # a class made of one of them, with a step of its own
    coupled = isinstance(inner, torch.optim.Adam) and not group.get("decoupled_weight_decay")
    forgotten = float(group["weight_decay"]) * (1.0 if coupled else float(group["lr"]))
    if group.get("maximize") or forgotten > DECAY:
        return None  # the noise meets another curvature
    if isinstance(inner, torch.optim.SGD):
        lr, b, nesterov = float(group["lr"]), float(group["momentum"]), group["nesterov"]
        return Inner(1.0 - group["dampening"], b, lr * b if nesterov else lr, lr if nesterov else 0.0)
    states = [inner.state.get(p) for p in order]
    if not isinstance(inner, torch.optim.Adam) or group["amsgrad"] or not all(states):
        return None
    (b1, b2), n = group["betas"], float(states[0]["step"])
    P = [1 / ((state["exp_avg_sq"] / (1 - b2**n)).sqrt() + group["eps"]) for state in states]
    return Inner(1.0 - b1, b1, float(group["lr"]) / (1 - b1**n), 0.0, P)


def bent_by_noise(inner: Inner, product: Callable[[Vector], Vector], z: Vector, *, steps: int) -> float:
    """tr(H S_D) from one sample `z` of a gradient's noise and one Hessian product.

    Examples
    --------
    >>> sgd = Inner(a=1, b=0, c=0.1, d=0)
    >>> bent_by_noise(sgd, lambda v: [3 * v[0]], [torch.tensor([2.0])], steps=1)  # lr^2 h z^2
    0.12
    """
    require("steps", steps, steps >= 1, "steps >= 1")
    u = inner.scaled(z)
    Hu = product(u)
    m1, m2 = dot(u, Hu), dot(Hu, inner.scaled(Hu))
    return m1 * inner.carried(m2 / m1 if m1 > 0 else 0.0, steps)
