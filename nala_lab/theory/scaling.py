"""T26. What has to change when the loss is multiplied by 2^n for the iterates to stay the same, to the last bit.

Multiplying f by 2^n multiplies every gradient by 2^n exactly. With the hyperparameters rescaled as follows each
intermediate number is multiplied by a power of two, so every rounding is the same rounding and the iterates agree bit
for bit (no overflow or underflow):

    SGD, HeavyBall, NAG           lr -> lr / 2^n
    Adam (kingma-ba, tensorflow)  eps -> 2^n eps          lr stays
    Adam (printed, ramjee)        eps -> 4^n eps          eps is added to a square there
    AdaBelief, AdaLA              eps = 0                 needed: it is added to s (units g^2) and its root (units g)
    NALA                          alpha -> alpha / 2^n    the outer step is plain gradient descent

Adam's step is m / sqrt(v), of degree 0 in g. Lookahead changes nothing of its own. AdaLA with the probe grad has no
rescaling: the probe's displacement lr g changes with the loss.

So Adam with eps = 0 and Lookahead over it do not see the scale of the loss; NALA over Adam does, through alpha alone.
That is a property of the design: alpha inherits the units of a learning rate for gradients, lr those of the weights.

Source: derived here. Status: proved; identity.
"""

from __future__ import annotations

import math
from collections.abc import Mapping
from contextlib import suppress
from numbers import Integral
from typing import Any

from nala_lab.core import require, require_choice, require_number
from nala_lab.theory.card import Card

__all__ = ["CARDS", "METHODS", "rescaled"]

CARDS = (
    Card(
        id="T26",
        title="equivariance under f -> 2^n f",
        statement="Adam: eps 2^n; Lookahead: nothing; NALA: alpha / 2^n; SGD: lr / 2^n; then iterates are bit-equal",
        assumptions="no overflow or underflow; weight decay 0",
        source="derived here",
        status="proved",
        kind="identity",
    ),
)

METHODS = ("SGD", "HeavyBall", "NAG", "Adam", "AdaBelief", "AdaLA", "Lookahead", "NALA")
_PER_GRADIENT = {"SGD": "lr", "HeavyBall": "lr", "NAG": "lr", "NALA": "alpha"}


def rescaled(name: str, settings: Mapping[str, Any], n: Any) -> dict[str, Any]:
    """Settings under which the method on 2^n f walks exactly as it does with `settings` on f.

    Raises ValueError for an unknown method, for weight decay (it does not scale with f), and where no setting does it:
    AdaBelief or AdaLA with eps > 0, and AdaLA's reading grad.

    Parameters
    ----------
    name : a method of METHODS. settings : its own hyperparameters; an inner rule is rescaled on its own.
    n : any integer.

    Examples
    --------
    >>> from nala_lab.theory.scaling import rescaled
    >>> rescaled("NALA", {"k": 5, "mu": -0.5, "alpha": 1.0}, 3)
    {'k': 5, 'mu': -0.5, 'alpha': 0.125}
    >>> rescaled("Adam", {"lr": 0.1, "eps": 0.0}, 3)
    {'lr': 0.1, 'eps': 0.0}
    """
    require_choice("name", name, METHODS)
    require("n", n, isinstance(n, Integral) and not isinstance(n, bool), "an integer")
    decay = settings.get("weight_decay", 0)
    require("weight_decay", decay, decay == 0, "0", "a decay does not grow with the loss")
    new = dict(settings)

    def scaled(key: str, power: int) -> float:
        require(key, settings.get(key), key in settings, "given", "it has to be rescaled")
        require_number(key, settings[key], low=0)
        value = math.inf
        with suppress(OverflowError):
            value = math.ldexp(float(settings[key]), int(power))
        require("n", n, value < math.inf and (value > 0 or settings[key] == 0), f"a {key} that a float holds")
        return value

    if name in _PER_GRADIENT:
        key = _PER_GRADIENT[name]
        new[key] = scaled(key, -n)
    elif name == "Adam":
        new["eps"] = scaled("eps", 2 * n if settings.get("form") in ("printed", "ramjee") else n)
    elif name in ("AdaBelief", "AdaLA"):
        eps, probe = settings.get("eps"), settings.get("probe", "own")
        require("eps", eps, eps == 0, "0", "it is added both to a square and to its root")
        fits = name == "AdaBelief" or probe not in ("grad", "self")
        require("probe", probe, fits, "not 'grad' or 'self'", "lr g changes with the loss; 'self' starts at 0/0")
    return new
