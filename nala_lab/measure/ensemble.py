"""Many runs on a diagonal noisy quadratic: of any method, or of NALA over gradient descent, which is fast.

    g = lam x + xi,  xi ~ N(0, w)  independent at every gradient and trajectory

The noise of every gradient is drawn and every step is taken, as the algorithm does; nothing is known of its law.

Trajectories are cut into blocks that fit the cache; each block has a named stream, so the numbers do not depend on the
number of threads.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from nala_lab.core import Array, covariance, eigenvalues, require, require_choice, require_int, stream
from nala_lab.core.threads import in_threads
from nala_lab.measure.noisy_runs import noisy_runs
from nala_lab.methods.hyper import OUTER_BATCHES, NALAHyper, SGDHyper

__all__ = ["Ensemble", "simulate"]

OneCycle = Callable[[Array, Array, np.random.Generator], None]  # (phi, scratch, rng): phi_{t-1} becomes phi_t in place
_BLOCK = 1000  # trajectories; with 16 modes one array is 128 kB
_THREADS = 2


@dataclass(frozen=True)
class Ensemble:
    """Sample moments of phi at cycles 0 .. T over n trajectories.

    Attributes
    ----------
    mean, variance : (T+1, d) sample mean of the error, and sample variance about it. final : (n, d) errors of phi_T.
    """

    mean: Array
    variance: Array
    final: Array

    @property
    def square(self) -> Array:
        """Sample mean of the square of the error, (T+1, d)."""
        square: Array = self.variance + self.mean**2
        return square


def simulate(lam: ArrayLike, w: ArrayLike, e0: ArrayLike, *, trajectories: int, method: Any = None,
             cycles: int | None = None, steps: int | None = None, lr: float | None = None, k: int | None = None,
             mu: float | None = None, alpha: float | None = None, outer: str = "fresh",
             seed: int = 0) -> Ensemble:  # fmt: skip
    """Simulate `trajectories` runs from the error e0, of `method` or of NALA over gradient descent.

    Parameters
    ----------
    lam, e0 : (d,) eigenvalues, initial error. w : covariance of the noise, one number, (d,) or (d, d), in the
    coordinates of the eigenvectors.
    method : a rule, a factory of torch optimizers or a `drive.Method`, run for `cycles` or `steps` as it has two loops
    or one. Without it, NALA's numbers: lr, k, mu, alpha, outer and cycles, as in the twins.
    seed : of the named streams.

    Raises
    ------
    ValueError
        When an argument is out of range.

    Examples
    --------
    >>> from nala_lab.measure import simulate
    >>> e = simulate([1.0], [1.0], [2.0], lr=0.5, k=2, mu=0.0, alpha=0.0, trajectories=1000, cycles=3)
    >>> e.mean.shape, e.final.shape
    ((4, 1), (1000, 1))
    >>> from nala_lab.reference import Adam
    >>> simulate([1.0], [1.0], [2.0], method=Adam(0.1), trajectories=10, steps=3).variance.shape
    (4, 1)
    """
    lam, e0 = eigenvalues("lam", lam), eigenvalues("e0", e0)
    require("lam", lam.shape, lam.ndim == 1 and lam.shape == e0.shape, "the shape (d,) of e0")
    root = _root(covariance("w", w, len(lam)))
    require_int("trajectories", trajectories, low=1)
    numbers = {"lr": lr, "k": k, "mu": mu, "alpha": alpha}
    if method is not None:
        given = sorted(name for name, value in numbers.items() if value is not None) + ["outer"] * (outer != "fresh")
        require("method", given, not given, f"{', '.join(numbers)}, outer left out", "they are the method's own")
        length = {name: value for name, value in (("cycles", cycles), ("steps", steps)) if value is not None}
        require("cycles or steps", length, len(length) == 1, "one of the two")
        require_int(*length, *length.values(), low=1)
        blocks = noisy_runs(method, lam, root, e0, members=trajectories, length=length, seed=seed)
        return _told((run.sum(1), _about_mean(run, run.mean(1)), run[-1]) for run in blocks)
    require_int("cycles", cycles, low=1)
    SGDHyper(lr=lr)
    require_choice("outer", outer, OUTER_BATCHES)
    NALAHyper(k=k, mu=mu, alpha=alpha)
    require("steps", steps, steps is None, "steps left out", "NALA runs for cycles")
    one = _one_cycle(lam, root, float(lr), k, float(mu), float(alpha), outer)
    sizes = [min(_BLOCK, trajectories - start) for start in range(0, trajectories, _BLOCK)]

    def block(index: int) -> tuple[Array, Array, Array]:
        rng = np.random.Generator(np.random.SFC64(stream(seed, "ensemble", "step", index).integers(2**63, size=4)))
        phi = np.repeat(e0[None], sizes[index], axis=0)
        total, spread = np.empty((cycles + 1, len(lam))), np.zeros((cycles + 1, len(lam)))
        total[0] = e0 * len(phi)
        noise = np.empty_like(phi)
        with np.errstate(over="ignore", invalid="ignore"):  # divergence is a result
            for cycle in range(1, cycles + 1):
                one(phi, noise, rng)
                total[cycle] = phi.sum(0)
                np.subtract(phi, total[cycle] / len(phi), out=noise)
                spread[cycle] = np.einsum("nd,nd->d", noise, noise)
        return total, spread, phi

    return _told(in_threads(block, range(len(sizes)), _THREADS))


def _told(blocks: Iterable[tuple[Array, Array, Array]]) -> Ensemble:
    """Put together sums, sums of squares about each block's own mean, and last rows."""
    sums, spreads, finals = zip(*blocks, strict=True)
    final = np.concatenate(finals)
    sizes = np.array([len(rows) for rows in finals])[:, None, None]
    with np.errstate(over="ignore", invalid="ignore"):
        mean = sum(sums) / len(final)
        between = (sizes * (np.stack(sums) / sizes - mean) ** 2).sum(0)
        return Ensemble(mean, (sum(spreads) + between) / len(final), final)


def _about_mean(run: Array, mean: Array) -> Array:
    """Sums (T+1, d) of squares about the mean: that of squares less that of the mean loses all digits far out."""
    with np.errstate(over="ignore", invalid="ignore"):
        away = run - mean[:, None]
        return np.asarray(np.einsum("tnd,tnd->td", away, away))


def _root(w: Array) -> Array:
    """Deviations (d,) of independent noise, or R (d, d) with R R' = w."""
    if np.array_equal(w, np.diag(np.diag(w))):
        return np.asarray(np.sqrt(np.diag(w)))
    values, vectors = np.linalg.eigh(w)
    return np.asarray(vectors * np.sqrt(np.maximum(values, 0)))


def _one_cycle(lam: Array, root: Array, lr: float, k: int, mu: float, alpha: float, outer: str) -> OneCycle:
    correlated = root.ndim == 2
    kick, outer_kick = (step * (1.0 if correlated else root) for step in (lr, alpha))
    shrink = 1 - lr * lam

    def draw(noise: Array, rng: np.random.Generator) -> None:
        rng.standard_normal(out=noise)
        if correlated:
            noise[:] = noise @ root.T

    def one(phi: Array, noise: Array, rng: np.random.Generator) -> None:
        slow = mu * phi
        for _ in range(k):  # theta <- theta - lr (lam theta + xi)
            draw(noise, rng)
            phi *= shrink
            phi -= noise * kick if outer == "last" else np.multiply(noise, kick, out=noise)
        phi *= 1 + mu
        phi -= slow  # y
        phi *= 1 - alpha * lam
        if outer == "last":
            phi -= noise * outer_kick  # the noise of the last inner gradient once more
        elif outer == "fresh" and alpha > 0:
            draw(noise, rng)
            noise *= outer_kick
            phi -= noise

    return one
