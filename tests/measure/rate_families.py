"""Trajectories of known rate: each family draws a map, a start and a length from the generator it is given.

A family returns what is handed to `rate`: rows, a dict of further arguments, and the true rate.
"""

import numpy as np
from scipy.linalg import block_diag

from nala_lab.reference import NALA, SGD, Adam, run
from problems import Logistic, Quadratic, Rosenbrock


def rotated(rng, m):
    q = np.linalg.qr(rng.normal(size=m.shape))[0]
    return q @ m @ q.T


def powers(rng, m, rows):
    """(rows, d) iterates x* + M^t e_0, stepped in floats around x*, and x*."""
    best = rng.normal(size=len(m))
    x, path = best + rng.normal(size=len(m)), []
    for _ in range(rows):
        path.append(x)
        x = best + m @ (x - best)
    return np.array(path), {"minimizer": best}


def normal(rng):
    """Five real modes, turned."""
    lam = rng.uniform(-0.95, 0.95, 5)
    return (*powers(rng, rotated(rng, np.diag(lam)), int(rng.integers(20, 150))), np.abs(lam).max())


def complex_pair(rng):
    """A complex pair that leads, and two faster modes."""
    r, angle = rng.uniform(0.6, 0.98), rng.uniform(0.05, 3.1)
    turn = r * np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    m = block_diag(turn, np.diag(rng.uniform(0, r * 0.9, 2)))
    return (*powers(rng, rotated(rng, m), int(rng.integers(30, 150))), r)


def jordan(rng):
    """A defective mode: two or three equal eigenvalues with one eigenvector."""
    r, size = rng.uniform(0.5, 0.95), int(rng.integers(2, 4))
    block = r * np.eye(size) + np.diag(rng.uniform(0.1, 20, size - 1), 1)
    m = block_diag(block, np.diag(rng.uniform(0, 0.5 * r, 2)))
    return (*powers(rng, rotated(rng, m), int(rng.integers(40, 200))), r)


def near_equal(rng):
    """Two modes whose sizes differ by 3 % down to 0.01 %, with either sign."""
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
    return np.array(path), {"minimizer": best}, np.abs(roots).max()


def noise_floor(rng):
    """A decaying run that ends in additive noise."""
    path, how, r = complex_pair(rng)
    level = np.linalg.norm(path[0] - how["minimizer"]) * 10 ** rng.uniform(-9, -5)
    return path + level * rng.normal(size=path.shape), how, r


def multiplicative(rng):
    """A random factor in every step: the rate is exp of the mean log."""
    r, spread, rows = rng.uniform(0.7, 0.95), rng.uniform(0.05, 0.3), int(rng.integers(60, 250))
    logs = np.concatenate([[0.0], np.cumsum(np.log(r) + spread * rng.normal(size=rows - 1))])
    return np.exp(logs)[:, None] * np.array([0.6, -0.8]), {"minimizer": np.zeros(2)}, r


def two_scale(rng):
    """NALA over gradient descent on a quadratic, started with a small error along the slow direction."""
    kappa, d = 10 ** rng.uniform(2, 4), int(rng.integers(2, 6))
    lam = np.r_[1 / kappa, np.sort(rng.uniform(0.3, 1, d - 1))]
    q, e = Quadratic(lam, rotation=int(rng.integers(2**31))), rng.normal(size=d)
    e[0] *= 10 ** rng.uniform(-8, -2)
    k, cycles = int(rng.choice([1, 2, 5])), int(rng.integers(20, 80))
    lr = rng.uniform(0.1, 0.6) / k
    factors = (1 - lr * lam) * (0.5 * (1 - lr * lam) ** k + 0.5)
    t = run(NALA(SGD(lr), k=k, mu=-0.5, alpha=lr), q.grad, q.eigenvectors @ e, cycles=cycles)
    return t, {"minimizer": np.zeros(d)}, np.abs(factors).max()


def hidden(rng):
    """One number: a fast mode and a slow one far below it, sometimes already leading, mostly not."""
    fast, slow = rng.uniform(0.6, 0.9), rng.uniform(0.95, 0.999)
    t = np.arange(int(rng.integers(20, 150)))
    share = 10 ** rng.uniform(-11, -1)
    return (fast**t + share * slow**t)[:, None], {"minimizer": [0.0]}, slow


def hidden_many(rng):
    """Five rotated modes, the slowest of them with a small share."""
    fast, slow = rng.uniform(-0.9, 0.9, 4), rng.uniform(0.93, 0.995)
    turn = np.linalg.qr(rng.normal(size=(5, 5)))[0]
    start = np.r_[rng.normal(size=4), 10 ** rng.uniform(-9, -1)]
    t = np.arange(int(rng.integers(30, 200)))[:, None]
    return (start * np.r_[fast, slow] ** t) @ turn.T, {"minimizer": np.zeros(5)}, slow


def rosenbrock(rng):
    """A nonlinear transient along a curved valley, far from its limit."""
    return _rosenbrock(rng, int(rng.integers(30, 400)))


def rosenbrock_long(rng):
    """The same valley, in runs that reach the linear part or nearly so."""
    return _rosenbrock(rng, int(10 ** rng.uniform(3, 4.3)))


def _rosenbrock(rng, cycles):
    f = Rosenbrock()
    lam = np.linalg.eigvalsh(f.hess(np.array([1.0, 1.0])))
    lr, x = rng.uniform(0.1, 0.6) / lam.max(), np.array([rng.uniform(-1.5, 1.5), rng.uniform(-0.5, 2)])
    path = [x]
    for _ in range(cycles):  # Algorithm 1, written out: 20,000 cycles in a second
        a, b = x.tolist()
        for _ in range(5):
            a, b = a + lr * (400 * a * (b - a * a) + 2 * (1 - a)), b - lr * 200 * (b - a * a)
        a, b = 0.5 * (a + x[0]), 0.5 * (b + x[1])
        a, b = a + lr * (400 * a * (b - a * a) + 2 * (1 - a)), b - lr * 200 * (b - a * a)
        x = np.array([a, b])
        path.append(x)
    factors = (1 - lr * lam) * (0.5 * (1 - lr * lam) ** 5 + 0.5)
    return np.array(path), {"minimizer": [1.0, 1.0]}, np.abs(factors).max()


def adam_inside(rng):
    """NALA over Adam on a quadratic. Near the minimum eps decides, and Adam is descent with averaged gradients.

    The rate is that of the linear map with sqrt(v) = 0; with a small eps the run never becomes linear.
    """
    lam, lr, eps = rng.uniform(0.1, 1.0, 2), rng.uniform(0.05, 0.5), 10 ** rng.uniform(-2, 0)
    lr, k, b1, alpha = lr * eps, int(rng.integers(1, 6)), rng.uniform(0, 0.9), rng.uniform(0, 0.3)
    method = NALA(Adam(lr, betas=(b1, rng.uniform(0.5, 0.9)), eps=eps), k=k, mu=-0.5, alpha=alpha)
    t = run(method, lambda x: lam * x, rng.normal(size=2), cycles=int(rng.integers(30, 400)))
    radius = []
    for h in lam:
        step = np.array([[1 - lr / eps * (1 - b1) * h, -lr / eps * b1], [(1 - b1) * h, b1]])
        fast = np.linalg.matrix_power(step, k)
        cycle = np.array([(1 - alpha * h) * (0.5 * fast[0] + [0.5, 0]), fast[1]])
        radius.append(np.abs(np.linalg.eigvals(cycle)).max())
    return t, {"minimizer": np.zeros(2)}, max(radius)


def logistic(rng):
    """Smooth and strongly convex: nonlinear at first, linear at the end."""
    f = Logistic.generated(30, 3, seed=int(rng.integers(1000)), l2=10 ** rng.uniform(-2, -0.5))
    best, lr, alpha = f.minimizers[0], rng.uniform(0.2, 1.5) / f.L, rng.uniform(0, 1) / f.L
    lam = np.linalg.eigvalsh(f.hess(best))
    t = run(NALA(SGD(lr), k=3, mu=-0.5, alpha=alpha), f.grad, best + 2 * rng.normal(size=3),
            cycles=int(rng.integers(30, 300)))  # fmt: skip
    return t, {"minimizer": best}, np.abs((1 - alpha * lam) * (0.5 * (1 - lr * lam) ** 3 + 0.5)).max()


def float32_rows(rng):
    """Computed in float32, as by torch: a shorter range, and rounding at every step."""
    path, how, r = normal(rng)
    m = rotated(rng, np.diag(np.r_[r, rng.uniform(-0.9, 0.9, 3) * r])).astype(np.float32)
    best, x, rows = how["minimizer"][:4].astype(np.float32), rng.normal(size=4).astype(np.float32), []
    for _ in range(len(path)):
        rows.append(x)
        x = x - (np.eye(4, dtype=np.float32) - m) @ (x - best)
    rows = np.array(rows)
    assert rows.dtype == np.float32
    rows = rows if rng.integers(2) else rows.astype(np.float64)  # the type may have been lost on the way
    return rows, {"minimizer": best.astype(np.float64)}, np.abs(np.linalg.eigvals(m.astype(float))).max()


def float32_minimizer(rng):
    """Rows in float64, the minimiser known in float32 only."""
    path, how, r = normal(rng)
    return path, {"minimizer": how["minimizer"].astype(np.float32).astype(float)}, r


def standstill(rng):
    """Runs so long that they end where rounding lets nothing move, in float64 or float32."""
    lam, kind = np.sort(rng.uniform(0.1, 1.0, 3)), rng.choice([np.float64, np.float32])
    best, x, path = rng.normal(size=3).astype(kind), rng.normal(size=3).astype(kind), []
    a = kind(rng.uniform(0.2, 0.9))
    for _ in range(int(rng.integers(200, 1500))):
        path.append(x)
        x = x - a * (lam.astype(kind) * (x - best))
    return np.array(path), {"minimizer": best}, np.abs(1 - a * lam).max()


def correlated(rng):
    """Multiplicative scatter with a memory of up to 20 rows."""
    r, spread, memory = rng.uniform(0.7, 0.97), rng.uniform(0.05, 0.3), rng.uniform(0, 0.95)
    n, noise = int(rng.integers(60, 2000)), [0.0]
    for kick in rng.normal(size=n):
        noise.append(memory * noise[-1] + kick * np.sqrt(1 - memory**2))
    logs = np.cumsum(np.log(r) + spread * np.array(noise))
    return np.exp(logs)[:, None] * np.array([0.6, -0.8]), {"minimizer": np.zeros(2)}, r


def scatter_about_a_line(rng):
    """Measured sizes: a decay times correlated factors that do not add up."""
    r, memory, n = rng.uniform(0.9, 0.99), rng.uniform(0, 0.95), int(rng.integers(60, 1000))
    noise = [rng.normal()]
    for kick in rng.normal(size=n - 1):
        noise.append(memory * noise[-1] + kick * np.sqrt(1 - memory**2))
    rows = r ** np.arange(n) * np.exp(rng.uniform(0.02, 0.3) * np.array(noise))
    return rows[:, None], {"minimizer": [0.0]}, r


def mini_batches(rng):
    """Additive noise in every step: the run falls to a level that the noise sets."""
    lam, a = rng.uniform(0.1, 1.0, 3), rng.uniform(0.1, 0.9)
    level, e, path = 10 ** rng.uniform(-8, -2), rng.normal(size=3), []
    for _ in range(int(rng.integers(30, 400))):
        path.append(e)
        e = (1 - a * lam) * e + level * rng.normal(size=3)
    return np.array(path), {"minimizer": np.zeros(3)}, np.abs(1 - a * lam).max()


def growing(rng):
    """A linear map with a radius above 1, some runs to overflow."""
    r = rng.uniform(1.02, 3)
    m = rotated(rng, np.diag(np.r_[r * rng.choice([-1, 1]), rng.uniform(-0.9, 0.9, 3) * r]))
    with np.errstate(over="ignore", invalid="ignore"):
        path, how = powers(rng, m, int(rng.integers(30, 800)))
    return path, how if rng.integers(2) else {}, r


def growing_run(rng):
    """NALA with steps that are too long: the trajectory's own outcome is "diverged" where it passed the limit."""
    lam, k = rng.uniform(0.3, 1.0, 3), int(rng.integers(1, 4))
    lr = (2 + rng.uniform(0.2, 2)) / lam.max()
    t = run(NALA(SGD(lr), k=k, mu=-0.5, alpha=lr), lambda x: lam * x, rng.normal(size=3),
            cycles=int(rng.integers(30, 400)))  # fmt: skip
    return t, {"minimizer": np.zeros(3)}, np.abs((1 - lr * lam) * (0.5 * (1 - lr * lam) ** k + 0.5)).max()


def values(rng):
    """f(x_t) - f* of a quadratic, computed in float64 or float32: the rate is the square."""
    lam, path = rng.uniform(0.2, 1.0, 3), []
    a, minimum, x = rng.uniform(0.1, 1.2), rng.choice([0.0, 1.0]), rng.normal(size=3)
    for _ in range(int(rng.integers(30, 200))):
        path.append(x)
        x = (1 - a * lam) * x
    path = np.array(path)
    f = minimum + (lam * path**2).sum(axis=1) / 2
    kind = rng.choice([np.float64, np.float32])
    return path, {"values": f.astype(kind), "minimum": minimum}, np.abs(1 - a * lam).max() ** 2


def slow(rng):
    """Modes at 1 - 1e-4 to 1 - 1e-2, in runs from far too short to long enough."""
    gap = 10 ** rng.uniform(-4, -2)
    lam = np.array([1 - gap, 1 - 3 * gap, rng.uniform(0, 0.9)])
    rows = int(10 ** rng.uniform(1.5, 4.3))
    turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
    return (rng.normal(size=3) * lam ** np.arange(rows)[:, None]) @ turn, {"minimizer": np.zeros(3)}, 1 - gap


def steps_only(rng):
    """No minimiser is given: the rate of the steps."""
    path, _, r = normal(rng)
    return path, {}, r


def smooth(rng):
    """A decay times a power or logarithm of the row number, or the distance of 1000 modes: no sum of a few."""
    t, r, p = np.arange(int(rng.integers(40, 200))), rng.uniform(0.8, 0.97), rng.uniform(0.3, 4)
    modes = np.linspace(0, r, 1000)
    kinds = [r**t * (1.0 + t) ** -p, r**t / (3 * p + t), r**t * (1 + 5 * p / (1 + t)), r**t * (1 + p * np.log(1 + t)),
             np.sqrt((modes ** (2 * t[:, None])).sum(axis=1))]  # fmt: skip
    return kinds[rng.integers(len(kinds))][:, None], {"minimizer": [0.0]}, r


def sublinear(rng):
    """1/(1 + t)^p: the limit of its rate is 1."""
    t, p = np.arange(int(rng.integers(20, 1000))), rng.uniform(0.3, 4)
    return ((rng.uniform(0.1, 10) + t) ** -p)[:, None], {"minimizer": [0.0]}, 1.0


def sublinear_scatter(rng):
    """1/(a + t)^p times correlated factors: losses of mini-batches on a flat valley."""
    path, how, truth = sublinear(rng)
    memory, noise = rng.uniform(0, 0.95), [rng.normal()]
    for kick in rng.normal(size=len(path) - 1):
        noise.append(memory * noise[-1] + kick * np.sqrt(1 - memory**2))
    return path * np.exp(10 ** rng.uniform(-3, -0.5) * np.array(noise))[:, None], how, truth


def shrinking_steps(rng):
    """Steps that shrink like t^(-1/4) to t^(-3/4), with a noise that multiplies: the limit of the rate is 1."""
    lam, q, e, path = rng.uniform(0.02, 1.0, 3), rng.uniform(0.25, 0.75), rng.normal(size=3), []
    for t in range(int(rng.integers(60, 400))):
        path.append(e)
        e = (1 - 0.5 * lam * (1 + 0.3 * rng.normal(size=3)) * (1 + t) ** -q) * e
    return np.array(path), {"minimizer": np.zeros(3)}, 1.0


def superlinear(rng):
    """Newton's e' = c e^2 after a linear part: no rate below 1 is its limit."""
    e, path = rng.uniform(0.5, 0.99), []
    for _ in range(int(rng.integers(10, 60))):
        path.append(e)
        e = e * (1 - rng.uniform(0.05, 0.3)) if e > 0.1 else e * e
        e = max(e, 1e-300)
    return np.array(path)[:, None], {"minimizer": [0.0]}, 0.0


FAMILIES = {
    f.__name__: f
    for f in (
        normal, complex_pair, jordan, near_equal, momentum, noise_floor, multiplicative, two_scale, hidden, hidden_many,
        rosenbrock, rosenbrock_long, adam_inside, logistic, float32_rows, float32_minimizer, standstill, correlated,
        scatter_about_a_line, mini_batches, growing, growing_run, values, slow, steps_only, smooth,
        sublinear, sublinear_scatter, shrinking_steps, superlinear,
    )
}  # fmt: skip
