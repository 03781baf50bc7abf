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

from nala_lab.core import require_choice

__all__ = ["COLOURS", "LABELS", "ROLES", "RC", "axes_or_new", "label", "look", "use_style"]

_LOOKS: dict[str, tuple[str, str, str, Any]] = {
    "nala": ("NALA", "#D55E00", "o", "-"),
    "adala": ("AdaLA", "#CC79A7", "D", (0, (6, 1.5))),
    "lookahead": ("Lookahead", "#0072B2", "s", (0, (5, 2, 1.2, 2))),
    "adam": ("Adam", "#009E73", "^", (0, (4, 2))),
    "adabelief": ("AdaBelief", "#56B4E9", "v", (0, (3, 1.2))),
    "nag": ("NAG", "#E69F00", "P", (0, (8, 2, 1.2, 2, 1.2, 2))),
    "heavyball": ("Heavy ball", "#882255", "X", (0, (2, 1))),
    "sgd": ("SGD", "#000000", "*", (0, (1.2, 1.2))),
    "adabound": ("AdaBound", "#5B3D0B", "<", (0, (6, 1.5, 1.2, 1.5))),
    "yogi": ("Yogi", "#92B161", ">", (0, (2.5, 1, 1.2, 1))),
    "msvag": ("MSVAG", "#1E16FD", "p", (0, (4, 1, 1.2, 1, 1.2, 1, 1.2, 1))),
    "radam": ("RAdam", "#9E59FE", "h", (0, (10, 2))),
    "adamw": ("AdamW", "#6102B2", "d", (0, (1.2, 2.4))),
    "fromage": ("Fromage", "#00246B", "1", (0, (3, 3))),
}

_OWN_COLOUR = "#777777"
_GREY = {"outermomentum": "Outer momentum", "ntasgd": "NT-ASGD"}  # trained by name, in no table of the papers
_OWN_MARKS = (
    ("8", (0, (7, 1, 1, 1))),
    ("H", (0, (3, 1, 1, 1))),
    ("2", (0, (9, 3))),
    ("3", (0, (5, 1))),
    ("4", (0, (1, 1.8))),
)

COLOURS: dict[str, str] = {name: row[1] for name, row in _LOOKS.items()}
"""Registry name -> colour."""

LABELS: dict[str, str] = {name: row[0] for name, row in _LOOKS.items()}
"""Registry name -> the name as printed in legends."""

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
    >>> import matplotlib
    >>> with matplotlib.rc_context():
    ...     use_style()
    ...     matplotlib.rcParams["font.size"] >= 11
    True
    """
    plt.rcParams.update(RC)


def _key(name: str) -> str:
    key = str(name).lower().replace(" ", "").replace("-", "").replace("_", "")
    require_choice("name", key, tuple(_LOOKS), "an optimizer gets its colour in nala_lab/plots/style.py")
    return key


def _row(name: str) -> tuple[str, str, str, Any]:
    """Label, colour, marker and dash; grey for ``package.factory``, the user's own, and for the family's others."""
    if "." in str(name) or name in _GREY:
        mark, dash = _OWN_MARKS[crc32(name.encode()) % len(_OWN_MARKS)]
        return _GREY.get(name, name.rpartition(".")[2]), _OWN_COLOUR, mark, dash
    return _LOOKS[_key(name)]


def look(name: str, *, marker: bool = True) -> dict[str, Any]:
    """Give the plot options of an optimizer: colour, dash and, unless `marker` is False, marker.

    Parameters
    ----------
    name : a registry name; capitals, blanks and hyphens do not matter ("NALA", "heavy ball"). A name with a dot is
        that of an optimizer of the user's own, as records have it, and always has the same grey look.
    marker : whether to include the marker.

    Raises
    ------
    ValueError
        For a name without a colour, listing those that have one.

    Examples
    --------
    >>> look("NALA")
    {'color': '#D55E00', 'linestyle': '-', 'marker': 'o'}
    """
    _, colour, symbol, dash = _row(name)
    options = {"color": colour, "linestyle": dash}
    return options | {"marker": symbol} if marker else options


def label(name: str) -> str:
    """Give an optimizer's name as legends print it.

    Examples
    --------
    >>> label("heavyball"), label("mine.SignDescent"), label("ntasgd")
    ('Heavy ball', 'SignDescent', 'NT-ASGD')
    """
    return _row(name)[0]


def axes_or_new(ax: Axes | None, **subplots: Any) -> Axes:
    """Return `ax`, or the axes of a new figure in the lab's style.

    Examples
    --------
    >>> ax = axes_or_new(None)
    >>> axes_or_new(ax) is ax
    True
    >>> plt.close(ax.figure)
    """
    if ax is not None:
        return ax
    with plt.rc_context(RC):
        return plt.subplots(**subplots)[1]
