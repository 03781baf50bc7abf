"""T20. What AdaLA's second moment sees of a noisy gradient, and how far the iterate then wanders.

    g = lam x + xi,  E xi = 0,  Var xi = sigma^2,  probe grad  x - lr g

    next mini-batch   E (g - g')^2 = lr^2 lam^4 x^2 + sigma^2 [(1 + lr lam)^2 + 1]        about 2 sigma^2
    same mini-batch   E (g - g')^2 = lr^2 lam^2 (lam^2 x^2 + sigma^2)                     no sigma^2 of its own

Derivation. next: g - g' = lam x + xi - lam (x - lr (lam x + xi)) - xi' = lr lam^2 x + (1 + lr lam) xi - xi', with
independent xi, xi'. same: xi' = xi, so g - g' = lr lam g. Only the variance of the noise enters, not its shape.

So with the next mini-batch AdaLA's denominator is the size of the noise, about sqrt(2) sigma; with the same one it is
lr lam times the size of the gradient, lr cancels from the step, and less lr does not mean less wandering.

With the denominator held at D the iterate is that of SGD with an averaged gradient and step h = lr / D,
x' = x - h m', m' = beta1 m + (1-beta1) g, whose stationary variance is

    V = h (1+beta1) sigma^2 / (lam (2 (1+beta1) - h lam (1-beta1))),        0 < h lam < 2 (1+beta1)/(1-beta1)

because -h m is the velocity of heavy ball with step h (1-beta1): an autoregression of order two.
`stationary_step` solves D = sqrt(E (g-g')^2 + eps/(1-beta2)) + eps together with V; it neglects that D fluctuates, so
it is an approximation, good to about 1 % at beta2 = 0.999.

Source: derived here. Status: proved (`stationary_step`: an approximation that simulation supports); tight.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from nala_lab.core import Real, eigenvalues, reals, require, require_choice, require_number, variances
from nala_lab.methods.hyper import require_betas
from nala_lab.theory.card import Card

__all__ = ["CARDS", "averaged_sgd_variance", "expected_surprise", "stationary_step"]

CARDS = (
    Card(
        id="T20", title="E (g - g')^2, next and same mini-batch", status="proved", kind="tight",
        statement="next: lr^2 lam^4 x^2 + sigma^2((1+lr lam)^2 + 1);  same: lr^2 lam^2 (lam^2 x^2 + sigma^2)",
        assumptions="f = lam x^2/2, additive noise of variance sigma^2, probe grad",
        source="derived here",
    ),
)  # fmt: skip


def expected_surprise(
    second_moment: ArrayLike, lam: ArrayLike, sigma2: ArrayLike, *, lr: float, batch: str = "next"
) -> Real:
    """E (g - g')^2 at a point with E x^2 = `second_moment`.

    Raises ValueError when an argument is out of range: no second moment or variance is negative.

    Parameters
    ----------
    second_moment, lam, sigma2 : (...) E x^2 (x^2 at a fixed point), curvature, variance of the gradient noise.
    lr : the probe's step. batch : ``"next"`` or ``"same"``.

    Examples
    --------
    >>> from nala_lab.theory.adala_noise import expected_surprise
    >>> float(expected_surprise(4.0, 1.0, 1.0, lr=0.5)), float(expected_surprise(4.0, 1.0, 1.0, lr=0.5, batch="same"))
    (4.25, 1.25)
    """
    require_number("lr", lr, low=0)
    require_choice("batch", batch, ("next", "same"))
    x2, curvature = reals("second_moment", second_moment), eigenvalues("lam", lam)
    noise = variances("sigma2", sigma2, curvature)
    require("second_moment", second_moment, bool(np.all(x2 >= 0)), "second_moment >= 0")
    a = lr * curvature
    if batch == "same":
        return np.asarray(a**2 * (curvature**2 * x2 + noise))
    return np.asarray(a**2 * curvature**2 * x2 + noise * ((1 + a) ** 2 + 1))


def averaged_sgd_variance(lam: ArrayLike, sigma2: ArrayLike, *, h: ArrayLike, beta1: float = 0.9) -> Real:
    """V of x' = x - h m', m' = beta1 m + (1-beta1) g.

    Raises ValueError unless 0 < h lam < 2 (1+beta1)/(1-beta1) on every mode and sigma2 >= 0: there is no stationary
    variance else.

    Examples
    --------
    >>> from nala_lab.theory.adala_noise import averaged_sgd_variance
    >>> float(averaged_sgd_variance(1.0, 1.0, h=0.5, beta1=0.0))  # SGD: h / (lam (2 - h lam))
    0.3333333333333333
    """
    require_number("beta1", beta1, low=0, high=1, open_high=True)
    beta1 = float(beta1)
    curvature, step = eigenvalues("lam", lam), reals("h", h)
    noise = variances("sigma2", sigma2, curvature)
    a, limit = step * curvature, 2 * (1 + beta1) / (1 - beta1)
    require("h lam", a, bool(np.all((a > 0) & (a < limit))), f"0 < h lam < {limit:.6g}", "else it diverges")
    return np.asarray(step * (1 + beta1) * noise / (curvature * (2 * (1 + beta1) - a * (1 - beta1))))


def stationary_step(lam: float, sigma2: float, *, lr: float, betas: tuple[float, float] = (0.9, 0.999),
                    eps: float = 1e-8, batch: str = "next") -> tuple[float, float]:  # fmt: skip
    """h and V of AdaLA (probe grad, hat) at its noise floor, solved self-consistently; approximate.

    Raises ValueError when an argument is out of range, or no h below the stability limit is consistent with its own V.

    Examples
    --------
    >>> from nala_lab.theory.adala_noise import stationary_step
    >>> h, V = stationary_step(1.0, 1.0, lr=1e-3)
    >>> round(h / (1e-3 / 2**0.5), 2)  # next mini-batch: SGD with an average and lr / (sqrt(2) sigma)
    1.0
    """
    require_number("lam", lam, low=0, open_low=True)
    require_number("sigma2", sigma2, low=0)
    require_number("lr", lr, low=0, open_low=True)
    require_number("eps", eps, low=0)
    require_betas(betas)
    lam, sigma2, lr, eps = float(lam), float(sigma2), float(lr), float(eps)  # float32 has 7 digits
    betas = float(betas[0]), float(betas[1])
    limit = 2 * (1 + betas[0]) / (1 - betas[0]) / lam

    def excess(h: float) -> float:
        """Denominator that h needs, less the one that its V brings; falls with h."""
        v = float(averaged_sgd_variance(lam, sigma2, h=h, beta1=betas[0]))
        seen = float(expected_surprise(v, lam, sigma2, lr=lr, batch=batch)) + eps / (1 - betas[1])
        return float(lr / h - (np.sqrt(seen) + eps))

    low, high = 1e-12 * limit, limit * (1 - 1e-12)
    held = excess(high) < 0
    require("lr", lr, held, "a self-consistent h below the stability limit", "the noise is too weak to hold it")
    while excess(low) < 0:  # much noise or little curvature: lr / h grows beyond every denominator as h -> 0
        low *= 1e-12
    for _ in range(200):  # bisection on the logarithm ends at neighbouring numbers
        middle = float(np.sqrt(low * high))
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return low, float(averaged_sgd_variance(lam, sigma2, h=low, beta1=betas[0]))
