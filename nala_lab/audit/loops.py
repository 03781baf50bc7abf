"""Algorithm 1 of Lookahead and of NALA written out around a bare inner optimizer: what the audit compares with.

    theta_{t,i+1} = theta_{t,i} + A(J, theta_{t,i}, d)                       i = 0 .. k-1
    y_t           = phi_{t-1} + w (theta_{t,k} - phi_{t-1})                  w = alpha (Lookahead), 1 + mu (NALA)
    phi_t         = y_t (Lookahead),  y_t - alpha grad J(y_t) (NALA)

The momentum at a synchronisation is kept, set to zero with the whole inner state (reset), or mixed like the weights
with its value after the previous synchronisation, at first zero (pullback).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import product
from typing import Any

import torch
from torch.optim import Optimizer

from nala_lab.audit.rig import flat

__all__ = ["MOMENTA", "slow_loop"]

MOMENTA = ("momentum_buffer", "exp_avg")
Gradient = Callable[[torch.Tensor], torch.Tensor]


def slow_loop(inner_of: Callable[[Any], Optimizer], start: Sequence[torch.Tensor], grad: Gradient, *, k: int,
              weight: float, calls: int, outer_lr: float | None = None, own_call: bool = True,
              momentum: str = "keep") -> torch.Tensor:  # fmt: skip
    """Weights after each of `calls` calls of ``step()``, all parameters in one row, shape (calls, d).

    Parameters
    ----------
    inner_of : makes the bare inner optimizer. start : where each parameter begins. grad : of one parameter.
    weight : w above. outer_lr : NALA's alpha; None for Lookahead. own_call : the outer gradient has a call of its own.
    momentum : "keep", "reset" or "pullback".

    Examples
    --------
    >>> sgd = lambda params: torch.optim.SGD(params, lr=0.5)
    >>> slow_loop(sgd, [torch.tensor([4.0])], lambda x: x, k=2, weight=0.5, calls=2).flatten().tolist()
    [2.0, 2.5]
    """
    thetas = [torch.nn.Parameter(one.detach().clone()) for one in start]
    inner, phis = inner_of(thetas), [one.detach().clone() for one in start]
    anchors: dict[Any, torch.Tensor] = {}
    path: list[torch.Tensor] = []
    while len(path) < calls:
        for _ in range(k):
            for theta in thetas:
                theta.grad = grad(theta.detach().clone())
            inner.step()
            path.append(flat(thetas))
        with torch.no_grad():
            for theta, phi in zip(thetas, phis, strict=True):
                theta.copy_(phi + weight * (theta - phi))  # y_t
            path[-1] = flat(thetas)
            if outer_lr is not None:
                for theta in thetas:
                    theta.sub_(outer_lr * grad(theta.detach().clone()))  # phi_t
                path[-1:] = [path[-1], flat(thetas)] if own_call else [flat(thetas)]
        phis = [theta.detach().clone() for theta in thetas]
        inner = inner_of(thetas) if momentum == "reset" else inner
        if momentum == "pullback":
            _pull_back(inner, thetas, anchors, weight)
    return torch.stack(path[:calls])


def _pull_back(inner: Optimizer, thetas: list[Any], anchors: dict[Any, torch.Tensor], weight: float) -> None:
    for key in product(thetas, MOMENTA):
        held = inner.state[key[0]].get(key[1])
        if held is not None:
            before = anchors.get(key, torch.zeros_like(held))
            held.copy_(before + weight * (held - before))
            anchors[key] = held.clone()
