"""One style, and one colour, marker and dash for each optimizer, the same in every figure.

The colours are Okabe and Ito's (2008), which readers with a colour deficiency tell apart; their yellow, too pale
for a line on white, is replaced by wine; the six optimizers that only the AdaLA paper compares have further colours at
least as far apart, also for these readers. Markers and dashes repeat the distinction for print in black and white.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgb
from matplotlib.markers import MarkerStyle

from nala_lab.core import require
from nala_lab.methods.table import METHODS, find
from nala_lab.methods.table import label as label

__all__ = ["COLOURS", "ROLES", "RC", "axes_or_new", "label", "look", "rim", "use_style", "variants"]

_OWN_COLOUR = "#777777"
_OWN_MARKS = (("8", (0, (7, 1, 1, 1))), ("H", (0, (3, 1, 1, 1))), ("2", (0, (9, 3))), ("3", (0, (5, 1))),
              ("4", (0, (1, 1.8))))  # fmt: skip

_DASHES: tuple[Any, ...] = ("-", (0, (6, 2)), (0, (1.2, 1.4)), (0, (7, 2, 1.2, 2)), (0, (3, 1.4)))

COLOURS: dict[str, str] = {key: facts.look[0] for key, facts in METHODS.items() if facts.look is not None}
"""Key of a method -> its colour."""

ROLES: dict[str, str] = {
    "fast": "#333333",  # Fig. 1 of the NALA paper: the inner loop nearly black,
    "slow": "#224499",  # the way to the extrapolation point in dark blue,
    "gradient": "#BB0099",  # the outer gradient step in purple
    "minimum": "#D4004F",
    "predicted": "#666644",
    "measured": "#8888EE",
    "limit": "#885544",
    "adds": "#88AACC",
    "subtracts": "#AA3344",
    "pass": "#1B6B35",
    "fail": "#DD2233",
}
"""Part of a picture that is not an optimizer -> colour, and no optimizer has it."""

RC: dict[str, Any] = {
    "figure.figsize": (7.6, 4.8),
    "figure.dpi": 110,
    "savefig.dpi": 160,
    "figure.constrained_layout.use": True,
    "figure.facecolor": "white",
    "font.size": 13,
    "axes.titlesize": 15,
    "axes.labelsize": 14,
    "legend.fontsize": 12,
    "xtick.labelsize": 12,
    "ytick.labelsize": 12,
    "lines.linewidth": 2.2,
    "lines.markersize": 7,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.8,
    "legend.frameon": True,
    "legend.framealpha": 0.92,
    "legend.edgecolor": "#BBBBBB",
    "svg.hashsalt": "nala_lab",  # the same figure gives the same bytes
}
"""The style's settings, for ``matplotlib.rc_context(RC)``."""


def use_style() -> None:
    """Set the lab's style for the session: large fonts, thick lines, room for every label.

    Examples
    --------
    >>> from nala_lab.plots import use_style
    >>> import matplotlib
    >>> with matplotlib.rc_context():
    ...     use_style()
    ...     matplotlib.rcParams["font.size"] >= 11
    True
    """
    plt.rcParams.update(RC)


def look(name: str, *, marker: bool = True) -> dict[str, Any]:
    """Give the plot options of an optimizer: colour, dash and, unless `marker` is False, marker.

    Parameters
    ----------
    name : of a row of the method table; capitals, blanks and hyphens do not matter ("NALA", "heavy ball"). A name with
        a dot is that of an optimizer of the user's own, as records have it. It always has the same grey look, as a
        method has that is in no table of the papers.
    marker : whether to include the marker.

    Raises
    ------
    ValueError
        For another name, listing those that there are.

    Examples
    --------
    >>> from nala_lab.plots import look
    >>> look("NALA")
    {'color': '#D55E00', 'linestyle': '-', 'marker': 'o'}
    """
    key, known = (name, None) if "." in str(name) else (find(name).key, find(name).look)
    symbol, dash = _OWN_MARKS[crc32(key.encode()) % len(_OWN_MARKS)]
    colour, symbol, dash = known or (_OWN_COLOUR, symbol, dash)
    options = {"color": colour, "linestyle": dash}
    return options | {"marker": symbol} if marker else options


def rim(name: str) -> dict[str, Any]:
    """Give the edge of an optimizer's marker: white, or its own colour where the marker is a stroke.

    Raises ValueError for another name, as `look`.

    Examples
    --------
    >>> from nala_lab.plots.style import rim
    >>> rim("nala")
    {'mec': 'white'}
    """
    style = look(name)
    return {"mec": "white"} if MarkerStyle(style["marker"]).is_filled() else {"mec": style["color"], "mew": 2.0}


def variants(name: str, count: int) -> list[dict[str, Any]]:
    """Give `count` looks of one optimizer for its variants: its colour in shades from dark to pale, each its own dash.

    The first is the optimizer's own colour with a full line; the others stand by their shade, their dash and a label
    on the line (`name_lines`).

    Parameters
    ----------
    name : of a row of the method table, as for `look`.
    count : 1 to 5; with more no eye tells the shades apart.

    Raises
    ------
    ValueError
        For another name or count.

    Examples
    --------
    >>> from nala_lab.plots import variants
    >>> [one["color"] for one in variants("NALA", 3)]
    ['#d55e00', '#803800', '#e69e66']
    """
    rule = f"integer 1 <= count <= {len(_DASHES)}"
    require("count", count, isinstance(count, int) and 0 < count <= len(_DASHES), rule, "shades of one colour")
    own = np.array(to_rgb(look(name)["color"]))
    dark = own.mean() < 0.1  # black and its like have no darker shade
    mixed = [own, 0.7 * own + 0.3 if dark else 0.6 * own, 0.4 * own + 0.6 if dark else 0.6 * own + 0.4,
             0.55 * own + 0.45 if dark else 0.35 * own, 0.3 * own + 0.7 if dark else 0.8 * own + 0.2]  # fmt: skip
    return [{"color": to_hex(shade), "linestyle": dash} for shade, dash in zip(mixed[:count], _DASHES, strict=False)]


def axes_or_new(ax: Axes | None, **subplots: Any) -> Axes:
    """Return `ax`, or the axes of a new figure in the lab's style.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from nala_lab.plots import axes_or_new
    >>> ax = axes_or_new(None)
    >>> axes_or_new(ax) is ax
    True
    >>> plt.close(ax.figure)
    """
    if ax is not None:
        return ax
    with plt.rc_context(RC):
        return plt.subplots(**subplots)[1]
