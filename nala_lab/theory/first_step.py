"""T27. The first step of Adam and AdaBelief, on any objective: the gradient at the start decides it alone.

    Adam        -lr g / (|g| + eps)                          kingma-ba
                -lr g / sqrt(g^2 + eps)                      Eq. (3) as printed
                -lr g / (|g| + eps / sqrt(1 - beta2))        tensorflow
    AdaBelief   -lr g / (sqrt(beta1^2 g^2 + eps/(1-beta2)) + eps)          hat
                -lr g / sqrt((1-beta2) beta1^2 g^2 + 2 eps)                raw

Derivation. After one update of zero-initialised averages m_1 = (1-beta1) g, so m_hat = g; v_1 = (1-beta2) g^2, so
v_hat = g^2. For AdaBelief g - m_1 = beta1 g and s_1 = (1-beta2) beta1^2 g^2 + eps. A state that does not start at zero,
a count that does not start at one, or eps in another place changes this number.

Source: derived here; Kingma & Ba 2015, Algorithm 1; Ramjee, Algorithm 2. Status: proved; tight.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from nala_lab.core import Real, eigenvalues, require, require_choice, require_number
from nala_lab.methods.hyper import require_betas
from nala_lab.theory.adam_linear import inner_displacement
from nala_lab.theory.card import Card

__all__ = ["CARDS", "adabelief_first_step", "adam_first_step"]

CARDS = (
    Card(
        id="T27",
        title="first step of Adam and AdaBelief",
        statement="theta_1 - theta_0 = -lr g/(|g| + eps), and the forms of AdaBelief and of other places of eps",
        assumptions="any objective; state initialised to zero; no weight decay",
        source="derived here; Kingma & Ba 2015, Algorithm 1; Ramjee, Algorithm 2",
        status="proved",
        kind="tight",
    ),
)


def adam_first_step(
    g: ArrayLike, *, lr: float, beta2: float = 0.999, eps: float = 1e-8, form: str = "kingma-ba"
) -> Real:
    """theta_1 - theta_0 of Adam, for the first gradient `g` (...); beta2 matters in TensorFlow's form only.

    Raises ValueError when a number is out of range, `form` is unknown, or a zero gradient meets eps = 0.

    Source: Kingma & Ba 2015, Algorithm 1, at t = 1.

    Examples
    --------
    >>> from nala_lab.theory.first_step import adam_first_step
    >>> adam_first_step([3.0, -1.0, 0.0], lr=0.5, eps=1.0)
    array([-0.375,  0.25 , -0.   ])
    """
    return -inner_displacement(g, 1, lr=lr, beta2=beta2, eps=eps, form=form)


def adabelief_first_step(g: ArrayLike, *, lr: float, betas: tuple[float, float] = (0.9, 0.999), eps: float = 1e-8,
                         denominator: str = "hat") -> Real:  # fmt: skip
    """theta_1 - theta_0 of AdaBelief, for the first gradient `g` (...).

    Raises ValueError when a number is out of range, `denominator` is unknown, or the denominator would be zero.

    Source: Ramjee, Algorithm 2, at t = 1.

    Examples
    --------
    >>> from nala_lab.theory.first_step import adabelief_first_step
    >>> float(adabelief_first_step(2.0, lr=0.9, betas=(0.9, 0.999), eps=0.0))
    -1.0
    """
    require_number("lr", lr, low=0)
    require_betas(betas)
    require_number("eps", eps, low=0)
    require_choice("denominator", denominator, ("hat", "raw"))
    slope, lr, eps = eigenvalues("g", g), float(lr), float(eps)
    beta1, beta2 = (float(beta) for beta in betas)
    defined = eps > 0 or bool(np.all(beta1 * slope != 0))
    require("eps", eps, defined, "eps > 0 where beta1 g = 0", "the denominator would be zero")
    s = (1 - beta2) * (beta1 * slope) ** 2 + eps
    if denominator == "raw":
        return np.asarray(-lr * slope / np.sqrt(s + eps))
    return np.asarray(-lr * slope / (np.sqrt(s / (1 - beta2)) + eps))
