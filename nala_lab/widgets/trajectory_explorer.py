"""The trajectory explorer: two optimizers side by side from one start."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb

from nala_lab.core import Array
from nala_lab.plots import ROLES, landscape, look
from nala_lab.widgets.controls import button, choice, counter, log_slider, move, slider, tick, toggle
from nala_lab.widgets.dragging import POSSIBLE, Dragging
from nala_lab.widgets.explorer import Explorer
from nala_lab.widgets.parts import BELOW, logarithmic
from nala_lab.widgets.picture import Picture
from nala_lab.widgets.planes import INNERS, METHODS, PLANES, first_alpha, movable, problem, reads
from nala_lab.widgets.trajectory_runs import Side, TrajectorySettings, TrajectoryView, suited, trajectory_view

__all__ = ["TrajectoryExplorer"]

_REACH = 4  # times half of 1 / curvature: the slider of alpha goes to 2 / curvature, where a gradient step turns back
ALPHA = "outer gradient step of NALA, from 0 to 2 / curvature at the problem's start"
_CHOICES = ("problem", "moved", "left", "right", "inner")
_FLOOR = 1e-16  # below the rounding of f there is nothing to show


class TrajectoryPicture(Picture):
    """Left and right: the path over the level sets. Outside right: f - f* against gradients, both methods."""

    def build(self) -> None:
        """Make three axes; the landscapes come with the first view."""
        self._axes = self.figure.subplots(1, 3, width_ratios=(1.15, 1.15, 1))
        self._drawn: Any = None
        self._paths: list[dict[str, Any]] = [{}, {}]
        falls = self._axes[2]
        self._falls = [self.line(falls, lw=2.4) for _ in range(2)]
        self._now = [self.line(falls, "o", ms=11, mec="black", mew=1.4, clip_on=False) for _ in range(2)]
        logarithmic(falls, 1e-3, 10, xlabel="gradients spent", title="$f$ above its minimum")

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
            ax.tick_params(labelleft=place == 0)  # the same box on both sides
            self._paths[place] = self._lines(ax, side)
            known = ("minimum", "start") if place else ()  # told on the left
            told = [line for line in ax.lines if line.get_label()[0] != "_" and line.get_label() not in known]
            ax.legend(handles=told, **BELOW, ncols=2)

    def _lines(self, ax: Axes, side: Side) -> dict[str, Any]:
        lines = {"start": self.line(ax, "s", ms=11, mfc="white", mec="black", mew=2, zorder=8, label="start")}
        if not side.two_loops:
            lines["path"] = self.line(ax, **look(side.name), ms=5, lw=2, zorder=5, label=side.name)
            if side.looks_ahead:
                style = {"mfc": "none", "mec": look(side.name)["color"], "ms": 8}
                lines["probes"] = self.line(ax, "D", **style, zorder=4, label="probe")
        else:
            lines |= self._two_loops(ax, side)
        lines["here"] = self.line(ax, "o", ms=13, mfc="none", mec="black", mew=2.2, zorder=9)
        return lines

    def _two_loops(self, ax: Axes, side: Side) -> dict[str, Any]:
        slow, own = ROLES["slow"], look(side.name)["color"]
        lines = {
            "fast": self.line(ax, ".-", color=ROLES["fast"], lw=1.3, ms=6, zorder=4, label=r"fast $\theta$"),
            "chord": self.line(ax, "--", color=slow, lw=1.2, zorder=3),
            "inward": self.line(ax, "-", color=slow, lw=2.4, zorder=5),
            "path": self.line(ax, "o", color=own, ms=9, mec="white", zorder=7, label=r"slow $\phi$"),
        }
        if side.looks_ahead:
            lines["outward"] = self.line(ax, "-", color=ROLES["gradient"], lw=3, zorder=6, label="outer step")
            lines["ahead"] = self.line(ax, "d", color="white", mec=slow, mew=1.8, ms=8, zorder=6.5, label=r"$y_t$")
        return lines

    def _looks(self, names: tuple[str, str]) -> None:
        """Two methods' colours and dashes; of the same one twice the right one is darker and dotted."""
        ax = self._axes[2]
        for line, name in zip(self._falls, names, strict=True):
            options = look(name, marker=False)
            line.set(color=options["color"], linestyle=options["linestyle"])
        if names[0] == names[1]:
            dark = 0.5 * np.array(to_rgb(self._falls[1].get_color()))
            self._falls[1].set(linestyle=(0, (1.2, 1.2)), color=tuple(dark))
        words = [f"{side}: {name}" for side, name in zip(("left", "right"), names, strict=True)]
        ax.legend(self._falls, words, **BELOW)

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


class TrajectoryExplorer(Explorer):
    """Two optimizers from the same start: paths, both loops, and f - f* at equal numbers of gradients.

    Parameters
    ----------
    problem : one of ``nala_lab.widgets.PLANES``. left, right : names of optimizers, see METHODS. Lessons put the method
    that they are about on the right, and what it is compared with on the left.
    lr : sets both sides' learning rates. show : settings whose controls stand under the picture, "lr" for both rates.
    settings : any field of `TrajectorySettings`; what is left out gets a value that suits the problem.

    Raises
    ------
    ValueError
        For an unknown name or a setting out of range.

    Examples
    --------
    >>> from nala_lab.widgets import TrajectoryExplorer
    >>> explorer = TrajectoryExplorer(problem="bowl", left="SGD", right="NALA", gradients=30)
    >>> explorer.set(at=6).numbers["gradients"]
    6
    """

    title: ClassVar[str] = "Two optimizers, one start"
    options: ClassVar[Any] = TrajectorySettings
    compute: ClassVar[Any] = staticmethod(trajectory_view)
    drawing: ClassVar[Any] = TrajectoryPicture
    shown: ClassVar[tuple[str, ...]] = ("at", "lr_left", "lr_right", "k", "mu")
    leading: ClassVar[tuple[str, ...]] = (*_CHOICES, "gradients")

    def __init__(
        self, problem: str = "rosenbrock", left: str = "Adam", right: str = "NALA", *, lr: float | None = None,
        show: Sequence[str] | None = None, **settings: Any,
    ) -> None:  # fmt: skip
        if lr is not None:
            settings = {"lr_left": lr, "lr_right": lr} | settings
        chosen = {"problem": problem, "left": left, "right": right, **settings}
        self._dragging: Dragging | None = None
        super().__init__(show=show, **(suited(chosen) | chosen))

    picture: TrajectoryPicture

    def make_controls(self, s: TrajectorySettings) -> dict[str, Any]:
        """Make them in the order in which they are shown."""
        (low1, high1), (low2, high2) = problem(s.problem, s.moved).box
        top = _REACH * first_alpha(s.problem, s.moved)
        return {
            # pairs first: the controls stand in two columns, and what belongs to the left panel stands left
            "left": choice("left", s.left, METHODS),
            "right": choice("right", s.right, METHODS),
            "lr_left": log_slider("eta (lr) left", s.lr_left, -5, 0, help="step size of the left one's (inner) rule"),
            "lr_right": log_slider("eta (lr) right", s.lr_right, -5, 0, help="the same, right"),
            "x1": slider("start x1", s.x1, low1, high1, (high1 - low1) / 200),
            "x2": slider("start x2", s.x2, low2, high2, (high2 - low2) / 200),
            "at": counter("gradients so far", s.at, 0, s.gradients, help="step through the run"),
            "k": counter("k", s.k, 1, 20, help="inner steps per cycle"),
            "mu": slider("mu", s.mu, -1.0, 1.5, 0.05, help="outer factor: below 0 interpolates, above extrapolates"),
            "alpha": slider("alpha", s.alpha, 0.0, top, top / 200, help=ALPHA, digits=".3g"),
            "inner": choice("inner rule", s.inner, INNERS, help="the inner rule A of NALA and Lookahead"),
            "problem": choice("problem", s.problem, PLANES),
            "moved": tick("moved and turned", s.moved, help="the problem shifted, turned and scaled"),
            "beta1": slider("beta1", s.beta1, 0.0, 0.99, 0.01, help="momentum, of heavy ball and NAG too"),
            "beta2": slider("beta2", s.beta2, 0.0, 0.999, 0.001),
            "noise": slider("noise", s.noise, 0.0, 10.0, 0.1, help="standard deviation on each gradient entry"),
            "seed": counter("seed", s.seed, 0, 20, help="another seed is another noise"),
            "gradients": counter("gradients in all", s.gradients, 10, 300, step=5),
        }

    def idle(self, s: TrajectorySettings) -> frozenset[str]:
        """Name what neither method reads, the seed of no noise, and what a problem without another form has not."""
        used = reads(s.left, s.inner) | reads(s.right, s.inner)
        never = {"inner", "k", "mu", "alpha", "beta1", "beta2"} - used
        return frozenset(never | ({"seed"} if s.noise == 0 else set()) | (set() if movable(s.problem) else {"moved"}))

    def layout(self) -> Any:
        """Arrange: the steps under the picture, then the other controls."""
        self.back, self.forward = button("step back", icon="arrow-left"), button("step forward", icon="arrow-right")
        self.home = button("usual settings", help="start and step sizes that suit the problem", icon="refresh")
        self.back.on_click(lambda _: self.step(-1))
        self.forward.on_click(lambda _: self.step(1))
        self.home.on_click(lambda _: self.suit())
        folded = [self.home]
        if POSSIBLE:
            self.mouse = toggle("drag the start", help="drag the start with the mouse in either landscape")
            self.mouse.observe(lambda change: self.drag(change["new"]), names="value")
            folded.append(self.mouse)
        steps = [self.back, self.controls["at"], self.forward]
        self.controls["at"].layout.flex = "1 1 auto"
        return self._stack(under=steps if "at" in self._named else [], folded=folded)

    def _names(self, show: Sequence[str]) -> tuple[str, ...]:
        if "lr" in show and not isinstance(show, str):
            show = (*(name for name in show if name != "lr"), "lr_left", "lr_right")
        return super()._names(show)

    @property
    def dragging(self) -> bool:
        """Whether the start can be dragged with the mouse now."""
        return self._dragging is not None

    def drag(self, on: bool = True) -> TrajectoryExplorer:
        """Let the start be dragged in either landscape, or no longer; gives the explorer back.

        Raises
        ------
        ModuleNotFoundError
            Without ipympl, which the lab extra brings.
        """
        if on and self._dragging is None:
            self._dragging = Dragging(self.picture, self.picture.planes, self._place)
            shown = self._dragging.canvas
        elif not on and self._dragging is not None:
            self._dragging.end()
            self._dragging = None
            shown = self._picture
        else:
            return self
        heading, _, *rest = self.widget.children
        self.widget.children = (heading, shown, *rest)
        self.refresh()
        return self

    def _place(self, x: float, y: float) -> None:
        (low1, high1), (low2, high2) = ((self.controls[n].min, self.controls[n].max) for n in ("x1", "x2"))
        self.set(x1=min(max(x, low1), high1), x2=min(max(y, low2), high2))

    def draw(self) -> None:
        """Draw the view, into the PNG or into the canvas that hears the mouse."""
        if self._dragging is None:
            super().draw()
        else:
            self.picture.show(self.view)
            self._dragging.shown()
            self.show_numbers()

    def step(self, gradients: int) -> None:
        """Go so many gradients forward, or back where negative; ends at the run's ends."""
        self.set(at=min(max(self.controls["at"].value + gradients, 0), self.controls["gradients"].value))

    def suit(self) -> None:
        """Set start, step sizes and outer step to values that suit the problem and the methods."""
        with self._silence():
            self.follow("problem", self.controls["problem"].value)
        self.refresh()

    def follow(self, moved: str, value: Any) -> None:
        """Another problem or method brings what suits it; a run of another length is shown to its end."""
        if moved in _CHOICES:
            chosen = {name: self.controls[name].value for name in _CHOICES}
            values, where = suited(chosen), (chosen["problem"], chosen["moved"])
            ranges = zip(("x1", "x2"), problem(*where).box, strict=True)
            for name, (low, high) in (*ranges, ("alpha", (0.0, _REACH * first_alpha(*where)))):
                move(self.controls[name], low, high, values.pop(name))
            for name, there in values.items():
                self.controls[name].value = there
        elif moved == "gradients":
            self.controls["at"].max = value
            self.controls["at"].value = value
