"""The probe explorer: AdaLA step by step, in the reading of Algorithm 3 that is chosen.

AdaLA needs the gradient at a point that it has not reached yet; the paper leaves open which trial step (probe) stands
for it. Here each step is taken by the NumPy twin's own ``step``, so that moments, probe and both gradients are at hand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any, ClassVar

import numpy as np

from nala_lab.core import Array, require, require_int, require_number
from nala_lab.methods.hyper import DENOMINATORS, PROBES
from nala_lab.plots import COLOURS, ROLES, landscape, look
from nala_lab.reference import AdaBelief, AdaLA, Adam, Oracle, run
from nala_lab.reference.adabelief import belief_denominator
from nala_lab.theory.adala_first_step import adala_first_step
from nala_lab.widgets.controls import choice, counter, log_slider, move, slider
from nala_lab.widgets.explorer import Explorer
from nala_lab.widgets.parts import APART, BELOW, logarithmic, under
from nala_lab.widgets.picture import Picture
from nala_lab.widgets.planes import PLANES, problem, start

__all__ = ["ProbeExplorer", "ProbeSettings", "probe_view"]

_FAR = 50  # boxes from the middle: diverged
STRAIGHT = "valley"  # the problem with axis-parallel level sets, for which T17 predicts the first step


@dataclass(frozen=True)
class ProbeSettings:
    """problem, start and AdaLA's options. steps: length of the run. at: the step that is shown, from 1."""

    problem: str = "valley"
    x1: float = -1.2
    x2: float = 1.0
    probe: str = "own"
    lr: float = 0.1
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    denominator: str = "hat"
    steps: int = 40
    at: int = 1


@dataclass(frozen=True, eq=False)
class ProbeStep:
    """One step: before, where the probe stood (NaN: none), after; g_t, g_{t+1} and the denominator, (2,) each."""

    before: Array
    probe: Array
    after: Array
    g: Array
    g_next: Array
    denominator: Array

    @property
    def surprise(self) -> Array:
        """|g_t - g_{t+1}|, (2,)."""
        return np.asarray(np.abs(self.g - self.g_next))


@dataclass(frozen=True, eq=False)
class ProbeView:
    """What the picture of the probe explorer shows.

    Attributes
    ----------
    steps : the whole run. now : the step that is shown. path : (at+1, 2). probes : (at, 2).
    surprises, divisors : (n, 2) |g_t - g_{t+1}| and the denominator of the step, per coordinate.
    curves : name -> (gradients spent, f - f*), for AdaLA, AdaBelief and Adam with the same settings.
    """

    settings: ProbeSettings
    steps: tuple[ProbeStep, ...]
    now: ProbeStep
    path: Array
    probes: Array
    surprises: Array
    divisors: Array
    curves: dict[str, tuple[Array, Array]]
    numbers: dict[str, Any]
    message: str


def _method(s: ProbeSettings) -> AdaLA:
    return AdaLA(lr=s.lr, betas=(s.beta1, s.beta2), eps=s.eps, probe=s.probe, denominator=s.denominator)


def _limit(s: ProbeSettings) -> float:
    low, high = np.array(problem(s.problem).box).T
    return _FAR * float(np.abs([low, high, [s.x1, s.x2]]).max())


@lru_cache(maxsize=64)
def _steps(s: ProbeSettings) -> tuple[ProbeStep, ...]:
    method, oracle = _method(s), Oracle(problem(s.problem).grad)
    x, limit, done = np.array([s.x1, s.x2]), _limit(s), []
    state = method.init(x)
    before = np.zeros(2)  # g_0 of the "lagged" reading
    with np.errstate(all="ignore"):  # a step that leaves the numbers ends the run below
        for _ in range(s.steps):
            mark = len(oracle.log)
            after, state = method.step(x, oracle, state)
            spent = oracle.log[mark:]
            g, probed = spent[0].gradient, len(spent) > 1
            g_next = spent[-1].gradient if probed else before
            place = spent[-1].point if probed else np.full(2, np.nan)
            divisor = belief_denominator(state.s, state.t, s.beta2, s.eps, s.denominator)
            done.append(ProbeStep(x, place, after, g, g_next, divisor))
            if not np.all(np.abs(after) <= limit):
                break
            x, before = after, g
    return tuple(done)


@lru_cache(maxsize=64)
def _curves(s: ProbeSettings) -> dict[str, tuple[Array, Array]]:
    p = problem(s.problem)
    common: dict[str, Any] = {"lr": s.lr, "betas": (s.beta1, s.beta2), "eps": s.eps}
    rules = {"AdaLA": _method(s), "AdaBelief": AdaBelief(**common, denominator=s.denominator), "Adam": Adam(**common)}
    found = {}
    budget = 2 * s.steps
    for name, rule in rules.items():
        two = name == "AdaLA" and s.probe != "lagged"
        t = run(rule, p.grad, [s.x1, s.x2], steps=s.steps if two else budget, limit=_limit(s))
        spent = t.evals <= budget  # the implicit reading spends what its fixed point needs
        found[name] = (t.evals[spent], np.asarray(p.value(t.x))[spent] - p.minimum)
    return found


def probe_view(s: ProbeSettings) -> ProbeView:
    """Take `s.steps` steps and stop the picture at step `s.at`.

    Raises
    ------
    ValueError
        For a setting out of its range.

    Examples
    --------
    >>> view = probe_view(ProbeSettings(probe="own"))
    >>> gap = view.numbers["step x1"] - view.numbers["theory x1"]
    >>> abs(gap) < 1e-12
    True
    """
    require_int("steps", s.steps, low=1)
    require_int("at", s.at, low=1)
    require("at", s.at, s.at <= s.steps, f"at <= steps = {s.steps}")
    require_number("eps", s.eps, low=0, open_low=True)
    for name, x in (("x1", s.x1), ("x2", s.x2)):
        require_number(name, x)
    whole = replace(s, at=1)
    steps = _steps(whole)
    at = min(s.at, len(steps))
    now, p = steps[at - 1], problem(s.problem)
    numbers = {"step": at, "f-f*": float(p.value(now.after)) - p.minimum}
    moved = now.after - now.before
    for i, word in enumerate(("x1", "x2")):
        numbers |= {
            f"g_t {word}": float(now.g[i]),
            f"g_t+1 {word}": float(now.g_next[i]),
            f"surprise {word}": float(now.surprise[i]),
            f"denominator {word}": float(now.denominator[i]),
            f"step {word}": float(moved[i]),
        }
    numbers |= _theory(s, at)
    return ProbeView(settings=s, steps=steps, now=now,
                     path=np.stack([steps[0].before, *(step.after for step in steps[:at])]),
                     probes=np.stack([step.probe for step in steps[:at]]),
                     surprises=np.stack([step.surprise for step in steps]),
                     divisors=np.stack([step.denominator for step in steps]), curves=_curves(whole), numbers=numbers,
                     message=_reading(s, at, steps, moved))  # fmt: skip


def _theory(s: ProbeSettings, at: int) -> dict[str, float]:
    """T17: the first step, where the axes are those of the quadratic."""
    if s.problem != STRAIGHT or at != 1:
        return {}
    p: Any = problem(s.problem)
    step = adala_first_step(np.array([s.x1, s.x2]) - p.center, p.eigenvalues, lr=s.lr, betas=(s.beta1, s.beta2),
                            eps=s.eps, probe=s.probe, denominator=s.denominator)  # fmt: skip
    return {"theory x1": float(step[0]), "theory x2": float(step[1])}


def _reading(s: ProbeSettings, at: int, steps: tuple[ProbeStep, ...], moved: Array) -> str:
    if len(steps) < s.steps:
        ended = f"AdaLA with the probe '{s.probe}' is far outside after {len(steps)} steps: it diverges."
        return ended if at >= s.at else f"{ended} Step {at} is shown."
    if s.probe == "lagged":
        return f"Step {at}: no probe is taken; the gradient of the step before stands for g_t+1."
    probed = float(np.linalg.norm(steps[at - 1].probe - steps[at - 1].before))
    ratio = float(np.linalg.norm(moved)) / max(probed, 1e-300)
    return f"Step {at}: the probe looks ahead, and the step that is taken is {ratio:.3g} times as long as the probe."


_COORDINATES = (("x1", APART[0]), ("x2", APART[1]))


class ProbePicture(Picture):
    """Left: path and probes. Middle: surprise and denominator, per coordinate. Right: f - f*."""

    def build(self) -> None:
        """Make three panels; the landscape comes with the first view."""
        self._plane, self._seen, self._falls = self.figure.subplots(1, 3, width_ratios=(1.25, 1, 1))
        self._drawn = ""
        self._path: dict[str, Any] = {}
        ax = self._seen
        self._surprise = [self.line(ax, ".", color=colour, ms=8, label=f"surprise, {name}")
                          for name, colour in _COORDINATES]  # fmt: skip
        self._divisors = [self.line(ax, color=colour, lw=2, ls=dash, label=f"denominator, {name}")
                       for (name, colour), dash in zip(_COORDINATES, ("-", "--"), strict=True)]  # fmt: skip
        self._when = self.line(ax, color="#444444", lw=1.4)
        logarithmic(ax, 1e-3, 10, xlabel="step", title=r"surprise $|g_t-g_{t+1}|$", xlim=(1, 40))
        ax.legend(**BELOW, ncols=2)
        ax = self._falls
        self._curves = {name: self.line(ax, lw=2.4, label=name, **look(name, marker=False))
                        for name in ("AdaLA", "AdaBelief", "Adam")}  # fmt: skip
        logarithmic(ax, 1e-3, 10, xlabel="gradient evaluations", title="$f$ above its minimum")
        ax.legend(**BELOW, ncols=2)

    def update(self, view: ProbeView) -> None:
        """Move everything; another problem brings another landscape."""
        if view.settings.problem != self._drawn:
            self._landscape(view)
            self._drawn = view.settings.problem
        now = view.now
        places = {
            "path": view.path, "probes": view.probes, "start": view.path[:1], "here": now.after[None],
            "probe": now.probe[None], "trial": np.stack([now.before, now.probe]),
            "taken": np.stack([now.before, now.after]),
        }  # fmt: skip
        for name, line in self._path.items():
            line.set_data(*places[name].T)
        self._update_seen(view)
        self._update_falls(view)

    def _landscape(self, view: ProbeView) -> None:
        p, ax, colour = problem(view.settings.problem), self._plane, COLOURS["adala"]
        self.forget(ax)
        landscape(ax, p.value, p.box, minimum=p.minimum, resolution=121)
        ax.plot(*p.minimizers.T, "*", ms=17, color=ROLES["minimum"], mec="white", label="minimum")
        ax.set_title("AdaLA and its probes")
        hollow = {"ls": "", "marker": "D", "mfc": "none"}
        self._path = {
            "probes": self.line(ax, mec=colour, ms=7, zorder=4, **hollow),
            "path": self.line(ax, "o-", color=colour, lw=2, ms=5, zorder=5, label="path"),
            "start": self.line(ax, "s", ms=11, mfc="white", mec="black", mew=2, zorder=6, label="start"),
            "trial": self.line(ax, "--", color="black", lw=2, zorder=7),
            "taken": self.line(ax, "-", color=ROLES["gradient"], lw=3, zorder=7, label="this step"),
            "probe": self.line(ax, mec="black", mew=2, ms=12, zorder=8, label="its probe", **hollow),
            "here": self.line(ax, "o", ms=13, mfc="none", mec="black", mew=2.2, zorder=9),
        }
        ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=3, handlelength=1.4, columnspacing=1.0)

    def _update_seen(self, view: ProbeView) -> None:
        steps = np.arange(1, len(view.steps) + 1)
        curves = [*view.surprises.T, *view.divisors.T]
        cut = under(self, self._seen, curves, x=(0, view.settings.steps), floor=1e-10, ceiling=1e8)
        for line, curve in zip([*self._surprise, *self._divisors], cut, strict=True):
            line.set_data(steps, curve)
        self._when.set_data([view.numbers["step"]] * 2, self._seen.get_ylim())

    def _update_falls(self, view: ProbeView) -> None:
        x = (0, 2 * view.settings.steps)
        cut = under(self, self._falls, [view.curves[name][1] for name in self._curves], x=x, floor=1e-16, ceiling=1e8)
        for (name, line), curve in zip(self._curves.items(), cut, strict=True):
            line.set_data(view.curves[name][0], curve)

    def alt(self, view: ProbeView) -> str:
        """Say what the shown step did."""
        now, n = view.now, view.numbers
        probe = "no probe" if np.isnan(now.probe).any() else f"its probe at ({now.probe[0]:.3g}, {now.probe[1]:.3g})"
        return (
            f"AdaLA on {view.settings.problem}, step {n['step']}: from ({now.before[0]:.3g}, {now.before[1]:.3g}) to "
            f"({now.after[0]:.3g}, {now.after[1]:.3g}), with {probe}. The gradient changes by ({n['surprise x1']:.3g}, "
            f"{n['surprise x2']:.3g}) on the way. Beside it the surprise over the steps, and f minus its minimum for "
            "AdaLA, AdaBelief and Adam."
        )


class ProbeExplorer(Explorer):
    """AdaLA's probes, step by step.

    Parameters
    ----------
    problem : one of ``nala_lab.widgets.PLANES``; on "valley" theory predicts the first step.
    probe : a reading of Algorithm 3, see PROBES.
    show : settings whose controls stand under the picture. settings : any other field of `ProbeSettings`.

    Raises
    ------
    ValueError
        For an unknown name or a setting out of range.

    Examples
    --------
    >>> from nala_lab.widgets import ProbeExplorer
    >>> explorer = ProbeExplorer(probe="adam")
    >>> n = explorer.numbers
    >>> abs(n["step x2"] - n["theory x2"]) < 1e-12
    True
    """

    title: ClassVar[str] = "AdaLA and its probes"
    options: ClassVar[Any] = ProbeSettings
    compute: ClassVar[Any] = staticmethod(probe_view)
    drawing: ClassVar[Any] = ProbePicture
    shown: ClassVar[tuple[str, ...]] = ("at", "probe", "problem", "lr", "eps")
    leading: ClassVar[tuple[str, ...]] = ("problem", "steps")

    def __init__(
        self, problem: str = "valley", probe: str = "own", *, show: Sequence[str] | None = None, **settings: Any
    ) -> None:
        super().__init__(show=show, **({"problem": problem, "probe": probe} | start(problem) | settings))

    def make_controls(self, s: ProbeSettings) -> dict[str, Any]:
        """Make them in the order in which they are shown."""
        (low1, high1), (low2, high2) = problem(s.problem).box
        return {
            "at": counter("step shown", s.at, 1, s.steps),
            "probe": choice("probe", s.probe, PROBES, help="the trial step that g_t+1 comes from"),
            "problem": choice("problem", s.problem, PLANES),
            "x1": slider("start x1", s.x1, low1, high1, (high1 - low1) / 200),
            "x2": slider("start x2", s.x2, low2, high2, (high2 - low2) / 200),
            "lr": log_slider("eta (lr)", s.lr, -4, 0),
            "beta1": slider("beta1", s.beta1, 0.0, 0.99, 0.01),
            "beta2": slider("beta2", s.beta2, 0.0, 0.999, 0.001),
            "eps": log_slider("eps", s.eps, -16, 0, help="inside the moving average, at every step"),
            "denominator": choice("denominator", s.denominator, DENOMINATORS, help="sqrt(s_hat)+eps, or sqrt(s+eps)"),
            "steps": counter("steps in all", s.steps, 5, 80, step=5),
        }

    def follow(self, moved: str, value: Any) -> None:
        """A problem brings its box and its start; a shorter run is shown at a step that it has."""
        if moved == "problem":
            for (axis, x), (low, high) in zip(start(value).items(), problem(value).box, strict=True):
                move(self.controls[axis], low, high, x)
        if moved == "steps":
            self.controls["at"].max = value  # a value above it is cut to it
