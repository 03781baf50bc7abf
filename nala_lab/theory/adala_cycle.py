"""T19. AdaLA's cycle of period two above the critical curvature, for the probes with a closed form.

    x = +A, -A, ...     A = sqrt(D^2-rest) / (lam p),   D = lr lam (1-beta1) / (2(1+beta1))

with p A the displacement of the probe on the cycle, and sqrt(D^2 - rest) read as

    hat   sqrt((D - eps)^2 - eps/(1-beta2))        raw   sqrt(D^2 - eps - eps/(1-beta2))

    probe     grad             p = lr lam      A -> (1-beta1)/(2(1+beta1)) / lam as eps -> 0: lr has cancelled
    probe     self, implicit   p = 2           the probe is the very step from x to -x
    no probe  lagged           p = 2           the last gradient is -g, as if the probe had stood at -x

Assumptions: one coordinate, f = lam x^2/2, the same objective at the probe, bias corrections equal to 1.

Derivation. As in T15, the averaged gradient of an alternating run is (1-beta1)/(1+beta1) g, and the step from x to -x
needs 2 A = lr (1-beta1)/(1+beta1) lam A / denominator, so the denominator is D. The surprise g - g' is lam p A, and s
is constant: (1-beta2) s = (1-beta2)(lam p A)^2 + eps. The cycle exists iff lam > lam_crit of T18, where A = 0.

The reading adam has p A = lr (1-beta1)/(1+beta1) / (1 + eps/(lam A)), whose surprise is 2 D / (1 + eps/(lam A)): more
than the denominator D unless lam A < eps, so a cycle of that reading is smaller than eps/lam. Own, adabelief and code
compare g with its own average as well. All four are left out.

Learning-rate decay does not remove the oscillation of the reading grad while lr > lr_crit: A depends on lr through eps.

Source: derived here. Status: proved; tight.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from nala_lab.core import require, require_choice, require_number
from nala_lab.methods.hyper import require_betas
from nala_lab.theory.card import Card

__all__ = ["CARDS", "PROBES", "CycleState", "amplitude", "state"]

PROBES = ("grad", "self", "implicit", "lagged")

CARDS = (
    Card(
        id="T19", title="AdaLA's cycle of period two", status="proved", kind="tight",
        statement="A = sqrt((lr lam q - eps)^2 - eps/(1-beta2)) / (lr lam^2), q = (1-beta1)/(2(1+beta1)) (grad, hat)",
        assumptions="f = lam x^2/2, lam above lam_crit, the same objective at the probe, bias corrections equal to 1",
        source="derived here",
    ),
)  # fmt: skip


class CycleState(NamedTuple):
    """x, and AdaLA's m, s and last gradient before the step that takes x to -x."""

    x: float
    m: float
    s: float
    last: float


def amplitude(lam: float, *, lr: float, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
              probe: str = "grad", denominator: str = "hat") -> float:  # fmt: skip
    """A > 0, in units of x.

    Raises ValueError when an argument is out of range, or lam is not above the critical curvature: there is no cycle.

    Examples
    --------
    With negligible eps lr cancels; at beta1 = 0.9 it is 1 / (38 lam).

    >>> from nala_lab.theory.adala_cycle import amplitude
    >>> [round(38 * 200 * amplitude(200.0, lr=lr, eps=1e-24), 6) for lr in (1e-2, 1e-3, 1e-4)]
    [1.0, 1.0, 1.0]
    """
    require_number("lam", lam, low=0, open_low=True)
    require_number("lr", lr, low=0)
    require_betas(betas)
    beta1, beta2 = betas
    require_number("eps", eps, low=0)
    require_choice("probe", probe, PROBES, "the other readings have no closed form")
    require_choice("denominator", denominator, ("hat", "raw"))
    d = lr * lam * (1 - beta1) / (2 * (1 + beta1))
    rest = eps / (1 - beta2)
    seen, least = (d, math.sqrt(eps + rest)) if denominator == "raw" else (d - eps, math.sqrt(rest))
    require("lam", lam, seen > least, "lam > lam_crit", "below the critical curvature AdaLA settles at the minimum")
    left = math.sqrt(seen - least) * math.sqrt(seen + least)  # seen^2 may be beyond all floats
    return left / lam / (lr * lam if probe == "grad" else 2.0)


def state(lam: float, *, lr: float, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8, probe: str = "grad",
          denominator: str = "hat") -> CycleState:  # fmt: skip
    """The cycle's state at x = A; the next one is (-x, -m, s, -last).

    Raises as `amplitude` does.

    Examples
    --------
    >>> from nala_lab.theory.adala_cycle import state
    >>> at = state(4.0, lr=1.0, betas=(0.0, 0.0), eps=0.0, probe="self")
    >>> at.x, at.m, at.s, at.last
    (0.25, -1.0, 4.0, -1.0)
    """
    x = amplitude(lam, lr=lr, betas=betas, eps=eps, probe=probe, denominator=denominator)
    beta1, beta2 = betas
    surprise = lam * x * (lr * lam if probe == "grad" else 2.0)
    return CycleState(x, -(1 - beta1) / (1 + beta1) * lam * x, surprise**2 + eps / (1 - beta2), -lam * x)
