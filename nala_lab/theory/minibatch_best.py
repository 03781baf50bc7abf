"""T29. The best lr, nu (mu = nu - 1), beta and alpha for a budget of gradients, under mini-batch noise.

The risk is E f - f* after the last whole cycle that the budget of one worker pays for, exact by minibatch_cycle. Where
a method settles the smallest step is best (the stationary risk vanishes with lr), so "best" needs a budget.

    lr = exp(u_1),  nu = exp(u_2),  beta = 1 / (1 + exp(-u_3)),  alpha = exp(u_4)

is searched by Nelder and Mead's method from the three best points of a coarse grid. Source: derived here.
Status: search (an upper bound of the least risk; a better setting may exist).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from itertools import product
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import ArrayLike
from scipy.optimize import minimize

from nala_lab.core import Real, require, require_choice, require_int, require_number
from nala_lab.theory.minibatch_cycle import Loop, Moments, cycle, expected_loss, start
from nala_lab.theory.minibatch_noise import Noise

__all__ = ["Best", "best_for_budget", "risk_at_budget"]

FREE = ("lr", "nu", "beta", "alpha")


class Best(NamedTuple):
    """The setting found and its risk."""

    loop: Loop
    risk: float

    @property
    def mu(self) -> float:
        """nu - 1."""
        return float(self.loop.nu) - 1


def risk_at_budget(noise: Noise, loop: Loop, z: Moments, budget: int) -> float:
    """E f - f* after budget // (gradients in a cycle) cycles; inf when it has overflowed.

    Examples
    --------
    >>> from nala_lab.theory.minibatch_cycle import nala, start
    >>> from nala_lab.theory.minibatch_best import risk_at_budget
    >>> from nala_lab.theory.minibatch_modes import streaming_modes
    >>> data = streaming_modes([1.0], sigma2=0.0, B=1)
    >>> risk_at_budget(data, nala(lr=0.25, k=1, mu=0.0), start(data, [1.0]), 2)  # 0.6875^2 / 2
    0.236328125
    """
    require_int("budget", budget, low=loop.gradients, hint="one cycle at least")
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(budget // loop.gradients):
            z = cycle(noise, loop, z)
        risk = expected_loss(noise, z)
    return risk if np.isfinite(risk) else np.inf


def best_for_budget(
    noise: Noise, loop: Loop, e0: ArrayLike, *, budget: int, free: Sequence[str] = ("lr", "nu"), limit: float = 10.0
) -> Best:
    """Search the free settings; the others stay as `loop` has them.

    Raises ValueError for an unknown free setting, a budget below one cycle, a limit not above 0, or when no h is.

    Parameters
    ----------
    e0 : (d,) displacement of the start from the minimiser. free : some of "lr", "nu", "beta", "alpha".
    limit : lr and alpha are searched up to limit / max h.
    """
    for name in free:
        require_choice("free", name, FREE)
    require("free", free, len(free) > 0 and len(set(free)) == len(free), "different names, at least one")
    require_number("limit", limit, low=0, open_low=True)
    top, z = float(np.max(noise.h)), start(noise, e0)
    require("max h", top, top > 0, "0 < max h", "lr and alpha are searched in units of 1 / max h")
    grids = {
        "lr": np.log(np.array([0.02, 0.06, 0.2, 0.6, 1.5]) / top),
        "nu": np.log([0.1, 0.3, 0.6, 1.0, 1.5]),
        "beta": np.log([0.25, 1.0, 4.0, 12.0]),
        "alpha": np.log(np.array([0.02, 0.2, 1.0]) / top),
    }

    def setting(u: Real) -> Loop:
        values: dict[str, Any] = {n: float(np.exp(v)) for n, v in zip(free, u, strict=True)}
        if "beta" in values:
            values["beta"] = values["beta"] / (1 + values["beta"])
        return replace(loop, **values)

    def risk(u: Real) -> float:
        if any(n in ("lr", "alpha") and v > np.log(limit / top) for n, v in zip(free, u, strict=True)):
            return np.inf
        if np.abs(u).max() > 30:  # exp(30): beyond every setting that makes sense, and beta would round to 1
            return np.inf
        return risk_at_budget(noise, setting(u), z, budget)

    corners = sorted((risk(np.array(u)), u) for u in product(*(grids[n] for n in free)))
    found = [
        minimize(risk, np.array(u), method="Nelder-Mead", options={"xatol": 1e-4, "fatol": 1e-10, "maxfev": 400})
        for value, u in corners[:3]
        if np.isfinite(value)
    ]
    require("budget", budget, bool(found), "a budget at which some setting stays finite")
    best = min(found, key=lambda result: float(result.fun))
    return Best(setting(best.x), float(best.fun))
