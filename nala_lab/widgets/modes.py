"""What the rate explorer and the family chooser share: 8 modes of a quadratic with L = 1 under a linear cycle.

The predicted decay is powers of the 2 x 2 cycles; the measured one a run of the NumPy twin, which sees no theory.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nala_lab.core import Array, require_choice
from nala_lab.reference import run
from problems import Quadratic

__all__ = ["LENET", "SPECTRA", "decay_gap", "eigenvalues", "measured_decay", "predicted_decay", "scaled", "spectrum"]

_MODES = 8
_SEEN = 1e-8  # a smaller part of the start is rounding: the error is a difference of numbers of size 1
_HUGE = 1e12


SPECTRA = ("even", "LeNet-5")
LENET: Array = np.array([
    (0.5524, 0.8478, 1.704, 3.41, 7.166, 8.415, 12.81, 13.99),
    (0.0008739, 0.001804, 0.004807, 0.005149, 0.0235, 0.03676, 0.04335, 0.04371),
])  # fmt: skip
"""Curvatures of LeNet-5 and its gradient's variance along each, (2, 8), largest last.

LeNet-5 on Fashion-MNIST after 500 gradients of SGD, mini-batches of 256: the largest curvatures, of ranks 1, 2, 3, 5,
8, 13, 21 and 34, by Lanczos, each within 0.005 of an eigenvalue. Made by
``python -m tests.theory_meets_training.lenet_spectrum``. Most of the network's 61,706 directions are flatter.
"""


def spectrum(kappa: float, kind: str = "even") -> Array:
    """Give the eigenvalues, (8,), from 1/kappa to 1 in even ratios, or those measured on LeNet-5, the largest as 1.

    Raises
    ------
    ValueError
        For a kind that is not in SPECTRA.

    Examples
    --------
    >>> spectrum(128.0)[[0, 1, -1]].tolist()
    [0.0078125, 0.015625, 1.0]
    """
    require_choice("spectrum", kind, SPECTRA)
    return LENET[0] / LENET[0].max() if kind == "LeNet-5" else np.asarray(np.geomspace(1 / kappa, 1.0, _MODES))


def scaled(O: Array, c: Array) -> Array:  # noqa: E741 - the cycle map's name in the theory
    """Multiply the first row of matrices (..., 2, 2), the error's, by c (...): the outer gradient shrinks it alone."""
    return np.asarray(np.stack([c[..., None] * O[..., 0, :], O[..., 1, :]], axis=-2))


def eigenvalues(O: Array) -> Array:  # noqa: E741
    """Give the eigenvalues of 2 x 2 matrices, (..., 2) complex: the quadratic formula, for 10,000 of them at once.

    Examples
    --------
    >>> eigenvalues(np.array([[0.0, -1.0], [1.0, 0.0]])).tolist()
    [1j, -1j]
    """
    half = (O[..., 0, 0] + O[..., 1, 1]) / 2
    det = O[..., 0, 0] * O[..., 1, 1] - O[..., 0, 1] * O[..., 1, 0]
    root = np.sqrt((half**2 - det).astype(complex))
    return np.stack([half + root, half - root], axis=-1)


def measured_decay(method: Any, kappa: float, cycles: int, kind: str = "even") -> tuple[Array, Array]:
    """Run `method`: distance of the slow weights to the minimum, 1 at the start, and gradients spent, (rows,) each."""
    q = Quadratic(spectrum(kappa, kind), rotation=7, shift=np.linspace(-1, 2, _MODES), offset=0.5)
    t = run(method, q.grad, q.start, cycles=cycles, limit=_HUGE)
    error = np.linalg.norm(t.slow - q.center, axis=-1) / np.sqrt(_MODES)  # every mode starts with error 1
    return error, t.evals


def predicted_decay(O: Array, rows: int) -> Array:  # noqa: E741
    """Give the same distance by powers of the cycles (8, 2, 2), which act on (error, velocity), velocity 0 at first."""
    z, errors = np.broadcast_to([1.0, 0.0], (len(O), 2)), []
    with np.errstate(over="ignore", invalid="ignore"):
        for _ in range(rows):
            errors.append(np.sqrt((z[:, 0] ** 2).mean()))
            z = np.einsum("mij,mj->mi", O, z)
    return np.array(errors)


def decay_gap(predicted: Array, measured: Array) -> float:
    """Give the largest relative difference, while the error is large enough to be more than rounding.

    Examples
    --------
    >>> decay_gap(np.array([1.0, 0.5]), np.array([1.0, 0.51])).__round__(6)
    0.02
    """
    seen = (predicted > _SEEN) & np.isfinite(measured) & np.isfinite(predicted)
    return float((np.abs(measured - predicted)[seen] / predicted[seen]).max(initial=0.0))
