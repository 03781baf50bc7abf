"""Dragging a point in a picture, where ipympl is installed: its canvas takes the place of the PNG while it is wanted.

The PNG stays the usual picture because it needs no extension in the browser, has alternative text, and is what a saved
notebook shows. The arrow keys on the sliders do all that the mouse does.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib.util import find_spec
from typing import Any

from nala_lab.widgets.picture import Picture

__all__ = ["POSSIBLE", "Dragging"]

POSSIBLE = find_spec("ipympl") is not None
_PAUSE = 0.06  # seconds from one drawing to the next while the mouse moves, so that its events do not queue up


class Dragging:
    """An ipympl canvas for a picture, which reports where the mouse is pressed or dragged.

    Parameters
    ----------
    picture : whose figure is shown. axes : where the mouse counts. place : called with (x, y) in data coordinates.
    """

    def __init__(self, picture: Picture, axes: list[Any], place: Callable[[float, float], None]) -> None:
        from ipympl.backend_nbagg import Canvas, FigureManager  # type: ignore[import-untyped, unused-ignore]

        self._axes, self._place, self._last = axes, place, 0.0
        self.canvas: Any = Canvas(picture.figure)
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

    def shown(self) -> None:
        """Send what was drawn to the browser."""
        self.canvas.blit()
