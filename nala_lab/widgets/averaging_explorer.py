"""The averaging explorer: Eq. (5) as weights, from interpolation to extrapolation, and a run that shows them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from nala_lab.core import Array, require, require_int, require_number, stream
from nala_lab.plots import ROLES
from nala_lab.reference import NALA, SGD, run
from nala_lab.theory import eq5
from nala_lab.widgets.controls import counter, slider
from nala_lab.widgets.explorer import Explorer
from nala_lab.widgets.parts import APART, BELOW, room, short
from nala_lab.widgets.picture import Picture

__all__ = ["AveragingExplorer", "AveragingSettings", "averaging_view", "regime"]

_MINIMUM, _START, _CURVATURE = 1.5, 5.0, 0.8  # of the run: nothing is zero or one


@dataclass(frozen=True)
class AveragingSettings:
    """mu, alpha, k of NALA over gradient descent with step lr; t outer steps; noise: deviation of a gradient."""

    mu: float = -0.5
    t: int = 12
    alpha: float = 0.0
    k: int = 5
    lr: float = 0.1
    noise: float = 4.0
    seed: int = 0


@dataclass(frozen=True, eq=False)
class AveragingView:
    """What the picture of the averaging explorer shows.

    Attributes
    ----------
    ages : (t+1,) 0 .. t. weights : (t+1,) weight in phi_t of the inner result of that age, the last one that of phi_0.
    ends, slow, rebuilt : (t,) inner results, (t+1,) slow weights of the run, (t,) the same rebuilt by Eq. (5).
    horizon : outer steps remembered; NaN where the weights do not decay.
    """

    settings: AveragingSettings
    ages: Array
    weights: Array
    ends: Array
    slow: Array
    rebuilt: Array
    horizon: float
    numbers: dict[str, Any]
    message: str


def regime(mu: float) -> str:
    """Say in one word what `mu` does.

    Examples
    --------
    >>> [regime(mu) for mu in (-1.0, -0.5, 0.0, 0.5)]
    ['stands still', 'interpolates', 'keeps the newest', 'extrapolates']
    """
    if mu == -1:
        return "stands still"
    return "keeps the newest" if mu == 0 else "interpolates" if mu < 0 else "extrapolates"


def averaging_view(s: AveragingSettings) -> AveragingView:
    """Compute the weights, and run NALA on a noisy parabola to see them at work.

    Raises
    ------
    ValueError
        For a setting out of its range.

    Examples
    --------
    >>> averaging_view(AveragingSettings(mu=-0.5)).numbers["horizon"]
    2.0
    """
    require_int("t", s.t, low=1)
    require("t", s.t, s.t < _MOST, f"t < {_MOST}", "the bars that there are")
    require_number("noise", s.noise, low=0)
    w = eq5.weights(s.t, s.mu)
    method = NALA(SGD(lr=s.lr), k=s.k, mu=s.mu, alpha=s.alpha)
    rng = stream(s.seed, "averaging explorer")
    run_ = run(method, lambda x, rng: _CURVATURE * (x - _MINIMUM) + s.noise * rng.standard_normal(x.shape),
               [_START], cycles=s.t, rng=rng)  # fmt: skip
    require("lr", s.lr, len(run_.slow) == s.t + 1, f"a run that reaches t = {s.t}", "this one leaves the numbers")
    ends, slow = run_.fast[:, -1, 0], run_.slow[:, 0]
    rebuilt = eq5.unroll(ends, slow[0], run_.outer_grad[:, 0], s.mu, s.alpha)
    remembers = abs(s.mu) < 1
    horizon = float(eq5.horizon(s.mu)) if remembers else float("nan")
    newest_first = np.append(w.fast[::-1], w.start)
    numbers = {
        "newest weight": float(w.fast[-1]),
        "weight of phi_0": float(w.start),
        "sum": float(w.total),
        "sum of sizes": float(np.abs(newest_first).sum()),
        "horizon": horizon,
        "mean age": float(eq5.mean_age(s.mu)) if remembers else float("nan"),
        "sample size": float(eq5.effective_sample_size(s.mu)) if remembers else float("nan"),
        "phi_t by Eq. (5)": float(rebuilt[-1]),
        "phi_t of the run": float(slow[-1]),
    }
    return AveragingView(settings=s, ages=np.arange(s.t + 1), weights=newest_first, ends=ends, slow=slow,
                         rebuilt=rebuilt, horizon=horizon, numbers=numbers,
                         message=_reading(s.mu, numbers))  # fmt: skip


def _reading(mu: float, n: dict[str, Any]) -> str:
    if mu == -1:
        return "mu = -1: the inner loop is ignored, and phi stands still but for the outer gradient."
    if mu < 0:
        return (
            f"Interpolation: all weights are positive, phi is an average of about {n['horizon']:.3g} cycles. "
            f"The variance of independent inner results is divided by {n['sample size']:.3g}."
        )
    if mu == 0:
        return "mu = 0: phi is the newest inner result; nothing is averaged and nothing extrapolated."
    grown = f"multiplied by {1 / n['sample size']:.3g}" if mu < 1 else "added up without end"
    return f"Extrapolation: the weights alternate in sign, and the variance of independent inner results is {grown}."


_MOST = 41  # bars that exist; those beyond t have height 0


class AveragingPicture(Picture):
    """Left: weights of Eq. (5). Middle: where y lies on the line through phi and theta. Right: a run."""

    def build(self) -> None:
        """Make three panels."""
        bars, line, run = self.figure.subplots(1, 3, width_ratios=(1.1, 1, 1.1))
        self._build_bars(bars)
        self._build_line(line)
        self._run_axes = run
        self._ends = self.line(run, "o", color=ROLES["fast"], ms=7, label=r"inner results $\theta_{i,k}$")
        self._slow = self.line(run, "o-", color=ROLES["slow"], lw=2.4, ms=6, label=r"slow weights $\phi_i$")
        self._rebuilt = self.line(run, "x", color=APART[0], ms=9, mew=2.4, zorder=6, label="by Eq. (5)")
        run.set(xlabel="outer step", title="a noisy run", ylim=(-2, 7), xlim=(0, 12))
        run.legend(**BELOW, ncols=2)
        for ax in (bars, run):
            ax.yaxis.set_major_formatter(lambda y, _: short(y))
            room(ax, y=short(-7.5e7))

    def _build_bars(self, ax: Any) -> None:
        self._bars_axes = ax
        ax.axhline(0, color="#444444", lw=1)
        self._bars = ax.bar(np.arange(_MOST), np.zeros(_MOST), width=0.75, zorder=3)
        self.live(*self._bars)
        self._horizon = self.line(ax, "--", color=ROLES["limit"], lw=2, label="horizon")
        handles = [ax.bar([0], [0], color=ROLES[name])[0] for name in ("adds", "subtracts")]
        handles += [ax.bar([0], [0], fill=False, edgecolor="#444444", lw=2)[0], self._horizon]
        ax.set(xlabel="age in cycles (0: newest)", title=r"weight in $\phi_t$")
        ax.legend(handles, ["adds", "subtracts", r"$\phi_0$", "horizon"], **BELOW, ncols=2)

    def _build_line(self, ax: Any) -> None:
        ax.axvspan(0, 1, color="#DCE9EE", label="interpolation")
        ax.axvspan(1, 2.7, color="#FBEFD9", label="extrapolation")
        ax.axhline(0, color="#444444", lw=1.5)
        for place, name, role in ((0, r"$\phi_{t-1}$", "slow"), (1, r"$\theta_{t,k}$", "fast")):
            ax.plot([place], [0], "o", ms=14, color=ROLES[role], zorder=4)
            ax.annotate(name, (place, 0), (0, -26), textcoords="offset points", ha="center", fontsize=17)
        self._y = self.line(ax, "d", ms=19, color="white", mec=ROLES["gradient"], mew=3, zorder=6)
        self._word = self.live(ax.text(1, 0.62, "", ha="center", fontsize=15))
        ax.set(xlim=(-0.3, 2.7), ylim=(-1, 1), yticks=[], title=r"$y_t$ on the line from $\phi$ to $\theta$")
        ax.set_xlabel(r"slow step $1+\mu$")
        ax.grid(False)
        ax.legend(**BELOW, ncols=2)

    def update(self, view: AveragingView) -> None:
        """Move bars, diamond and run."""
        s = view.settings
        self._update_bars(view)
        self._y.set_data([1 + s.mu], [0])
        self._word.set_text(rf"$y_t$ {regime(s.mu)}" + "\n" + rf"$\mu = {s.mu:.2f}$")
        steps = np.arange(s.t + 1)
        self._ends.set_data(steps[1:], view.ends)
        self._slow.set_data(steps, view.slow)
        self._rebuilt.set_data(steps[1:], view.rebuilt)
        shown = np.concatenate([view.ends, view.slow])
        shown = shown[np.abs(shown) < 1e6] if np.any(np.abs(shown) < 1e6) else np.zeros(1)
        self._fit_run((0, s.t + 0.5), float(shown.min()), float(shown.max()))

    def _update_bars(self, view: AveragingView) -> None:
        heights = np.zeros(_MOST)
        heights[: len(view.weights)] = view.weights
        colours = [ROLES["adds"] if h >= 0 else ROLES["subtracts"] for h in heights]
        for age, (bar, height, colour) in enumerate(zip(self._bars, heights, colours, strict=True)):
            bar.set_height(height)
            start = age == view.settings.t
            bar.set(facecolor="none" if start else colour, edgecolor="#444444" if start else "none", linewidth=2)
            bar.set_visible(age < len(view.weights))
        self._horizon.set_data([view.horizon - 0.5] * 2, [-1e9, 1e9])
        # Three scales, so that the axis keeps still while mu moves inside its range.
        top = 10.0 ** np.ceil(np.log10(max(3.0, float(np.abs(heights).max()))))
        scale = (0.0, 1.05) if view.settings.mu <= 0 else (-2.1, 2.1) if view.settings.mu < 1 else (-top, top)
        self.limits(self._bars_axes, (-0.7, view.settings.t + 0.7), scale)

    def _fit_run(self, x: tuple[float, float], low: float, high: float) -> None:
        """Fit both axes; the y-axis keeps still while it fits and a third of its height is used."""
        bottom, top = self._run_axes.get_ylim()
        good = bottom <= low and high <= top and (high - low) >= (top - bottom) / 3
        pad = 0.12 * (high - low) + 0.1
        self.limits(self._run_axes, x, (bottom, top) if good else (low - pad, high + pad))

    def alt(self, view: AveragingView) -> str:
        """Say what the weights are."""
        s = view.settings
        return (
            f"Bars: the newest inner result has weight {view.weights[0]:.3g} in the slow weights, the one before "
            f"{view.weights[1]:.3g}, and the start {view.weights[-1]:.3g} after {s.t} cycles. With mu = {s.mu:.3g} the "
            f"look-ahead point {regime(s.mu)}: it lies {1 + s.mu:.3g} times the way from phi to theta. In a noisy run "
            f"the slow weights end at {view.slow[-1]:.4g}, as Eq. (5) says."
        )


class AveragingExplorer(Explorer):
    """The weights of Eq. (5), their horizon, and what happens as mu crosses 0.

    Parameters
    ----------
    show : settings whose controls stand under the picture.
    settings : any field of `AveragingSettings`: mu, t, alpha, k, lr, noise, seed.

    Raises
    ------
    ValueError
        For a setting out of range.

    Examples
    --------
    >>> from nala_lab.widgets import AveragingExplorer
    >>> explorer = AveragingExplorer(mu=-0.5)
    >>> explorer.set(mu=0.5).numbers["newest weight"]
    1.5
    """

    title: ClassVar[str] = "What the slow weights remember: Eq. (5)"
    options: ClassVar[Any] = AveragingSettings
    compute: ClassVar[Any] = staticmethod(averaging_view)
    drawing: ClassVar[Any] = AveragingPicture
    shown: ClassVar[tuple[str, ...]] = ("mu", "t", "alpha", "k", "noise")

    def make_controls(self, s: AveragingSettings) -> dict[str, Any]:
        """Make them in the order in which they are shown."""
        return {
            "mu": slider("mu", s.mu, -1.0, 1.5, 0.05, help="below 0 interpolates, above 0 extrapolates"),
            "t": counter("outer steps t", s.t, 1, 40),
            "alpha": slider("alpha", s.alpha, 0.0, 1.0, 0.05, help="outer gradient step"),
            "k": counter("k", s.k, 1, 20, help="inner steps per cycle"),
            "lr": slider("eta (lr)", s.lr, 0.0, 1.0, 0.02, help="step of gradient descent inside"),
            "noise": slider("noise", s.noise, 0.0, 10.0, 0.2, help="standard deviation of each gradient"),
            "seed": counter("seed", s.seed, 0, 20, help="another seed is another noise"),
        }

    def idle(self, s: AveragingSettings) -> frozenset[str]:
        """Without noise there is nothing that a seed draws."""
        return frozenset({"seed"} if s.noise == 0 else ())
