"""Two landscapes with a path on each, and how f - f* falls with the gradients spent."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.axes import Axes

from nala_lab.core import Array
from nala_lab.plots import ROLES, landscape, look
from nala_lab.widgets.models.methods import problem
from nala_lab.widgets.models.trajectory import Side, TrajectoryView
from nala_lab.widgets.picture import Picture
from nala_lab.widgets.pictures.parts import logarithmic

__all__ = ["TrajectoryPicture"]

_FLOOR = 1e-16  # below the rounding of f there is nothing to show


class TrajectoryPicture(Picture):
    """Left and right: the path over the level sets. Outside right: f - f* against gradients, both methods."""

    size = (13.0, 5.2)

    def build(self) -> None:
        """Make three axes; the landscapes come with the first view."""
        self._axes = self.figure.subplots(1, 3, width_ratios=(1.15, 1.15, 1))
        self._drawn: Any = None
        self._paths: list[dict[str, Any]] = [{}, {}]
        falls = self._axes[2]
        self._falls = [self.line(falls, lw=2.4) for _ in range(2)]
        self._now = [self.line(falls, "o", ms=11, mec="black", mew=1.4, clip_on=False) for _ in range(2)]
        falls.set(xlabel="gradient evaluations", title="$f$ above its minimum")
        logarithmic(falls, 1e-3, 10)

    @property
    def planes(self) -> list[Axes]:
        """The two landscapes."""
        return list(self._axes[:2])

    def update(self, view: TrajectoryView) -> None:
        """Move the lines; the landscapes are drawn again only for another problem."""
        s = view.settings
        if self._drawn != (s.problem, s.moved, s.left, s.right):
            self._landscapes(view)
            self._looks((s.left, s.right))
            self._drawn = (s.problem, s.moved, s.left, s.right)
        for lines, side in zip(self._paths, view.sides, strict=True):
            _place(lines, side, view.start)
        self._fall(view)

    def _landscapes(self, view: TrajectoryView) -> None:
        p = problem(view.settings.problem, view.settings.moved)
        for place, (ax, side) in enumerate(zip(self._axes, view.sides, strict=False)):
            self.forget(ax)
            landscape(ax, p.value, p.box, minimum=p.minimum, resolution=121)
            ax.plot(*p.minimizers.T, "*", ms=17, color=ROLES["minimum"], mec="white", label="minimum")
            ax.set_title(f"{'left' if place == 0 else 'right'}: {side.name}")
            ax.set_ylabel(r"$x_2$" if place == 0 else "")
            self._paths[place] = self._lines(ax, side)
            ax.legend(loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, handlelength=1.4, columnspacing=1.0)

    def _lines(self, ax: Axes, side: Side) -> dict[str, Any]:
        lines = {"start": self.line(ax, "s", ms=11, mfc="white", mec="black", mew=2, zorder=8, label="start")}
        if not side.two_loops:
            lines["path"] = self.line(ax, **look(side.name), ms=5, lw=2, zorder=5, label=side.name)
            if side.name == "AdaLA":
                style = {"mfc": "none", "mec": look(side.name)["color"], "ms": 8}
                lines["probes"] = self.line(ax, "D", **style, zorder=4, label="probe")
        else:
            lines |= self._two_loops(ax, side.name == "NALA")
        lines["here"] = self.line(ax, "o", ms=13, mfc="none", mec="black", mew=2.2, zorder=9)
        return lines

    def _two_loops(self, ax: Axes, nesterov: bool) -> dict[str, Any]:
        slow = ROLES["slow"]
        lines = {
            "fast": self.line(ax, ".-", color=ROLES["fast"], lw=1.3, ms=6, zorder=4, label=r"fast $\theta$"),
            "chord": self.line(ax, "--", color=slow, lw=1.2, zorder=3),
            "inward": self.line(ax, "-", color=slow, lw=2.4, zorder=5),
            "path": self.line(ax, "o", color=slow, ms=8, mec="white", zorder=7, label=r"slow $\phi$"),
        }
        if nesterov:
            lines["outward"] = self.line(ax, "-", color=ROLES["gradient"], lw=3, zorder=6, label="outer step")
            lines["ahead"] = self.line(ax, "d", color="white", mec=slow, mew=1.8, ms=8, zorder=6.5, label=r"$y_t$")
        return lines

    def _looks(self, names: tuple[str, str]) -> None:
        """Two methods' colours and dashes, and the same one's twice."""
        ax = self._axes[2]
        for line, name in zip(self._falls, names, strict=True):
            options = look(name, marker=False)
            line.set(color=options["color"], linestyle=options["linestyle"])
        if names[0] == names[1]:
            self._falls[1].set(linestyle=(0, (1.2, 1.2)), color="black")
        words = [f"{side}: {name}" for side, name in zip(("left", "right"), names, strict=True)]
        ax.legend(self._falls, words, loc="upper center", bbox_to_anchor=(0.5, -0.16), ncols=2, handlelength=1.6)

    def _fall(self, view: TrajectoryView) -> None:
        ax, s = self._axes[2], view.settings
        gaps = [np.clip(side.gaps, _FLOOR, None) for side in view.sides]
        finite = np.concatenate([g[np.isfinite(g)] for g in gaps])
        start = float(gaps[0][0])
        low, high = finite.min(), max(start, min(float(finite.max()), 1e3 * start + 1e-9))
        bottom, top = 10.0 ** np.floor(np.log10(low)), 10.0 ** np.ceil(np.log10(high) + 1e-9)
        self.limits(ax, (0, s.gradients), (bottom, top))
        # a run that diverges leaves the panel by one decade, not by thirty
        gaps = [np.clip(np.nan_to_num(g, nan=np.inf, posinf=np.inf), _FLOOR, 10 * top) for g in gaps]
        for line, dot, side, gap in zip(self._falls, self._now, view.sides, gaps, strict=True):
            line.set_data(side.evals, gap)
            now = int(np.searchsorted(side.evals, s.at, side="right")) - 1
            dot.set_data([side.evals[now]], [min(gap[now], top)])
            dot.set_markerfacecolor(line.get_color())

    def alt(self, view: TrajectoryView) -> str:
        """Say where both runs stand."""
        said = [
            f"{word} {side.name} at ({side.here[0]:.3g}, {side.here[1]:.3g}), f minus its minimum {side.gap:.3g}"
            for word, side in zip(("left", "right"), view.sides, strict=True)
        ]
        return (
            f"Level sets of {view.settings.problem} with two paths from ({view.start[0]:.3g}, {view.start[1]:.3g}) "
            f"after {view.settings.at} gradients: {'; '.join(said)}. Beside them f minus its minimum against gradients."
        )


def _place(lines: dict[str, Any], side: Side, start: Array) -> None:
    points = {"start": start[None], "here": side.here[None]}
    for name, line in lines.items():
        xy = points.get(name)
        line.set_data(*np.asarray(getattr(side, name) if xy is None else xy).T)
