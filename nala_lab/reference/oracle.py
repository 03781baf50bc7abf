"""The gradient as an optimizer sees it: every call is spent, logged, and belongs to a mini-batch.

``grad(x)`` draws a new mini-batch, ``grad.again(x)`` evaluates the last one at another point, ``grad.full(x)`` is the
gradient of the whole objective. For a deterministic gradient all three are the same function.

The function that is called is somebody else's. It is given x read-only, and what it returns is copied, unless nobody
else holds it: it may use one array for all its answers, and it cannot change where the optimizer stands.
"""

from __future__ import annotations

from collections.abc import Callable
from sys import getrefcount
from typing import Any, NamedTuple

import numpy as np

from nala_lab.core import Array, require, require_int

__all__ = ["Oracle", "Spent", "as_generator", "as_oracle", "writes_in_place"]

_FLOAT = np.dtype(np.float64)


def _references(make: Callable[[], Any]) -> int:
    result = make()
    return getrefcount(result)


_ALONE = _references(lambda: np.empty(0))  # how many references are counted of an array that one local name holds


class Spent(NamedTuple):
    """One gradient evaluation: where, and what came back."""

    point: Array
    gradient: Array


class Oracle:
    """Count and log the gradients of ``grad(x)`` or, with `rng`, of ``grad(x, rng)``.

    Raises ValueError when a gradient is not of real numbers or has another shape than its point, when the function
    writes into x, when ``again`` comes before any mini-batch was drawn, or when ``full`` is asked of a stochastic
    gradient without `full_grad`.

    Parameters
    ----------
    grad : callable, (..., d) -> (..., d); with `rng` it is called as ``grad(x, rng)`` and draws its mini-batch from it.
    rng : generator of the mini-batches, a seed for one, or None for a deterministic gradient.
    full_grad : callable, gradient of the whole objective; needed by ``full`` when `rng` is given.
    keeps : False for a run that keeps no points and gradients: ``log`` stays empty.
    guards : False where the caller writes into no array, as the lab's own rules; then points and gradients are not
    protected from the caller.
    shape : the shape of every point, or None to take each point as it comes.

    Attributes
    ----------
    evals : gradients spent. log : list of Spent.
    first, last : the first gradient since ``first`` was set to None, and the last one.
    seen : called with the points of a run that are not kept; a run looks there whether they have diverged.

    Examples
    --------
    >>> import numpy as np
    >>> from nala_lab.reference import Oracle
    >>> noisy = Oracle(lambda x, rng: x + rng.normal(size=x.shape), rng=0)
    >>> x = np.array([1.0, 2.0])
    >>> bool((noisy(x) == noisy.again(x)).all()), bool((noisy(x) == noisy(x)).all()), noisy.evals
    (True, False, 4)
    """

    def __init__(self, grad: Callable[..., Any], rng: np.random.Generator | int | None = None,
                 full_grad: Callable[[Array], Any] | None = None, *, keeps: bool = True, guards: bool = True,
                 shape: tuple[int, ...] | None = None) -> None:  # fmt: skip
        require("grad", grad, callable(grad), "a function of x that returns the gradient")
        require("full_grad", full_grad, full_grad is None or callable(full_grad), "a function of x, or None")
        self._grad = grad
        self._rng = as_generator(rng)
        self._full = full_grad
        self._shape = shape
        self._before: Any = None  # where the generator stood just before the last mini-batch was drawn
        self.keeps, self.guards = keeps, guards
        self.log: list[Spent] = []
        self.evals = 0
        self.first: Any = None
        self.last: Any = None
        self.seen: Callable[[Array], None] = lambda x: None

    def __call__(self, x: Array) -> Array:
        """Gradient at `x` on a fresh mini-batch."""
        if self._rng is None:
            return self._spend(self._grad, x)
        bits = self._rng.bit_generator
        self._before = bits.state, getattr(getattr(bits, "seed_seq", None), "state", None)  # the second: for rng.spawn
        return self._spend(self._grad, x, self._rng)

    def again(self, x: Array) -> Array:
        """Gradient at `x` on the last mini-batch, drawn once more from the same generator state."""
        if self._rng is None:
            return self._spend(self._grad, x)
        require("again", x, self._before is not None, "a mini-batch drawn before", "call grad(x) first")
        state, seed = self._before
        replay = np.random.Generator(type(self._rng.bit_generator)(seed and np.random.SeedSequence(**seed)))
        replay.bit_generator.state = state
        return self._spend(self._grad, x, replay)

    def full(self, x: Array) -> Array:
        """Gradient of the whole objective at `x`."""
        if self._full is not None:
            return self._spend(self._full, x)
        hint = "outer_batch='full' of a stochastic gradient needs the objective's own"
        require("full_grad", self._full, self._rng is None, "a function when rng is given", hint)
        return self._spend(self._grad, x)

    def _spend(self, function: Callable[..., Any], x: Array, rng: np.random.Generator | None = None) -> Array:
        if self.guards:
            x = self._protected(x)
        x.setflags(write=False)
        try:
            result = function(x) if rng is None else function(x, rng)
        except ValueError as trouble:
            if writes_in_place(trouble):
                hint = "x is read-only there: work on x.copy()"
                raise ValueError(f"grad must leave x as it is, but it writes into x in place ({hint})") from trouble
            raise
        except TypeError as trouble:
            if trouble.__traceback__ is not None and trouble.__traceback__.tb_next is None:  # the call itself
                call = "grad(x) without rng" if rng is None else "grad(x, rng) with rng"
                raise ValueError(f"grad must satisfy a function called as {call}, got {trouble}") from trouble
            raise
        mine = type(result) is np.ndarray and result.flags.owndata and getrefcount(result) == _ALONE
        g = result if mine else _array(result)  # what nobody else holds needs no copy
        if g.dtype is not _FLOAT or g.shape != (self._shape or x.shape):
            g = self._checked(result, g, x)
        self.evals += 1
        self.last = g
        if self.first is None:
            self.first = g
        if self.guards:
            g.setflags(write=False)
        if self.keeps:
            self.log.append(Spent(x, g))
        return g

    def _protected(self, x: Array) -> Array:
        """`x` as an array to hand out, which the caller cannot change afterwards where it is to be logged."""
        x = np.asarray(x)
        require("the point of a gradient", x.shape, self._shape in (None, x.shape), f"the shape of x, {self._shape}")
        if x.flags.writeable or x.base is not None:
            return x.copy() if self.keeps else x.view()
        return x

    def _checked(self, result: Any, g: Array, x: Array) -> Array:
        """A gradient that is not float64 of the right shape: as numbers of the kind of `x`, or refused."""
        require("grad(x)", result, result is not None, f"an array of shape {x.shape}", "does it return its result?")
        require("grad(x)", g.shape, g.shape == x.shape, f"the shape of x, {x.shape}")
        require("grad(x)", g.dtype.name, g.dtype.kind in "fiuO", "real numbers")
        return g if g.dtype == object or x.dtype == object else g.astype(np.float64)


def _array(result: Any) -> Array:
    try:
        return np.array(result)
    except ValueError as trouble:  # NumPy's word for rows of different lengths is "inhomogeneous shape"
        raise ValueError(f"grad(x) must satisfy rows of one length, got grad(x)={result!r}") from trouble


def as_generator(rng: Any) -> np.random.Generator | None:
    """Give the generator of a run: `rng` itself, ``numpy.random.default_rng(rng)`` for a seed, or None.

    Raises ValueError for anything else.

    Examples
    --------
    >>> bool(as_generator(3).normal() == np.random.default_rng(3).normal())
    True
    """
    if rng is None or isinstance(rng, np.random.Generator):
        return rng
    require_int("rng", rng, low=0, hint="a numpy.random.Generator, or a seed for one")
    return np.random.default_rng(int(rng))


def as_oracle(grad: Callable[..., Any]) -> Oracle:
    """Wrap a plain gradient function; an Oracle is returned as it is."""
    return grad if isinstance(grad, Oracle) else Oracle(grad)


def writes_in_place(trouble: ValueError) -> bool:
    """Say whether NumPy raised `trouble` because a read-only array was to be written into."""
    return str(trouble).endswith("is read-only")
