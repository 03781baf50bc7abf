"""T11: at equal speed averaging does not reduce the variance: closed by two routes, and both methods measured."""

from __future__ import annotations

import numpy as np

from nala_lab.core import stream
from nala_lab.drive import Method, run
from nala_lab.theory import equal_speed, noise_one_mode
from nala_lab.verify import Check, Tally, Tolerance, check
from nala_lab.verify.shared import CENTER, F64, Batches, false_alarms

DRAWS = 20_000
SETTINGS = ((0.7, 10, -0.5), (0.9, 5, 0.2), (0.5, 3, -0.8), (0.95, 2, -0.5))  # (r, k, mu)
# both variances divide by 1 - T^2 >= 1e-3, and T^(1/k) loses k ulp: 40 roundings of 2^-53 times 1e3
CLOSED = Tolerance(1e-9, 0.0, "40 roundings of 2^-53, condition 1e3, and the k-th root of T")
STRICT = Tolerance(0.0, 0.0, "strict: an inequality that holds for every r in (0, 1) when k > 1")


def _same_speed(r: float, k: int, mu: float) -> float:
    """Learning rate of the SGD with Lookahead's factor per gradient, at lam = 1."""
    return float(1 - ((1 + mu) * r**k - mu) ** (1 / k))


@check("T11", ("numpy",))
def two_routes(twin: str, seed: int) -> list[Check]:
    """f(r)/f(T^(1/k)) is the quotient of T08's variance and SGD's; above 1 iff mu < 0; never below the floor."""
    row = Tally("T11", "ratio = V* (T08) / V_SGD(same speed)", twin, CLOSED)
    sign = Tally("T11", "above 1 iff mu < 0", twin, STRICT, kind="upper", statement="sign(mu) (ratio - 1) <= 0")
    rng = stream(seed, "T11")
    for _ in range(300):
        r, k, mu = float(rng.uniform(0.02, 0.98)), int(rng.integers(2, 13)), float(rng.uniform(-0.95, 0.6))
        if not 1e-3 < (1 + mu) * r**k - mu < 1 - 1e-3:
            continue
        ratio = float(equal_speed.variance_ratio_at_equal_speed(r, k=k, mu=mu))
        ahead = noise_one_mode.stationary_variance(1.0, 1.0, lr=1 - r, k=k, mu=mu, alpha=0.0)
        row.add(
            ratio, ahead / noise_one_mode.sgd_variance(1.0, 1.0, lr=_same_speed(r, k, mu)), setting=f"{r=} {k=} {mu=}"
        )
        sign.add(0.0, np.sign(mu) * (ratio - 1), setting=f"{r=}, {k=}, {mu=}")
    return [row.check(), sign.check()]


@check("T11")
def speed_and_variance(twin: str, seed: int) -> list[Check]:
    """The two methods are equally fast without noise, and keep the two variances with it."""
    speed = Tally("T11", "equal factor per gradient", twin, F64, statement="rho(Lookahead)^(1/k) = 1 - lr lam of SGD")
    row = Tally("T11", "variance ratio, Monte Carlo", twin, false_alarms(8, DRAWS))
    for r, k, mu in SETTINGS:
        ahead = Method("Lookahead", inner=Method("SGD", lr=1 - r), k=k, alpha=1 + mu)
        sgd = Method("SGD", lr=_same_speed(r, k, mu))
        exact = run(twin, ahead, lambda x: x - CENTER, [CENTER + 1.0], cycles=1)
        plain = run(twin, sgd, lambda x: x - CENTER, [CENTER + 1.0], steps=k)
        speed.add(plain.final - CENTER, exact.final - CENTER, setting=f"{ahead}")
        rng = stream(seed, "T11", r, k)
        v_sgd = float(noise_one_mode.sgd_variance(1.0, 0.6, lr=_same_speed(r, k, mu)))
        v_ahead = v_sgd * float(equal_speed.variance_ratio_at_equal_speed(r, k=k, mu=mu))
        for method, variance, length in ((ahead, v_ahead, {"cycles": 2}), (sgd, v_sgd, {"steps": 2 * k})):
            start = CENTER + rng.standard_normal((DRAWS, 1)) * np.sqrt(variance)
            t = run(twin, method, Batches([[1.0]], [[np.sqrt(0.6)]], rng, center=CENTER), start, **length)
            row.add(variance, t.final.var(), scale=variance * np.sqrt(2 / DRAWS), setting=f"{method}")
    return [speed.check(), row.check()]
