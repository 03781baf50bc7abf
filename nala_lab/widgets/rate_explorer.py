"""The rate explorer: stability map, roots of the cycle map, predicted against measured decay.

The quadratic has its largest curvature L = 1, so eta and alpha are in units of 1/L; its 8 eigenvalues start at 1/kappa,
or are those that were measured on LeNet-5. The map and the roots come from the theory, the measured decay from the
NumPy twin; neither sees the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from nala_lab.core import Array, require_choice, require_int, require_number
from nala_lab.plots import ROLES
from nala_lab.reference import NAG, NALA, SGD, HeavyBall
from nala_lab.theory.maps import rate_map
from nala_lab.theory.momentum_cycle import cycle_matrix
from nala_lab.theory.quadratic_rate import rho
from nala_lab.widgets.controls import choice, counter, log_slider, slider
from nala_lab.widgets.explorer import Explorer
from nala_lab.widgets.modes import SPECTRA, decay_gap, eigenvalues, measured_decay, predicted_decay, scaled, spectrum
from nala_lab.widgets.parts import APART, BELOW, HERE, clipped, heat, logarithmic, under
from nala_lab.widgets.picture import Picture

__all__ = ["INSIDE", "LR_AXIS", "MU_AXIS", "RateExplorer", "RateSettings", "rate_view", "roots"]

INSIDE = ("gradient descent", "heavy ball", "NAG")
LR_AXIS = np.linspace(0.02, 4.0, 121)
MU_AXIS = np.linspace(-0.98, 1.5, 94)
_KINDS = {"heavy ball": "heavy-ball", "NAG": "nag"}


@dataclass(frozen=True)
class RateSettings:
    """lr = eta L and alpha L are dimensionless; beta is the inner momentum of heavy ball or NAG, kept across cycles.

    spectrum: ``"even"`` from 1/kappa to 1, or ``"LeNet-5"``, as measured; kappa is then not used.
    """

    inner: str = "gradient descent"
    lr: float = 1.0
    k: int = 5
    mu: float = -0.5
    alpha: float = 0.0
    beta: float = 0.5
    kappa: float = 30.0
    cycles: int = 30
    spectrum: str = "even"

    @property
    def lam(self) -> Array:
        """The eigenvalues, (8,), the largest 1 and last."""
        return spectrum(self.kappa, self.spectrum)


@dataclass(frozen=True, eq=False)
class RateView:
    """What the picture of the rate explorer shows.

    Attributes
    ----------
    rates : (len(MU_AXIS), len(LR_AXIS)) worst factor per cycle over the spectrum.
    locus : (2, n, r) complex roots for the least and the largest eigenvalue, lr along LR_AXIS. now : (2, r) at this lr.
    measured, predicted : (rows,) distance of the slow weights to the minimum, 1 at the start.
    """

    settings: RateSettings
    rates: Array
    locus: Array
    now: Array
    measured: Array
    predicted: Array
    numbers: dict[str, Any]
    message: str


def roots(lam: Any, s: RateSettings, lr: Any = None) -> Array:
    """Give the roots of the cycle map for eigenvalues `lam`, (..., 1) over gradient descent, (..., 2) with momentum.

    Parameters
    ----------
    lam : (...) eigenvalues. s : settings. lr : learning rate that broadcasts against `lam`; None takes that of `s`.

    Examples
    --------
    >>> float(roots(1.0, RateSettings(lr=2.0))[0])  # at eta L = 2 the average of the two ends is zero
    0.0
    """
    rate, lam = np.broadcast_arrays(s.lr if lr is None else lr, np.asarray(lam, float))
    c = 1 - s.alpha * lam
    # Only lr * lam enters an inner step, so lr goes into lam, and the outer factor c is put on by hand.
    if s.inner not in _KINDS:
        return np.asarray(c * rho(rate * lam, lr=1.0, k=s.k, mu=s.mu, alpha=0.0))[..., None]
    O = cycle_matrix(rate * lam, lr=1.0, beta=s.beta, k=s.k, mu=s.mu, kind=_KINDS[s.inner])  # noqa: E741
    return eigenvalues(scaled(O, c))


@lru_cache(maxsize=128)
def radii(inner: str, k: int, alpha: float, beta: float, kappa: float, kind: str = "even") -> Array:
    """Give the map: worst factor per cycle, (mu, lr) along the two axes.

    Examples
    --------
    >>> radii("gradient descent", 5, 0.0, 0.5, 30.0).shape == (len(MU_AXIS), len(LR_AXIS))
    True
    """
    lam = spectrum(kappa, kind)
    if inner not in _KINDS:
        m = rate_map(("lr", LR_AXIS), ("mu", MU_AXIS), alpha=alpha, k=k, lam=lam, per="cycle")
        return m.rate
    a = LR_AXIS[:, None] * lam
    kind, c = _KINDS[inner], np.broadcast_to(1 - alpha * lam, a.shape)
    # The matrix is affine in mu: two of them give all.
    at = [scaled(cycle_matrix(a, lr=1.0, beta=beta, k=k, mu=float(mu), kind=kind), c) for mu in (0, 1)]
    O = at[0] + MU_AXIS[:, None, None, None, None] * (at[1] - at[0])  # noqa: E741
    return np.asarray(np.abs(eigenvalues(O)).max(axis=(-1, -2)))


def rate_view(s: RateSettings) -> RateView:
    """Compute the map, the roots and both decays.

    Raises
    ------
    ValueError
        For a setting out of its range.

    Examples
    --------
    >>> view = rate_view(RateSettings(lr=1.0, kappa=10.0, cycles=20))
    >>> round(view.numbers["rate per cycle"], 6), view.numbers["largest gap"] < 1e-9
    (0.795245, True)
    """
    require_choice("inner", s.inner, INSIDE)
    require_number("kappa", s.kappa, low=1)
    require_int("cycles", s.cycles, low=2)
    method = NALA(_rule(s), k=s.k, mu=s.mu, alpha=s.alpha)  # checks the rest
    ends = s.lam[[0, -1]]
    measured, evals = measured_decay(method, s.kappa, s.cycles, s.spectrum)
    predicted = _predicted(s, len(measured))
    sizes = np.abs(roots(s.lam, s)).max(axis=-1)
    rate = float(sizes.max())
    gradients = s.k + 1  # the outer gradient is evaluated at alpha = 0 too
    numbers = {
        "rate per cycle": rate,
        "rate per gradient": float(rate ** (1 / gradients)),
        "root slow mode": float(np.abs(roots(ends[:1], s)).max()),
        "root stiff mode": float(np.abs(roots(ends[1:], s)).max()),
        "predicted error": float(predicted[-1]),
        "measured error": float(measured[-1]),
        "largest gap": decay_gap(predicted, measured),
    }
    return RateView(settings=s, rates=radii(s.inner, s.k, s.alpha, s.beta, s.kappa, s.spectrum),
                    locus=roots(ends[:, None], s, LR_AXIS), now=roots(ends, s), measured=measured, predicted=predicted,
                    numbers=numbers, message=_reading(sizes, s))  # fmt: skip


def _rule(s: RateSettings) -> Any:
    if s.inner == "gradient descent":
        require_number("beta", s.beta, low=0, high=1, open_high=True)
        return SGD(lr=s.lr)
    return (HeavyBall if s.inner == "heavy ball" else NAG)(lr=s.lr, momentum=s.beta)


def _predicted(s: RateSettings, rows: int) -> Array:
    lam = s.lam
    if s.inner in _KINDS:
        O = cycle_matrix(lam, lr=s.lr, beta=s.beta, k=s.k, mu=s.mu, alpha=s.alpha, kind=_KINDS[s.inner])  # noqa: E741
        return predicted_decay(O, rows)
    with np.errstate(over="ignore"):
        modes = rho(lam, lr=s.lr, k=s.k, mu=s.mu, alpha=s.alpha) ** np.arange(rows)[:, None]
        return np.asarray(np.sqrt((modes**2).mean(axis=-1)))


def _reading(sizes: Array, s: RateSettings) -> str:
    """What the largest of the modes' roots says, and which mode has it: an outer step can leave one in the middle."""
    rate, ends = float(sizes.max()), (float(sizes[0]), float(sizes[-1]))
    if rate > max(ends) * (1 + 1e-12):
        which = by = f"mode with lam = {s.lam[int(sizes.argmax())]:.3g} L"
    elif ends[1] >= ends[0] and (rate >= 1 or ends[1] > ends[0]):
        which, by = "stiff mode (lam = L)", "stiff mode of the two"
    else:
        which, by = "slow mode (smallest lam)", "slow mode of the two"
    if rate >= 1:
        grows = "grows" if rate > 1 + 1e-12 else "does not shrink"
        return f"Not stable: the {which} has a root of size {rate:.4g}, so its error {grows} every cycle."
    return f"Stable: every cycle multiplies the error by {rate:.4g} in the end. The {by} sets it."


_MODES = (("slow mode, least λ", APART[0], "o"), ("stiff mode, λ = L", APART[1], "D"))


class RatePicture(Picture):
    """Left: map over eta and mu. Middle: roots of the cycle map. Right: predicted and measured error."""

    def build(self) -> None:
        """Make three panels."""
        self._map_axes, roots, self._decay = self.figure.subplots(1, 3, width_ratios=(1.3, 1, 1))
        self._heat = heat(self, self._map_axes, LR_AXIS, MU_AXIS, "factor per cycle")
        self._here = self.line(self._map_axes, label="here", **HERE)
        limits = (LR_AXIS[0], LR_AXIS[-1]), (MU_AXIS[0], MU_AXIS[-1])
        self._map_axes.set(xlabel=r"inner step $\eta L$", ylabel=r"outer factor $\mu$", xlim=limits[0], ylim=limits[1])
        self._build_roots(roots)
        self._build_decay()

    def _build_roots(self, ax: Any) -> None:
        angle = np.linspace(0, 2 * np.pi, 181)
        ax.plot(np.cos(angle), np.sin(angle), color=ROLES["limit"], lw=1.6)
        ax.axhline(0, color="#AAAAAA", lw=1)
        self._locus = [self.line(ax, ".", color=colour, ms=4) for _, colour, _ in _MODES]
        self._now = [self.line(ax, mark, color=colour, ms=13, mec="black", mew=1.4, label=text, zorder=6)
                     for text, colour, mark in _MODES]  # fmt: skip
        ax.set(xlim=(-1.6, 1.6), ylim=(-2.3, 2.3), aspect="equal", xlabel="real part", ylabel="imaginary part",
               title=r"roots of a cycle")  # fmt: skip
        ax.legend(**BELOW)

    def _build_decay(self) -> None:
        ax = self._decay
        self._predicted = self.line(ax, color=ROLES["predicted"], lw=2, label="predicted")
        self._measured = self.line(ax, "o", color=ROLES["measured"], ms=7, label="measured")
        logarithmic(ax, 1e-6, 1, xlabel="cycles", title="distance to the minimum")
        ax.legend(**BELOW, ncols=2)

    def update(self, view: RateView) -> None:
        """Move everything."""
        s = view.settings
        self._heat.set_data(clipped(view.rates))
        self._here.set_data([s.lr], [s.mu])
        for line, dots, path, now in zip(self._locus, self._now, view.locus, view.now, strict=True):
            line.set_data(path.real.ravel(), path.imag.ravel())
            dots.set_data(now.real.ravel(), now.imag.ravel())
        curves, x = [view.measured, view.predicted], (0, s.cycles)
        measured, predicted = under(self, self._decay, curves, x=x, floor=1e-16, ceiling=1e12)
        self._measured.set_data(np.arange(len(measured)), measured)
        self._predicted.set_data(np.arange(len(predicted)), predicted)

    def alt(self, view: RateView) -> str:
        """Say where the setting lies and what follows."""
        s, n = view.settings, view.numbers
        side = "inside" if n["rate per cycle"] < 1 else "outside"
        return (
            f"Map of the factor per cycle over inner step and outer factor; the setting eta L = {s.lr:.3g}, "
            f"mu = {s.mu:.3g} lies {side} the stable region. Roots of the cycle map have size "
            f"{n['root slow mode']:.3g} (slow mode) and {n['root stiff mode']:.3g} (stiff mode). The measured error "
            f"follows the predicted one to {n['measured error']:.3g} after {len(view.measured) - 1} cycles."
        )


class RateExplorer(Explorer):
    """NALA on a quadratic: stability map, roots of the cycle map, predicted against measured decay.

    Parameters
    ----------
    show : settings whose controls stand under the picture.
    settings : any field of `RateSettings`: inner, lr, k, mu, alpha, beta, kappa, cycles, spectrum.

    Raises
    ------
    ValueError
        For a setting out of range.

    Examples
    --------
    >>> from nala_lab.widgets import RateExplorer
    >>> explorer = RateExplorer(lr=2.1, k=5)
    >>> explorer.numbers["rate per cycle"] < 1 <= explorer.set(k=4).numbers["rate per cycle"]
    True
    """

    title: ClassVar[str] = "Rate and stability on a quadratic"
    options: ClassVar[Any] = RateSettings
    compute: ClassVar[Any] = staticmethod(rate_view)
    drawing: ClassVar[Any] = RatePicture
    shown: ClassVar[tuple[str, ...]] = ("lr", "mu", "k", "alpha", "inner")

    def make_controls(self, s: RateSettings) -> dict[str, Any]:
        """Make them in the order in which they are shown."""
        return {
            "lr": slider("eta L", s.lr, 0.02, float(LR_AXIS[-1]), 0.02, help="inner step times largest curvature"),
            "mu": slider("mu", s.mu, -1.0, float(MU_AXIS[-1]), 0.02, help="outer factor; slow step 1 + mu"),
            "k": counter("k", s.k, 1, 12, help="inner steps per cycle"),
            "alpha": slider("alpha L", s.alpha, 0.0, 6.0, 0.02, help="outer gradient step; 0 is Lookahead"),
            "inner": choice("inner rule", s.inner, INSIDE),
            "beta": slider("inner beta", s.beta, 0.0, 0.98, 0.01, help="momentum of heavy ball or NAG inside"),
            "kappa": log_slider("kappa", s.kappa, 0, 4, help="condition number L/m"),
            "cycles": counter("cycles", s.cycles, 5, 100, step=5),
            "spectrum": choice("spectrum", s.spectrum, SPECTRA, help="even from 1/kappa to 1, or measured on LeNet-5"),
        }

    def idle(self, s: RateSettings) -> frozenset[str]:
        """Gradient descent has no momentum; a measured spectrum has its own kappa."""
        silent = {"beta": s.inner not in _KINDS, "kappa": s.spectrum != "even"}
        return frozenset(name for name, moves_nothing in silent.items() if moves_nothing)
