"""T03: where Lookahead stops contracting, found by measuring one cycle on a fine grid of curvatures."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial

import numpy as np

from nala_lab.core import Array
from nala_lab.drive import Method
from nala_lab.theory import stability
from nala_lab.verify import Check, Tally, Tolerance, check
from nala_lab.verify.shared import factors

GRID = 200
# Three zooms of [0, 4.5] by 199 leave a bracket of 5.7e-7, of which the middle is taken: 2.9e-7 against limits of 1.4
# and more. Rounding of 1e-14 in the factor moves a crossing by about 1e-14.
BISECTION = Tolerance(1e-6, 0.0, "grid zoomed three times by 199: half a bracket is 2.9e-7")


def _first_crossing(factor: Callable[[Array], Array], low: float, high: float) -> float:
    """Least lam in [low, high] at which the size of the measured factor exceeds 1, by zooming in on the grid."""
    for _ in range(3):
        lam = np.linspace(low, high, GRID)
        first = int(np.argmax(np.abs(factor(lam)) > 1))
        if first == 0:
            raise ArithmeticError(f"the factor does not cross 1 between {low:.6g} and {high:.6g}")
        low, high = float(lam[first - 1]), float(lam[first])
    return (low + high) / 2


@check("T03")
def limit_by_parity(twin: str, seed: int) -> list[Check]:
    """Largest stable lr lam of Lookahead, for odd and even k."""
    row = Tally("T03", "largest stable lr lam", twin, BISECTION)
    for k in (1, 2, 3, 4, 5):
        for mu in (-0.5, 0.4):
            method = Method("NALA", inner=Method("SGD", lr=1.0), k=k, mu=mu, alpha=0.0)
            factor = partial(factors, twin, method)
            predicted = float(stability.inner_limit(k, mu))
            row.add(predicted, _first_crossing(factor, 1e-3, 4.5), setting=f"k={k}, mu={mu}")
    return [row.check()]
