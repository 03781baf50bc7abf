"""Digits and a network 64-12-10 with tanh, 910 weights: many copies trained at once in NumPy, and its derivatives.

Training is here and asks no theorem. The derivatives at a point are torch's, so that they are not the training's own.
"""

from functools import cache

import numpy as np
import torch
from sklearn.datasets import load_digits

from nala_lab.core import stream

SIZES = (64, 12, 10)
WEIGHTS = 64 * 12 + 12 + 12 * 10 + 10
EXAMPLES, BATCH = 1000, 32


@cache
def data():
    """Images (n, 64) in [0, 1] and labels (n,)."""
    x, y = load_digits(return_X_y=True)
    order = stream(0, "digits order").permutation(len(x))[:EXAMPLES]
    return x[order] / 16, y[order]


def split(w):
    """(..., 910) into the four arrays of the network."""
    cuts = np.cumsum([64 * 12, 12, 120])
    a, b, c, d = np.split(w, cuts, axis=-1)
    lead = w.shape[:-1]
    return a.reshape(*lead, 64, 12), b, c.reshape(*lead, 12, 10), d


def gradients(w, rows):
    """Mini-batch gradients of N copies, (N, 910), copy i on the examples rows[i]: (N, B)."""
    x, y = data()
    W1, b1, W2, b2 = split(w)
    z = x[rows]
    hidden = np.tanh(z @ W1 + b1[:, None])
    p = softmax(hidden @ W2 + b2[:, None])
    p[np.arange(len(w))[:, None], np.arange(rows.shape[1]), y[rows]] -= 1
    p /= rows.shape[1]
    back = (p @ W2.swapaxes(1, 2)) * (1 - hidden**2)
    parts = (z.swapaxes(1, 2) @ back, back.sum(1), hidden.swapaxes(1, 2) @ p, p.sum(1))
    return np.concatenate([part.reshape(len(w), -1) for part in parts], axis=1)


def losses(w):
    """Training loss of N copies, (N,)."""
    x, y = data()
    out = np.empty(len(w))
    for i in range(0, len(w), 50):
        W1, b1, W2, b2 = split(w[i : i + 50])
        z = np.tanh(x @ W1 + b1[:, None]) @ W2 + b2[:, None]
        z -= z.max(-1, keepdims=True)
        out[i : i + 50] = (np.log(np.exp(z).sum(-1)) - z[:, np.arange(len(y)), y]).mean(-1)
    return out


def softmax(z):
    e = np.exp(z - z.max(-1, keepdims=True))
    return e / e.sum(-1, keepdims=True)


def batches(rng, copies, size=BATCH):
    """Batches without repetition, (copies, B)."""
    return np.argpartition(rng.random((copies, EXAMPLES)), size, axis=1)[:, :size]


def initial(seed=0):
    rng = stream(seed, "digits start")
    return np.concatenate([rng.normal(size=768) / 8, np.zeros(12), rng.normal(size=120) / np.sqrt(12), np.zeros(10)])


@cache
def start(steps, lr=0.1):
    """Weights after `steps` steps of SGD: how far training has come."""
    w, rng = initial()[None], stream(0, "digits training")
    for _ in range(steps):
        w = w - lr * gradients(w, batches(rng, 1))
    return w[0]


def train(w0, copies, cycles, rng, *, lr, k, mu, alpha):
    """phi_t of `copies` runs of NALA over SGD (alpha = 0: Lookahead), t = 0 .. cycles: (T + 1, copies, 910)."""
    phi = np.repeat(w0[None], copies, 0)
    rows = [phi]
    for _ in range(cycles):
        theta = inner(phi, rng, lr, k)
        phi = (1 + mu) * theta - mu * phi
        if alpha:
            phi = phi - alpha * gradients(phi, batches(rng, copies))
        rows.append(phi)
    return np.stack(rows)


def inner(phi, rng, lr, k):
    theta = phi
    for _ in range(k):
        theta = theta - lr * gradients(theta, batches(rng, len(phi)))
    return theta


def _loss(w, x, y):
    W1, b1, W2, b2 = w[:768].view(64, 12), w[768:780], w[780:900].view(12, 10), w[900:]
    return torch.nn.functional.cross_entropy(torch.tanh(x @ W1 + b1) @ W2 + b2, y)


def measure(w, curved=slice(None)):
    """Loss, gradient (910,), Hessian (910, 910) and the examples' gradients (n, 910) at w; `curved`: the Hessian's."""
    x, y = (torch.from_numpy(np.ascontiguousarray(v)) for v in data())
    at = torch.from_numpy(np.array(w))
    grad = torch.func.grad(_loss)
    _, pull = torch.func.vjp(lambda u: grad(u, x[curved], y[curved]), at)  # H is symmetric: v' H is H v
    hessian = torch.func.vmap(lambda v: pull(v)[0], chunk_size=65)(torch.eye(WEIGHTS, dtype=torch.float64))
    each = torch.func.vmap(lambda a, b: grad(at, a[None], b[None]))(x, y)
    return float(_loss(at, x, y)), grad(at, x, y).numpy(), hessian.numpy(), each.numpy()


def factors(w):
    """Gauss-Newton factors (n, 10, 910) at w: F_i' F_i = J_i' (diag p - p p') J_i, J_i the Jacobian of the logits."""
    x, _ = data()
    W1, b1, W2, b2 = split(w)
    hidden = np.tanh(x @ W1 + b1)
    p = softmax(hidden @ W2 + b2)
    root = np.sqrt(p)[:, :, None] * np.eye(10) - np.sqrt(p)[:, :, None] * p[:, None, :]  # R', (diag p - p p') = R R'
    back = np.einsum("nrl,hl->nrh", root, W2) * (1 - hidden**2)[:, None]
    parts = (x[:, None, :, None] * back[:, :, None, :], back, hidden[:, None, :, None] * root[:, :, None, :], root)
    return np.concatenate([part.reshape(len(x), 10, -1) for part in parts], axis=2)
