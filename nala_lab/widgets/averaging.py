"""The averaging explorer: Eq. (5), from interpolation to extrapolation."""

from __future__ import annotations

from typing import Any, ClassVar

from nala_lab.widgets.controls import counter, slider
from nala_lab.widgets.explorer import Explorer
from nala_lab.widgets.models.averaging import AveragingSettings, averaging_view
from nala_lab.widgets.pictures.averaging import AveragingPicture

__all__ = ["AveragingExplorer"]


class AveragingExplorer(Explorer):
    """The weights of Eq. (5), their horizon, and what happens as mu crosses 0.

    Parameters
    ----------
    settings : any field of `AveragingSettings`: mu, t, alpha, k, lr, noise, seed.

    Raises
    ------
    ValueError
        For a setting out of range.

    Examples
    --------
    >>> explorer = AveragingExplorer(mu=-0.5)
    >>> explorer.set(mu=0.5).numbers["newest weight"]
    1.5
    """

    title: ClassVar[str] = "What the slow weights remember: Eq. (5)"
    options: ClassVar[Any] = AveragingSettings
    compute: ClassVar[Any] = staticmethod(averaging_view)
    drawing: ClassVar[Any] = AveragingPicture

    def make_controls(self, s: AveragingSettings) -> dict[str, Any]:
        """Make them in the order in which they are shown."""
        return {
            "mu": slider("mu", s.mu, -1.0, 1.5, 0.05, help="below 0 interpolates, above 0 extrapolates"),
            "t": counter("outer steps t", s.t, 1, 40),
            "alpha": slider("alpha", s.alpha, 0.0, 1.0, 0.05, help="outer gradient step"),
            "k": counter("k", s.k, 1, 20, help="inner steps per cycle"),
            "lr": slider("eta (lr)", s.lr, 0.0, 1.0, 0.02, help="step of gradient descent inside"),
            "noise": slider("noise", s.noise, 0.0, 10.0, 0.2, help="standard deviation of each gradient"),
            "seed": counter("seed", s.seed, 0, 20, help="another seed is another noise"),
        }
