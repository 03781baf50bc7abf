"""T14. AdaLA and AdaBelief on a linear objective f(x) = c'x: with no curvature to see, eps alone sets AdaLA's step.

    AdaLA       s_t = E_t                       E_t = eps (1 - beta2^t) / (1 - beta2)
    AdaBelief   s_t = E_t + (1-beta2) c^2 sum_{i=1..t} beta2^(t-i) beta1^(2i)

    hat          step_t = lr c / (sqrt(s_t / (1 - beta2^t)) + eps)   AdaLA   lr c / (sqrt(eps/(1-beta2)) + eps)
    raw          step_t = lr c / sqrt(s_t + eps)                     AdaLA   22.4 times larger at first than at infinity
    hat-inside   step_t = lr c / sqrt(s_t / (1 - beta2^t) + eps)     AdaLA   lr c / sqrt(eps/(1-beta2) + eps)

where AdaLA's step of hat and of hat-inside is the same at every t, and 22.4 is sqrt((1 + 1/(1-beta2)) / 2) at the
default beta2.

Assumptions: constant gradient c, no weight decay, no feasible set.

Derivation. m_t = c (1 - beta1^t), so m_hat = c. AdaLA averages (g_t - g_{t+1})^2, which is zero wherever the probe
went, and adds eps at each step: s_t = beta2 s_{t-1} + eps. AdaBelief averages (g_t - m_t)^2 = c^2 beta1^(2t).
The step is therefore *proportional* to c: with the corrected denominator AdaLA is SGD here with
lr / sqrt(eps / (1-beta2)), 316 lr at the defaults, and Adam's invariance to the scale of the loss is lost.

Two readings of the probe are not look-aheads and do see c:

    lagged   s_t = E_t + (1-beta2) c^2 beta2^(t-1)
    code     s_t = E_2t + (1-beta2) c^2 sum_{i=1..t} beta2^(2t-2i+1) beta1^(2(2i-1))

In lagged g_0 - g_1 with g_0 = 0 puts (1-beta2) c^2 into s once. In code the trial step updates the same m and s, so
step t stands at count 2t, and t trial steps leave the sum.

Source: derived here; Ramjee, Algorithms 2 and 3. Status: proved; tight.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from nala_lab.core import Real, eigenvalues, require_choice, require_int, require_number
from nala_lab.methods.hyper import require_betas
from nala_lab.theory.card import Card

__all__ = ["CARDS", "DENOMINATORS", "METHODS", "step", "trajectory"]

DENOMINATORS = ("hat", "raw", "hat-inside")
METHODS = ("adala", "adala-lagged", "adala-code", "adabelief")

CARDS = (
    Card(
        id="T14", title="AdaLA and AdaBelief on c'x", status="proved", kind="tight",
        statement="step = lr c/(sqrt(eps/(1-beta2))+eps) (hat), lr c/sqrt(eps(1+(1-beta2^t)/(1-beta2))) (raw)",
        assumptions="constant gradient, no weight decay",
        source="derived here; Ramjee, Algorithms 2 and 3",
    ),
)  # fmt: skip


def _surprise(method: str, t: int, beta1: float, beta2: float) -> float:
    """Weight of c^2 in s: what the method takes for a changing gradient."""
    i = np.arange(1, t + 1)
    if method == "adala":
        return 0.0
    if method == "adala-lagged":
        return float((1 - beta2) * beta2 ** (t - 1))
    if method == "adala-code":
        return float((1 - beta2) * np.sum(beta2 ** (2 * t - 2 * i + 1) * beta1 ** (2 * (2 * i - 1))))
    return float((1 - beta2) * np.sum(beta2 ** (t - i) * beta1 ** (2 * i)))


def step(t: int, c: ArrayLike, *, lr: float, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
         denominator: str = "hat", method: str = "adala") -> Real:  # fmt: skip
    """Displacement of step `t` under the constant gradient `c`; the iterate moves by minus this.

    Returns an array of the shape of `c`, units of x. Raises ValueError when a number is out of range or an option is
    unknown.

    Parameters
    ----------
    t : the step, counted from 1.
    c : (..., d) gradient.
    lr, betas, eps : as in Adam; eps > 0, because on a straight line nothing else fills the denominator.
    denominator : ``"hat"``, ``"raw"`` or ``"hat-inside"``.
    method : ``"adala"`` for every probe that looks ahead (own, grad, adam, adabelief, self, implicit),
        ``"adala-lagged"``, ``"adala-code"``, or ``"adabelief"``.

    Examples
    --------
    >>> from nala_lab.theory.adala_linear import step
    >>> round(float(step(1, 1.0, lr=1e-3)), 4), round(float(step(1, 1.0, lr=1e-3, denominator="raw")), 4)
    (0.3162, 7.0711)
    """
    t = require_int("t", t, low=1, hint="steps are counted from 1")
    require_number("lr", lr, low=0)
    require_betas(betas)
    require_number("eps", eps, low=0, open_low=True, hint="a linear objective leaves eps alone in the denominator")
    require_choice("denominator", denominator, DENOMINATORS)
    require_choice("method", method, METHODS)
    slope = eigenvalues("c", c)
    lr, eps, (beta1, beta2) = float(lr), float(eps), (float(beta) for beta in betas)  # not fractions
    count = 2 * t if method == "adala-code" else t
    correction = 1 - beta2**count
    s = eps * correction / (1 - beta2) + _surprise(method, t, beta1, beta2) * slope**2
    if denominator == "raw":
        return np.asarray(lr * slope / np.sqrt(s + eps))
    if denominator == "hat-inside":
        return np.asarray(lr * slope / np.sqrt(s / correction + eps))
    return np.asarray(lr * slope / (np.sqrt(s / correction) + eps))


def trajectory(c: ArrayLike, steps: int, *, lr: float, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
               denominator: str = "hat", method: str = "adala") -> Real:  # fmt: skip
    """Predict theta_t - theta_0 for t = 0..n.

    Returns (n+1, ..., d) displacements, row 0 zero. Raises ValueError as in `step`, or when `steps` is negative.

    Parameters
    ----------
    c : (..., d) the constant gradient. steps : n >= 0. The rest as in `step`.

    Examples
    --------
    >>> from nala_lab.theory.adala_linear import trajectory
    >>> trajectory([1.0], 2, lr=0.5, betas=(0.9, 0.75), eps=1.0)
    array([[ 0.        ],
           [-0.16666667],
           [-0.33333333]])
    """
    steps = require_int("steps", steps, low=0)
    slope = eigenvalues("c", c)
    moves = [
        step(t, slope, lr=lr, betas=betas, eps=eps, denominator=denominator, method=method) for t in range(1, steps + 1)
    ]
    return 0.0 - np.cumsum([np.zeros_like(slope), *moves], axis=0)  # 0.0 -: no negative zero in row 0
