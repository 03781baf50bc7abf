"""Dragging a point in a picture, where ipympl is installed: its canvas takes the place of the PNG while it is wanted.

The PNG stays the usual picture because it needs no extension in the browser, has alternative text, and is what a saved
notebook shows. The arrow keys on the sliders do all that the mouse does.
"""

from __future__ import annotations

import time
import warnings
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from matplotlib.backends.backend_agg import FigureCanvasAgg

from nala_lab.widgets.picture import DPI, Picture

__all__ = ["POSSIBLE", "Dragging"]

POSSIBLE = find_spec("ipympl") is not None
_SHARE = 0.7  # of the picture's pixels: a canvas does not shrink with the page as an <img> does
_PAUSE = 0.06  # seconds from one drawing to the next while the mouse moves, so that its events do not queue up


def _of_ipympl() -> tuple[Any, Any]:
    """Its canvas and manager; importing it makes it the backend of every figure, so the one before is put back."""
    import matplotlib

    before = matplotlib.get_backend()
    from ipympl.backend_nbagg import Canvas, FigureManager  # type: ignore[import-untyped, unused-ignore]

    if matplotlib.get_backend() != before:
        matplotlib.use(before)
    return Canvas, FigureManager


class Dragging:
    """An ipympl canvas for a picture, which reports where the mouse is pressed or dragged.

    Parameters
    ----------
    picture : whose figure is shown. axes : where the mouse counts. place : called with (x, y) in data coordinates.
    """

    def __init__(self, picture: Picture, axes: list[Any], place: Callable[[float, float], None]) -> None:
        Canvas, FigureManager = _of_ipympl()  # noqa: N806 - classes

        class Whole(Canvas):  # type: ignore[misc, unused-ignore]
            """Sends whole pictures: of two differences that arrive together the browser may lose one."""

            def get_diff_image(self) -> Any:
                self._force_full = True
                return super().get_diff_image()

        self._picture, self._axes, self._place, self._last = picture, axes, place, 0.0
        picture.figure.set_dpi(_SHARE * DPI)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", DeprecationWarning)  # ipympl's toolbar hands traitlets its arguments
            self.canvas: Any = Whole(picture.figure)
            self.manager = FigureManager(self.canvas, 0)
        for name in ("header_visible", "footer_visible", "toolbar_visible", "resizable"):
            setattr(self.canvas, name, False)
        picture.attach(self.canvas)
        self.canvas.mpl_connect("button_press_event", self._moved)
        self.canvas.mpl_connect("motion_notify_event", self._moved)
        self.canvas.mpl_connect("button_release_event", self._moved)

    def _moved(self, event: Any) -> None:
        dragged = event.button is not None and event.inaxes in self._axes and event.xdata is not None
        soon = event.name == "motion_notify_event" and time.monotonic() - self._last < _PAUSE
        if dragged and not soon:
            self._place(float(event.xdata), float(event.ydata))
            self._last = time.monotonic()

    def end(self) -> None:
        """Give the figure its pixels and a canvas without a browser again."""
        self._picture.figure.set_dpi(DPI)
        self._picture.attach(FigureCanvasAgg(self._picture.figure))
        self.canvas.close()

    def shown(self) -> None:
        """Send what was drawn to the browser."""
        self.canvas.blit()
