"""T05: no run is below the Chebyshev floor; two settings reach it; what a search finds for longer cycles."""

from __future__ import annotations

from functools import cache

import numpy as np

from nala_lab.core import stream
from nala_lab.theory import chebyshev
from nala_lab.verify import Check, Tally, Tolerance, check
from nala_lab.verify.shared import factors, nala, settings_of_a_cycle

# at most 12 roundings of 2^-53 in numbers below (3 kappa)^1 = 150 at the far end: 12 * 1.1e-16 * 150 = 2e-13
REACHED = Tolerance(1e-9, 1e-12, "12 roundings of 2^-53 in factors up to 150")
# the searched polynomial is evaluated on 300 to 600 points by the search and by the run
FOUND = Tolerance(1e-9, 1e-12, "the same polynomial twice, 12 roundings of 2^-53 each in factors up to 150")


@check("T05")
def floor_of_a_cycle(twin: str, seed: int) -> list[Check]:
    """The largest factor on the k+2 extreme points, for random settings, stable or not."""
    row = Tally("T05", "max |rho| above the floor", twin, REACHED)
    rng = stream(seed, "T05")
    for _ in range(40):
        setting, kappa = settings_of_a_cycle(rng, 1.0), float(np.exp(rng.uniform(0.1, 7)))
        lam = chebyshev.extreme_points(1 / kappa, 1.0, setting["k"] + 1)
        bound = chebyshev.floor(kappa, setting["k"] + 1)
        row.add(bound, np.abs(factors(twin, nala(setting), lam)).max(), setting=f"kappa={kappa:.4g}, {setting}")
    return [row.check()]


@check("T05")
def floor_attained(twin: str, seed: int) -> list[Check]:
    """k = 1 and k = 2: the factor takes the value of the floor at every extreme point, with alternating signs."""
    statement = "rho(lam_i) = +-floor, signs alternating, at the k+2 extreme points"
    row = Tally("T05", "equioscillation, k = 1 and 2", twin, REACHED, kind="tight", statement=statement)
    for m, big in ((0.02, 1.0), (0.5, 4.0), (1.0, 1.5)):
        triples = [(1, chebyshev.optimal_k1(m, big, mu=mu, long_outer=far)) for mu in (-0.5, 0.3) for far in (0, 1)]
        triples += [(2, chebyshev.optimal_k2(m, big, outer=i)) for i in (0, 1, 2)]
        for k, triple in triples:
            lam = chebyshev.extreme_points(m, big, k + 1)
            want = chebyshev.floor(big / m, k + 1) * (-1.0) ** np.arange(k + 2)
            row.add(want, factors(twin, nala({"k": k, **triple}), lam), setting=f"[{m}, {big}], k={k}, {triple}")
    return [row.check()]


@cache
def _best(k: int, seed: int) -> dict[str, float]:
    """The search, once for both twins."""
    return chebyshev.searched(10.0, k, seed=seed)


@check("T05")
def searched_optimum(twin: str, seed: int) -> list[Check]:
    """k = 3 and 5, kappa = 10: the best that a search finds, and that it stays above the floor."""
    statement = "search: max |rho| 0.2148 (k = 3), 0.1035 (k = 5) at kappa = 10; the floors are 0.1449, 0.0393"
    found = Tally("T05", "searched optimum, k = 3 and 5", twin, FOUND, kind="tight", statement=statement)
    for k in (3, 5):
        best = _best(k, seed)
        lam = chebyshev.extreme_points(0.1, 1.0, 100 * (k + 1))
        measured = np.abs(factors(twin, nala({"k": k, **best}), lam)).max()
        found.add(best["rate"], measured, setting=f"k={k}, {best}")
    return [found.check()]
