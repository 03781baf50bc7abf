"""A network of one hidden layer on scikit-learn's digits, in NumPy, so that every method can train it.

64 pixels, 32 tanh units, 10 classes, cross-entropy: 2410 weights in one vector. A seed names the initial weights and
the order of the mini-batches; every method gets both, and the same number of gradients.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np

from nala_lab.core import Array, require_choice, stream

__all__ = ["SIZE", "Digits", "gradient", "initial", "judged", "load"]

_PIXELS, _HIDDEN, _CLASSES = 64, 32, 10
_CUTS = np.cumsum([_PIXELS * _HIDDEN, _HIDDEN, _HIDDEN * _CLASSES])
SIZE = int(_CUTS[-1]) + _CLASSES
BATCH = 64
PARTS = ("train", "held out", "test")


@dataclass(frozen=True)
class Digits:
    """Images (n, 64) in [-1, 1] and labels (n,) of the three parts."""

    x: dict[str, Array]
    y: dict[str, Array]


@cache
def load() -> Digits:
    """1097 images to train on, 300 to tune with, 400 to test on; a named stream divides them."""
    from sklearn.datasets import load_digits

    bunch = load_digits()
    order = stream(0, "study", "digits").permutation(len(bunch.target))
    cuts = np.split(order, [1097, 1397])
    x, y = bunch.data / 8.0 - 1.0, bunch.target
    return Digits(*({name: of[rows] for name, rows in zip(PARTS, cuts, strict=True)} for of in (x, y)))


def initial(seed: int) -> Array:
    """Glorot's uniform start, biases 0."""
    rng = stream(seed, "study", "initial weights")
    sizes = ((_PIXELS, _HIDDEN), (_HIDDEN, _CLASSES))
    first, second = (rng.uniform(-1, 1, a * b) * np.sqrt(6 / (a + b)) for a, b in sizes)
    return np.concatenate([first, np.zeros(_HIDDEN), second, np.zeros(_CLASSES)])


def _parts(w: Array) -> tuple[Array, Array, Array, Array]:
    a, b, c, d = np.split(w, _CUTS)
    return a.reshape(_PIXELS, _HIDDEN), b, c.reshape(_HIDDEN, _CLASSES), d


def _forward(w: Array, x: Array) -> tuple[Array, Array]:
    """Hidden units, and log-probabilities."""
    w1, b1, w2, b2 = _parts(w)
    hidden = np.tanh(x @ w1 + b1)
    scores = hidden @ w2 + b2
    scores = scores - scores.max(axis=1, keepdims=True)
    return hidden, scores - np.log(np.exp(scores).sum(axis=1, keepdims=True))


def gradient(w: Array, rng: np.random.Generator) -> Array:
    """Gradient of the mean cross-entropy of a mini-batch that `rng` draws."""
    data = load()
    rows = rng.integers(len(data.y["train"]), size=BATCH)
    return of_rows(w, data.x["train"][rows], data.y["train"][rows])


def of_rows(w: Array, x: Array, y: Array) -> Array:
    """Gradient of the mean cross-entropy of given images."""
    _, _, w2, _ = _parts(w)
    hidden, log_p = _forward(w, x)
    back = np.exp(log_p)
    back[np.arange(len(y)), y] -= 1.0
    back /= len(y)
    inner = (back @ w2.T) * (1 - hidden**2)
    parts = ((x.T @ inner).ravel(), inner.sum(axis=0), (hidden.T @ back).ravel(), back.sum(axis=0))
    return np.concatenate(parts)


def judged(w: Array, part: str) -> tuple[float, float]:
    """(mean cross-entropy, accuracy) on a part; (inf, 0) for weights that are no numbers.

    Examples
    --------
    >>> loss, accuracy = judged(initial(0), "test")
    >>> 2 < loss < 4, accuracy < 0.3
    (True, True)
    """
    require_choice("part", part, PARTS)
    data = load()
    if not np.isfinite(w).all():
        return np.inf, 0.0
    _, log_p = _forward(w, data.x[part])
    y = data.y[part]
    loss = float(-log_p[np.arange(len(y)), y].mean())
    return (loss if np.isfinite(loss) else np.inf), float((log_p.argmax(axis=1) == y).mean())
