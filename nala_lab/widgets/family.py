"""The family chooser: a point of the two-loop family, and which published method it is."""

from __future__ import annotations

from typing import Any, ClassVar

from nala_lab.core import require_choice
from nala_lab.widgets.controls import choice, counter, log_slider, slider
from nala_lab.widgets.explorer import Explorer
from nala_lab.widgets.models.family import PRESETS, STYLES, FamilySettings, family_view
from nala_lab.widgets.pictures.family import FamilyPicture

__all__ = ["FamilyChooser"]

_FREE = "(free)"


class FamilyChooser(Explorer):
    """Outer step, outer momentum, its style, outer gradient: every two-loop method as a point of one family.

    Parameters
    ----------
    method : a key of PRESETS to start from, or None.
    settings : any field of `FamilySettings`: nu, beta, style, alpha, k, lr, kappa, cycles.

    Raises
    ------
    ValueError
        For an unknown name or a setting out of range.

    Examples
    --------
    >>> chooser = FamilyChooser("Lookahead")
    >>> list(chooser.view.names)[:3], list(chooser.set(alpha=0.2).view.names)
    (['Lookahead', 'Reptile', 'NALA'], ['NALA'])
    """

    title: ClassVar[str] = "The two-loop family: which method is it?"
    options: ClassVar[Any] = FamilySettings
    compute: ClassVar[Any] = staticmethod(family_view)
    drawing: ClassVar[Any] = FamilyPicture

    def __init__(self, method: str | None = None, **settings: Any) -> None:
        if method is not None:
            require_choice("method", method, PRESETS)
        self._method = method or _FREE
        super().__init__(**(PRESETS.get(self._method, {}) | settings))

    def make_controls(self, s: FamilySettings) -> dict[str, Any]:
        """Make them in the order in which they are shown."""
        return {
            "method": choice("method", self._method, (_FREE, *PRESETS), help="moves the sliders to a method's point"),
            "nu": slider("nu", s.nu, 0.0, 2.5, 0.02, help="outer step; Lookahead's alpha, NALA's 1 + mu"),
            "beta": slider("outer beta", s.beta, 0.0, 0.98, 0.02, help="outer momentum"),
            "style": choice("style", s.style, STYLES),
            "alpha": slider("alpha L", s.alpha, 0.0, 3.0, 0.05, help="outer gradient step, NALA's"),
            "k": counter("k", s.k, 1, 20, help="inner steps per cycle"),
            "lr": slider("eta L", s.lr, 0.02, 2.2, 0.02, help="step of gradient descent inside"),
            "kappa": log_slider("kappa", s.kappa, 0, 4, help="condition number L/m"),
            "cycles": counter("cycles", s.cycles, 5, 100, step=5),
        }

    def _changed(self, change: Any) -> None:
        if self._quiet:
            return
        method = self.controls["method"]
        with self._silence():
            if change["owner"] is method:
                for name, value in PRESETS.get(change["new"], {}).items():
                    self.controls[name].value = value
            elif change["owner"] not in (self.controls["lr"], self.controls["kappa"], self.controls["cycles"]):
                method.value = _FREE
        self.refresh()
