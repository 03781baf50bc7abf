"""The plane of outer step and outer momentum, the methods that stand there, and the decay."""

from __future__ import annotations

from typing import Any

import numpy as np

from nala_lab.plots import ROLES, look
from nala_lab.widgets.models.family import BETA_AXIS, NU_AXIS, PRESETS, FamilyView
from nala_lab.widgets.picture import Picture
from nala_lab.widgets.pictures.parts import BELOW, HERE, clipped, heat, logarithmic, under

__all__ = ["FamilyPicture"]

_OFF = "#8A8A8A"


class FamilyPicture(Picture):
    """Left: rate over nu and beta. Middle: names, those that stand here in colour. Right: decay."""

    size = (13.0, 5.0)

    def build(self) -> None:
        """Make three panels."""
        plane, names, self._falls = self.figure.subplots(1, 3, width_ratios=(1.35, 0.62, 1))
        self._heat = heat(self, plane, NU_AXIS, BETA_AXIS, "factor per cycle")
        self._tuned = self.line(plane, "D", color=ROLES["minimum"], ms=12, mec="white", mew=1.6, label="tuned (T23)")
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
        self._measured = self.line(ax, "o", color=ROLES["measured"], ms=7, label="measured", clip_on=False)
        ax.set(xlabel="gradient evaluations", title="distance to the minimum")
        logarithmic(ax, 1e-6, 1)
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
