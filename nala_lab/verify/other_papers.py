"""The family's recurrences as their papers write them, over gradient descent, in plain loops.

Each takes (grad, x0, cycles, k, lr) and the method's own parameters and returns what the paper calls its iterates,
(cycles+1, ..., d). Nothing of nala_lab.reference is used: these are the other side of the edges in `theory.family`.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from nala_lab.core import Array

__all__ = ["bmuf_classical", "bmuf_nesterov_starts", "diloco", "gpa_y", "lookahead", "nag_outer", "nala", "reptile",
           "slowmo", "snoo"]  # fmt: skip

Gradient = Callable[[Array], Array]


def _descend(grad: Gradient, x: Array, k: int, lr: float) -> Array:
    for _ in range(k):
        x = x - lr * grad(x)
    return x


def lookahead(grad: Gradient, x0: Array, cycles: int, k: int, lr: float, *, alpha: float) -> Array:
    """Zhang et al. 2019, Algorithm 1."""
    phi = [x0]
    for _ in range(cycles):
        phi.append(phi[-1] + alpha * (_descend(grad, phi[-1], k, lr) - phi[-1]))
    return np.stack(phi)


def reptile(grad: Gradient, x0: Array, cycles: int, k: int, lr: float, *, epsilon: float) -> Array:
    """Nichol et al. 2018, Algorithm 1, with one task: phi is an interpolation of phi and the trained weights."""
    phi = [x0]
    for _ in range(cycles):
        phi.append((1 - epsilon) * phi[-1] + epsilon * _descend(grad, phi[-1], k, lr))
    return np.stack(phi)


def nala(grad: Gradient, x0: Array, cycles: int, k: int, lr: float, *, mu: float, alpha: float) -> Array:
    """Zuo et al. 2024, Algorithm 1."""
    phi = [x0]
    for _ in range(cycles):
        y = (1 + mu) * _descend(grad, phi[-1], k, lr) - mu * phi[-1]
        phi.append(y - alpha * grad(y))
    return np.stack(phi)


def snoo(grad: Gradient, x0: Array, cycles: int, k: int, lr: float, *, nu: float, beta: float) -> Array:
    """Nesterov's momentum on the pseudo-gradient, as torch's SGD(nesterov=True) applies it."""
    phi, b = [x0], np.zeros_like(x0)
    for _ in range(cycles):
        pseudo = phi[-1] - _descend(grad, phi[-1], k, lr)
        b = beta * b + pseudo
        phi.append(phi[-1] - nu * (pseudo + beta * b))
    return np.stack(phi)


def diloco(
    grad: Gradient, x0: Array, cycles: int, k: int, lr: float, *, nu: float, beta: float, workers: int
) -> Array:
    """Douillard et al. 2023, Algorithm 1: the outer gradient is the workers' mean displacement."""
    phi, b = [x0], np.zeros_like(x0)
    for _ in range(cycles):
        ends = [_descend(grad, phi[-1], k, lr) for _ in range(workers)]
        pseudo = phi[-1] - np.mean(ends, axis=0)
        b = beta * b + pseudo
        phi.append(phi[-1] - nu * (pseudo + beta * b))
    return np.stack(phi)


def slowmo(grad: Gradient, x0: Array, cycles: int, k: int, lr: float, *, a: float, beta: float) -> Array:
    """Wang et al. 2019, Algorithm 1, one worker: the slow momentum is in units of the learning rate."""
    x, u = [x0], np.zeros_like(x0)
    for _ in range(cycles):
        u = beta * u + (x[-1] - _descend(grad, x[-1], k, lr)) / lr
        x.append(x[-1] - a * lr * u)
    return np.stack(x)


def bmuf_classical(grad: Gradient, x0: Array, cycles: int, k: int, lr: float, *, zeta: float, eta: float) -> Array:
    """Chen & Huo 2016, classical block momentum, one worker."""
    w, delta = [x0], np.zeros_like(x0)
    for _ in range(cycles):
        delta = eta * delta + zeta * (_descend(grad, w[-1], k, lr) - w[-1])
        w.append(w[-1] + delta)
    return np.stack(w)


def bmuf_nesterov_starts(
    grad: Gradient, x0: Array, cycles: int, k: int, lr: float, *, zeta: float, eta: float
) -> Array:
    """Chen & Huo 2016, Nesterov block momentum, one worker: the points where the blocks start."""
    w, delta, starts = x0, np.zeros_like(x0), [x0]
    for _ in range(cycles):
        delta = eta * delta + zeta * (_descend(grad, starts[-1], k, lr) - starts[-1])
        w = w + delta
        starts.append(w + eta * delta)
    return np.stack(starts)


def nag_outer(grad: Gradient, x0: Array, cycles: int, k: int, lr: float, *, mu: float) -> Array:
    """Nesterov's extrapolation of the inner loops' end points: phi = theta_k + mu (theta_k - theta_k before)."""
    phi, before = [x0], x0
    for _ in range(cycles):
        end = _descend(grad, phi[-1], k, lr)
        phi.append(end + mu * (end - before))
        before = end
    return np.stack(phi)


def gpa_y(grad: Gradient, x0: Array, cycles: int, lr: float, *, beta: float) -> Array:
    """GPA with mu_x = mu_y = beta over gradient descent of step lr / (1 - beta): the gradient points y, from y_1 on."""
    x, z = x0, x0
    ys = []
    for _ in range(cycles + 1):
        y = beta * x + (1 - beta) * z
        ys.append(y)
        z = z - lr / (1 - beta) * grad(y)
        x = beta * x + (1 - beta) * z
    return np.stack(ys)
