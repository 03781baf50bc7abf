"""The updates once more, in the fewest lines, so that theory is checked by something that is neither twin."""

import numpy as np


def nala_gd(grad, x, cycles, *, lr, k, mu, alpha):
    """phi_0 .. phi_T of NALA over gradient descent."""
    slow = [x]
    for _ in range(cycles):
        theta = x
        for _ in range(k):
            theta = theta - lr * grad(theta)
        y = (1 + mu) * theta - mu * x
        x = y - alpha * grad(y)
        slow.append(x)
    return np.array(slow)


def belief(grad, x, steps, *, lr, betas, eps, denominator, probe):
    """theta_0 .. theta_n of AdaLA (own, grad, adam, lagged or code probe) or AdaBelief (probe=None), scalar or (d,)."""
    (b1, b2), m, s, v, t, last = betas, 0 * x, 0 * x, 0 * x, 0, 0 * x
    den = {"hat": lambda s, t: np.sqrt(s / (1 - b2**t)) + eps, "raw": lambda s, t: np.sqrt(s + eps),
           "hat-inside": lambda s, t: np.sqrt(s / (1 - b2**t) + eps)}[denominator]  # fmt: skip
    path = [x]
    for _ in range(steps):
        g = grad(x)
        m1 = b1 * m + (1 - b1) * g
        s1 = b2 * s + (1 - b2) * (g - m1) ** 2 + eps
        own = lr * (m1 / (1 - b1 ** (t + 1))) / den(s1, t + 1)
        if probe is None:
            other = m1
        elif probe == "lagged":
            other, last = last, g
        elif probe == "grad":
            other = grad(x - lr * g)
        elif probe == "adam":
            v = b2 * v + (1 - b2) * g**2
            other = grad(x - lr * (m1 / (1 - b1 ** (t + 1))) / (np.sqrt(v / (1 - b2 ** (t + 1))) + eps))
        else:
            other = grad(x - own)
        if probe == "code":
            m, s, t = m1, s1, t + 1
        t += 1
        m = b1 * m + (1 - b1) * g
        s = b2 * s + (1 - b2) * (g - other) ** 2 + eps
        x = x - lr * (m / (1 - b1**t)) / den(s, t)
        path.append(x)
    return np.array(path)
