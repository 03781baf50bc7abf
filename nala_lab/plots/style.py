"""One style, and one colour, marker and dash for each optimizer, the same in every figure.

The colours are Okabe and Ito's (2008), which readers with a colour deficiency tell apart; their yellow, too pale
for a line on white, is replaced by wine; the six optimizers that only the AdaLA paper compares have further colours at
least as far apart, also for these readers. Markers and dashes repeat the distinction for print in black and white.
"""

from __future__ import annotations

from typing import Any
from zlib import crc32

import matplotlib.pyplot as plt
from matplotlib.axes import Axes

from nala_lab.methods.table import METHODS, find
from nala_lab.methods.table import label as label

__all__ = ["COLOURS", "ROLES", "RC", "axes_or_new", "label", "look", "use_style"]

_OWN_COLOUR = "#777777"
_OWN_MARKS = (
    ("8", (0, (7, 1, 1, 1))),
    ("H", (0, (3, 1, 1, 1))),
    ("2", (0, (9, 3))),
    ("3", (0, (5, 1))),
    ("4", (0, (1, 1.8))),
)

COLOURS: dict[str, str] = {key: facts.look[0] for key, facts in METHODS.items() if facts.look is not None}
"""Key of a method -> its colour."""

ROLES: dict[str, str] = {
    "fast": "#111111",  # Fig. 1 of the NALA paper: the inner loop in black,
    "slow": "#0B3D91",  # the way to the extrapolation point in dark blue,
    "gradient": "#A020A0",  # the outer gradient step in purple
    "minimum": "#D55E00",
    "predicted": "#000000",
    "measured": "#0072B2",
    "limit": "#882255",
    "adds": "#33608C",
    "subtracts": "#B0413E",
    "pass": "#009E73",
    "fail": "#D55E00",
}
"""Part of a picture that is not an optimizer -> colour."""

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
    known = None if "." in str(name) else find(name).look
    symbol, dash = _OWN_MARKS[crc32(name.encode()) % len(_OWN_MARKS)]
    colour, symbol, dash = known or (_OWN_COLOUR, symbol, dash)
    options = {"color": colour, "linestyle": dash}
    return options | {"marker": symbol} if marker else options


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
