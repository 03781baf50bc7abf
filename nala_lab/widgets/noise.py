"""The noise explorer: what averaging buys, exactly and sampled."""

from __future__ import annotations

from typing import Any, ClassVar

from nala_lab.widgets.controls import choice, counter, log_slider, slider
from nala_lab.widgets.explorer import Explorer
from nala_lab.widgets.models.noise import MODELS, OUTERS, NoiseSettings, noise_view
from nala_lab.widgets.pictures.noise import NoisePicture

__all__ = ["NoiseExplorer"]


class NoiseExplorer(Explorer):
    """Expected loss of NALA on a noisy quadratic, exact, with a Monte Carlo cloud over it.

    Parameters
    ----------
    settings : any field of `NoiseSettings`: lr, k, mu, alpha, kappa, sigma, model, outer, cycles, chains, seed.

    Raises
    ------
    ValueError
        For a setting out of range.

    Examples
    --------
    >>> explorer = NoiseExplorer(mu=-0.5)
    >>> explorer.numbers["in the long run"] < explorer.numbers["SGD in the long run"]
    True
    """

    title: ClassVar[str] = "Noise: what averaging buys"
    options: ClassVar[Any] = NoiseSettings
    compute: ClassVar[Any] = staticmethod(noise_view)
    drawing: ClassVar[Any] = NoisePicture

    def make_controls(self, s: NoiseSettings) -> dict[str, Any]:
        """Make them in the order in which they are shown."""
        return {
            "mu": slider("mu", s.mu, -1.0, 1.45, 0.05, help="outer factor; slow step 1 + mu"),
            "lr": slider("eta L", s.lr, 0.02, 2.5, 0.02, help="inner step times largest curvature"),
            "k": counter("k", s.k, 1, 12, help="inner steps per cycle"),
            "alpha": slider("alpha L", s.alpha, 0.0, 3.0, 0.05, help="outer gradient step; 0 is Lookahead"),
            "sigma": slider("noise sigma", s.sigma, 0.0, 3.0, 0.05),
            "kappa": log_slider("kappa", s.kappa, 0, 3, help="condition number L/m"),
            "model": choice("noise model", s.model, MODELS, help="same everywhere, or a minimum that jumps"),
            "outer": choice("outer batch", s.outer, OUTERS, help="mini-batch of the outer gradient"),
            "cycles": counter("cycles", s.cycles, 2, 40),
            "chains": counter("runs in the cloud", s.chains, 10, 200, step=10),
            "seed": counter("seed", s.seed, 0, 20, help="another seed is another cloud"),
        }
