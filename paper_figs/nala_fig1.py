"""Fig. 1 of the NALA paper, from real runs: fast and slow weights on a loss surface, for both signs of mu.

The paper's drawing is a sketch. Here every point is computed by ``nala_lab.reference`` on a quadratic with
condition number 12. alpha is far above the paper's 0.001, so that the outer step can be seen.
"""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np

from nala_lab.core import TwoLoop
from nala_lab.plots import RC, landscape, two_loop
from nala_lab.reference import NALA, SGD, run
from paper_figs.drawing import Drawing
from problems import Quadratic

__all__ = ["CYCLES", "K", "MUS", "draw", "problem", "trajectory"]

MUS = (-0.5, 0.5)
K, LR, ALPHA, CYCLES = 5, 0.15, 0.06, 3
START = np.array([-2.6, -1.7])


def problem() -> Quadratic:
    """The loss surface: eigenvalues 1 and 12, turned by 35 degrees, minimum at (1, -0.5)."""
    angle = np.deg2rad(35.0)
    turn = np.array([[np.cos(angle), -np.sin(angle)], [np.sin(angle), np.cos(angle)]])
    return Quadratic([1.0, 12.0], rotation=turn, shift=[1.0, -0.5], offset=0.3)


def trajectory(mu: float) -> TwoLoop:
    """The run that a panel shows: Algorithm 1 with gradient descent inside.

    Examples
    --------
    >>> t = trajectory(-0.5)
    >>> t.slow.shape, t.fast.shape
    ((4, 2), (3, 6, 2))
    """
    method = NALA(inner=SGD(lr=LR), k=K, mu=mu, alpha=ALPHA)
    path = run(method, problem().grad, START, cycles=CYCLES)
    assert isinstance(path, TwoLoop)
    return path


def draw() -> Drawing:
    """Draw both panels."""
    surface = problem()
    with plt.rc_context(RC):
        figure, panels = plt.subplots(1, 2, figsize=(10.0, 5.6), sharey=True)
        for ax, mu, words in zip(panels, MUS, ("interpolation", "extrapolation"), strict=True):
            landscape(ax, surface.value, ((-3.0, 2.4), (-3.15, 0.8)), minimum=surface.minimum,
                      minimizers=surface.minimizers)  # fmt: skip
            two_loop(ax, trajectory(mu))
            ax.set_title(rf"$\mu = {mu:+g}$: $y_t$ is an {words}")
        handles = panels[0].get_legend_handles_labels()
        for ax in panels:
            ax.get_legend().remove()
        panels[1].set_ylabel("")
        figure.legend(*handles, loc="outside lower center", ncols=3)
    return Drawing(
        figure=figure,
        title="Fast and slow weights of NALA on a quadratic (Fig. 1 of the NALA paper, from real runs)",
        caption=(
            f"Algorithm 1 with gradient descent inside (lr {LR}, k = {K}, alpha = {ALPHA}). Scale and number of seeds: "
            f"{CYCLES} cycles of {K + 1} gradients on a quadratic with eigenvalues 1 and 12, deterministic, 1 run. "
            "Mean and spread: none, there is one run. Metric: positions, at every step; shading: the loss. x-axis: the "
            "first weight, y-axis the second. With mu in [-1, 0), the range of all settings in the paper, "
            "the point y_t lies between phi and theta_k; only with mu > 0 does it lie beyond theta_k, as "
            "the word extrapolation says. alpha is 60 times the paper's, so that the purple step can be seen."
        ),
        alt=(
            "Two contour plots of the same tilted elliptic bowl. In each, black zigzag paths of fast weights start "
            "at dark blue slow weights; a dark blue arrow leads to the look-ahead point and a short purple arrow to "
            "the next slow weights. Left, mu = -0.5: the look-ahead points lie half way to the end of the black "
            "paths. Right, mu = +0.5: they lie beyond the end."
        ),
    )
