"""T12. Eq. (5) of the NALA paper, unrolled for every mu: the slow weights as a weighted sum of what came before.

    phi_t = (1+mu) sum_{i=1..t} (-mu)^(t-i) theta_{i,k} + (-mu)^t phi_0 - alpha sum_{i=1..t} (-mu)^(t-i) grad J(y_i)

Assumptions: the outer update of Algorithm 1 and nothing else. Any inner optimizer, any k, any gradients (noisy ones
too), any mu and alpha. It is therefore an identity along every logged run.

Proof, by induction. Algorithm 1 says phi_t = (1+mu) theta_{t,k} - mu phi_{t-1} - alpha grad J(y_t). For t = 1 that is
the formula. If the formula holds at t, multiply it by -mu: each power of -mu grows by one. Adding the two newest terms,
(1+mu) theta_{t+1,k} and -alpha grad J(y_{t+1}), gives the formula at t+1. `eq5_proof.prove` lets sympy do both parts.

The paper prints |mu| where -mu belongs. With mu <= 0, the only range it uses, the two are the same; with mu > 0 every
odd power has the wrong sign (`eq5_proof.printed_form_residual`).

What the weights mean. They sum to one, (1+mu) sum_{j<t} (-mu)^j + (-mu)^t = 1, because the sum telescopes. For mu < 0
all are positive (interpolation, an exponential moving average); for mu > 0 they alternate (extrapolation), so their
absolute sum exceeds one and bounded inner results can be amplified.

Source: Zuo et al. 2024, Eq. (5); the form with -mu and the weight figures are derived here. Status: proved; identity.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from nala_lab.core import Real, reals, require, require_int, require_number
from nala_lab.theory.card import Card

__all__ = ["CARDS", "Weights", "absolute_weight", "effective_sample_size", "horizon", "mean_age", "printed_weights",
           "unroll", "weights"]  # fmt: skip

CARDS = (
    Card(
        id="T12", title="Eq. (5), unrolled for every mu", status="proved", kind="identity",
        statement="phi_t = (1+mu) sum (-mu)^(t-i) theta_{i,k} + (-mu)^t phi_0 - alpha sum (-mu)^(t-i) grad J(y_i)",
        assumptions="Algorithm 1's outer update; any inner optimizer, any gradients, any mu and alpha",
        source="Zuo et al. 2024, Eq. (5), with -mu where |mu| is printed",
    ),
)  # fmt: skip


@dataclass(frozen=True)
class Weights:
    """The coefficients in phi_t.

    Attributes
    ----------
    fast : (..., t) of theta_{1,k} .. theta_{t,k}, oldest first.
    start : (...) of phi_0.
    gradients : (..., t) of -alpha grad J(y_1) .. -alpha grad J(y_t).
    """

    fast: Real
    start: Real
    gradients: Real

    @property
    def total(self) -> Real:
        """Sum of the weights of all points, (...): one in the correct form."""
        return np.asarray(self.fast.sum(axis=-1) + self.start)


def _weights(t: int, mu: ArrayLike, base_of: Callable[[Real], Real]) -> Weights:
    require_int("t", t, low=1, hint="t counts outer steps done")
    values = reals("mu", mu)
    require("mu", mu, bool(np.all((values >= -1) & (values < np.inf))), "-1 <= mu < inf")
    base = base_of(values)
    powers = base[..., None] ** np.arange(t - 1, -1, -1)  # (..)^(t-i), i = 1..t
    return Weights(fast=(1 + values)[..., None] * powers, start=base**t, gradients=powers)


def weights(t: int, mu: ArrayLike) -> Weights:
    """Give the coefficients of Eq. (5) at outer step `t`, for `mu` of any sign.

    Raises ValueError when t < 1, or mu < -1 or not finite.
    Source: Zuo et al. 2024, Eq. (5), with -mu where |mu| is printed.

    Parameters
    ----------
    t : outer steps done, integer >= 1.
    mu : the outer factor, one number or an array (...).

    Examples
    --------
    >>> from nala_lab.theory.eq5 import weights
    >>> w = weights(3, mu=-0.5)
    >>> w.fast, w.start
    (array([0.125, 0.25 , 0.5  ]), np.float64(0.125))
    >>> weights(3, mu=0.5).fast
    array([ 0.375, -0.75 ,  1.5  ])
    """
    return _weights(t, mu, np.negative)


def printed_weights(t: int, mu: ArrayLike) -> Weights:
    """Give the coefficients as the paper prints them, with |mu|. Right for mu <= 0, wrong for mu > 0.

    Parameters, Raises and References as in `weights`.

    Examples
    --------
    >>> from nala_lab.theory.eq5 import printed_weights
    >>> float(printed_weights(4, mu=-0.5).total), float(printed_weights(4, mu=0.5).total)
    (1.0, 2.875)
    """
    return _weights(t, mu, np.abs)


def unroll(fast_ends: ArrayLike, phi0: ArrayLike, outer_grads: ArrayLike, mu: float, alpha: float) -> Real:
    """Rebuild every phi_t from the inner results, the start and the outer gradients alone.

    Returns (T, ..., d) phi_1 .. phi_T. Raises ValueError when the shapes do not fit together, or mu or alpha is out of
    range.
    Source: Zuo et al. 2024, Eq. (5).

    Parameters
    ----------
    fast_ends : (T, ..., d) theta_{1,k} .. theta_{T,k}.
    phi0 : (..., d) the initial slow weights.
    outer_grads : (T, ..., d) grad J(y_1) .. grad J(y_T), as they were used.
    mu, alpha : the outer factor and the outer step.

    Examples
    --------
    >>> from nala_lab.theory.eq5 import unroll
    >>> unroll([[0.0], [0.0]], phi0=[8.0], outer_grads=[[10.0], [0.0]], mu=-0.5, alpha=0.1)
    array([[3. ],
           [1.5]])
    """
    require_number("mu", mu, low=-1)
    require_number("alpha", alpha, low=0)
    given = {"fast_ends": fast_ends, "phi0": phi0, "outer_grads": outer_grads}
    ends, start, grads = (reals(name, a) for name, a in given.items())
    require("fast_ends", ends.shape, ends.ndim >= 1 and len(ends) >= 1, "at least one outer step, shape (T, ..., d)")
    require("outer_grads", grads.shape, grads.shape == ends.shape, f"the shape of fast_ends, {ends.shape}")
    require("phi0", start.shape, start.shape == ends.shape[1:], f"shape {ends.shape[1:]}, one outer step of fast_ends")
    base = -float(mu)  # powers of a whole number would not fit its type
    moves, powers = (1 + mu) * ends - alpha * grads, base ** np.arange(len(ends) + 1)
    # row t-1: (-mu)^(t-i), i = 1..t; no more, because what is infinite later times 0 is no number
    sums = [np.tensordot(powers[t - 1 :: -1], moves[:t], axes=1) for t in range(1, len(ends) + 1)]
    return np.asarray(np.stack(sums) + powers[1:].reshape(-1, *([1] * start.ndim)) * start)


def _remembering_mu(mu: ArrayLike) -> Real:
    values = reals("mu", mu)
    hint = "at |mu| >= 1 the weights do not decay, so there is no finite memory"
    require("mu", mu, bool(np.all(np.abs(values) < 1)), "-1 < mu < 1", hint)
    return values


def horizon(mu: ArrayLike) -> Real:
    """Number of outer steps that are remembered: 1 / (1 - |mu|), the sum of |mu|^j over all ages j. Shape of `mu`.

    Raises ValueError when |mu| >= 1.

    Examples
    --------
    >>> from nala_lab.theory.eq5 import horizon
    >>> float(horizon(-0.5))
    2.0
    """
    return np.asarray(1 / (1 - np.abs(_remembering_mu(mu))))


def mean_age(mu: ArrayLike) -> Real:
    """Mean age of the inner results in phi_t as t grows, in outer steps: -mu / (1 + mu). Shape of `mu`.

    It is sum_j j (1+mu)(-mu)^j. For mu < 0 this is the paper's |mu| / (1 - |mu|). For mu > 0 the weights alternate and
    the mean is negative: if theta_{t,k} moves along a straight line, phi_t stands ahead of its newest value. Raises
    ValueError when |mu| >= 1.

    Examples
    --------
    >>> from nala_lab.theory.eq5 import mean_age
    >>> float(mean_age(-0.5)), float(mean_age(0.25))
    (1.0, -0.2)
    """
    values = _remembering_mu(mu)
    return np.asarray(-values / (1 + values))


def effective_sample_size(mu: ArrayLike) -> Real:
    """1 / sum w_j^2 = (1 - mu) / (1 + mu): how many independent inner results phi_t averages. Shape of `mu`.

    Independent errors of variance V in theta_{t,k} leave a variance of V over this number; for mu > 0 it is below one,
    so errors grow. Raises ValueError when |mu| >= 1.

    Examples
    --------
    >>> from nala_lab.theory.eq5 import effective_sample_size
    >>> float(effective_sample_size(-0.5)), float(effective_sample_size(1 / 3))
    (3.0, 0.5000000000000001)
    """
    values = _remembering_mu(mu)
    return np.asarray((1 - values) / (1 + values))


def absolute_weight(mu: ArrayLike) -> Real:
    """Sum of |w_j| over all ages: (1 + mu) / (1 - |mu|). One for mu <= 0, above one (overshoot) for mu > 0.

    Raises ValueError when |mu| >= 1.

    Examples
    --------
    >>> from nala_lab.theory.eq5 import absolute_weight
    >>> float(absolute_weight(-0.5)), float(absolute_weight(0.5))
    (1.0, 3.0)
    """
    values = _remembering_mu(mu)
    return np.asarray((1 + values) / (1 - np.abs(values)))
