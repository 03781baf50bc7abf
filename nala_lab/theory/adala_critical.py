"""T18. The curvature above which AdaLA cannot stay at a minimum: eps decides it.

    lam_crit = 2 (1+beta1)/(1-beta1) D0 / lr          D0 = sqrt(eps/(1-beta2)) + eps        (hat)
                                                      D0 = sqrt(eps/(1-beta2) + eps)        (raw)

with beta1^2 for beta1 in the reading code, whose trial step averages the same gradient a first time.

Assumptions: f = lam x^2 / 2 along the coordinate, the same objective at the probe, s at its rest value eps/(1-beta2),
bias corrections over; any probe.

Derivation. Near x = 0 the probe's displacement is of first order in (x, m), so (g - g')^2 is of second order and s
stays at its rest value. What is left is linear: x' = x - h m', m' = beta1 m + (1-beta1) lam x, h = lr / D0, with

    z^2 - (1 + beta1 - (1-beta1) h lam) z + beta1 = 0

One root passes -1 when h lam = 2 (1+beta1)/(1-beta1): Jury's criterion 2 (1 + beta1) - (1-beta1) h lam > 0.

The start is rougher: m_hat divides by 1 - beta1^t, so the first steps are up to 1/(1-beta1) times longer, and at the
defaults a distance from the minimum grows 1e12-fold or more in the first 20 steps before it decays at 0.97 lam_crit.

At the defaults (lr 1e-3, eps 1e-8) lam_crit = 120.2; with eps = 1e-16 it is 0.012: such a run cannot settle anywhere.
The same formula with D0 = eps is Adam's own limit at x = 0, far smaller: Adam never settles at all (T15).

Source: derived here. Status: proved; tight.
"""

from __future__ import annotations

import math

from nala_lab.core import require_choice, require_number
from nala_lab.methods.hyper import require_betas
from nala_lab.theory.adala_first_step import PROBES
from nala_lab.theory.card import Card

__all__ = ["CARDS", "critical_curvature", "growth", "rest_denominator"]

CARDS = (
    Card(
        id="T18", title="AdaLA's critical curvature", status="proved", kind="tight",
        statement="stable at a minimum iff lr lam / (sqrt(eps/(1-beta2)) + eps) < 2(1+beta1)/(1-beta1)",
        assumptions="f = lam x^2/2, the same objective at the probe, any probe; linearised at the minimum",
        source="derived here",
    ),
)  # fmt: skip


def rest_denominator(*, beta2: float, eps: float, denominator: str = "hat") -> float:
    """D0: AdaLA's denominator where gradients no longer change.

    Raises ValueError when an argument is out of range; eps = 0 leaves nothing in the denominator.

    Examples
    --------
    >>> from nala_lab.theory.adala_critical import rest_denominator
    >>> rest_denominator(beta2=0.75, eps=1.0), round(rest_denominator(beta2=0.75, eps=1.0, denominator="raw"), 4)
    (3.0, 2.2361)
    """
    require_number("beta2", beta2, low=0, high=1, open_high=True)
    require_number("eps", eps, low=0, open_low=True, hint="with eps = 0 nothing is left in the denominator")
    require_choice("denominator", denominator, ("hat", "raw"))
    rest = eps / (1 - beta2)
    return math.sqrt(rest) + eps if denominator == "hat" else math.sqrt(rest + eps)


def _momentum(beta1: float, probe: str) -> float:
    """Weight of the old m after one step."""
    require_number("betas[0]", beta1, low=0, high=1, open_high=True)
    require_choice("probe", probe, PROBES)
    return beta1**2 if probe == "code" else beta1


def critical_curvature(*, lr: float, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8, probe: str = "own",
                       denominator: str = "hat") -> float:  # fmt: skip
    """lam_crit, in units of the Hessian.

    Raises ValueError when an argument is out of range.

    Parameters
    ----------
    lr, betas, eps, probe : as in `nala_lab.reference.AdaLA`. denominator : ``"hat"`` or ``"raw"``.

    Examples
    --------
    >>> from nala_lab.theory.adala_critical import critical_curvature
    >>> round(critical_curvature(lr=1e-3), 1), round(critical_curvature(lr=1e-3, eps=1e-16), 3)
    (120.2, 0.012)
    """
    require_number("lr", lr, low=0, open_low=True, hint="a step of length 0 is stable everywhere")
    require_betas(betas)
    beta = _momentum(betas[0], probe)
    rest = rest_denominator(beta2=betas[1], eps=eps, denominator=denominator)
    return 2 * (1 + beta) / (1 - beta) * rest / lr


def growth(lam: float, *, lr: float, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8, probe: str = "own",
           denominator: str = "hat") -> float:  # fmt: skip
    """Spectral radius of the linearised step at the minimum. The options are those of `critical_curvature`.

    Raises ValueError when an argument is out of range.

    Examples
    --------
    >>> from nala_lab.theory.adala_critical import critical_curvature, growth
    >>> round(growth(critical_curvature(lr=1e-3), lr=1e-3), 6)
    1.0
    """
    require_number("lam", lam, low=0)
    require_number("lr", lr, low=0)
    require_betas(betas)
    beta = _momentum(betas[0], probe)
    pull = (1 - beta) * lr * lam / rest_denominator(beta2=betas[1], eps=eps, denominator=denominator)
    half, root = abs(1 + beta - pull) / 2, math.sqrt(beta)
    # half^2 - beta, whose square may be beyond all floats
    return root if half < root else half + math.sqrt(half - root) * math.sqrt(half + root)
