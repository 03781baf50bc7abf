"""A small network in NumPy whose gradient can mix activations at one point with weights at another.

    a_0 = x,  a_l = tanh(a_{l-1} W_l + b_l),  p = softmax(a_{L-1} W_L + b_L),  loss = -mean log p[label]

    delta_L = (p - onehot) / n,   grad W_l = a_{l-1}' delta_l,   delta_{l-1} = (delta_l W_l') (1 - a_{l-1}^2)

A program that runs the forward pass before the weights move and the backward pass after it takes a and p at the old
weights and W_l' at the new ones. The last layer's gradient has no W in it: it is the old gradient entirely.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nala_lab.core import Array, stream

__all__ = ["Network", "arcs"]


@dataclass(frozen=True)
class Network:
    """A network and its data.

    Attributes
    ----------
    x : (n, d) inputs. labels : (n,) integers. sizes : d, hidden widths, classes.
    """

    x: Array
    labels: Array
    sizes: tuple[int, ...]

    def start(self, seed: int) -> Array:
        """Initial weights, flat: each layer normal with standard deviation 1 / sqrt(inputs), biases 0."""
        rng = stream(seed, "side by side", "weights")
        pairs = zip(self.sizes[:-1], self.sizes[1:], strict=True)
        return np.concatenate([np.append(rng.normal(size=m * n) / np.sqrt(m), np.zeros(n)) for m, n in pairs])

    def layers(self, theta: Array) -> list[tuple[Array, Array]]:
        """Views (W, b) of each layer into flat weights."""
        views, first = [], 0
        for m, n in zip(self.sizes[:-1], self.sizes[1:], strict=True):
            views.append((theta[first : first + m * n].reshape(m, n), theta[first + m * n : first + m * n + n]))
            first += (m + 1) * n
        return views

    def forward(self, theta: Array) -> tuple[list[Array], Array]:
        """Activations a_0 ... a_{L-1}, and the probabilities p (n, classes)."""
        activations, layers = [self.x], self.layers(theta)
        for weight, bias in layers[:-1]:
            activations.append(np.tanh(activations[-1] @ weight + bias))
        scores = activations[-1] @ layers[-1][0] + layers[-1][1]
        p = np.exp(scores - scores.max(axis=1, keepdims=True))
        return activations, p / p.sum(axis=1, keepdims=True)

    def value(self, theta: Array) -> float:
        """Mean cross-entropy, in nats."""
        p = self.forward(theta)[1]
        return float(-np.log(p[np.arange(len(self.labels)), self.labels]).mean())

    def grad(self, theta: Array) -> Array:
        """The gradient of `value`."""
        return self.mixed(theta, theta)

    def mixed(self, activations_at: Array, weights_at: Array) -> Array:
        """Activations of one point, propagated back through the weights of another.

        Examples
        --------
        >>> net = arcs()
        >>> old, new = net.start(0), net.start(1)
        >>> mixed, true = net.layers(net.mixed(old, new)), net.layers(net.grad(old))
        >>> np.array_equal(mixed[-1][0], true[-1][0]), np.array_equal(mixed[0][0], true[0][0])
        (True, False)
        """
        activations, p = self.forward(activations_at)
        delta = (p - np.eye(self.sizes[-1])[self.labels]) / len(self.labels)
        parts: list[Array] = []
        for a, (weight, _) in zip(reversed(activations), reversed(self.layers(weights_at)), strict=True):
            parts = [(a.T @ delta).ravel(), delta.sum(axis=0), *parts]
            delta = (delta @ weight.T) * (1 - a**2)
        return np.concatenate(parts)


def arcs(n: int = 30, seed: int = 0) -> Network:
    """Three classes on three arms of a spiral, n points each, with noise; a network of two hidden layers of 12."""
    rng = stream(seed, "side by side", "arcs")
    t = np.tile(np.linspace(0.2, 1.0, n), 3)
    labels = np.repeat(np.arange(3), n)
    angle = 3.0 * t + 2 * np.pi * labels / 3 + rng.normal(scale=0.15, size=3 * n)
    x = np.stack([t * np.cos(angle), t * np.sin(angle)], axis=1)
    return Network(2 * x + np.array([0.5, -0.3]), labels, (2, 12, 12, 3))
