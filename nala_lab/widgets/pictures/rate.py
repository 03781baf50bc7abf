"""Stability map, roots in the complex plane, and the decay that follows."""

from __future__ import annotations

from typing import Any

import numpy as np

from nala_lab.plots import COLOURS, ROLES
from nala_lab.widgets.models.rate import LR_AXIS, MU_AXIS, RateView
from nala_lab.widgets.picture import Picture
from nala_lab.widgets.pictures.parts import BELOW, HERE, clipped, heat, logarithmic, under

__all__ = ["RatePicture"]

_MODES = (("slow mode, lam = L/kappa", COLOURS["lookahead"], "o"), ("stiff mode, lam = L", COLOURS["nala"], "D"))


class RatePicture(Picture):
    """Left: map over eta and mu. Middle: roots of the cycle map. Right: predicted and measured error."""

    size = (13.0, 5.0)

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
        ax.set(xlim=(-1.6, 1.6), ylim=(-1.6, 1.6), aspect="equal", xlabel="real part", ylabel="imaginary part",
               title=r"roots of a cycle")  # fmt: skip
        ax.legend(**BELOW)

    def _build_decay(self) -> None:
        ax = self._decay
        self._predicted = self.line(ax, color=ROLES["predicted"], lw=2, label="predicted")
        self._measured = self.line(ax, "o", color=ROLES["measured"], ms=7, label="measured", clip_on=False)
        ax.set(xlabel="cycles", title="distance to the minimum")
        logarithmic(ax, 1e-6, 1)
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
