"""A landscape with AdaLA's path and probes, the surprise it sees, and how it compares."""

from __future__ import annotations

from typing import Any

import numpy as np

from nala_lab.plots import COLOURS, ROLES, landscape, look
from nala_lab.widgets.models.methods import problem
from nala_lab.widgets.models.probe import ProbeView
from nala_lab.widgets.picture import Picture
from nala_lab.widgets.pictures.parts import BELOW, logarithmic, under

__all__ = ["ProbePicture"]

_COORDINATES = (("x1", COLOURS["lookahead"]), ("x2", COLOURS["nala"]))


class ProbePicture(Picture):
    """Left: path and probes. Middle: surprise and denominator, per coordinate. Right: f - f*."""

    size = (13.0, 5.2)

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
        ax.set(xlabel="step", title=r"surprise $|g_t-g_{t+1}|$", xlim=(1, 40))
        logarithmic(ax, 1e-3, 10)
        ax.legend(**BELOW, ncols=2)
        ax = self._falls
        self._curves = {name: self.line(ax, lw=2.4, label=name, **look(name, marker=False))
                        for name in ("AdaLA", "AdaBelief", "Adam")}  # fmt: skip
        ax.set(xlabel="gradient evaluations", title="$f$ above its minimum")
        logarithmic(ax, 1e-3, 10)
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
