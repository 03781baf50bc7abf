"""The rate explorer's numbers: stability map, roots of the cycle map, predicted against measured decay.

The quadratic has its largest curvature L = 1, so eta and alpha are in units of 1/L; its 8 eigenvalues start at 1/kappa.
The map and the roots come from the theory, the measured decay from the NumPy twin; neither sees the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from nala_lab.core import Array, require_choice, require_int, require_number
from nala_lab.reference import NAG, NALA, SGD, HeavyBall, run
from nala_lab.theory.maps import rate_map
from nala_lab.theory.momentum_cycle import cycle_matrix
from nala_lab.theory.quadratic_rate import rho
from problems import Quadratic

__all__ = ["INSIDE", "LR_AXIS", "MU_AXIS", "RateSettings", "RateView", "decay_gap", "radii", "rate_view", "roots"]

INSIDE = ("gradient descent", "heavy ball", "NAG")
LR_AXIS = np.linspace(0.02, 4.0, 121)
MU_AXIS = np.linspace(-0.98, 1.5, 94)
_KINDS = {"heavy ball": "heavy-ball", "NAG": "nag"}
_MODES = 8
_SEEN = 1e-8  # a smaller part of the start is rounding: the error is a difference of numbers of size 1
_HUGE = 1e12


@dataclass(frozen=True)
class RateSettings:
    """lr = eta L and alpha L are dimensionless; beta is the inner momentum of heavy ball or NAG, kept across cycles."""

    inner: str = "gradient descent"
    lr: float = 1.0
    k: int = 5
    mu: float = -0.5
    alpha: float = 0.0
    beta: float = 0.5
    kappa: float = 30.0
    cycles: int = 30


@dataclass(frozen=True, eq=False)
class RateView:
    """What the picture of the rate explorer shows.

    Attributes
    ----------
    rates : (len(MU_AXIS), len(LR_AXIS)) worst factor per cycle over the spectrum.
    locus : (2, n, r) complex roots for lam = 1/kappa and lam = 1 as lr runs along LR_AXIS. now : (2, r) at this lr.
    measured, predicted : (rows,) distance of the slow weights to the minimum, 1 at the start.
    """

    settings: RateSettings
    rates: Array
    locus: Array
    now: Array
    measured: Array
    predicted: Array
    numbers: dict[str, Any]
    message: str


def roots(lam: Any, s: RateSettings, lr: Any = None) -> Array:
    """Give the roots of the cycle map for eigenvalues `lam`, (..., 1) over gradient descent, (..., 2) with momentum.

    Parameters
    ----------
    lam : (...) eigenvalues. s : settings. lr : learning rate that broadcasts against `lam`; None takes that of `s`.

    Examples
    --------
    >>> float(roots(1.0, RateSettings(lr=2.0))[0])  # at eta L = 2 the average of the two ends is zero
    0.0
    """
    rate, lam = np.broadcast_arrays(s.lr if lr is None else lr, np.asarray(lam, float))
    c = 1 - s.alpha * lam
    # Only lr * lam enters an inner step, so lr goes into lam, and the outer factor c is put on by hand.
    if s.inner not in _KINDS:
        return np.asarray(c * rho(rate * lam, lr=1.0, k=s.k, mu=s.mu, alpha=0.0))[..., None]
    O = cycle_matrix(rate * lam, lr=1.0, beta=s.beta, k=s.k, mu=s.mu, kind=_KINDS[s.inner])  # noqa: E741
    return _eigenvalues(_times_row(O, c))


def _times_row(O: Array, c: Array) -> Array:  # noqa: E741 - the cycle map's name in the theory
    return np.asarray(np.stack([c[..., None] * O[..., 0, :], O[..., 1, :]], axis=-2))


def _eigenvalues(O: Array) -> Array:  # noqa: E741
    """Roots of 2 x 2 matrices, (..., 2) complex: the quadratic formula, for 10,000 of them at once."""
    half = (O[..., 0, 0] + O[..., 1, 1]) / 2
    det = O[..., 0, 0] * O[..., 1, 1] - O[..., 0, 1] * O[..., 1, 0]
    root = np.sqrt((half**2 - det).astype(complex))
    return np.stack([half + root, half - root], axis=-1)


@lru_cache(maxsize=128)
def radii(inner: str, k: int, alpha: float, beta: float, kappa: float) -> Array:
    """Give the map: worst factor per cycle, (mu, lr) along the two axes.

    Examples
    --------
    >>> radii("gradient descent", 5, 0.0, 0.5, 30.0).shape == (len(MU_AXIS), len(LR_AXIS))
    True
    """
    lam = _spectrum(kappa)
    if inner not in _KINDS:
        m = rate_map(("lr", LR_AXIS), ("mu", MU_AXIS), alpha=alpha, k=k, lam=lam, per="cycle")
        return m.rate
    a = LR_AXIS[:, None] * lam
    kind, c = _KINDS[inner], np.broadcast_to(1 - alpha * lam, a.shape)
    # The matrix is affine in mu: two of them give all.
    at = [_times_row(cycle_matrix(a, lr=1.0, beta=beta, k=k, mu=float(mu), kind=kind), c) for mu in (0, 1)]
    O = at[0] + MU_AXIS[:, None, None, None, None] * (at[1] - at[0])  # noqa: E741
    return np.asarray(np.abs(_eigenvalues(O)).max(axis=(-1, -2)))


def _spectrum(kappa: float) -> Array:
    return np.asarray(np.geomspace(1 / kappa, 1.0, _MODES))


def rate_view(s: RateSettings) -> RateView:
    """Compute the map, the roots and both decays.

    Raises
    ------
    ValueError
        For a setting out of its range.

    Examples
    --------
    >>> view = rate_view(RateSettings(lr=1.0, kappa=10.0, cycles=20))
    >>> round(view.numbers["rate per cycle"], 6), view.numbers["largest gap"] < 1e-9
    (0.795245, True)
    """
    require_choice("inner", s.inner, INSIDE)
    require_number("kappa", s.kappa, low=1)
    require_int("cycles", s.cycles, low=2)
    method = NALA(_rule(s), k=s.k, mu=s.mu, alpha=s.alpha)  # checks the rest
    ends = np.array([1 / s.kappa, 1.0])
    measured, evals = _measured(method, s)
    predicted = _predicted(s, len(measured))
    rate = float(np.abs(roots(_spectrum(s.kappa), s)).max())
    gradients = s.k + 1  # the outer gradient is evaluated at alpha = 0 too
    numbers = {
        "rate per cycle": rate,
        "rate per gradient": float(rate ** (1 / gradients)),
        "root slow mode": float(np.abs(roots(ends[:1], s)).max()),
        "root stiff mode": float(np.abs(roots(ends[1:], s)).max()),
        "predicted error": float(predicted[-1]),
        "measured error": float(measured[-1]),
        "largest gap": decay_gap(predicted, measured),
    }
    return RateView(
        settings=s,
        rates=radii(s.inner, s.k, s.alpha, s.beta, s.kappa),
        locus=roots(ends[:, None], s, LR_AXIS),
        now=roots(ends, s),
        measured=measured,
        predicted=predicted,
        numbers=numbers,
        message=_reading(rate, numbers, s),
    )


def _rule(s: RateSettings) -> Any:
    if s.inner == "gradient descent":
        require_number("beta", s.beta, low=0, high=1, open_high=True)
        return SGD(lr=s.lr)
    return (HeavyBall if s.inner == "heavy ball" else NAG)(lr=s.lr, momentum=s.beta)


def _measured(method: Any, s: RateSettings) -> tuple[Array, Array]:
    q = Quadratic(_spectrum(s.kappa), rotation=7, shift=np.linspace(-1, 2, _MODES), offset=0.5)
    t = run(method, q.grad, q.start, cycles=s.cycles, limit=_HUGE)
    error = np.linalg.norm(t.slow - q.center, axis=-1) / np.sqrt(_MODES)  # every mode starts with error 1
    return error, t.evals


def _predicted(s: RateSettings, rows: int) -> Array:
    lam, t = _spectrum(s.kappa), np.arange(rows)[:, None]
    with np.errstate(over="ignore"):
        if s.inner not in _KINDS:
            modes = rho(lam, lr=s.lr, k=s.k, mu=s.mu, alpha=s.alpha) ** t
        else:
            O = cycle_matrix(lam, lr=s.lr, beta=s.beta, k=s.k, mu=s.mu, alpha=s.alpha, kind=_KINDS[s.inner])  # noqa: E741
            z = np.broadcast_to([1.0, 0.0], (_MODES, 2))
            rowwise = [z := z if i == 0 else np.einsum("mij,mj->mi", O, z) for i in range(rows)]
            modes = np.stack(rowwise)[..., 0]
        return np.asarray(np.sqrt((modes**2).mean(axis=-1)))


def decay_gap(predicted: Array, measured: Array) -> float:
    """Give the largest relative difference, while the error is large enough to be more than rounding.

    Examples
    --------
    >>> decay_gap(np.array([1.0, 0.5]), np.array([1.0, 0.51])).__round__(6)
    0.02
    """
    seen = (predicted > _SEEN) & np.isfinite(measured) & np.isfinite(predicted)
    return float((np.abs(measured - predicted)[seen] / predicted[seen]).max(initial=0.0))


def _reading(rate: float, numbers: dict[str, Any], s: RateSettings) -> str:
    if rate >= 1:
        stiff = numbers["root stiff mode"] >= numbers["root slow mode"]
        which = "stiff mode (lam = L)" if stiff else "slow mode (lam = L/kappa)"
        grows = "grows" if rate > 1 + 1e-12 else "does not shrink"
        return f"Not stable: the {which} has a root of size {rate:.4g}, so its error {grows} every cycle."
    slowest = "slow" if numbers["root slow mode"] >= numbers["root stiff mode"] else "stiff"
    return f"Stable: every cycle multiplies the error by {rate:.4g} in the end. The {slowest} mode of the two sets it."
