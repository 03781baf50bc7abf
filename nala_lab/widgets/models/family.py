"""The family chooser's numbers: a point of OuterMomentum, the published methods that stand there, and its rate.

    b' = beta b + D,   u = D + beta b' (Nesterov) or b' (heavy ball),   y = phi - nu u,   phi' = y - alpha grad J(y)

over gradient descent, on a quadratic with largest curvature L = 1. On an eigenvalue the outer method sees the effective
curvature q = 1 - (1 - lr lam)^k, so the predicted cycle is a 2 x 2 matrix (theory.outer_velocity; for the heavy ball
theory.momentum_cycle's step with q as curvature and nu as step).
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np

from nala_lab.core import Array, require_choice, require_int, require_number
from nala_lab.methods.hyper import OUTER_STYLES
from nala_lab.reference import SGD, OuterMomentum, run
from nala_lab.theory import momentum_cycle, outer_velocity
from nala_lab.widgets.models.rate import decay_gap
from problems import Quadratic

__all__ = ["BETA_AXIS", "NU_AXIS", "PRESETS", "STYLES", "FamilySettings", "FamilyView", "family_view", "points"]

STYLES = OUTER_STYLES
NU_AXIS = np.linspace(0.02, 2.5, 94)
BETA_AXIS = np.linspace(0.0, 0.98, 57)
_MODES = 8
_HUGE = 1e12

PRESETS: dict[str, dict[str, Any]] = {
    "Lookahead": {"nu": 0.5, "beta": 0.0, "alpha": 0.0},
    "Reptile": {"nu": 0.3, "beta": 0.0, "alpha": 0.0},
    "NALA": {"nu": 0.5, "beta": 0.0, "alpha": 0.5},
    "SNOO": {"nu": 0.8, "beta": 0.5, "alpha": 0.0, "style": "nesterov"},
    "DiLoCo": {"nu": 0.7, "beta": 0.9, "alpha": 0.0, "style": "nesterov"},
    "SlowMo": {"nu": 1.0, "beta": 0.6, "alpha": 0.0, "style": "heavy-ball"},
    "BMUF classical": {"nu": 1.0, "beta": 0.75, "alpha": 0.0, "style": "heavy-ball"},
    "BMUF Nesterov": {"nu": 1.0, "beta": 0.75, "alpha": 0.0, "style": "nesterov"},
    "NAG outer": {"nu": 1.0, "beta": 0.4, "alpha": 0.0, "style": "nesterov"},
    "GPA": {"nu": 1.0, "beta": 0.6, "alpha": 0.0, "style": "nesterov", "k": 1},
}
"""Method -> settings that make it (workers: one)."""


@dataclass(frozen=True)
class FamilySettings:
    """A point of OuterMomentum (nu, beta, style, alpha, k) over gradient descent with step lr = eta L; alpha in 1/L."""

    nu: float = 0.8
    beta: float = 0.5
    style: str = "nesterov"
    alpha: float = 0.0
    k: int = 5
    lr: float = 0.5
    kappa: float = 30.0
    cycles: int = 30


@dataclass(frozen=True, eq=False)
class FamilyView:
    """What the picture of the family chooser shows.

    Attributes
    ----------
    rates : (len(BETA_AXIS), len(NU_AXIS)) factor per cycle. names : method -> its own parameters, at this point.
    tuned : (nu, beta) of T23. evals, measured, predicted : (rows,) the run. plain : (rows,) gradient descent alone at
    as many gradients.
    """

    settings: FamilySettings
    rates: Array
    names: dict[str, dict[str, Any]]
    tuned: tuple[float, float]
    evals: Array
    measured: Array
    predicted: Array
    plain: Array
    numbers: dict[str, Any]
    message: str


def points(s: FamilySettings) -> dict[str, dict[str, Any]]:
    """Give the published methods that this point is, with their parameters under their papers' names.

    Without outer momentum the two styles are the same method.

    Examples
    --------
    >>> points(FamilySettings(nu=0.5, beta=0.0, style="heavy-ball"))["Lookahead"]
    {'k': 5, 'alpha': 0.5}
    >>> sorted(points(FamilySettings(nu=0.5, beta=0.0, alpha=0.1)))
    ['NALA']
    """
    k, found = s.k, {}
    if s.beta == 0:
        found["NALA"] = {"k": k, "mu": s.nu - 1, "alpha": s.alpha}
    if s.alpha == 0:
        if s.beta == 0:
            found |= {"Lookahead": {"k": k, "alpha": s.nu}, "Reptile": {"k": k, "epsilon": s.nu}}
        if s.beta == 0 or s.style == "nesterov":
            found["SNOO"] = {"k": k, "lr": s.nu, "momentum": s.beta}
            found["DiLoCo"] = {"k": k, "outer_lr": s.nu, "momentum": s.beta, "workers": 1}
            found["BMUF Nesterov"] = {"k": k, "zeta": s.nu, "eta": s.beta}
            found |= {"NAG outer": {"k": k, "mu": s.beta}} if s.nu == 1 else {}
            found |= {"GPA": {"mu": s.beta}} if s.nu == 1 and k == 1 else {}
        if s.beta == 0 or s.style == "heavy-ball":
            found["SlowMo"] = {"k": k, "slow_lr": s.nu, "beta": s.beta}
            found["BMUF classical"] = {"k": k, "zeta": s.nu, "eta": s.beta}
    return {name: found[name] for name in PRESETS if name in found}


def _cycles(s: FamilySettings, lam: Array, nu: float, beta: float) -> Array:
    """The cycle on (error, velocity), (..., 2, 2), per eigenvalue."""
    if s.style == "nesterov":
        return outer_velocity.cycle_matrix(lam, lr=s.lr, k=s.k, nu=nu, beta=beta, alpha=s.alpha)
    q = outer_velocity.effective_curvature(lam, lr=s.lr, k=s.k)
    O = momentum_cycle.step_matrix(q, lr=nu, beta=beta, kind="heavy-ball")  # noqa: E741
    # step_matrix keeps the displacement after the step; the outer gradient shrinks the error only, and b stays
    return np.asarray(np.stack([(1 - s.alpha * lam)[..., None] * O[..., 0, :], O[..., 1, :]], axis=-2))


def _radius(O: Array) -> Array:  # noqa: E741
    half = (O[..., 0, 0] + O[..., 1, 1]) / 2
    det = O[..., 0, 0] * O[..., 1, 1] - O[..., 0, 1] * O[..., 1, 0]
    root = np.sqrt((half**2 - det).astype(complex))
    return np.asarray(np.maximum(np.abs(half + root), np.abs(half - root)))


def _spectrum(kappa: float) -> Array:
    return np.asarray(np.geomspace(1 / kappa, 1.0, _MODES))


@lru_cache(maxsize=64)
def _map(style: str, alpha: float, k: int, lr: float, kappa: float) -> Array:
    s = FamilySettings(style=style, alpha=alpha, k=k, lr=lr, kappa=kappa)
    lam, rows = _spectrum(kappa), []
    for beta in BETA_AXIS:  # at a fixed beta the matrix is affine in nu: two of them give the row
        at = [_cycles(s, lam, nu, float(beta)) for nu in (0.0, 1.0)]
        O = at[0] + NU_AXIS[:, None, None, None] * (at[1] - at[0])  # noqa: E741
        rows.append(_radius(O).max(axis=-1))
    return np.stack(rows)


def family_view(s: FamilySettings) -> FamilyView:
    """Compute the map, the names, and both decays.

    Raises
    ------
    ValueError
        For a setting out of its range.

    Examples
    --------
    >>> view = family_view(FamilySettings())
    >>> view.numbers["largest gap"] < 1e-8, list(view.names)
    (True, ['SNOO', 'DiLoCo', 'BMUF Nesterov'])
    """
    require_choice("style", s.style, STYLES)
    require_number("kappa", s.kappa, low=1)
    require_number("lr", s.lr, low=0)
    require_int("cycles", s.cycles, low=2)
    method = OuterMomentum(SGD(lr=s.lr), k=s.k, nu=s.nu, beta=s.beta, style=s.style, alpha=s.alpha)
    lam = _spectrum(s.kappa)
    q = Quadratic(lam, rotation=7, shift=np.linspace(-1, 2, _MODES), offset=0.5)
    t = run(method, q.grad, q.start, cycles=s.cycles, limit=_HUGE)
    measured = np.linalg.norm(t.slow - q.center, axis=-1) / np.sqrt(_MODES)
    O = _cycles(s, lam, s.nu, s.beta)  # noqa: E741
    rate, predicted = float(_radius(O).max()), _decay(O, len(measured))
    with np.errstate(over="ignore"):
        plain = np.sqrt((((1 - s.lr * lam) ** t.evals[:, None]) ** 2).mean(axis=-1))
    tuned = _tuned(s)
    numbers = {
        "rate per cycle": rate,
        "rate per gradient": float(rate ** (1 / (s.k + (s.alpha > 0)))),
        "predicted error": float(predicted[-1]),
        "measured error": float(measured[-1]),
        "largest gap": decay_gap(predicted, measured),
        "gradient descent": float(plain[-1]),
        "tuned nu": tuned[0],
        "tuned beta": tuned[1],
        "tuned rate": tuned[2],
    }
    names = points(s)
    return FamilyView(
        settings=s,
        rates=_map(s.style, s.alpha, s.k, s.lr, s.kappa),
        names=names,
        tuned=tuned[:2],
        evals=t.evals,
        measured=measured,
        predicted=predicted,
        plain=plain,
        numbers=numbers,
        message=_reading(names, rate),
    )


def _decay(O: Array, rows: int) -> Array:  # noqa: E741
    z, errors = np.broadcast_to([1.0, 0.0], (_MODES, 2)), []
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(rows):
            errors.append(np.sqrt((z[:, 0] ** 2).mean()))
            z = np.einsum("mij,mj->mi", O, z)
    return np.array(errors)


def _tuned(s: FamilySettings) -> tuple[float, float, float]:
    """T23's best nu and beta (Nesterov, alpha = 0), NaN where an effective curvature is not positive."""
    q = outer_velocity.effective_curvature(_spectrum(s.kappa), lr=s.lr, k=s.k)
    if not float(q.min()) > 0:
        return (float("nan"),) * 3
    return outer_velocity.tuned(float(q.min()), float(q.max()))


def _reading(names: dict[str, dict[str, Any]], rate: float) -> str:
    named = f"This point is {', '.join(names)}." if names else "No published method of the list stands at this point."
    state = f"A cycle multiplies the error by {rate:.4g} in the end" if rate < 1 else f"It diverges (root {rate:.4g})"
    return f"{named} {state}."
