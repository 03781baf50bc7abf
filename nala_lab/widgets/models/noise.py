"""The noise explorer's numbers: the expected loss exactly, and a cloud of runs that must lie around it.

The exact line comes from theory.stochastic (mean and covariance, nothing sampled); the cloud from the NumPy twin on
problems.NoisyQuadratic. Whether they agree is told by a z-score: (Monte Carlo mean - exact) / standard error.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from nala_lab.core import Array, require, require_choice, require_int, require_number, stream
from nala_lab.reference import NALA, SGD, run
from nala_lab.theory import stochastic
from problems import NoisyQuadratic

__all__ = ["MODELS", "MU_SWEEP", "OUTERS", "NoiseSettings", "NoiseView", "noise_view", "stationary_loss"]

MODELS = ("constant", "random minimum")
OUTERS = ("fresh", "last", "full")
MU_SWEEP = np.linspace(-0.95, 1.45, 25)
_HUGE = 1e9
_DIMENSIONS = 3


@dataclass(frozen=True)
class NoiseSettings:
    """lr = eta L and alpha L dimensionless, L = 1. sigma: standard deviation of gradient entry or of the minimum.

    chains: runs in the cloud. outer: mini-batch of the outer gradient.
    """

    lr: float = 0.5
    k: int = 5
    mu: float = -0.5
    alpha: float = 0.0
    kappa: float = 10.0
    sigma: float = 0.5
    model: str = "constant"
    outer: str = "fresh"
    cycles: int = 20
    chains: int = 100
    seed: int = 0


@dataclass(frozen=True, eq=False)
class NoiseView:
    """What the picture of the noise explorer shows.

    Attributes
    ----------
    evals : (rows,) gradients spent at each outer step. exact : (rows,) E f - f*. cloud : (rows, chains) f - f* of runs.
    sgd_evals, sgd : exact E f - f* of SGD with the same step. sweep : (len(MU_SWEEP),) stationary loss; NaN: none.
    """

    settings: NoiseSettings
    evals: Array
    exact: Array
    cloud: Array
    sgd_evals: Array
    sgd: Array
    sweep: Array
    sgd_level: float
    numbers: dict[str, Any]
    message: str


@lru_cache(maxsize=64)
def _problem(kappa: float, sigma: float, model: str) -> NoisyQuadratic:
    spectrum = np.geomspace(1 / kappa, 1.0, _DIMENSIONS)
    kind = "random-minimum" if model == "random minimum" else "additive"
    return NoisyQuadratic(spectrum, sigma**2, model=kind, rotation=11, shift=[0.6, -1.4, 2.2], offset=0.7)


def _cycle(s: NoiseSettings, q: NoisyQuadratic) -> stochastic.Cycle:
    C = q.noise_cov(q.center)
    return stochastic.cycle(q.A, C, lr=s.lr, k=s.k, mu=s.mu, alpha=s.alpha, outer=s.outer)


def _radius(one: stochastic.Cycle) -> float:
    return float(np.abs(np.linalg.eigvals(one.O)).max())


def _level(one: stochastic.Cycle, q: NoisyQuadratic) -> float:
    if not _radius(one) < 1:
        return float("nan")
    sigma = stochastic.stationary(one)[:_DIMENSIONS, :_DIMENSIONS]
    return float(np.trace(q.A @ sigma) / 2)


def stationary_loss(s: NoiseSettings) -> float:
    """Give the expected loss that remains after many cycles; NaN where there is none.

    Examples
    --------
    >>> stationary_loss(NoiseSettings(mu=-0.5)) < stationary_loss(NoiseSettings(mu=0.0))
    True
    """
    q = _problem(s.kappa, s.sigma, s.model)
    return _level(_cycle(s, q), q)


@lru_cache(maxsize=128)
def _sweep(s: NoiseSettings) -> Array:
    return np.array([stationary_loss(replace(s, mu=float(mu))) for mu in MU_SWEEP])


@lru_cache(maxsize=64)
def _cloud(s: NoiseSettings) -> tuple[Array, Array]:
    q = _problem(s.kappa, s.sigma, s.model)
    method = NALA(SGD(lr=s.lr), k=s.k, mu=s.mu, alpha=s.alpha, outer_batch=s.outer)
    rng = stream(s.seed, "noise explorer")
    start = np.tile(q.start, (s.chains, 1))
    t = run(method, q.noisy_grad, start, cycles=s.cycles, rng=rng, full_grad=q.grad, limit=_HUGE)
    return t.evals, np.asarray(q.value(t.slow)) - q.minimum


def noise_view(s: NoiseSettings) -> NoiseView:
    """Compute the exact curves and draw the cloud.

    Raises
    ------
    ValueError
        For a setting out of its range.

    Examples
    --------
    >>> view = noise_view(NoiseSettings(cycles=10))
    >>> abs(view.numbers["z-score"]) < 4
    True
    """
    require_number("kappa", s.kappa, low=1)
    require_number("sigma", s.sigma, low=0)
    require_number("lr", s.lr, low=0)
    require_choice("model", s.model, MODELS)
    for name, low in (("cycles", 1), ("chains", 2), ("seed", 0)):
        require_int(name, getattr(s, name), low=low)
    q = _problem(s.kappa, s.sigma, s.model)
    one = _cycle(s, q)
    evals, cloud = _cloud(s)
    rows = int(np.argmin(np.isfinite(cloud).all(axis=1))) if not np.isfinite(cloud).all() else len(cloud)
    require("cycles", s.cycles, rows > 1, "a first cycle that stays finite")
    exact = _expected(one, q, rows - 1)
    alone = replace(s, k=1, mu=0.0, alpha=0.0)
    sgd_one = _cycle(alone, q)
    spent = int(evals[rows - 1])
    level, sgd_level = _level(one, q), _level(sgd_one, q)
    mean, error = float(cloud[rows - 1].mean()), float(cloud[rows - 1].std(ddof=1) / np.sqrt(s.chains))
    numbers = {
        "exact loss": float(exact[-1]),
        "Monte Carlo mean": mean,
        "standard error": error,
        "z-score": (mean - float(exact[-1])) / error if error > 0 else 0.0,
        "in the long run": level,
        "SGD in the long run": sgd_level,
        "gradients": spent,
    }
    return NoiseView(
        settings=s,
        evals=evals[:rows],
        exact=exact,
        cloud=cloud[:rows],
        sgd_evals=np.arange(spent + 1),
        sgd=_expected(sgd_one, q, spent),
        sweep=_sweep(replace(s, mu=0.0, cycles=1, chains=2, seed=0)),
        sgd_level=sgd_level,
        numbers=numbers,
        message=_reading(level, sgd_level, _radius(one)),
    )


def _expected(one: stochastic.Cycle, q: NoisyQuadratic, T: int) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(stochastic.expected_loss(q.A, stochastic.propagate(one, q.start - q.center, T=T)))


def _reading(level: float, sgd: float, radius: float) -> str:
    if level != level:
        return f"Diverges: a cycle has a root of size {radius:.4g}, so the expected loss grows for ever."
    if sgd != sgd:
        return f"The expected loss settles at {level:.4g}; SGD alone with this step would diverge."
    if sgd == 0:
        return "No noise: the loss goes to zero."
    word = "lower" if level < sgd else "higher" if level > sgd else "the same"
    return (
        f"In the long run the loss stays at {level:.4g}, {level / sgd:.3g} times SGD's with the same step ({word}). "
        "Compare how fast each gets there."
    )
