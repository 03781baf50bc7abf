"""Full-batch training of a small tanh network, and how sharp the valley is where it goes.

100 digits, 64-12-10 tanh, squared error, float64, all in NumPy; no theorem is asked. The sharpness is the largest
eigenvalue of the Hessian, by power iteration on differences of the gradient.

    python -m tests.theory_meets_training.edge            prints the figure's data, sharpness.json
"""

import json

import numpy as np
from sklearn.datasets import load_digits

from nala_lab.core import stream

HIDDEN, EXAMPLES, LR = 12, 100, 1.0
WEIGHTS = 64 * HIDDEN + HIDDEN + HIDDEN * 10 + 10
# name: k, mu, alpha / lr. k = 1, mu = 0 is gradient descent, alpha = 0 Lookahead.
CASES = {
    "gradient descent": (1, 0.0, 0.0),
    "Lookahead k=3": (3, -0.5, 0.0),
    "Lookahead k=4": (4, -0.5, 0.0),
    "Lookahead k=5": (5, -0.5, 0.0),
    "Lookahead k=5, mu=-0.3": (5, -0.3, 0.0),
    "NALA k=4": (4, -0.5, 0.5),
    "NALA k=5": (5, -0.5, 0.5),
}


class Network:
    """Gradient, loss and sharpness of the network on its digits."""

    def __init__(self):
        x, y = load_digits(return_X_y=True)
        x = x[:EXAMPLES] / 16
        self.x, self.t = x - x.mean(0), np.eye(10)[y[:EXAMPLES]]

    def _layers(self, w):
        a, b, c, d = np.split(w, np.cumsum([64 * HIDDEN, HIDDEN, HIDDEN * 10]))
        return a.reshape(64, HIDDEN), b, c.reshape(HIDDEN, 10), d

    def gradient(self, w):
        a, b, c, d = self._layers(w)
        z = np.tanh(self.x @ a + b)
        r = (z @ c + d - self.t) / EXAMPLES
        q = (r @ c.T) * (1 - z * z)
        return np.concatenate([(self.x.T @ q).ravel(), q.sum(0), (z.T @ r).ravel(), r.sum(0)])

    def loss(self, w):
        a, b, c, d = self._layers(w)
        return ((np.tanh(self.x @ a + b) @ c + d - self.t) ** 2).sum() / EXAMPLES / 2

    def sharpness(self, w, v, steps=60):
        """Largest eigenvalue, and the direction, from which the next call goes on."""
        for _ in range(steps):
            hv = (self.gradient(w + 1e-4 * v) - self.gradient(w - 1e-4 * v)) / 2e-4
            value, v = float(v @ hv), hv / np.linalg.norm(hv)
        return value, v


def start(seed):
    rng = stream(seed, "edge of stability")
    first, second = rng.normal(size=64 * HIDDEN) / 8, rng.normal(size=HIDDEN * 10) / np.sqrt(HIDDEN)
    return np.concatenate([0.7 * first, np.zeros(HIDDEN), 0.7 * second, np.zeros(10)])


def curve(k, mu, alpha, *, length=8000.0, rows=40, seed=0):
    """Rows (path length in steps of lr, lr * sharpness, loss) of one training run.

    A cycle moves about (1 + mu) k + alpha / lr steps of lr far, so that curves of all methods go equally far.
    """
    net, w = Network(), start(seed)
    v = stream(seed, "edge of stability", "direction").normal(size=WEIGHTS)
    v, far = v / np.linalg.norm(v), (1 + mu) * k + alpha / LR
    cycles, out = int(length / far), []
    for t in range(cycles):
        if t % (cycles // rows) == 0:
            value, v = net.sharpness(w, v)
            out.append((t * far, LR * value, net.loss(w)))
        theta = w
        for _ in range(k):
            theta = theta - LR * net.gradient(theta)
        w = (1 + mu) * theta - mu * w
        if alpha:
            w = w - alpha * net.gradient(w)
    return np.array(out)


def curves(seed=0):
    """The curve of every case."""
    return {name: curve(k, mu, LR * share, seed=seed) for name, (k, mu, share) in CASES.items()}


if __name__ == "__main__":
    names = ("length", "lr * sharpness", "loss")
    made = {case: {n: c[:, i].round(4).tolist() for i, n in enumerate(names)} for case, c in curves().items()}
    print(json.dumps({"lr": LR, "curves": made}))
