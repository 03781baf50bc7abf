"""The averaging explorer's numbers: Eq. (5) as weights, and the slow weights they make in a real run."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nala_lab.core import Array, require_int, require_number, stream
from nala_lab.reference import NALA, SGD, run
from nala_lab.theory import eq5

__all__ = ["AveragingSettings", "AveragingView", "averaging_view", "regime"]

_MINIMUM, _START, _CURVATURE = 1.5, 5.0, 0.8  # of the run: nothing is zero or one


@dataclass(frozen=True)
class AveragingSettings:
    """mu, alpha, k of NALA over gradient descent with step lr; t outer steps; noise: deviation of a gradient."""

    mu: float = -0.5
    t: int = 12
    alpha: float = 0.0
    k: int = 5
    lr: float = 0.1
    noise: float = 4.0
    seed: int = 0


@dataclass(frozen=True, eq=False)
class AveragingView:
    """What the picture of the averaging explorer shows.

    Attributes
    ----------
    ages : (t+1,) 0 .. t. weights : (t+1,) weight in phi_t of the inner result of that age, the last one that of phi_0.
    before, inner, y, after : phi_{t-1}, theta_{t,k}, y_t and phi_t of the run's last cycle.
    ends, slow, rebuilt : (t,) inner results, (t+1,) slow weights of the run, (t,) the same rebuilt by Eq. (5).
    horizon : outer steps remembered; NaN where the weights do not decay.
    """

    settings: AveragingSettings
    ages: Array
    weights: Array
    before: float
    inner: float
    y: float
    after: float
    ends: Array
    slow: Array
    rebuilt: Array
    horizon: float
    numbers: dict[str, Any]
    message: str


def regime(mu: float) -> str:
    """Say in one word what `mu` does.

    Examples
    --------
    >>> [regime(mu) for mu in (-1.0, -0.5, 0.0, 0.5)]
    ['stands still', 'interpolates', 'keeps the newest', 'extrapolates']
    """
    if mu == -1:
        return "stands still"
    return "keeps the newest" if mu == 0 else "interpolates" if mu < 0 else "extrapolates"


def averaging_view(s: AveragingSettings) -> AveragingView:
    """Compute the weights, and run NALA on a noisy parabola to see them at work.

    Raises
    ------
    ValueError
        For a setting out of its range.

    Examples
    --------
    >>> averaging_view(AveragingSettings(mu=-0.5)).numbers["horizon"]
    2.0
    """
    require_int("t", s.t, low=1)
    require_number("noise", s.noise, low=0)
    w = eq5.weights(s.t, s.mu)
    method = NALA(SGD(lr=s.lr), k=s.k, mu=s.mu, alpha=s.alpha)
    rng = stream(s.seed, "averaging explorer")
    run_ = run(method, lambda x, rng: _CURVATURE * (x - _MINIMUM) + s.noise * rng.standard_normal(x.shape),
               [_START], cycles=s.t, rng=rng)  # fmt: skip
    ends, slow = run_.fast[:, -1, 0], run_.slow[:, 0]
    rebuilt = eq5.unroll(ends, slow[0], run_.outer_grad[:, 0], s.mu, s.alpha)
    remembers = abs(s.mu) < 1
    horizon = float(eq5.horizon(s.mu)) if remembers else float("nan")
    newest_first = np.append(w.fast[::-1], w.start)
    numbers = {
        "newest weight": float(w.fast[-1]),
        "weight of phi_0": float(w.start),
        "sum": float(w.total),
        "sum of sizes": float(np.abs(newest_first).sum()),
        "horizon": horizon,
        "mean age": float(eq5.mean_age(s.mu)) if remembers else float("nan"),
        "sample size": float(eq5.effective_sample_size(s.mu)) if remembers else float("nan"),
        "phi_t by Eq. (5)": float(rebuilt[-1]),
        "phi_t of the run": float(slow[-1]),
    }
    return AveragingView(
        settings=s,
        ages=np.arange(s.t + 1),
        weights=newest_first,
        before=float(slow[-2]),
        inner=float(ends[-1]),
        y=float(run_.lookahead[-1, 0]),
        after=float(slow[-1]),
        ends=ends,
        slow=slow,
        rebuilt=rebuilt,
        horizon=horizon,
        numbers=numbers,
        message=_reading(s.mu, numbers),
    )


def _reading(mu: float, n: dict[str, Any]) -> str:
    if mu == -1:
        return "mu = -1: the inner loop is ignored, and phi stands still but for the outer gradient."
    if mu < 0:
        return (
            f"Interpolation: all weights are positive, phi is an average of about {n['horizon']:.3g} cycles. "
            f"Independent noise of the inner results is divided by {n['sample size']:.3g}."
        )
    if mu == 0:
        return "mu = 0: phi is the newest inner result; nothing is averaged and nothing extrapolated."
    grown = f"multiplied by {1 / n['sample size']:.3g}" if mu < 1 else "added up without end"
    return f"Extrapolation: the weights alternate in sign, and independent noise of the inner results is {grown}."
