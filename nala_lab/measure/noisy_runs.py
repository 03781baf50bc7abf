"""Many noisy runs of any method on a diagonal quadratic: a NumPy rule, or a factory of torch optimizers.

All members of a block are rows of one array. That is the same as one run each for a method that treats coordinates
alone; one that looks at all of them together (a norm, a trust ratio) is run member by member, as a method runs alone.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import count
from typing import Any

import numpy as np

from nala_lab import drive
from nala_lab.core import Array, stream

__all__ = ["noisy_runs", "run_alone"]

_BLOCK = 200  # members; a torch run of 100 cycles keeps every point of them


def noisy_runs(method: Any, lam: Array, root: Array, e0: Array, *, members: int, length: Mapping[str, Any],
               seed: int) -> Iterator[Array]:  # fmt: skip
    """Give blocks of runs (T+1, members of the block, d); rows after the end of a run that diverged are NaN.

    Parameters
    ----------
    lam, e0 : (d,). root : (d,) or (d, d), R with R R' the covariance of the noise of a gradient.
    length : ``{"cycles": T}`` or ``{"steps": T}``.
    """
    twin = drive.twin_of(method)

    def rows(grad: Callable[..., Array], x0: Array, rng: np.random.Generator | None = None) -> Array:
        run = drive.run(twin, method, grad, x0, rng=rng, **length)
        found = run.slow if hasattr(run, "slow") else run.x
        whole = np.full((next(iter(length.values())) + 1, *x0.shape), np.nan)
        whole[: len(found)] = found
        return whole

    def noisy(x: Array, rng: np.random.Generator) -> Array:
        xi = rng.standard_normal(x.shape)
        gradient: Array = lam * x + (xi * root if root.ndim == 1 else xi @ root.T)
        return gradient

    far = 1e6 * (3 * e0 + 1)  # a bound on a norm that e0 alone stays below counts too
    xi = stream(0, "noise of two runs").standard_normal((100, 2, len(lam)))
    xi = xi * root if root.ndim == 1 else xi @ root.T
    coupled = not all(run_alone(rows, lam, xi, np.stack([e0, other])) for other in (e0, far))
    block = 1 if coupled else _BLOCK
    for index, start in enumerate(range(0, members, block)):
        x0 = e0 if coupled else np.repeat(e0[None], min(block, members - start), axis=0)
        yield rows(noisy, x0, stream(seed, "noisy runs", index)).reshape(-1, *np.atleast_2d(x0).shape)


def run_alone(rows: Callable[..., Array], lam: Any, xi: Array, both: Array) -> bool:
    """Whether two runs in one array are the runs alone, each under its own noise: not so where a norm is over all.

    Parameters
    ----------
    rows : runs the method with a gradient from a start, and gives its points. lam : curvatures.
    xi : (n, 2, d) noise of the two, over and over. both : (2, d) starts.
    """

    def path(start: Array, row: int | slice) -> Array:
        calls = count()
        return rows(lambda x: lam * x + xi[next(calls) % len(xi), row], start)

    alone = np.stack([path(both[i], i) for i in (0, 1)], axis=1)
    return np.array_equal(path(both, slice(None)), alone, equal_nan=True)
