"""The trajectory explorer: two optimizers side by side from one start."""

from __future__ import annotations

from typing import Any, ClassVar

import ipywidgets as w  # type: ignore[import-untyped, unused-ignore]

from nala_lab.widgets.controls import button, choice, counter, log_slider, move, slider, tick, toggle
from nala_lab.widgets.dragging import POSSIBLE, Dragging
from nala_lab.widgets.explorer import Explorer
from nala_lab.widgets.models.methods import INNERS, METHODS, PLANES, problem
from nala_lab.widgets.models.trajectory import TrajectorySettings, suited, trajectory_view
from nala_lab.widgets.pictures.trajectory import TrajectoryPicture

__all__ = ["TrajectoryExplorer"]


class TrajectoryExplorer(Explorer):
    """Two optimizers from the same start: paths, both loops, and f - f* at equal numbers of gradients.

    Parameters
    ----------
    problem : one of ``nala_lab.widgets.PLANES``. left, right : names of optimizers, see METHODS.
    settings : any field of `TrajectorySettings`; what is left out gets a value that suits the problem. lr : sets both
    sides' learning rates.

    Raises
    ------
    ValueError
        For an unknown name or a setting out of range.

    Examples
    --------
    >>> explorer = TrajectoryExplorer(problem="bowl", left="NALA", right="SGD", gradients=30)
    >>> explorer.set(at=6).numbers["gradients"]
    6
    """

    title: ClassVar[str] = "Two optimizers, one start"
    options: ClassVar[Any] = TrajectorySettings
    compute: ClassVar[Any] = staticmethod(trajectory_view)
    drawing: ClassVar[Any] = TrajectoryPicture

    def __init__(
        self, problem: str = "rosenbrock", left: str = "NALA", right: str = "Adam", *, lr: float | None = None,
        **settings: Any,
    ) -> None:  # fmt: skip
        if lr is not None:
            settings = {"lr_left": lr, "lr_right": lr} | settings
        chosen = {"problem": problem, "left": left, "right": right, **settings}
        self._dragging: Dragging | None = None
        super().__init__(**(suited(chosen) | chosen))

    picture: TrajectoryPicture

    def make_controls(self, s: TrajectorySettings) -> dict[str, Any]:
        """Make them in the order in which they are shown."""
        (low1, high1), (low2, high2) = problem(s.problem, s.moved).box
        return {
            "at": counter("gradients so far", s.at, 0, s.gradients, help="step through the run"),
            "problem": choice("problem", s.problem, PLANES),
            "moved": tick("moved and turned", s.moved, help="the problem shifted, turned and scaled"),
            "left": choice("left", s.left, METHODS),
            "right": choice("right", s.right, METHODS),
            "inner": choice("inner rule", s.inner, INNERS, help="the inner rule A of NALA and Lookahead"),
            "x1": slider("start x1", s.x1, low1, high1, (high1 - low1) / 200),
            "x2": slider("start x2", s.x2, low2, high2, (high2 - low2) / 200),
            "lr_left": log_slider("eta (lr) left", s.lr_left, -5, 0, help="step size of the left one's (inner) rule"),
            "lr_right": log_slider("eta (lr) right", s.lr_right, -5, 0, help="the same, right"),
            "k": counter("k", s.k, 1, 20, help="inner steps per cycle"),
            "mu": slider("mu", s.mu, -1.0, 1.5, 0.05, help="outer factor: below 0 interpolates, above extrapolates"),
            "alpha": log_slider("alpha", s.alpha, -6, 0, help="outer gradient step of NALA"),
            "beta1": slider("beta1", s.beta1, 0.0, 0.99, 0.01, help="momentum, of heavy ball and NAG too"),
            "beta2": slider("beta2", s.beta2, 0.0, 0.999, 0.001),
            "noise": slider("noise", s.noise, 0.0, 10.0, 0.1, help="standard deviation on each gradient entry"),
            "seed": counter("seed", s.seed, 0, 20, help="another seed is another noise"),
            "gradients": counter("gradients in all", s.gradients, 10, 300, step=5),
        }

    def layout(self) -> Any:
        """Steps under the picture, then the other controls."""
        self.back, self.forward = button("step back", icon="arrow-left"), button("step forward", icon="arrow-right")
        self.home = button("usual settings", help="start and step sizes that suit the problem", icon="refresh")
        self.back.on_click(lambda _: self.step(-1))
        self.forward.on_click(lambda _: self.step(1))
        self.home.on_click(lambda _: self.suit())
        buttons = [self.back, self.controls["at"], self.forward, self.home]
        if POSSIBLE:
            self.mouse = toggle("drag the start", help="drag the start with the mouse in either landscape")
            self.mouse.observe(lambda change: self.drag(change["new"]), names="value")
            buttons.append(self.mouse)
        rest = [control for name, control in self.controls.items() if name != "at"]
        heading = w.HTML(f'<h3 style="margin:0">{self.title}</h3>')
        steps = self._grid(buttons)
        return w.VBox([heading, self._picture, steps, self._message, self._numbers, self._grid(rest)])

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
        values = {name: self.controls[name].value for name in ("problem", "moved", "left", "right", "inner")}
        values_there = suited(values)
        with self._silence():
            for name, (low, high) in zip(("x1", "x2"), problem(values["problem"], values["moved"]).box, strict=True):
                move(self.controls[name], low, high, values_there.pop(name))
            for name, value in values_there.items():
                self.controls[name].value = value
        self.refresh()

    def _changed(self, change: Any) -> None:
        if self._quiet:
            return
        owner = change["owner"]
        if any(owner is self.controls[name] for name in ("problem", "moved", "left", "right", "inner")):
            self.suit()
        else:
            if owner is self.controls["gradients"]:
                with self._silence():
                    self.controls["at"].max = change["new"]
                    self.controls["at"].value = change["new"]
            self.refresh()
