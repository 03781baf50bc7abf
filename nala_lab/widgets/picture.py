"""A matplotlib figure that is made once and then only told new numbers, and the PNG of it.

Why PNG and not a live canvas: a PNG in an ``<img>`` shows in every front end (JupyterLab, the classic notebook, VS
Code, a page without a kernel), needs no extension, and carries alternative text. Only the axes' fixed parts are slow to
draw (ticks, level sets, formulas): they are drawn once and kept as pixels. A slider draws the moving lines over them.
"""

from __future__ import annotations

from base64 import b64encode
from io import BytesIO
from typing import Any

import numpy as np
from matplotlib import rc_context
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

from nala_lab.plots import RC
from nala_lab.widgets.frame import panels

__all__ = ["DPI", "Picture", "img"]

# Any: matplotlib types its settings by a list of literal names. The title stands clear of the topmost number at an
# axis: where a frame is drawn alone, the title's pixels are put back last.
_STYLE: Any = RC | {"axes.titlepad": 10}

# 13 points are 22 pixels of a picture that is 1,300 wide, 15 where it fills a column of 900: a projector's last row
DPI = 125


TALL = 55  # percent of the window's height


class Picture:
    """A figure with fixed and moving parts.

    A subclass writes `build` (make the artists, once), `update` (give them the numbers of a view) and `alt` (say in a
    sentence what is seen). Moving artists are registered by `live`; whoever changes a fixed part calls `stale`.
    """

    size: tuple[float, float] = (10.4, 4.4)  # inches; all explorers' pictures have it

    def __init__(self) -> None:
        self._live: list[Artist] = []
        self._fixed: Any = None
        self._redo: set[Axes] = set()
        self._settled = False
        with rc_context(_STYLE):
            self.figure = Figure(figsize=self.size, dpi=DPI, layout="constrained", facecolor="white")
            self.attach(FigureCanvasAgg(self.figure))
            self.build()

    def attach(self, canvas: Any) -> None:
        """Draw on this canvas from now on: Agg's, or ipympl's, which is one that also hears the mouse."""
        self.figure.set_canvas(canvas)
        canvas.mpl_connect("draw_event", self._after_drawing)
        self.stale(layout=True)

    def build(self) -> None:
        """Make all artists."""
        raise TypeError(f"{type(self).__name__} must say how it is built")

    def update(self, view: Any) -> None:
        """Give the artists the numbers of `view`."""
        raise TypeError(f"{type(self).__name__} must say how it is updated")

    def show(self, view: Any) -> None:
        """Update and draw, in the lab's style."""
        with rc_context(_STYLE):
            self.update(view)
            self.render()

    def alt(self, view: Any) -> str:
        """Say what the picture of `view` shows, for readers who do not see it."""
        raise TypeError(f"{type(self).__name__} must say what it shows")

    def live(self, *artists: Artist) -> Any:
        """Register moving artists; gives back the only one, or all of them."""
        for artist in artists:
            artist.set_animated(True)
            artist.set_in_layout(False)  # a point far outside must not take the room of the axes
            self._live.append(artist)
        return artists[0] if len(artists) == 1 else artists

    def line(self, ax: Axes, *style: Any, **options: Any) -> Any:
        """Make a moving line without points."""
        return self.live(ax.plot([], [], *style, **options)[0])

    def forget(self, ax: Axes) -> None:
        """Clear axes and drop the moving artists that were on them."""
        self._live = [artist for artist in self._live if artist.axes is not ax]
        ax.clear()
        self.stale(layout=True)

    def limits(self, ax: Axes, x: tuple[float, float], y: tuple[float, float]) -> None:
        """Give axes these limits; where they have them already, nothing is drawn again."""
        if ax.get_xlim() != x or ax.get_ylim() != y:
            ax.set(xlim=x, ylim=y)
            self.stale(ax)

    def stale(self, *axes: Axes, layout: bool = False) -> None:
        """Draw the fixed parts again at the next `render`: of these axes only, or of all where none is named.

        With `layout`, room for the labels is found again too.
        """
        if axes and not layout:
            self._redo.update(axes)
        else:
            self._fixed = None
            self._settled = self._settled and not layout

    def render(self) -> None:
        """Draw into the canvas: the fixed parts where they changed, the moving ones always."""
        canvas: Any = self.figure.canvas  # FigureCanvasAgg, or ipympl's, which is one
        if self._fixed is None:
            if not self._settled:
                self.figure.set_layout_engine("constrained")
                self.figure.draw_without_rendering()  # the first layout decides which numbers stand at the axes,
                # the second, in `draw`, makes room for them
            canvas.draw()  # calls _after_drawing
            return
        canvas.restore_region(self._fixed)
        self._draw_again(canvas)
        self._draw_live()

    def _after_drawing(self, event: Any) -> None:
        """After a full drawing, by `render` or by a canvas of its own accord: keep its pixels, add the moving parts."""
        canvas: Any = event.canvas
        mine = event.canvas is self.figure.canvas
        if not mine or canvas.is_saving():
            return
        # From here on the axes keep their place: a panel that jumps while a slider moves is hard to read.
        self.figure.set_layout_engine("none")
        self._settled = True
        self._redo.clear()
        self._panels = panels(canvas)
        self._fixed = canvas.copy_from_bbox(self.figure.bbox)
        self._draw_live()

    def _draw_live(self) -> None:
        for artist in sorted(self._live, key=lambda a: a.get_zorder()):
            if artist.get_visible() and artist.axes is not None:
                artist.axes.draw_artist(artist)

    def _draw_again(self, canvas: Any) -> None:
        if not self._redo:
            return
        for ax in self._redo:
            self._panels[ax].draw()
        self._redo.clear()
        self._fixed = canvas.copy_from_bbox(self.figure.bbox)

    def png(self) -> bytes:
        """Give the PNG of what `render` drew."""
        whole = BytesIO()
        # Level sets, lines and white paper are even areas: the quickest compression leaves the picture small.
        Image.fromarray(self._pixels()).convert("RGB").save(whole, format="PNG", compress_level=1)
        return whole.getvalue()

    def small_png(self, *, colours: int, scale: float) -> bytes:
        """Give a PNG of about a quarter of the bytes, to be saved; it takes longer.

        Parameters
        ----------
        colours : reduce to a palette of so many. scale : shrink to this part of its size.
        """
        image = Image.fromarray(self._pixels()).convert("RGB")
        image = image.resize((round(image.width * scale), round(image.height * scale)), Image.Resampling.LANCZOS)
        # "Maximum coverage" keeps rare colours, such as a small marker's
        image = image.quantize(colours, Image.Quantize.MAXCOVERAGE, kmeans=2, dither=Image.Dither.NONE)
        small = BytesIO()
        image.save(small, format="PNG", optimize=True)
        return small.getvalue()

    def _pixels(self) -> Any:
        """(height, width, 4) red, green, blue, opacity."""
        canvas: Any = self.figure.canvas
        return np.asarray(canvas.buffer_rgba())


def img(png: bytes, alt: str, size: tuple[float, float]) -> str:
    """Give the ``<img>`` of a PNG: width and height are there before the pixels are, so that nothing jumps.

    Examples
    --------
    >>> img(b"...", 'a "b"', (2.0, 1.0))[:50]
    '<img class="nala-picture" alt="a &quot;b&quot;" st'
    """
    from html import escape

    data = b64encode(png).decode("ascii")
    # never higher than TALL of the window, so that there is room for the controls below it
    width = f"min(100%,{size[0] * DPI:.0f}px,{TALL * size[0] / size[1]:.1f}vh)"
    shape = f"width:{width};max-width:none;aspect-ratio:{size[0]:g}/{size[1]:g}"
    return f'<img class="nala-picture" alt="{escape(alt)}" style="{shape}" src="data:image/png;base64,{data}">'
