"""Quadratics whose gradient is noisy, with a covariance that is known exactly."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from problems.base import StochasticProblem
from problems.checks import Array, factor, frozen, psd_matrix, require
from problems.quadratic import Quadratic

MODELS = ("additive", "random-minimum")


class NoisyQuadratic(Quadratic, StochasticProblem):
    """A quadratic seen through Gaussian noise.

    =================  =========================================  ===================
    model              noisy gradient                             its covariance
    =================  =========================================  ===================
    "additive"         A (x - x*) + xi,    xi ~ N(0, S)           S
    "random-minimum"   A (x - c),          c ~ N(x*, S)           A S A
    =================  =========================================  ===================

    The second is the model of the Lookahead paper: each mini-batch has its own minimum c. A scalar S
    with "additive" is the model of constant variance. None of these covariances depends on x.

    Raises ValueError for a covariance that is not positive semi-definite, an unknown model, and as `Quadratic`.
    Source: Zhang, Lucas, Hinton and Ba, Lookahead Optimizer, NeurIPS 2019, section 3.

    Parameters
    ----------
    spectrum, rotation, shift, offset
        As for `Quadratic`.
    covariance : float, array (d,) or array (d, d)
        S, in the coordinates of x (not of the eigenvectors): a multiple of the identity, a diagonal,
        or any positive semi-definite matrix. Units: of g^2 ("additive") or of x^2 ("random-minimum").
    model : {"additive", "random-minimum"}

    Attributes
    ----------
    covariance : ndarray (d, d)
        S.
    noise_floor : float
        trace(A S)/2 for "random-minimum", else 0. The expected loss of a batch, E (x-c)'A(x-c)/2, is
        larger than `value` by this constant; Zhang et al. plot that loss, `value` leaves it out.

    Examples
    --------
    >>> from problems import NoisyQuadratic
    >>> f = NoisyQuadratic([1.0, 3.0], covariance=0.5, model="random-minimum")
    >>> f.noise_cov([7.0, 7.0]).tolist(), f.noise_floor
    ([[0.5, 0.0], [0.0, 4.5]], 1.0)
    """

    name = "noisy quadratic"
    source = "Zhang, Lucas, Hinton and Ba, Lookahead Optimizer, NeurIPS 2019, section 3"
    noise_depends_on_x = False

    def __init__(self, spectrum: ArrayLike, covariance: ArrayLike, *, model: str = "additive",
                 rotation: ArrayLike | int | None = None, shift: ArrayLike | None = None,
                 offset: float = 0.0) -> None:  # fmt: skip
        super().__init__(spectrum, rotation=rotation, shift=shift, offset=offset)
        require("model", model, model in MODELS, f"one of {MODELS}")
        self.model = model
        self.covariance = psd_matrix("covariance", covariance, self.dim)
        moves = model == "random-minimum"
        self.noise_floor = float(np.trace(self.A @ self.covariance)) / 2 if moves else 0.0
        root = factor(self.covariance)
        self._root: Array = frozen(self.A @ root) if moves else root  # noise = root z, z ~ N(0, I)
        seen = self.A @ self.covariance @ self.A if moves else self.covariance
        self._cov: Array = frozen((seen + seen.T) / 2)

    def _noisy_grad(self, x: Array, rng: np.random.Generator) -> Array:
        return self._grad(x) + rng.standard_normal(x.shape) @ self._root.T

    def _noise_cov(self, x: Array) -> Array:
        return np.broadcast_to(self._cov, (*x.shape, self.dim)).copy()
