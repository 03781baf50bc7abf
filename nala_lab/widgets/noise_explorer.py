"""The noise explorer: the expected loss exactly, and a cloud of runs that must lie around it.

The exact line comes from theory.stochastic (mean and covariance, nothing sampled); the cloud from the NumPy twin on
problems.NoisyQuadratic. Whether they agree is told by a z-score: (Monte Carlo mean - exact) / standard error.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from nala_lab.core import Array, require, require_choice, require_int, require_number, stream
from nala_lab.plots import ROLES, look
from nala_lab.reference import NALA, SGD, run
from nala_lab.theory import stochastic
from nala_lab.widgets.controls import choice, counter, log_slider, slider
from nala_lab.widgets.explorer import Explorer
from nala_lab.widgets.modes import LENET, SPECTRA, spectrum
from nala_lab.widgets.parts import BELOW, HERE, logarithmic, under
from nala_lab.widgets.picture import Picture
from problems import NoisyQuadratic

__all__ = ["NoiseExplorer", "NoiseSettings", "noise_view", "stationary_loss"]

MODELS = ("constant", "random minimum")
OUTERS = ("fresh", "last", "full")
MU_SWEEP = np.linspace(-0.95, 1.45, 25)
_LONG = ("in the long run", "SGD in the long run")
_HUGE = 1e9
_ROUNDED = 1e-12  # a root nearer to 1 is one: what is left of it after many cycles would be rounding


@dataclass(frozen=True)
class NoiseSettings:
    """lr = eta L and alpha L dimensionless, L = 1. sigma: standard deviation of gradient entry or of the minimum.

    chains: runs in the cloud. outer: mini-batch of the outer gradient. spectrum: ``"even"`` from 1/kappa to 1, or
    ``"LeNet-5"``: curvatures, and with the constant model the noise along each, as measured; sigma is then the noise's
    root mean square over the directions, and kappa is not used.
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
    spectrum: str = "even"


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
def _problem(kappa: float, sigma: float, model: str, kind: str) -> NoisyQuadratic:
    noise = "random-minimum" if model == "random minimum" else "additive"
    if kind == "even":
        eigenvalues = np.geomspace(1 / kappa, 1.0, 3)
        return NoisyQuadratic(eigenvalues, sigma**2, model=noise, rotation=11, shift=[0.6, -1.4, 2.2], offset=0.7)
    variances = LENET[1] / LENET[1].mean() if noise == "additive" else np.ones(LENET.shape[1])
    return NoisyQuadratic(spectrum(kappa, kind), sigma**2 * variances, model=noise, offset=0.7)


def _cycle(s: NoiseSettings, q: NoisyQuadratic) -> stochastic.Cycle:
    C = q.noise_cov(q.center)
    return stochastic.cycle(q.A, C, lr=s.lr, k=s.k, mu=s.mu, alpha=s.alpha, outer=s.outer)


def _radius(one: stochastic.Cycle) -> float:
    return float(np.abs(np.linalg.eigvals(one.O)).max())


def _level(one: stochastic.Cycle, q: NoisyQuadratic) -> float:
    if not _radius(one) < 1 - _ROUNDED:
        return float("nan")
    sigma = stochastic.stationary(one)[: q.dim, : q.dim]
    return float(np.trace(q.A @ sigma) / 2)


def stationary_loss(s: NoiseSettings) -> float:
    """Give the expected loss that remains after many cycles; NaN where there is none.

    Examples
    --------
    >>> stationary_loss(NoiseSettings(mu=-0.5)) < stationary_loss(NoiseSettings(mu=0.0))
    True
    """
    q = _problem(s.kappa, s.sigma, s.model, s.spectrum)
    return _level(_cycle(s, q), q)


@lru_cache(maxsize=128)
def _sweep(s: NoiseSettings) -> Array:
    return np.array([stationary_loss(replace(s, mu=float(mu))) for mu in MU_SWEEP])


@lru_cache(maxsize=64)
def _cloud(s: NoiseSettings) -> tuple[Array, Array]:
    q = _problem(s.kappa, s.sigma, s.model, s.spectrum)
    outer = s.outer if s.alpha > 0 else "fresh"  # a step of no length: another batch would only draw other numbers
    method = NALA(SGD(lr=s.lr), k=s.k, mu=s.mu, alpha=s.alpha, outer_batch=outer)
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
    require_choice("spectrum", s.spectrum, SPECTRA)
    for name, low in (("cycles", 1), ("chains", 2), ("seed", 0)):
        require_int(name, getattr(s, name), low=low)
    q = _problem(s.kappa, s.sigma, s.model, s.spectrum)
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
    return NoiseView(settings=s, evals=evals[:rows], exact=exact, cloud=cloud[:rows], sgd_evals=np.arange(spent + 1),
                     sgd=_expected(sgd_one, q, spent), sweep=_sweep(replace(s, mu=0.0, cycles=1, chains=2, seed=0)),
                     sgd_level=sgd_level, numbers=numbers,
                     message=_reading(level, sgd_level, one))  # fmt: skip


def _expected(one: stochastic.Cycle, q: NoisyQuadratic, T: int) -> Array:
    with np.errstate(over="ignore", invalid="ignore"):
        return np.asarray(stochastic.expected_loss(q.A, stochastic.propagate(one, q.start - q.center, T=T)))


def _reading(level: float, sgd: float, one: stochastic.Cycle) -> str:
    radius = _radius(one)
    if level != level and radius > 1 + _ROUNDED:
        return f"Diverges: a cycle has a root of size {radius:.4g}, so the expected loss grows for ever."
    if level != level:
        noise = ", and the noise of every cycle is added to it" if np.any(one.N) else ""
        return f"Does not settle: a cycle has a root of size 1, so a part of the start is never forgotten{noise}."
    if sgd != sgd:
        return f"The expected loss settles at {level:.4g}; SGD's with this step does not."
    if sgd == 0:
        return "No noise: the loss goes to zero."
    word = "lower" if level < sgd else "higher" if level > sgd else "the same"
    return (
        f"In the long run the loss stays at {level:.4g}, {level / sgd:.3g} times SGD's with the same step ({word}). "
        "Compare how fast each gets there."
    )


class NoisePicture(Picture):
    """Left: loss against gradients. Right: what remains after many cycles, for every mu."""

    def build(self) -> None:
        """Make two panels."""
        self._falls, self._levels = self.figure.subplots(1, 2, width_ratios=(1.5, 1))
        ax = self._falls
        self._cloud = self.line(ax, ".", color="#8FB9D3", ms=4, alpha=0.5, label="runs of NALA")
        self._sgd = self.line(ax, lw=2.2, label="SGD, exact", **look("sgd", marker=False))
        self._mean = self.line(ax, "o", color=ROLES["measured"], ms=8, mec="white", label="their mean")
        self._exact = self.line(ax, color=look("nala")["color"], lw=2.6, label="NALA, exact")
        logarithmic(ax, 1e-3, 10, xlabel="gradient evaluations", title="loss above the minimum")
        ax.legend(handles=[self._cloud, self._mean, self._exact, self._sgd], **BELOW, ncols=4, markerscale=1.4)
        self._build_levels()

    def _build_levels(self) -> None:
        ax = self._levels
        ax.axvline(0, color="#444444", lw=1)
        self._sweep = self.line(ax, lw=2.6, label="NALA", **look("nala", marker=False))
        self._level = self.line(ax, lw=2.2, label="SGD", **look("sgd", marker=False))
        self._here = self.line(ax, label="here", **HERE)
        logarithmic(ax, 1e-3, 10, xlabel=r"outer factor $\mu$", title="loss in the long run, exact", xlim=(-1, 1.5))
        ax.legend(handles=[self._sweep, self._level, self._here], **BELOW, ncols=3, markerscale=0.7)

    def update(self, view: NoiseView) -> None:
        """Move everything."""
        mean = view.cloud.mean(axis=1)
        curves = [view.cloud, mean, view.exact, view.sgd]
        x = (0.0, float(view.evals[-1]))
        cloud, mean, exact, sgd = under(self, self._falls, curves, x=x, floor=1e-8, ceiling=1e6)
        self._cloud.set_data(np.repeat(view.evals, view.cloud.shape[1]), cloud.ravel())
        self._mean.set_data(view.evals, mean)
        self._exact.set_data(view.evals, exact)
        self._sgd.set_data(view.sgd_evals, sgd)
        self._update_levels(view)

    def _update_levels(self, view: NoiseView) -> None:
        here = float(view.numbers["in the long run"])
        known = [level for level in (*view.sweep, view.sgd_level, here) if np.isfinite(level)] or [1.0]
        under(self, self._levels, [np.array(known)], x=(-1, 1.5), floor=1e-8, ceiling=1e6)
        self._sweep.set_data(MU_SWEEP, view.sweep)
        self._level.set_data([-1, 1.5], [view.sgd_level] * 2)
        self._here.set_data([view.settings.mu], [here])

    def alt(self, view: NoiseView) -> str:
        """Say where exact line and cloud stand."""
        n = view.numbers
        ends = ["no level" if n[name] != n[name] else f"{n[name]:.3g}" for name in _LONG]
        return (
            f"A cloud of {view.settings.chains} noisy runs around the exact expected loss of NALA, which is "
            f"{n['exact loss']:.3g} after {n['gradients']} gradients; the runs' mean is {n['Monte Carlo mean']:.3g}, "
            f"{n['z-score']:.2g} standard errors away. In the long run NALA stays at {ends[0]}, SGD at {ends[1]}."
        )


class NoiseExplorer(Explorer):
    """Expected loss of NALA on a noisy quadratic, exact, with a Monte Carlo cloud over it.

    Parameters
    ----------
    show : settings whose controls stand under the picture.
    settings : any field of `NoiseSettings`: lr, k, mu, alpha, kappa, sigma, model, outer, cycles, chains, seed,
        spectrum.

    Raises
    ------
    ValueError
        For a setting out of range.

    Examples
    --------
    >>> from nala_lab.widgets import NoiseExplorer
    >>> explorer = NoiseExplorer(mu=-0.5)
    >>> explorer.numbers["in the long run"] < explorer.numbers["SGD in the long run"]
    True
    """

    title: ClassVar[str] = "Noise: what averaging buys"
    options: ClassVar[Any] = NoiseSettings
    compute: ClassVar[Any] = staticmethod(noise_view)
    drawing: ClassVar[Any] = NoisePicture
    shown: ClassVar[tuple[str, ...]] = ("mu", "lr", "k", "sigma", "kappa")

    def make_controls(self, s: NoiseSettings) -> dict[str, Any]:
        """Make them in the order in which they are shown."""
        return {
            "mu": slider("mu", s.mu, -1.0, 1.45, 0.05, help="outer factor; slow step 1 + mu"),
            "lr": slider("eta L", s.lr, 0.02, 2.5, 0.02, help="inner step times largest curvature"),
            "k": counter("k", s.k, 1, 12, help="inner steps per cycle"),
            "alpha": slider("alpha L", s.alpha, 0.0, 3.0, 0.05, help="outer gradient step; 0 is Lookahead"),
            "sigma": slider("noise sigma", s.sigma, 0.0, 3.0, 0.05),
            "kappa": log_slider("kappa", s.kappa, 0, 3, help="condition number L/m"),
            "model": choice("noise model", s.model, MODELS, help="same everywhere, or a minimum that jumps"),
            "outer": choice("outer batch", s.outer, OUTERS, help="mini-batch of the outer gradient"),
            "cycles": counter("cycles", s.cycles, 2, 40),
            "chains": counter("runs in the cloud", s.chains, 10, 200, step=10),
            "seed": counter("seed", s.seed, 0, 20, help="another seed is another cloud"),
            "spectrum": choice("spectrum", s.spectrum, SPECTRA, help="even from 1/kappa to 1, or measured on LeNet-5"),
        }

    def idle(self, s: NoiseSettings) -> frozenset[str]:
        """Without noise all runs are one, without an outer step its batch moves nothing; LeNet-5 has its own kappa."""
        silent = {"seed", "model", "outer"} if s.sigma == 0 else set()
        silent |= {"kappa"} if s.spectrum != "even" else set()
        return frozenset(silent | ({"outer"} if s.alpha == 0 else set()))
