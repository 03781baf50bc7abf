"""T17. The first step of AdaLA on f = lam x^2 / 2, for every reading of its probe: the step tells which probe it was.

    g = lam x,   g_t - g_{t+1} = lam p,   E = eps / (1 - beta2)

    hat   step = -lr g / (sqrt((lam p)^2 + E) + eps)
    raw   step = -lr g / sqrt((1-beta2) (lam p)^2 + 2 eps)

with the displacement p of the probe, which stands at x - p:

    grad             lr g
    adam             lr g / (|g| + eps)
    adabelief, own   AdaBelief's first step: they differ from the second step on
    self             lr g / (sqrt(E) + eps)  (hat),   lr g / sqrt(eps)  (raw): no surprise has been seen yet
    implicit         p is the step itself: p (sqrt((lam p)^2 + E) + eps) = lr |g|
    lagged           no probe; g_0 = 0 stands for g_{t+1}, so (lam p)^2 becomes g^2
    code             p as own, but the trial keeps m, s and the count:
                     s = beta2 s_1 + (1-beta2)(lam p)^2 + eps,  s_1 = (1-beta2)(beta1 g)^2 + eps,  count 2

Assumptions: diagonal quadratic, the same objective for both gradients, no weight decay, zero state.

Derivation. m_1 = (1-beta1) g gives m_hat = g; the gradient of a quadratic changes by lam times the displacement.
Where eps is negligible lr cancels: the grad probe jumps by 1/lam, the adam probe onto the minimum.
The fixed point is unique because its left-hand side increases with p; it is convex too, so Newton from above is safe.

Source: derived here; Ramjee, Algorithm 3. Status: proved; tight.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from nala_lab.core import Real, eigenvalues, require_choice, require_number
from nala_lab.methods.hyper import require_betas
from nala_lab.theory.card import Card
from nala_lab.theory.first_step import adabelief_first_step, adam_first_step

__all__ = ["CARDS", "PROBES", "adala_first_step", "probe_displacement"]

PROBES = ("own", "grad", "adam", "adabelief", "self", "implicit", "lagged", "code")

CARDS = (
    Card(
        id="T17", title="first step of AdaLA on a quadratic, per probe", status="proved", kind="tight",
        statement="-lr g/(sqrt((lam p)^2 + eps/(1-beta2)) + eps) with the probe's displacement p",
        assumptions="diagonal quadratic, the same objective at the probe, zero state, no weight decay",
        source="derived here; Ramjee, Algorithm 3",
    ),
)  # fmt: skip

_NEWTON_STEPS = 60  # from above on a convex increasing function: quadratic at the end, never overshoots


def _fixed_point(pull: Real, lam: Real, beta2: float, eps: float, denominator: str) -> Real:
    """Solve p * denominator(lam p) = pull = lr |g| for p >= 0."""
    if denominator == "raw":  # a quadratic in p^2, in the form without cancellation
        return np.asarray(pull / np.sqrt(eps + np.sqrt(eps**2 + (1 - beta2) * (lam * pull) ** 2)))
    floor = eps / (1 - beta2)
    p = pull / np.sqrt(floor / 2 + np.sqrt((floor / 2) ** 2 + (lam * pull) ** 2))  # exact without the outer eps
    for _ in range(_NEWTON_STEPS):
        root = np.sqrt((lam * p) ** 2 + floor)
        slope = root + (lam * p) ** 2 / root + eps
        p = p - (p * (root + eps) - pull) / slope
    return np.asarray(p)


def _checked(name: str, value: ArrayLike, lam: ArrayLike, lr: float, betas: tuple[float, float], eps: float,
             probe: str, denominator: str) -> tuple[Real, Real, float, tuple[float, float], float]:  # fmt: skip
    require_number("lr", lr, low=0)
    require_betas(betas)
    require_number("eps", eps, low=0, open_low=True, hint="eps keeps the denominator of a zero surprise above zero")
    require_choice("probe", probe, PROBES)
    require_choice("denominator", denominator, ("hat", "raw"))
    floats = float(lr), (float(betas[0]), float(betas[1])), float(eps)  # fractions make arrays of objects
    return eigenvalues(name, value), eigenvalues("lam", lam), *floats


def probe_displacement(g: ArrayLike, lam: ArrayLike, *, lr: float, betas: tuple[float, float], eps: float,
                       probe: str = "own", denominator: str = "hat") -> Real:  # fmt: skip
    """Give p: the first probe stands at x - p. Zero for ``lagged``, which takes none.

    Parameters and Raises as in `adala_first_step`, with the gradient `g` (...) in place of x.

    Examples
    --------
    >>> from nala_lab.theory.adala_first_step import probe_displacement
    >>> float(probe_displacement(2.0, 4.0, lr=0.1, betas=(0.9, 0.999), eps=1e-8, probe="grad"))
    0.2
    """
    slope, curvature, lr, betas, eps = _checked("g", g, lam, lr, betas, eps, probe, denominator)
    if probe == "lagged":
        return np.zeros(np.broadcast_shapes(slope.shape, curvature.shape))
    if probe == "grad":
        return np.asarray(lr * slope)
    if probe == "adam":
        return -adam_first_step(slope, lr=lr, eps=eps)
    if probe == "self":
        unseen = np.sqrt(eps) if denominator == "raw" else np.sqrt(eps / (1 - betas[1])) + eps
        return np.asarray(lr * slope / unseen)
    if probe == "implicit":
        return np.sign(slope) * _fixed_point(lr * np.abs(slope), curvature, betas[1], eps, denominator)
    return -adabelief_first_step(slope, lr=lr, betas=betas, eps=eps, denominator=denominator)


def adala_first_step(x: ArrayLike, lam: ArrayLike, *, lr: float, betas: tuple[float, float] = (0.9, 0.999),
                     eps: float = 1e-8, probe: str = "own", denominator: str = "hat") -> Real:  # fmt: skip
    """theta_1 - theta_0 of AdaLA on f = sum lam_i x_i^2 / 2 from `x`.

    Returns displacements of the common shape, units of x. Raises ValueError when a number is out of range or an option
    is unknown.
    Source: Ramjee, Algorithm 3, at t = 1; derivation in the module docstring.

    Parameters
    ----------
    x : (...) start. lam : (...) curvature, broadcasts against `x`.
    lr, betas, eps : as in Adam, eps > 0.
    probe : one of the eight readings. denominator : ``"hat"`` or ``"raw"``.

    Examples
    --------
    With negligible eps the grad probe jumps 1/lam, the adam probe a Newton step, whatever lr is.

    >>> from nala_lab.theory.adala_first_step import adala_first_step
    >>> [round(float(adala_first_step(3.0, 4.0, lr=1e-3, eps=1e-18, probe=p)), 4) for p in ("grad", "adam")]
    [-0.25, -3.0]
    """
    point, curvature, lr, betas, eps = _checked("x", x, lam, lr, betas, eps, probe, denominator)
    beta1, beta2 = betas
    g = curvature * point
    p = probe_displacement(g, curvature, lr=lr, betas=betas, eps=eps, probe=probe, denominator=denominator)
    surprise = g if probe == "lagged" else curvature * p
    s, count = (1 - beta2) * surprise**2 + eps, 1
    if probe == "code":
        s, count = s + beta2 * ((1 - beta2) * (beta1 * g) ** 2 + eps), 2
    if denominator == "raw":
        return np.asarray(-lr * g / np.sqrt(s + eps))
    return np.asarray(-lr * g / (np.sqrt(s / (1 - beta2**count)) + eps))
