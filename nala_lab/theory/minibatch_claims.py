"""T29. What high-dimensional theory says of two-phase optimizers (arXiv 2603.26954), each as numbers to be computed.

1. Averaging trades signal for noise: at the same lr and k a smaller nu contracts the slowest mode less, and settles
   lower. Both are exact here, for any spectrum.
2. More workers make more noise than one worker on the same examples: R workers on batches of B / R against one on B.
   The noise of one gradient at a given point is then averaged to the same value, so with constant noise, or k = 1,
   nothing changes at all. With multiplicative noise each worker wanders farther before the average is taken, and
   noise grows with the distance: the surplus is of second order in lr, so a smaller step takes it away.
3. Velocity outside: the best risk for a budget, without velocity, with momentum inside (k = 1), and with heavy ball and
   Nesterov outside.

Source: the statements are the paper's (its abstract); the numbers are T29's. Status: computed per instance.
"""

from __future__ import annotations

from dataclasses import replace
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike

from nala_lab.core import require, require_int
from nala_lab.theory.minibatch_best import Best, best_for_budget
from nala_lab.theory.minibatch_cycle import Loop, heavy_ball
from nala_lab.theory.minibatch_limits import stationary_risk
from nala_lab.theory.minibatch_modes import Modes, streaming_modes

__all__ = ["Trade", "averaging_trade", "velocities", "worker_surplus"]


class Trade(NamedTuple):
    """Factor of the slowest mode's mean per cycle, and the risk where the method settles."""

    contraction: float
    risk: float


def averaging_trade(noise: Modes, loop: Loop) -> Trade:
    """Signal and noise of one memoryless setting; compare two that differ in nu only.

    Raises ValueError when beta is not 0.

    Examples
    --------
    >>> from nala_lab.theory.minibatch_modes import streaming_modes
    >>> from nala_lab.theory.minibatch_claims import averaging_trade
    >>> from nala_lab.theory.minibatch_cycle import nala
    >>> data = streaming_modes([1.0, 0.1], sigma2=1.0, B=4)
    >>> sgd, averaged = (averaging_trade(data, nala(lr=0.2, k=5, mu=mu)) for mu in (0.0, -0.5))
    >>> averaged.contraction > sgd.contraction, averaged.risk < sgd.risk
    (True, True)
    """
    require("beta", loop.beta, loop.beta == 0, "0: without velocity a mode has one factor")
    factor = (1 - loop.alpha * noise.h) * (1 - loop.nu * (1 - (1 - loop.lr * noise.h) ** loop.k))
    return Trade(float(np.abs(factor).max()), stationary_risk(noise, loop))


def worker_surplus(h: ArrayLike, loop: Loop, *, sigma2: float, B: int, workers: int) -> float:
    """Stationary risk of R workers on B / R streaming examples each, over that of one worker on B.

    Raises ValueError when R does not divide B, or one of the risks is infinite, or both are 0 (sigma2 = 0).

    Examples
    --------
    >>> from nala_lab.theory.minibatch_claims import worker_surplus
    >>> from nala_lab.theory.minibatch_cycle import nala
    >>> settings = {"sigma2": 1.0, "B": 8, "workers": 4}
    >>> worker_surplus([1.0, 0.1], nala(lr=0.2, k=1, mu=-0.5), **settings)  # one step: the same batch, cut in four
    1.0
    >>> worker_surplus([1.0, 0.1], nala(lr=0.2, k=5, mu=-0.5), **settings) > 1
    True
    """
    require_int("workers", workers, low=1)
    require("B", B, B % workers == 0, f"a multiple of workers = {workers}")
    alone = stationary_risk(streaming_modes(h, sigma2=sigma2, B=B), replace(loop, workers=1))
    many = stationary_risk(streaming_modes(h, sigma2=sigma2, B=B // workers), replace(loop, workers=workers))
    settles = 0 < alone < np.inf and many < np.inf
    require("loop", loop, settles, "a mean square that settles, and not at 0", "else there is no ratio")
    return many / alone


def velocities(noise: Modes, e0: ArrayLike, *, k: int, budget: int) -> dict[str, Best]:
    """Best settings for a budget: "SGD", "momentum inside", "Lookahead", "heavy ball outside", "Nesterov outside"."""
    outside = Loop(lr=0.1, k=k, nu=1.0, beta=0.5)
    search = {
        "SGD": (heavy_ball(lr=0.1), ("lr",)),
        "momentum inside": (heavy_ball(lr=0.1, beta=0.5), ("lr", "beta")),
        "Lookahead": (replace(outside, beta=0.0), ("lr", "nu")),
        "heavy ball outside": (replace(outside, style="heavy-ball"), ("lr", "nu", "beta")),
        "Nesterov outside": (outside, ("lr", "nu", "beta")),
    }
    return {name: best_for_budget(noise, loop, e0, budget=budget, free=free) for name, (loop, free) in search.items()}
