"""The rate explorer: where two loops converge, and how fast."""

from __future__ import annotations

from typing import Any, ClassVar

from nala_lab.widgets.controls import choice, counter, log_slider, slider
from nala_lab.widgets.explorer import Explorer
from nala_lab.widgets.models.rate import INSIDE, LR_AXIS, MU_AXIS, RateSettings, rate_view
from nala_lab.widgets.pictures.rate import RatePicture

__all__ = ["RateExplorer"]


class RateExplorer(Explorer):
    """NALA on a quadratic: stability map, roots of the cycle map, predicted against measured decay.

    Parameters
    ----------
    settings : any field of `RateSettings`: inner, lr, k, mu, alpha, beta, kappa, cycles.

    Raises
    ------
    ValueError
        For a setting out of range.

    Examples
    --------
    >>> explorer = RateExplorer(lr=2.1, k=5)
    >>> explorer.numbers["rate per cycle"] < 1 <= explorer.set(k=4).numbers["rate per cycle"]
    True
    """

    title: ClassVar[str] = "Rate and stability on a quadratic"
    options: ClassVar[Any] = RateSettings
    compute: ClassVar[Any] = staticmethod(rate_view)
    drawing: ClassVar[Any] = RatePicture

    def make_controls(self, s: RateSettings) -> dict[str, Any]:
        """Make them in the order in which they are shown."""
        return {
            "lr": slider("eta L", s.lr, 0.02, float(LR_AXIS[-1]), 0.02, help="inner step times largest curvature"),
            "mu": slider("mu", s.mu, -1.0, float(MU_AXIS[-1]), 0.02, help="outer factor; slow step 1 + mu"),
            "k": counter("k", s.k, 1, 12, help="inner steps per cycle"),
            "alpha": slider("alpha L", s.alpha, 0.0, 6.0, 0.02, help="outer gradient step; 0 is Lookahead"),
            "inner": choice("inner rule", s.inner, INSIDE),
            "beta": slider("inner beta", s.beta, 0.0, 0.98, 0.01, help="momentum of heavy ball or NAG inside"),
            "kappa": log_slider("kappa", s.kappa, 0, 4, help="condition number L/m"),
            "cycles": counter("cycles", s.cycles, 5, 100, step=5),
        }
