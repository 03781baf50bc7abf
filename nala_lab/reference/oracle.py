"""The gradient as an optimizer sees it: every call is spent, logged, and belongs to a mini-batch.

``grad(x)`` draws a new mini-batch, ``grad.again(x)`` evaluates the last one at another point, ``grad.full(x)`` is the
gradient of the whole objective. For a deterministic gradient all three are the same function.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple

import numpy as np

from nala_lab.core import Array, require

__all__ = ["Oracle", "Spent", "as_oracle", "probe_rows"]


class Spent(NamedTuple):
    """One gradient evaluation: where, and what came back."""

    point: Array
    gradient: Array


class Oracle:
    """Count and log the gradients of ``grad(x)`` or, with `rng`, of ``grad(x, rng)``.

    Parameters
    ----------
    grad : callable, (..., d) -> (..., d); with `rng` it is called as ``grad(x, rng)`` and draws its mini-batch from it.
    rng : generator of the mini-batches, or None for a deterministic gradient.
    full_grad : callable, gradient of the whole objective; needed by ``full`` when `rng` is given.

    Raises
    ------
    ValueError
        When a gradient has another shape than its point, when ``again`` comes before any mini-batch was drawn, or
        when ``full`` is asked of a stochastic gradient without `full_grad`.

    Examples
    --------
    >>> import numpy as np
    >>> from nala_lab.reference import Oracle
    >>> noisy = Oracle(lambda x, rng: x + rng.normal(size=x.shape), rng=np.random.default_rng(0))
    >>> x = np.array([1.0, 2.0])
    >>> bool((noisy(x) == noisy.again(x)).all()), bool((noisy(x) == noisy(x)).all()), noisy.evals
    (True, False, 4)
    """

    def __init__(
        self,
        grad: Callable[..., Any],
        rng: np.random.Generator | None = None,
        full_grad: Callable[[Array], Any] | None = None,
    ) -> None:
        require("grad", grad, callable(grad), "a function of x that returns the gradient")
        self._grad = grad
        self._rng = rng
        self._full = full_grad
        self._before: Any = None  # the generator's state just before the last mini-batch was drawn
        self.log: list[Spent] = []
        self.evals = 0

    def __call__(self, x: Array) -> Array:
        """Gradient at `x` on a fresh mini-batch."""
        if self._rng is None:
            return self._spend(x, self._grad(x))
        self._before = self._rng.bit_generator.state
        return self._spend(x, self._grad(x, self._rng))

    def again(self, x: Array) -> Array:
        """Gradient at `x` on the last mini-batch, drawn once more from the same generator state."""
        if self._rng is None:
            return self._spend(x, self._grad(x))
        require("again", x, self._before is not None, "a mini-batch drawn before", "call grad(x) first")
        replay = np.random.Generator(type(self._rng.bit_generator)())
        replay.bit_generator.state = self._before
        return self._spend(x, self._grad(x, replay))

    def full(self, x: Array) -> Array:
        """Gradient of the whole objective at `x`."""
        if self._full is not None:
            return self._spend(x, self._full(x))
        hint = "outer_batch='full' of a stochastic gradient needs the objective's own"
        require("full_grad", self._full, self._rng is None, "a function when rng is given", hint)
        return self._spend(x, self._grad(x))

    def _spend(self, x: Array, gradient: Any) -> Array:
        g = np.asarray(gradient)
        require("grad(x)", g.shape, g.shape == np.shape(x), f"the shape of x, {np.shape(x)}")
        self.evals += 1
        self.log.append(Spent(x, g))
        return g


def as_oracle(grad: Callable[..., Any]) -> Oracle:
    """Wrap a plain gradient function; an Oracle is returned as it is."""
    return grad if isinstance(grad, Oracle) else Oracle(grad)


def probe_rows(lasts: Sequence[Spent | None], like: Array) -> dict[str, Array | None]:
    """Give a trajectory's `probes` and `probe_grads`: NaN for a step without a second gradient, None when none had one.

    Examples
    --------
    >>> x = np.array([1.0])
    >>> probe_rows([Spent(x, 2 * x), None], x)["probes"].tolist(), probe_rows([None], x)["probes"]
    ([[1.0], [nan]], None)
    """
    if all(spent is None for spent in lasts):
        return {"probes": None, "probe_grads": None}
    absent = np.full_like(like, np.nan)
    points = [absent if spent is None else spent.point for spent in lasts]
    gradients = [absent if spent is None else spent.gradient for spent in lasts]
    return {"probes": np.stack(points), "probe_grads": np.stack(gradients)}
