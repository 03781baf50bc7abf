"""The frame of axes (ticks, their numbers, grid, edges) drawn alone, in a third of the time that the axes take.

matplotlib measures all labels anew to find where title, axis labels and legend must stand. While a slider moves they
stay where they are: their pixels are kept and put back, and only what depends on the limits is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import numpy as np
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle
from matplotlib.transforms import Bbox

__all__ = ["Panel", "panels"]

_LINE = 3  # pixels: as far as a line reaches beyond the box of its axes or legend
_ROUND = 1e-10  # of an axis: a tick at its end may lie a rounding outside


class Panel:
    """One of the axes that stand side by side in a figure: its white column, and its words as pixels.

    Parameters
    ----------
    canvas : Agg's, on which everything but the moving parts has just been drawn. ax : the axes. ends : the left and the
    right end of its column, in pixels.
    """

    def __init__(self, canvas: Any, ax: Axes, ends: tuple[float, float]) -> None:
        figure: Any = ax.figure
        self._ax, self._canvas = ax, canvas
        self._white = Rectangle((ends[0], 0), ends[1] - ends[0], figure.bbox.height, color="white", lw=0, figure=figure)
        boxes = [word.get_window_extent(canvas.get_renderer()).padded(_LINE) for word in _words(ax)]
        inside = [Bbox.intersection(box, figure.bbox) for box in boxes]
        self._words = [canvas.copy_from_bbox(box) for box in inside if box is not None]

    def draw(self) -> None:
        """Draw the frame with the limits as they are now, and all that stands still in the axes."""
        renderer = self._canvas.get_renderer()
        self._white.draw(renderer)
        for _, draw in sorted(_parts(self._ax), key=lambda part: part[0]):
            draw(renderer)
        for word in self._words:
            self._canvas.restore_region(word)


def panels(canvas: Any) -> dict[Axes, Panel]:
    """Give the panel of each axes of the figure that `canvas` has just drawn."""
    boxes: dict[Axes, Any] = {ax: ax.get_tightbbox(canvas.get_renderer()) for ax in canvas.figure.axes}
    found = {}
    for ax, box in boxes.items():
        left = max((b.x1 + _LINE for b in boxes.values() if b.x1 <= box.x0 + 1), default=0)
        right = min((b.x0 - _LINE for b in boxes.values() if b.x0 >= box.x1 - 1), default=canvas.figure.bbox.width)
        found[ax] = Panel(canvas, ax, (left, right))
    return found


def _words(ax: Axes) -> list[Artist]:
    """What stands around the frame and says the same at all limits."""
    words: list[Any] = [ax.title, ax.xaxis.label, ax.yaxis.label]
    legend = ax.get_legend()
    return [word for word in words if word.get_text()] + ([] if legend is None else [legend])


def _parts(ax: Axes) -> Iterator[tuple[float, Callable[[Any], None]]]:
    """What is drawn, with its place in the order."""
    apart = {ax.patch, *ax.spines.values(), ax.xaxis, ax.yaxis, *_words(ax)}
    if ax.axison:
        yield -np.inf, ax.patch.draw
        yield from ((spine.get_zorder(), spine.draw) for spine in ax.spines.values())
        yield from ((axis.get_zorder(), partial(_draw_ticks, axis)) for axis in (ax.xaxis, ax.yaxis))
    for artist in ax.get_children():
        if not artist.get_animated() and artist.get_alpha() != 0 and artist not in apart:
            yield artist.get_zorder(), artist.draw


def _draw_ticks(axis: Any, renderer: Any) -> None:
    """Draw grid, marks and numbers. There are no minor ticks, and no factor beside the axis that all numbers share."""
    places = axis.get_majorticklocs()
    words = axis.get_major_formatter().format_ticks(places)
    ends = np.sort(axis.get_transform().transform(axis.get_view_interval()))
    spare = _ROUND * (ends[1] - ends[0])
    seen = np.abs(axis.get_transform().transform(places) - ends.mean()) <= (ends[1] - ends[0]) / 2 + spare
    for tick, place, word, inside in zip(axis.get_major_ticks(len(places)), places, words, seen, strict=True):
        if inside:
            tick.update_position(place)
            tick.label1.set_text(word)
            tick.draw(renderer)
