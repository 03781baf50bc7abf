"""The Frechet distance between two clouds of features, in double precision.

    d^2(N(m1, C1), N(m2, C2)) = |m1 - m2|^2 + tr(C1) + tr(C2) - 2 tr((C1^(1/2) C2 C1^(1/2))^(1/2))

It is the squared 2-Wasserstein distance between the two Gaussians (Dowson and Landau 1982). FID is this number for the
features that one particular network, Inception v3, has of real and of generated images (Heusel et al. 2017); with any
other network it is a distance too, but **not comparable with published FID**: see `extractors`.

The trace of the root. With C = L L' for any L, tr((C1^(1/2) C2 C1^(1/2))^(1/2)) is the sum of the singular values of
L1' L2, because the eigenvalues of C1 C2 are the squares of them. L comes from the eigenvectors of C, so nothing is
inverted, no root of a nearly singular product is taken, and clouds with fewer images than features are no special case.

The distance between two finite samples of one and the same Gaussian is not zero but positive, about in inverse
proportion to n: FIDs are comparable at equal n only.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from nala_lab.core import Real, require

__all__ = ["Cloud", "cloud_of", "frechet_distance"]


@dataclass(frozen=True)
class Cloud:
    """Number, mean and scatter of feature vectors that were seen; a value, `add` returns a new one.

    Attributes
    ----------
    n : vectors seen.
    mean : (d,) their mean.
    scatter : (d, d) sum of (x - mean)(x - mean)'.

    Examples
    --------
    >>> cloud = Cloud.empty(1).add([[1.0], [2.0]]).add([[6.0]])
    >>> cloud.n, cloud.mean.tolist(), cloud.covariance.tolist()
    (3, [3.0], [[7.0]])
    """

    n: int
    mean: Real
    scatter: Real

    @staticmethod
    def empty(d: int) -> Cloud:
        """No vector of length `d` yet."""
        return Cloud(0, np.zeros(d), np.zeros((d, d)))

    def add(self, features: ArrayLike) -> Cloud:
        """The cloud with `features` (m, d) in it.

        Means and scatters are merged, not sums of squares, so features far from the origin lose no digits
        (Chan, Golub and LeVeque 1979). Raises ValueError when the shape is not (m, d) or a feature is not finite.
        """
        x = _real("features", features)
        d = len(self.mean)
        require("features", x.shape, x.ndim == 2 and x.shape[1] == d, f"shape (m, {d})")
        require("features", "NaN or inf", bool(np.isfinite(x).all()), "finite numbers")
        if len(x) == 0:
            return self
        mean = x.mean(axis=0)
        centred = x - mean
        n = self.n + len(x)
        gap = mean - self.mean
        weight = self.n * len(x) / n
        scatter = self.scatter + centred.T @ centred + weight * np.outer(gap, gap)
        return Cloud(n, self.mean + gap * (len(x) / n), scatter)

    @property
    def covariance(self) -> Real:
        """(d, d) unbiased covariance, scatter / (n - 1).

        Raises ValueError when fewer than two vectors were seen.
        """
        require("n", self.n, self.n >= 2, "n >= 2 feature vectors", "a covariance needs two")
        return self.scatter / (self.n - 1)

    def distance(self, other: Cloud) -> float:
        """Frechet distance, squared as in FID, to another cloud; symmetric."""
        return frechet_distance(self.mean, self.covariance, other.mean, other.covariance)


def cloud_of(parts: Iterable[ArrayLike]) -> Cloud:
    """The cloud of features that come in parts (m, d), none of which is kept.

    Raises ValueError when there is no part.
    """
    cloud: Cloud | None = None
    for part in parts:
        x = _real("features", part)
        cloud = (Cloud.empty(x.shape[-1] if x.ndim else 1) if cloud is None else cloud).add(x)
    require("parts", 0, cloud is not None, "at least one part")
    assert cloud is not None
    return cloud


def frechet_distance(m1: ArrayLike, c1: ArrayLike, m2: ArrayLike, c2: ArrayLike) -> float:
    """|m1 - m2|^2 + tr(C1) + tr(C2) - 2 tr((C1^(1/2) C2 C1^(1/2))^(1/2)).

    Returns a float, in squared units of the features; never below zero, since what rounding leaves below it is cut off.
    Raises ValueError when shapes do not fit, a number is not finite, or a covariance is not one.

    Parameters
    ----------
    m1, m2 : (d,) means. c1, c2 : (d, d) covariances, symmetric and positive semidefinite up to rounding.

    Examples
    --------
    In one dimension (m1 - m2)^2 + (s1 - s2)^2: here 3^2 + (2 - 6)^2.

    >>> from nala_lab.experiments import frechet_distance
    >>> frechet_distance([1.0], [[4.0]], [4.0], [[36.0]])
    25.0
    """
    one, other = _vector(m1), _vector(m2)
    require("means", (one.shape, other.shape), one.shape == other.shape, "one shape")
    with np.errstate(over="ignore"):
        mean = one - other
    factor1, factor2 = _factor(c1, len(mean)), _factor(c2, len(mean))
    largest = max(float(np.abs(one).max(initial=0.0)) for one in (mean, factor1, factor2))
    if not math.isfinite(largest):
        return largest  # the means are farther apart than a float says
    unit = math.ldexp(1.0, math.frexp(largest)[1] - 1)  # a power of two: no bit changes, and squares are numbers
    mean, factor1, factor2 = mean / unit, factor1 / unit, factor2 / unit
    cross = np.linalg.svd(factor1.T @ factor2, compute_uv=False).sum()
    traces = (factor1**2).sum() + (factor2**2).sum()
    return max(0.0, float(mean @ mean + traces - 2 * cross)) * unit * unit


def _real(name: str, values: ArrayLike) -> Real:
    """In double precision; NumPy would drop what is imaginary."""
    given = np.asarray(values)
    require(name, given.dtype, not np.iscomplexobj(given), "real numbers")
    return given.astype(np.float64)


def _vector(m: ArrayLike) -> Real:
    a = _real("mean", m)
    require("mean", a.shape, a.ndim == 1 and bool(np.isfinite(a).all()), "shape (d,), finite numbers")
    return a


def _factor(c: ArrayLike, d: int) -> Real:
    """L with L L' = C; eigenvalues below zero by no more than rounding count as zero."""
    given = np.asarray(c)
    a = _real("covariance", given)
    fits = a.shape == (d, d) and bool(np.isfinite(a).all())
    require("covariance", a.shape, fits, f"shape ({d}, {d}), finite numbers")
    # Of the largest entry: 1e-9 where covariances of float32 features (1e-7) were summed in float64 (1e-16), and 16
    # roundings where the covariance itself is float32, as torch.cov makes it.
    rounding = float(np.finfo(given.dtype).eps) if np.issubdtype(given.dtype, np.floating) else 0.0
    slack = max(1e-9, 16 * rounding) * float(np.abs(a).max(initial=0.0))
    skew = float(np.abs(a - a.T).max(initial=0.0))
    require("covariance", skew, skew <= slack, "a symmetric matrix", "the largest difference of C and C' is shown")
    values, vectors = np.linalg.eigh(a / 2 + a.T / 2)
    low = float(values.min(initial=0.0))
    require("covariance", low, low >= -slack * d, "positive semidefinite", "its smallest eigenvalue is shown")
    return np.asarray(vectors * np.sqrt(np.clip(values, 0.0, None)))
