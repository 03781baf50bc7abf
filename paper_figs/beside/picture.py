"""A table as a picture: heads over two lines, every word inside its column."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import accumulate, groupby

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.patches import Rectangle
from matplotlib.textpath import TextPath

from nala_lab.plots import RC

__all__ = ["Head", "picture_of", "wrapped"]

_SIZE, _TITLE = 11.0, 14.0  # points
_WIDEST = 12.5  # inches: what is wider goes below
_LINE = 1.35 * _SIZE / 72  # inches from line to line
_PAD = 0.11  # inches on either side of a cell
_INK, _SHADE, _STRIPE, _FLAG = "#111111", "#DCE6F0", "#F5F7FA", "#FBE3C8"


@dataclass(frozen=True)
class Head:
    """The head of a column: `group` spans its neighbours of the same group, `name` stands below."""

    group: str
    name: str


def picture_of(
    title: str,
    heads: Sequence[Head],
    rows: Sequence[Sequence[str]],
    *,
    notes: Sequence[str] = (),
    flagged: Iterable[tuple[int, int]] = (),
    wrap: Mapping[int, int] | None = None,
) -> Figure:
    """Draw a table.

    Parameters
    ----------
    title : above it. heads : one for each column. rows : texts.
    notes : lines below it. flagged : (row, column) of cells on a coloured ground.
    wrap : column -> characters in a line, for long texts.

    Examples
    --------
    >>> figure = picture_of("T", [Head("", "optimizer"), Head("loss", "published")], [["NALA", "0.18"]])
    >>> [text.get_text() for text in figure.axes[0].texts]
    ['T', 'loss', 'optimizer', 'published', 'NALA', '0.18']
    >>> plt.close(figure)
    """
    wrap = wrap or {}
    body = [[wrapped(cell, wrap.get(j, 22)) for j, cell in enumerate(row)] for row in rows]
    names = [wrapped(head.name, wrap.get(j, 16)) for j, head in enumerate(heads)]
    widths = [max(_width(t) for t in column) + 2 * _PAD for column in zip(names, *body, strict=True)]
    widths[0] += _PAD
    groups = _groups(heads, widths)
    blocks = _blocks(groups, widths)
    width = max(max(sum(widths[j] for j in block) for block in blocks), 6.0)
    said = [line for note in notes for line in _fitted(note, width, _SIZE)]
    titles = _fitted(title, width / 1.05, _TITLE)  # bold letters are wider
    with plt.rc_context(RC):
        figure, ax = plt.subplots(figsize=(1, 1))
        figure.set_layout_engine("none")
    ax.set_position((0, 0, 1, 1))  # the axes fill the figure, whatever the texts do: data units are inches
    ax.axis("off")
    y = 0.0
    for line in titles:
        ax.text(0, y + 0.7 * _LINE, line, size=_TITLE, weight="bold", va="center", color=_INK)
        y += 1.5 * _LINE
    flags = set(flagged)
    for block in blocks:
        y = _block(ax, y + 0.5 * _LINE, block, groups, names, body, widths, flags)
    for line in said:
        ax.text(0, y + 0.8 * _LINE, line, size=_SIZE, va="center", color="#444444")
        y += _LINE
    y += 0.5 * _LINE
    ax.set(xlim=(-0.15, width + 0.15), ylim=(y + 0.1, -0.1))
    figure.set_size_inches(width + 0.3, y + 0.2)
    return figure


def _block(
    ax: Axes, top: float, block: Sequence[int], groups: Sequence[tuple[str, Sequence[int]]], names: Sequence[str],
    body: Sequence[Sequence[str]], widths: Sequence[float], flags: set[tuple[int, int]],
) -> float:  # fmt: skip
    """Draw some of the columns, from `top` down, and return where they end."""
    high = max(_height(text) for text, members in groups if members[0] in block)
    lefts = dict(zip(block, accumulate((widths[j] for j in block), initial=0.0), strict=False))
    starts = []
    for text, members in groups:
        if members[0] in block:
            left, span = lefts[members[0]], sum(widths[j] for j in members)
            _box(ax, left, top, span, high, _SHADE)
            _cell(ax, text, left + span / 2, top + high / 2, "center", bold=True)
            starts.append(left)
    y = top + high
    for i, row in enumerate((names, *body), -1):
        height = max(_height(row[j]) for j in block)
        for j in block:
            ground = _SHADE if i < 0 else _FLAG if (i, j) in flags else _STRIPE if i % 2 else "white"
            _box(ax, lefts[j], y, widths[j], height, ground)
            x, ha = (lefts[j] + _PAD, "left") if j == 0 else (lefts[j] + widths[j] / 2, "center")
            _cell(ax, row[j], x, y + height / 2, ha, bold=i < 0 or j == 0)
        y += height
    for left in starts[1:]:
        ax.plot([left, left], [top, y], color="white", lw=2.5)
        ax.plot([left, left], [top, y], color="#9AA7B5", lw=0.8)
    return float(y)


def _blocks(groups: Sequence[tuple[str, Sequence[int]]], widths: Sequence[float]) -> list[list[int]]:
    """Columns that stand side by side; where that is too wide, the groups are dealt out to equal rows of them."""
    spans = [sum(widths[j] for j in members) for _, members in groups]
    first, rest = spans[0], spans[1:]
    rows = next(n for n in range(1, len(rest) + 2) if first + sum(rest) / n <= _WIDEST or n > len(rest))
    each = -(-len(rest) // rows) or 1
    parts = [groups[1 + start : 1 + start + each] for start in range(0, len(rest), each)] or [[]]
    return [[*groups[0][1], *(j for _, members in part for j in members)] for part in parts]


def _groups(heads: Sequence[Head], widths: list[float]) -> list[tuple[str, list[int]]]:
    """(text, columns) of each group; columns are widened where its words need it."""
    found, start = [], 0
    for group, heads_of in groupby(heads, key=lambda head: head.group):
        members = list(range(start, start + len(list(heads_of))))
        span = sum(widths[j] for j in members)
        text = wrapped(group, max(int(span * 9), 10))
        for j in members:
            widths[j] += max(_width(text) + 2 * _PAD - span, 0) / len(members)
        found.append((text, members))
        start += len(members)
    return found


def _fitted(text: str, width: float, size: float) -> list[str]:
    """Lines no wider than `width` inches."""
    lines, line = [], ""
    for word in text.split():
        if line and _width(f"{line} {word}") * size / _SIZE > width:
            lines, line = [*lines, line], word
        else:
            line = f"{line} {word}".strip()
    return [*lines, line]


def _box(ax: Axes, left: float, top: float, width: float, height: float, colour: str) -> None:
    ax.add_patch(Rectangle((left, top), width, height, facecolor=colour, edgecolor="none", zorder=0))


def _cell(ax: Axes, text: str, x: float, y: float, ha: str, *, bold: bool) -> None:
    weight = "bold" if bold else "normal"
    if text:
        va = "center" if "\n" in text else "center_baseline"  # so that words without descenders stand on one line
        ax.text(x, y, text, size=_SIZE, ha=ha, va=va, color=_INK, weight=weight, linespacing=1.2)


def wrapped(text: str, characters: int) -> str:
    """Lines of so many characters; no line ends inside a word or between a number and what it counts."""
    held = re.sub(r"(\d) (%|seeds?\b|mini-batches\b)", "\\1\N{NO-BREAK SPACE}\\2", text)
    lines = (textwrap.wrap(line, characters, break_long_words=False, break_on_hyphens=False)
             for line in held.split("\n"))  # fmt: skip
    return "\n".join(part for line in lines for part in line)


def _lines(text: str) -> int:
    return text.count("\n") + 1


def _height(text: str) -> float:
    return _LINE * (_lines(text) + 0.55)


@lru_cache(maxsize=4096)
def _width(text: str) -> float:
    """Width of a text in bold, in inches: the measure of what the picture shows, not a count of letters."""
    bold = FontProperties(weight="bold", size=_SIZE)
    paths = (TextPath((0, 0), line, size=_SIZE, prop=bold) for line in text.split("\n") if line.strip())
    return max((path.get_extents().width for path in paths), default=0.0) / 72
