"""T15. Adam on f = lam x^2 / 2 does not converge: it has a cycle of period two whose size is set by lr alone.

    x = +A, -A, +A, ...        A = lr (1-beta1) / (2 (1+beta1)) - eps / lam

Assumptions: one coordinate, exact gradients, bias corrections that have become 1, no weight decay.

Derivation. Gradients alternate, g = lam x. A moving average of an alternating sequence alternates with
m = (1-beta1)/(1+beta1) g, because m' = beta1 (-m) + (1-beta1) g = m; v = lam^2 A^2 is constant. The step must lead from
x to -x:  2 A = lr m / (lam A + eps), which is the equation for A. It does not contain beta2.
Before a step from x the state is m = -(1-beta1)/(1+beta1) lam x, v = lam^2 A^2 (`state`).

Linearised at the cycle, with the flip x, m -> -x, -m taken out and each of x, m, v in units of its value there,

    J = [[2 beta1 + 1 - 2 w (1-beta2), -2 beta1, -w beta2],
         [1 + beta1,                   -beta1,    0      ],
         [2 (1-beta2),                  0,        beta2  ]]

with w = lam A / (lam A + eps), 1 for negligible eps. Row by row:
dm' = (1+beta1) dx - beta1 dm;  dv' = beta2 dv + 2 (1-beta2) dx;  dx' = -dx + 2 dm' - w dv' with the signs
of the flip. For beta1 = 0 and w = 1 the characteristic polynomial is z (z^2 - (3 beta2 - 1) z + beta2); its roots are
complex for 1/9 < beta2 < 1, of modulus sqrt(beta2): stable. At (0.9, 0.999) the radius is 1.0494: the cycle exists and
repels, and the run bursts instead, with rms(x) near A all the same.

Source: derived here; period-two cycles of Adam: Bock & Weiss 2019. Status: proved; tight.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from nala_lab.core import Real, require, require_number
from nala_lab.methods.hyper import require_betas
from nala_lab.theory.card import Card

__all__ = ["CARDS", "CycleState", "amplitude", "jacobian", "radius", "state"]

CARDS = (
    Card(
        id="T15", title="Adam's cycle of period two", status="proved", kind="tight",
        statement="x -> -x at |x| = lr (1-beta1)/(2(1+beta1)) - eps/lam",
        assumptions="f = lam x^2/2, exact gradients, bias corrections equal to 1, no weight decay",
        source="derived here; Bock & Weiss 2019",
    ),
)  # fmt: skip


class CycleState(NamedTuple):
    """x, and Adam's m and v before the step that takes x to -x."""

    x: float
    m: float
    v: float


def amplitude(lam: float, *, lr: float, beta1: float = 0.9, eps: float = 1e-8) -> float:
    """A > 0, in units of x.

    Raises ValueError when an argument is out of range, or lr lam (1-beta1)/(2(1+beta1)) <= eps: then eps keeps the
    iteration contracting and there is no cycle.

    Examples
    --------
    >>> from nala_lab.theory.adam_cycle import amplitude
    >>> round(38 * amplitude(3.0, lr=1.0, eps=0.0), 12)  # lr / 38 at beta1 = 0.9
    1.0
    """
    require_number("lam", lam, low=0, open_low=True)
    require_number("lr", lr, low=0)
    require_number("beta1", beta1, low=0, high=1, open_high=True)
    require_number("eps", eps, low=0)
    lam, lr, beta1, eps = float(lam), float(lr), float(beta1), float(eps)
    reach = lr * (1 - beta1) / (2 * (1 + beta1))
    require("eps", eps, eps < reach * lam, f"eps < lr lam (1-beta1)/(2(1+beta1)) = {reach * lam:.6g}", "else no cycle")
    return reach - eps / lam


def state(lam: float, *, lr: float, beta1: float = 0.9, eps: float = 1e-8) -> CycleState:
    """The cycle's state at x = A; the next one is (-x, -m, v).

    Raises as `amplitude` does.

    Examples
    --------
    >>> from nala_lab.theory.adam_cycle import state
    >>> state(4.0, lr=1.0, beta1=0.0, eps=0.0)
    CycleState(x=0.5, m=-2.0, v=4.0)
    """
    x = amplitude(lam, lr=lr, beta1=beta1, eps=eps)
    return CycleState(x, -(1 - beta1) / (1 + beta1) * lam * x, (lam * x) ** 2)


def jacobian(lam: float, *, lr: float, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8) -> Real:
    """Derivative of one step at the cycle, flip taken out, in relative units of (x, m, v), shape (3, 3).

    Raises ValueError as `amplitude`, or when betas are not two numbers in [0, 1).

    Examples
    --------
    >>> from nala_lab.theory.adam_cycle import jacobian
    >>> jacobian(1.0, lr=1.0, betas=(0.5, 0.75), eps=0.0)
    array([[ 1.5 , -1.  , -0.75],
           [ 1.5 , -0.5 ,  0.  ],
           [ 0.5 ,  0.  ,  0.75]])
    """
    require_betas(betas)
    beta1, beta2, eps = float(betas[0]), float(betas[1]), float(eps)
    a = lam * amplitude(lam, lr=lr, beta1=beta1, eps=eps)
    w = a / (a + eps)
    return np.array(
        [
            [1 + 2 * beta1 - 2 * w * (1 - beta2), -2 * beta1, -w * beta2],
            [1 + beta1, -beta1, 0.0],
            [2 * (1 - beta2), 0.0, beta2],
        ]
    )


def radius(lam: float, *, lr: float, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8) -> float:
    """Spectral radius of `jacobian`: the cycle attracts below 1 and repels above.

    Raises as `jacobian` does.

    Examples
    --------
    >>> from nala_lab.theory.adam_cycle import radius
    >>> round(radius(1.0, lr=1e-3, eps=0.0), 4), round(radius(1.0, lr=1e-3, betas=(0.0, 0.81), eps=0.0), 12)
    (1.0494, 0.9)
    """
    return float(np.abs(np.linalg.eigvals(jacobian(lam, lr=lr, betas=betas, eps=eps))).max())
