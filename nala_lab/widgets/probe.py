"""The probe explorer: which trial step AdaLA's second gradient comes from, and what follows."""

from __future__ import annotations

from typing import Any, ClassVar

from nala_lab.widgets.controls import choice, counter, log_slider, move, slider
from nala_lab.widgets.explorer import Explorer
from nala_lab.widgets.models.methods import PLANES, problem
from nala_lab.widgets.models.probe import DENOMINATORS, PROBES, ProbeSettings, probe_view
from nala_lab.widgets.pictures.probe import ProbePicture

__all__ = ["ProbeExplorer"]


class ProbeExplorer(Explorer):
    """AdaLA's probes, step by step.

    Parameters
    ----------
    problem : one of ``nala_lab.widgets.PLANES``; on "valley" theory predicts the first step.
    probe : a reading of Algorithm 3, see PROBES.
    settings : any other field of `ProbeSettings`.

    Raises
    ------
    ValueError
        For an unknown name or a setting out of range.

    Examples
    --------
    >>> explorer = ProbeExplorer(probe="adam")
    >>> n = explorer.numbers
    >>> abs(n["step x2"] - n["theory x2"]) < 1e-12
    True
    """

    title: ClassVar[str] = "AdaLA and its probes"
    options: ClassVar[Any] = ProbeSettings
    compute: ClassVar[Any] = staticmethod(probe_view)
    drawing: ClassVar[Any] = ProbePicture

    def __init__(self, problem: str = "valley", probe: str = "own", **settings: Any) -> None:
        start = dict(zip(("x1", "x2"), _start(problem), strict=True))
        super().__init__(**({"problem": problem, "probe": probe} | start | settings))

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

    def _changed(self, change: Any) -> None:
        if self._quiet:
            return
        name = next(name for name, control in self.controls.items() if control is change["owner"])
        with self._silence():
            if name == "problem":
                for axis, x, (low, high) in zip(("x1", "x2"), _start(change["new"]), problem(change["new"]).box,
                                                strict=True):  # fmt: skip
                    move(self.controls[axis], low, high, x)
            if name == "steps":
                self.controls["at"].max = change["new"]  # a value above it is cut to it
        self.refresh()


def _start(name: str) -> tuple[float, float]:
    x1, x2 = (float(x) for x in problem(name).start)
    return x1, x2
