"""T04: at the predicted mu the slowest mode has the predicted rate, and every other mu is slower."""

from __future__ import annotations

import numpy as np

from nala_lab.core import stream
from nala_lab.drive import Method, run
from nala_lab.theory import optimal_mu
from nala_lab.verify import Check, Tally, Tolerance, check
from nala_lab.verify.shared import F64

CENTER = -1.25
STRICT = Tolerance(0.0, 0.0, "strict: 0.02 away the rate is larger by 0.02 q_max or 0.02 q_min, far above rounding")


@check("T04")
def best_outer_factor(twin: str, seed: int) -> list[Check]:
    """Measured rate of the slowest mode at mu*, and at mu* +- 0.02."""
    best = Tally("T04", "slowest mode at mu*", twin, F64)
    other = Tally("T04", "slowest mode at mu* +- 0.02", twin, STRICT, kind="lower", statement="max |rho(mu)| >= rate*")
    rng = stream(seed, "T04")
    draws = [(float(rng.uniform(0.1, 0.4)), 1.0, float(rng.uniform(0.3, 1.95)), int(k)) for k in rng.integers(1, 8, 8)]
    for m, big, lr, k in [(0.1, 1.0, 1.9, 3), (0.1, 1.0, 1.9, 4), *draws]:
        lam = np.concatenate([np.linspace(m, big, 101), [min(max(1 / lr, m), big)]])
        mu, rate = optimal_mu.optimal_mu(m, big, lr=lr, k=k), optimal_mu.optimal_rate(m, big, lr=lr, k=k)
        for tally, trial in ((best, mu), (other, mu + 0.02), (other, max(mu - 0.02, -1.0))):
            method = Method("NALA", inner=Method("SGD", lr=lr), k=k, mu=trial, alpha=0.0)
            t = run(twin, method, lambda x, lam=lam: lam * (x - CENTER), np.full(len(lam), CENTER + 1.0), cycles=1)
            tally.add(rate, np.abs(t.slow[1] - CENTER).max(), scale=3.0, setting=f"m={m:.3g}, {method}")
    return [best.check(), other.check()]
