"""The family chooser: a point of OuterMomentum, the published methods that stand there, and its rate.

    b' = beta b + D,   u = D + beta b' (Nesterov) or b' (heavy ball),   y = phi - nu u,   phi' = y - alpha grad J(y)

over gradient descent, on a quadratic with largest curvature L = 1. On an eigenvalue the outer method sees the effective
curvature q = 1 - (1 - lr lam)^k, so the predicted cycle is a 2 x 2 matrix (theory.outer_velocity; for the heavy ball
theory.momentum_cycle's step with q as curvature and nu as step).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from nala_lab.core import Array, require_choice, require_int, require_number
from nala_lab.methods.hyper import OUTER_STYLES
from nala_lab.plots import ROLES, look
from nala_lab.reference import SGD, OuterMomentum
from nala_lab.theory import momentum_cycle, outer_velocity
from nala_lab.widgets.controls import choice, counter, log_slider, slider
from nala_lab.widgets.explorer import Explorer
from nala_lab.widgets.modes import decay_gap, eigenvalues, measured_decay, predicted_decay, scaled, spectrum
from nala_lab.widgets.parts import BELOW, HERE, clipped, heat, logarithmic, under
from nala_lab.widgets.picture import Picture

__all__ = ["PRESETS", "FamilyChooser", "FamilySettings", "family_view", "points"]

NU_AXIS = np.linspace(0.02, 2.5, 94)
BETA_AXIS = np.linspace(0.0, 0.98, 57)

PRESETS: dict[str, dict[str, Any]] = {
    "Lookahead": {"nu": 0.5, "beta": 0.0, "alpha": 0.0},
    "Reptile": {"nu": 0.3, "beta": 0.0, "alpha": 0.0},
    "NALA": {"nu": 0.5, "beta": 0.0, "alpha": 0.5},
    "SNOO": {"nu": 0.8, "beta": 0.5, "alpha": 0.0, "style": "nesterov"},
    "DiLoCo": {"nu": 0.7, "beta": 0.9, "alpha": 0.0, "style": "nesterov"},
    "SlowMo": {"nu": 1.0, "beta": 0.6, "alpha": 0.0, "style": "heavy-ball"},
    "BMUF classical": {"nu": 1.0, "beta": 0.75, "alpha": 0.0, "style": "heavy-ball"},
    "BMUF Nesterov": {"nu": 1.0, "beta": 0.75, "alpha": 0.0, "style": "nesterov"},
    "NAG outer": {"nu": 1.0, "beta": 0.4, "alpha": 0.0, "style": "nesterov"},
    "GPA": {"nu": 1.0, "beta": 0.6, "alpha": 0.0, "style": "nesterov", "k": 1},
}
"""Method -> settings that make it (workers: one)."""


@dataclass(frozen=True)
class FamilySettings:
    """A point of OuterMomentum (nu, beta, style, alpha, k) over gradient descent with step lr = eta L; alpha in 1/L."""

    nu: float = 0.8
    beta: float = 0.5
    style: str = "nesterov"
    alpha: float = 0.0
    k: int = 5
    lr: float = 0.5
    kappa: float = 30.0
    cycles: int = 30


@dataclass(frozen=True, eq=False)
class FamilyView:
    """What the picture of the family chooser shows.

    Attributes
    ----------
    rates : (len(BETA_AXIS), len(NU_AXIS)) factor per cycle. names : method -> its own parameters, at this point.
    tuned : (nu, beta) of T23. evals, measured, predicted : (rows,) the run. plain : (rows,) gradient descent alone at
    as many gradients.
    """

    settings: FamilySettings
    rates: Array
    names: dict[str, dict[str, Any]]
    tuned: tuple[float, float]
    evals: Array
    measured: Array
    predicted: Array
    plain: Array
    numbers: dict[str, Any]
    message: str


def points(s: FamilySettings) -> dict[str, dict[str, Any]]:
    """Give the published methods that this point is, with their parameters under their papers' names.

    Without outer momentum the two styles are the same method.

    Examples
    --------
    >>> points(FamilySettings(nu=0.5, beta=0.0, style="heavy-ball"))["Lookahead"]
    {'k': 5, 'alpha': 0.5}
    >>> sorted(points(FamilySettings(nu=0.5, beta=0.0, alpha=0.1)))
    ['NALA']
    """
    k, found = s.k, {}
    if s.beta == 0:
        found["NALA"] = {"k": k, "mu": s.nu - 1, "alpha": s.alpha}
    if s.alpha == 0:
        if s.beta == 0:
            found |= {"Lookahead": {"k": k, "alpha": s.nu}, "Reptile": {"k": k, "epsilon": s.nu}}
        if s.beta == 0 or s.style == "nesterov":
            found["SNOO"] = {"k": k, "lr": s.nu, "momentum": s.beta}
            found["DiLoCo"] = {"k": k, "outer_lr": s.nu, "momentum": s.beta, "workers": 1}
            found["BMUF Nesterov"] = {"k": k, "zeta": s.nu, "eta": s.beta}
            found |= {"NAG outer": {"k": k, "mu": s.beta}} if s.nu == 1 else {}
            found |= {"GPA": {"mu": s.beta}} if s.nu == 1 and k == 1 else {}
        if s.beta == 0 or s.style == "heavy-ball":
            found["SlowMo"] = {"k": k, "slow_lr": s.nu, "beta": s.beta}
            found["BMUF classical"] = {"k": k, "zeta": s.nu, "eta": s.beta}
    return {name: found[name] for name in PRESETS if name in found}


def _cycles(s: FamilySettings, lam: Array, nu: float, beta: float) -> Array:
    """The cycle on (error, velocity), (..., 2, 2), per eigenvalue."""
    if s.style == "nesterov":
        return outer_velocity.cycle_matrix(lam, lr=s.lr, k=s.k, nu=nu, beta=beta, alpha=s.alpha)
    q = outer_velocity.effective_curvature(lam, lr=s.lr, k=s.k)
    O = momentum_cycle.step_matrix(q, lr=nu, beta=beta, kind="heavy-ball")  # noqa: E741
    # step_matrix keeps the displacement after the step; the outer gradient shrinks the error only, and b stays
    return scaled(O, 1 - s.alpha * lam)


@lru_cache(maxsize=64)
def _map(style: str, alpha: float, k: int, lr: float, kappa: float) -> Array:
    s = FamilySettings(style=style, alpha=alpha, k=k, lr=lr, kappa=kappa)
    lam, rows = spectrum(kappa), []
    for beta in BETA_AXIS:  # at a fixed beta the matrix is affine in nu: two of them give the row
        at = [_cycles(s, lam, nu, float(beta)) for nu in (0.0, 1.0)]
        O = at[0] + NU_AXIS[:, None, None, None] * (at[1] - at[0])  # noqa: E741
        rows.append(np.abs(eigenvalues(O)).max(axis=(-1, -2)))
    return np.stack(rows)


def family_view(s: FamilySettings) -> FamilyView:
    """Compute the map, the names, and both decays.

    Raises
    ------
    ValueError
        For a setting out of its range.

    Examples
    --------
    >>> view = family_view(FamilySettings())
    >>> view.numbers["largest gap"] < 1e-8, list(view.names)
    (True, ['SNOO', 'DiLoCo', 'BMUF Nesterov'])
    """
    require_choice("style", s.style, OUTER_STYLES)
    require_number("kappa", s.kappa, low=1)
    require_number("lr", s.lr, low=0)
    require_int("cycles", s.cycles, low=2)
    method = OuterMomentum(SGD(lr=s.lr), k=s.k, nu=s.nu, beta=s.beta, style=s.style, alpha=s.alpha)
    lam = spectrum(s.kappa)
    measured, evals = measured_decay(method, s.kappa, s.cycles)
    O = _cycles(s, lam, s.nu, s.beta)  # noqa: E741
    rate, predicted = float(np.abs(eigenvalues(O)).max()), predicted_decay(O, len(measured))
    with np.errstate(over="ignore"):
        plain = np.sqrt((((1 - s.lr * lam) ** evals[:, None]) ** 2).mean(axis=-1))
    tuned = _tuned(s)
    numbers = {
        "rate per cycle": rate,
        "rate per gradient": float(rate ** (1 / (s.k + (s.alpha > 0)))),
        "predicted error": float(predicted[-1]),
        "measured error": float(measured[-1]),
        "largest gap": decay_gap(predicted, measured),
        "gradient descent": float(plain[-1]),
        "tuned nu": tuned[0],
        "tuned beta": tuned[1],
        "tuned rate": tuned[2],
    }
    names = points(s)
    return FamilyView(settings=s, rates=_map(s.style, s.alpha, s.k, s.lr, s.kappa), names=names, tuned=tuned[:2],
                      evals=evals, measured=measured, predicted=predicted, plain=plain, numbers=numbers,
                      message=_reading(names, rate))  # fmt: skip


def _tuned(s: FamilySettings) -> tuple[float, float, float]:
    """T23's best nu and beta (Nesterov, alpha = 0), NaN where an effective curvature is not positive."""
    q = outer_velocity.effective_curvature(spectrum(s.kappa), lr=s.lr, k=s.k)
    if not float(q.min()) > 0:
        return (float("nan"),) * 3
    return outer_velocity.tuned(float(q.min()), float(q.max()))


def _reading(names: dict[str, dict[str, Any]], rate: float) -> str:
    named = f"This point is {', '.join(names)}." if names else "No published method of the list stands at this point."
    if rate > 1 + 1e-12:
        return f"{named} It diverges (root {rate:.4g})."
    if rate > 1 - 1e-12:
        return f"{named} A part of the error is never forgotten (a root of size 1)."
    return f"{named} A cycle multiplies the error by {rate:.4g} in the end."


_OFF = "#6E6E6E"  # 5.1 to 1 on white: text is read from 4.5 to 1 (WCAG 1.4.3)


class FamilyPicture(Picture):
    """Left: rate over nu and beta. Middle: names, those that stand here in colour. Right: decay."""

    def build(self) -> None:
        """Make three panels."""
        plane, names, self._falls = self.figure.subplots(1, 3, width_ratios=(1.35, 0.62, 1))
        self._heat = heat(self, plane, NU_AXIS, BETA_AXIS, "factor per cycle")
        self._tuned = self.line(plane, "D", ms=11, color="white", mec="black", mew=1.6, label="tuned (T23)")
        self._here = self.line(plane, label="here", **HERE)
        plane.set(xlabel=r"outer step $\nu$", ylabel=r"outer momentum $\beta$", xlim=(NU_AXIS[0], NU_AXIS[-1]),
                  ylim=(-0.04, BETA_AXIS[-1]))  # fmt: skip
        plane.legend(handles=[self._here, self._tuned], **BELOW, ncols=2, markerscale=0.7)
        names.set(xlim=(0, 1), ylim=(len(PRESETS), -0.6), title="which is it?")
        names.set_axis_off()
        self._names = {name: names.text(0.05, row, name, fontsize=15, va="center") for row, name in enumerate(PRESETS)}
        self._named: tuple[str, ...] = ()
        self._build_falls(self._falls)

    def _build_falls(self, ax: Any) -> None:
        self._plain = self.line(ax, lw=2.2, label="gradient descent", **look("sgd", marker=False))
        self._predicted = self.line(ax, color=ROLES["predicted"], lw=2, label="predicted")
        self._measured = self.line(ax, "o", color=ROLES["measured"], ms=7, label="measured")
        logarithmic(ax, 1e-6, 1, xlabel="gradient evaluations", title="distance to the minimum")
        ax.legend(**BELOW, ncols=2)

    def update(self, view: FamilyView) -> None:
        """Move everything."""
        s = view.settings
        self._heat.set_data(clipped(view.rates))
        self._here.set_data([s.nu], [s.beta])
        self._tuned.set_data([view.tuned[0]], [view.tuned[1]])
        self._tuned.set_visible(s.style == "nesterov" and s.alpha == 0)
        self._name(tuple(view.names))
        curves = [view.measured, view.predicted, view.plain]
        x = (0.0, float(view.evals[-1]))
        measured, predicted, plain = under(self, self._falls, curves, x=x, floor=1e-16, ceiling=1e12)
        self._measured.set_data(view.evals, measured)
        self._predicted.set_data(view.evals, predicted)
        self._plain.set_data(view.evals, np.asarray(plain))

    def _name(self, found: tuple[str, ...]) -> None:
        if found == self._named:
            return
        for name, text in self._names.items():
            is_it = name in found
            text.set(text=("✓ " if is_it else "   ") + name, color="black" if is_it else _OFF,
                     fontweight="bold" if is_it else "normal")  # fmt: skip
        self._named = found
        self.stale(*{text.axes for text in self._names.values()})

    def alt(self, view: FamilyView) -> str:
        """Say which point it is and what it does."""
        s, names = view.settings, ", ".join(view.names) or "no method of the list"
        return (
            f"Map of the factor per cycle over outer step nu and outer momentum beta, with the point nu = {s.nu:.3g}, "
            f"beta = {s.beta:.3g} ({s.style}): {names}. Its factor per cycle is {view.numbers['rate per cycle']:.3g}. "
            f"The measured error is {view.numbers['measured error']:.3g} after {int(view.evals[-1])} gradients, "
            f"gradient descent's {view.numbers['gradient descent']:.3g}."
        )


_FREE = "(free)"
_OPEN = {"lr", "kappa", "cycles"}  # what no method settles


class FamilyChooser(Explorer):
    """Outer step, outer momentum, its style, outer gradient: every two-loop method as a point of one family.

    Parameters
    ----------
    method : a key of PRESETS to start from, or None. show : settings whose controls stand under the picture.
    settings : any field of `FamilySettings`: nu, beta, style, alpha, k, lr, kappa, cycles.

    Raises
    ------
    ValueError
        For an unknown name or a setting out of range.

    Examples
    --------
    >>> from nala_lab.widgets import FamilyChooser
    >>> chooser = FamilyChooser("Lookahead")
    >>> list(chooser.view.names)[:3], list(chooser.set(alpha=0.2).view.names)
    (['Lookahead', 'Reptile', 'NALA'], ['NALA'])
    """

    title: ClassVar[str] = "The two-loop family: which method is it?"
    options: ClassVar[Any] = FamilySettings
    compute: ClassVar[Any] = staticmethod(family_view)
    drawing: ClassVar[Any] = FamilyPicture
    shown: ClassVar[tuple[str, ...]] = ("method", "nu", "beta", "style", "alpha")
    leading: ClassVar[tuple[str, ...]] = ("method",)

    def __init__(
        self, method: str | None = None, *, show: Sequence[str] | None = None, **settings: Any
    ) -> None:
        if method is not None:
            require_choice("method", method, PRESETS)
        self._method = method if method and settings.keys() <= _OPEN else _FREE
        super().__init__(show=show, **(PRESETS.get(method or _FREE, {}) | settings))

    def make_controls(self, s: FamilySettings) -> dict[str, Any]:
        """Make them in the order in which they are shown."""
        return {
            "method": choice("method", self._method, (_FREE, *PRESETS), help="moves the sliders to a method's point"),
            "nu": slider("nu", s.nu, 0.0, 2.5, 0.02, help="outer step; Lookahead's alpha, NALA's 1 + mu"),
            "beta": slider("outer beta", s.beta, 0.0, 0.98, 0.02, help="outer momentum"),
            "style": choice("style", s.style, OUTER_STYLES),
            "alpha": slider("alpha L", s.alpha, 0.0, 3.0, 0.05, help="outer gradient step, NALA's"),
            "k": counter("k", s.k, 1, 20, help="inner steps per cycle"),
            "lr": slider("eta L", s.lr, 0.02, 2.2, 0.02, help="step of gradient descent inside"),
            "kappa": log_slider("kappa", s.kappa, 0, 4, help="condition number L/m"),
            "cycles": counter("cycles", s.cycles, 5, 100, step=5),
        }

    def follow(self, moved: str, value: Any) -> None:
        """A method brings its point; a point that is chosen by hand is free."""
        if moved == "method":
            for name, number in PRESETS.get(value, {}).items():
                self.controls[name].value = number
        elif moved not in _OPEN:
            self.controls["method"].value = _FREE
