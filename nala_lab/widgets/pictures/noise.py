"""A cloud of noisy runs with the exact expected loss through it, and the loss in the long run against mu."""

from __future__ import annotations

from typing import Any

import numpy as np

from nala_lab.plots import ROLES, look
from nala_lab.widgets.models.noise import MU_SWEEP, NoiseView
from nala_lab.widgets.picture import Picture
from nala_lab.widgets.pictures.parts import BELOW, HERE, logarithmic, under

__all__ = ["NoisePicture"]


class NoisePicture(Picture):
    """Left: loss against gradients. Right: what remains after many cycles, for every mu."""

    size = (13.0, 5.0)

    def build(self) -> None:
        """Make two panels."""
        self._falls, self._levels = self.figure.subplots(1, 2, width_ratios=(1.5, 1))
        ax = self._falls
        self._cloud = self.line(ax, ".", color="#8FB9D3", ms=4, alpha=0.5, label="runs of NALA")
        self._sgd = self.line(ax, lw=2.2, label="SGD, exact", **look("sgd", marker=False))
        self._mean = self.line(ax, "o", color=ROLES["measured"], ms=8, mec="white", label="their mean", clip_on=False)
        self._exact = self.line(ax, color=look("nala")["color"], lw=2.6, label="NALA, exact")
        ax.set(xlabel="gradient evaluations", title="loss above the minimum")
        logarithmic(ax, 1e-3, 10)
        ax.legend(handles=[self._cloud, self._mean, self._exact, self._sgd], **BELOW, ncols=4, markerscale=1.4)
        self._build_levels()

    def _build_levels(self) -> None:
        ax = self._levels
        ax.axvline(0, color="#444444", lw=1)
        style: dict[str, Any] = look("nala", marker=False)
        self._sweep = self.line(ax, lw=2.6, label="NALA", **style)
        self._level = self.line(ax, lw=2.2, label="SGD", **look("sgd", marker=False))
        self._here = self.line(ax, label="here", **HERE)
        ax.set(xlabel=r"outer factor $\mu$", title="loss in the long run, exact", xlim=(-1, 1.5))
        logarithmic(ax, 1e-3, 10)
        ax.legend(handles=[self._sweep, self._level, self._here], **BELOW, ncols=3, markerscale=0.7)

    def update(self, view: NoiseView) -> None:
        """Move everything."""
        mean = view.cloud.mean(axis=1)
        curves = [view.cloud, mean, view.exact, view.sgd]
        x = (0.0, float(view.evals[-1]))
        cloud, mean, exact, sgd = under(self, self._falls, curves, x=x, floor=1e-8, ceiling=1e6)
        self._cloud.set_data(np.repeat(view.evals, view.cloud.shape[1]), cloud.ravel())
        self._mean.set_data(view.evals, mean)
        self._exact.set_data(view.evals, exact)
        self._sgd.set_data(view.sgd_evals, sgd)
        self._update_levels(view)

    def _update_levels(self, view: NoiseView) -> None:
        here = float(view.numbers["in the long run"])
        known = [level for level in (*view.sweep, view.sgd_level, here) if np.isfinite(level)] or [1.0]
        under(self, self._levels, [np.array(known)], x=(-1, 1.5), floor=1e-8, ceiling=1e6)
        self._sweep.set_data(MU_SWEEP, view.sweep)
        self._level.set_data([-1, 1.5], [view.sgd_level] * 2)
        self._here.set_data([view.settings.mu], [here])

    def alt(self, view: NoiseView) -> str:
        """Say where exact line and cloud stand."""
        n = view.numbers
        return (
            f"A cloud of {view.settings.chains} noisy runs around the exact expected loss of NALA, which is "
            f"{n['exact loss']:.3g} after {n['gradients']} gradients; the runs' mean is {n['Monte Carlo mean']:.3g}, "
            f"{n['z-score']:.2g} standard errors away. In the long run NALA stays at {n['in the long run']:.3g}, SGD "
            f"at {n['SGD in the long run']:.3g}."
        )
