"""Trajectories of known rate: each family draws a map, a start and a length from the generator it is given."""

import numpy as np
from scipy.linalg import block_diag


def rotated(rng, m):
    q = np.linalg.qr(rng.normal(size=m.shape))[0]
    return q @ m @ q.T


def powers(rng, m, rows, shift=None):
    """(rows, d) iterates x* + M^t e_0, stepped in floats around x*, and x*."""
    best = rng.normal(size=len(m)) if shift is None else shift
    x, path = best + rng.normal(size=len(m)), []
    for _ in range(rows):
        path.append(x)
        x = best + m @ (x - best)
    return np.array(path), best


def normal(rng):
    lam = rng.uniform(-0.95, 0.95, 5)
    return (*powers(rng, rotated(rng, np.diag(lam)), int(rng.integers(20, 150))), np.abs(lam).max())


def complex_pair(rng):
    r, angle = rng.uniform(0.6, 0.98), rng.uniform(0.05, 3.1)
    turn = r * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    m = block_diag(turn, np.diag(rng.uniform(0, r * 0.9, 2)))
    return (*powers(rng, rotated(rng, m), int(rng.integers(30, 150))), r)


def jordan(rng):
    r, size = rng.uniform(0.5, 0.95), int(rng.integers(2, 4))
    block = r * np.eye(size) + np.diag(rng.uniform(0.1, 20, size - 1), 1)
    m = block_diag(block, np.diag(rng.uniform(0, 0.5 * r, 2)))
    return (*powers(rng, rotated(rng, m), int(rng.integers(40, 200))), r)


def near_equal(rng):
    r, ratio = rng.uniform(0.7, 0.97), 1 - 10 ** rng.uniform(-4, -1.5)
    signs = rng.choice([-1, 1], 2)
    lam = np.array([r * signs[0], r * ratio * signs[1], 0.5 * r])
    return (*powers(rng, rotated(rng, np.diag(lam)), int(rng.integers(40, 200))), r)


def momentum(rng):
    """Heavy ball on a rotated quadratic: a state twice as large as what is seen."""
    lam, a, beta = np.sort(rng.uniform(0.02, 1.0, 3)), rng.uniform(0.2, 1.0), rng.uniform(0.3, 0.95)
    q, best = np.linalg.qr(rng.normal(size=(3, 3)))[0], rng.normal(size=3)
    x, v, path = best + rng.normal(size=3), np.zeros(3), []
    for _ in range(int(rng.integers(60, 250))):
        path.append(x)
        v = beta * v + a * (q * lam) @ q.T @ (x - best)
        x = x - v
    roots = [np.roots([1, -(1 + beta - a * h), beta]) for h in lam]
    return np.array(path), best, np.abs(roots).max()


def noise_floor(rng):
    """A decaying run that ends in additive noise."""
    path, best, r = complex_pair(rng)
    level = np.linalg.norm(path[0] - best) * 10 ** rng.uniform(-9, -5)
    return path + level * rng.normal(size=path.shape), best, r


def multiplicative(rng):
    """A random factor in every step: the rate is exp of the mean log."""
    r, spread, rows = rng.uniform(0.7, 0.95), rng.uniform(0.05, 0.3), int(rng.integers(60, 250))
    logs = np.concatenate([[0.0], np.cumsum(np.log(r) + spread * rng.normal(size=rows - 1))])
    return np.exp(logs)[:, None] * np.array([0.6, -0.8]), np.zeros(2), r


FAMILIES = {
    f.__name__: f for f in (normal, complex_pair, jordan, near_equal, momentum, noise_floor, multiplicative)
}  # fmt: skip
