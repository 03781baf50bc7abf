"""The optimizers once more, as pure functions of NumPy values: what a random sequence of calls must come to.

No tensor, no dictionary of state, nothing written in place: a state is a value, so saving is keeping it and loading is
taking it up again. Gradients are given, None where a parameter has none.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

BETA1, BETA2, EPS, MOMENTUM = 0.75, 0.9, 1e-2, 0.5

Arrays = tuple[np.ndarray, ...]


@dataclass(frozen=True)
class State:
    """A run at one moment; one entry a parameter in each tuple."""

    theta: Arrays
    group: tuple[int, ...]  # the parameter group of each parameter
    lr: tuple[float, ...]  # of each group
    alpha: float
    slow: Arrays = ()  # phi_{t-1}, or the weights before the probe; () at phase 0
    inner: tuple = ()  # moments and counter of the inner optimizer, None before its first gradient
    anchor: tuple = ()  # the momentum after the previous synchronisation, None for zero
    probed: tuple = ()  # g_t of AdaLA, None for a parameter that had no gradient
    phase: int = 0
    evals: int = 0


@dataclass(frozen=True)
class Method:
    """What is run: ``lookahead``, ``nala``, ``adala`` or ``adabelief``; the last three fields are of the two loops."""

    kind: str
    k: int = 1
    mu: float = 0.0
    inner: str = "sgd"
    inner_state: str = "keep"

    @property
    def two_loops(self) -> bool:
        return self.kind in ("lookahead", "nala")

    def back(self, s: State) -> float:
        """How much of the way back to the slow weights the synchronisation goes."""
        return -self.mu if self.kind == "nala" else 1 - s.alpha


# ---- one parameter, one gradient ------------------------------------------------------------------------------------


def sgd(theta, own, g, lr):
    buffer = g if own is None else MOMENTUM * own[0] + g
    return theta - lr * buffer, (buffer,)


def adam(theta, own, g, lr):
    m, v, t = own or (0 * g, 0 * g, 0)
    m, v, t = BETA1 * m + (1 - BETA1) * g, BETA2 * v + (1 - BETA2) * g**2, t + 1
    root = np.sqrt(v / (1 - BETA2**t)) + EPS
    return theta - lr * m / (1 - BETA1**t) / root, (m, v, t)


def belief(theta, own, g, lr, other=None):
    """AdaBelief, or AdaLA where `other` is the gradient at the probe."""
    m, s, t = own or (0 * g, 0 * g, 0)
    m, t = BETA1 * m + (1 - BETA1) * g, t + 1
    s = BETA2 * s + (1 - BETA2) * (g - (m if other is None else other)) ** 2 + EPS
    root = np.sqrt(s / (1 - BETA2**t)) + EPS
    return theta - lr * m / (1 - BETA1**t) / root, (m, s, t)


INNER = {"sgd": sgd, "adam": adam}


def each(s: State, rule, grads, thetas=None):
    """Apply `rule` where there is a gradient; return the new weights and inner states."""
    pairs = []
    for i, g in enumerate(grads):
        theta = (thetas or s.theta)[i]
        pairs.append((theta, s.inner[i]) if g is None else rule(i, theta, s.inner[i], g, s.lr[s.group[i]]))
    return tuple(p[0] for p in pairs), tuple(p[1] for p in pairs)


# ---- calls ----------------------------------------------------------------------------------------------------------


def step(method: Method, s: State, grads) -> State:
    s = replace(s, evals=s.evals + 1)
    if method.kind == "adabelief":
        theta, inner = each(s, lambda i, *args: belief(*args), grads)
        return replace(s, theta=theta, inner=inner)
    if method.kind == "adala":
        return adala(s, grads)
    if method.kind == "nala" and s.phase == method.k:
        moved = tuple(y if g is None else y - s.alpha * g for y, g in zip(s.theta, grads, strict=True))
        return synchronised(method, replace(s, theta=moved))
    if s.phase == 0:
        fresh = (None,) * len(s.theta)
        s = replace(s, slow=s.theta, inner=fresh if method.inner_state == "reset" else s.inner)
    theta, inner = each(s, lambda i, *args: INNER[method.inner](*args), grads)
    s = replace(s, theta=theta, inner=inner, phase=s.phase + 1)
    if s.phase < method.k:
        return s
    w = method.back(s)
    s = replace(s, theta=tuple((1 - w) * theta + w * slow for theta, slow in zip(s.theta, s.slow, strict=True)))
    return s if method.kind == "nala" else synchronised(method, s)


def synchronised(method: Method, s: State) -> State:
    if method.inner_state == "pullback":
        w = method.back(s)
        pulled = tuple(
            None if own is None else (1 - w) * own[0] + w * (0 if before is None else before)
            for own, before in zip(s.inner, s.anchor, strict=True)
        )
        s = with_momentum(replace(s, anchor=pulled), pulled)
    return replace(s, slow=(), phase=0)


def with_momentum(s: State, momentum) -> State:
    inner = tuple(None if own is None else (m, *own[1:]) for own, m in zip(s.inner, momentum, strict=True))
    return replace(s, inner=inner)


def adala(s: State, grads) -> State:
    if s.phase == 0:
        trial, _ = each(s, lambda i, *args: belief(*args), grads)
        return replace(s, slow=s.theta, theta=trial, probed=tuple(grads), phase=1)
    both = tuple(g if ahead is not None else None for g, ahead in zip(s.probed, grads, strict=True))
    theta, inner = each(s, lambda i, *args: belief(*args, other=grads[i]), both, s.slow)
    return replace(s, theta=theta, inner=inner, slow=(), probed=(), phase=0)


def slow_weights(s: State) -> Arrays:
    return s.slow if s.phase else s.theta


def sync(method: Method, s: State) -> State:
    if s.phase == 0:
        return s
    if method.inner_state == "pullback":
        anchors = zip(s.anchor, s.inner, strict=True)
        s = with_momentum(s, tuple(0 * own[0] if a is None and own else a for a, own in anchors))
    return replace(s, theta=s.slow, slow=(), probed=(), phase=0)


def add_group(s: State, values: Arrays, lr: float) -> State:
    """New parameters; inside a cycle their slow weights are their values of that moment."""
    none = (None,) * len(values)
    return replace(
        s, theta=(*s.theta, *values), lr=(*s.lr, lr), group=(*s.group, *(len(s.lr),) * len(values)),
        slow=(*s.slow, *values) if s.phase else (), probed=(*s.probed, *none) if s.probed else (),
        inner=(*s.inner, *none), anchor=(*s.anchor, *none),
    )  # fmt: skip
