"""How arguments are checked in this package: one sentence with the name, the rule and the value.

The package imports nothing from nala_lab, so it has its own copy of that one sentence.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

EPS = float(np.finfo(np.float64).eps)


def require(name: str, value: object, ok: bool, rule: str, hint: str = "") -> None:
    """Raise ValueError unless `ok`; callers pass the allowed region, which NaN never satisfies.

    >>> require("kappa", 0.5, 0.5 >= 1, "kappa >= 1", "kappa is L/m")
    Traceback (most recent call last):
    ValueError: kappa must satisfy kappa >= 1, got kappa=0.5 (kappa is L/m)
    """
    if not ok:
        tail = f" ({hint})" if hint else ""
        shown = " ".join(repr(value).split())  # an array's repr has several lines; a sentence has one
        raise ValueError(f"{name} must satisfy {rule}, got {name}={shown}{tail}")


def require_int(name: str, value: Any, least: int, hint: str = "") -> int:
    """`value` as an int that is at least `least`; booleans and floats are refused."""
    whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    require(name, value, whole and value >= least, f"integer {name} >= {least}", hint)
    return int(value)


def require_real(
    name: str, value: Any, rule: str = "", allowed: Callable[[float], bool] = math.isfinite, hint: str = ""
) -> float:
    """`value` as a float: a finite number that is also `allowed` (the condition that `rule` words)."""
    real = isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool)
    try:
        number = float(value) if real else math.nan
    except OverflowError:  # an integer beyond the floats
        number = math.inf
    require(name, value, math.isfinite(number) and allowed(number), rule or f"finite number {name}", hint)
    return number


def require_lead(name: str, shape: Sequence[int], x: Sequence[int]) -> None:
    """Leading axes of one argument must broadcast with those of x: all axes but the last of either shape."""
    fits = all(a == b or 1 in (a, b) for a, b in zip(shape[-2::-1], x[-2::-1], strict=False))
    require(f"{name}.shape", shape, fits, f"leading axes that broadcast with x.shape={x}")


def real_array(name: str, value: ArrayLike) -> Array:
    """`value` as float64; integers and float32 are promoted, complex numbers and text are refused."""
    try:
        array: NDArray[Any] = np.asarray(value)
    except ValueError as trouble:  # NumPy's word for rows of different lengths is "inhomogeneous shape"
        raise ValueError(f"{name} must satisfy rows of one length, got {name}={value!r}") from trouble
    require(f"{name}.dtype", str(array.dtype), array.dtype.kind in "iuf", "an array of real numbers")
    return array.astype(np.float64, copy=False)


def finite_array(name: str, value: ArrayLike, shape: Sequence[int | None]) -> Array:
    """A finite float64 array of the given shape (None: any length, at least 1); a read-only copy."""
    array = real_array(name, value).copy()
    wanted = "(" + ", ".join("any" if n is None else str(n) for n in shape) + ("," if len(shape) == 1 else "") + ")"
    fits = array.ndim == len(shape) and all(
        (n is None and got > 0) or n == got for n, got in zip(shape, array.shape, strict=False)
    )
    require(f"{name}.shape", array.shape, fits, f"shape {wanted}")
    require(name, value, bool(np.isfinite(array).all()), "finite entries")
    return frozen(array)


def frozen(array: Array) -> Array:
    """The same array, marked read-only so that a stray in-place write raises."""
    array.flags.writeable = False
    return array


def random_rotation(dim: int, seed: int) -> Array:
    """An orthogonal matrix drawn uniformly (Haar) from O(dim), the same for the same seed.

    The columns of Q from a QR factorisation of a Gaussian matrix become uniform once the signs of
    R's diagonal are made positive. Reference: Mezzadri, Notices of the AMS 54 (2007), 592-604.

    Raises ValueError unless dim >= 1 and seed >= 0 are integers.

    >>> import numpy as np
    >>> from problems import random_rotation
    >>> Q = random_rotation(3, seed=0)
    >>> bool(np.abs(Q.T @ Q - np.eye(3)).max() < 1e-15)
    True
    """
    require_int("dim", dim, 1)
    require_int("seed", seed, 0)
    q, r = np.linalg.qr(np.random.default_rng(seed).standard_normal((dim, dim)))
    return frozen(np.asarray(q * np.sign(np.diag(r)), dtype=np.float64))


def orthogonal(rotation: ArrayLike | int | None, dim: int) -> Array:
    """The rotation an option means: None is the identity, an integer a seed, a matrix itself."""
    if rotation is None:
        return frozen(np.eye(dim))
    if isinstance(rotation, (int, np.integer)) and not isinstance(rotation, bool):
        return random_rotation(dim, require_int("rotation", rotation, 0, "an integer is a random seed"))
    matrix = finite_array("rotation", rotation, (dim, dim))
    # the rounding of a product of two orthogonal matrices is below dim^2 eps; 16 leaves room for products of several
    gap = float(np.abs(matrix.T @ matrix - np.eye(dim)).max())
    require("rotation", rotation, gap <= 16 * dim**2 * EPS, "R'R = identity", f"largest deviation {gap:.2e}")
    return matrix


def psd_matrix(name: str, value: ArrayLike, dim: int) -> Array:
    """A symmetric positive semi-definite (dim, dim) matrix from a scalar, a diagonal or a matrix."""
    given = real_array(name, value)
    require(name, value, bool(np.isfinite(given).all()), "finite entries")
    fits = given.shape in ((), (dim,), (dim, dim))
    require(f"{name}.shape", given.shape, fits, f"shape (), ({dim},) or ({dim}, {dim})")
    matrix = given * np.eye(dim) if given.ndim < 2 else given.copy()
    size = float(np.abs(matrix).max())
    symmetric = float(np.abs(matrix - matrix.T).max()) <= 16 * EPS * size  # a few roundings of the largest entry
    require(name, value, symmetric, "a symmetric matrix")
    matrix = (matrix + matrix.T) / 2
    least = float(np.linalg.eigvalsh(matrix)[0])
    # eigvalsh errs by at most about dim eps |matrix|: a true zero may come out this negative
    enough = least >= -16 * dim * EPS * size
    require(name, value, enough, "a positive semi-definite matrix", f"least eigenvalue {least:.3g}")
    return frozen(matrix)


def factor(matrix: Array) -> Array:
    """F with F F' = matrix for a PSD matrix, singular ones included (Cholesky would refuse these)."""
    values, vectors = np.linalg.eigh(matrix)
    return frozen(vectors * np.sqrt(np.clip(values, 0.0, None)))
