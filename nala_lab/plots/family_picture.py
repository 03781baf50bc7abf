"""The two-loop family as a graph: methods are boxes, relations are lines that carry the number of their check."""

from __future__ import annotations

import re
import textwrap
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.lines import Line2D
from matplotlib.patches import FancyBboxPatch, Patch

from nala_lab.core import require, require_choice
from nala_lab.plots.style import RC, ROLES

if TYPE_CHECKING:
    from nala_lab.theory.family_edges import Edge, Node

__all__ = ["PLACES", "RELATIONS", "family_map"]

PLACES: dict[str, tuple[float, float]] = {
    "NALA": (0, 2), "Reptile": (1, 2), "Lookahead": (1, 1), "NAG outer": (1, 3), "NAG": (2, 3), "GPA": (3, 3),
    "SNOO": (2, 2), "BMUF Nesterov": (3, 2), "DiLoCo": (3, 1), "BMUF classical": (4, 2), "SlowMo": (4, 1),
    "OuterMomentum": (2, 0),
}  # fmt: skip
"""Node -> (column, row) in which no two lines cross. The hub in row 0 is a bar under all columns."""

RELATIONS: dict[str, str] = {"equals": "-", "tends to": "-", "never equals": "--"}
"""Relation of an edge -> dash of its line; "tends to" also has an arrow head."""

HUB, STEP, BOX, BAR = "OuterMomentum", (3.68, 2.4), (2.8, 1.5), 1.35  # pitch, box, height of the bar: inches
_SIGNS = {"pass": " ✓", "fail": " ✗", None: ""}
_HUB_LINES = "D = φ − θₖ     b = β b + D     u = D + β b (Nesterov) or b (heavy ball)"
_FILLS = {"memoryless": "#E3EEF6", "keeps a velocity": "#FBEFD9", "the interface": "#EDEDED"}
_GREEK = dict(zip("phi theta alpha beta gamma epsilon zeta eta mu nu Delta grad".split(), "φθαβγεζημνΔ∇", strict=True))


def family_map(ax: Axes | None, nodes: Sequence[Node], edges: Sequence[Edge], *,
               verdicts: Mapping[str, str] | None = None,
               places: Mapping[str, tuple[float, float]] | None = None) -> Axes:  # fmt: skip
    """Draw the graph of the family, for a figure of 17.8 by 10.2 inches.

    Parameters
    ----------
    ax : axes to fill; None makes the figure.
    nodes : methods; a box shows name, update rule, state, and whether an extra gradient is spent.
    edges : relations; a label shows the number of the check and the relation.
    verdicts : edge number -> "pass" or "fail", shown by colour and sign; None leaves the lines black.
    places : node -> (column, row); None takes PLACES.

    Raises
    ------
    ValueError
        For a node without a place, an edge to an unknown node, an unknown relation, or an edge without a verdict.

    Examples
    --------
    >>> import matplotlib.pyplot as plt
    >>> from nala_lab.plots import family_map
    >>> from nala_lab.theory.family_edges import EDGES, NODES
    >>> ax = family_map(None, NODES, EDGES, verdicts={edge.id: "pass" for edge in EDGES})
    >>> sorted(text.get_text() for text in ax.texts if text.get_gid() == "edge")[0]
    'E01 ✓\\nequals'
    >>> plt.close(ax.figure)
    """
    where = PLACES if places is None else places
    names = {node.name for node in nodes}
    for name in sorted(names):
        require_choice("node", name, where, "a box needs a place, see nala_lab/plots/family_picture.py")
    if ax is None:
        with plt.rc_context(RC):
            ax = plt.subplots(figsize=(17.8, 10.2))[1]
    for edge in edges:
        require("edge", edge.id, {edge.left, edge.right} <= names, "two nodes of the map", f"{edge.left}, {edge.right}")
        require_choice(f"relation of {edge.id}", edge.relation, RELATIONS)
        if verdicts is not None:
            require_choice(f"verdict of {edge.id}", verdicts.get(edge.id), ("pass", "fail"))
        _line(ax, edge, where, None if verdicts is None else verdicts[edge.id])
    for node in nodes:
        _box(ax, node, where)
    _legend(ax, verdicts is not None)
    side, top = BOX[0] / 2 + 0.1, BOX[1] / 2 + 0.1
    ax.set(xlim=(-side, 4 * STEP[0] + side), ylim=(-BAR / 2 - 0.1, 3 * STEP[1] + top))
    ax.set_axis_off()
    return ax


def _centre(name: str, places: Mapping[str, tuple[float, float]]) -> tuple[float, float]:
    column, row = places[name]
    return column * STEP[0], row * STEP[1]


def _border(start: tuple[float, float], end: tuple[float, float], size: tuple[float, float]) -> tuple[float, float]:
    """Where the line from the centre `start` of a box to `end` leaves the box."""
    dx, dy = end[0] - start[0], end[1] - start[1]
    share = min(half / abs(d) for half, d in zip((size[0] / 2, size[1] / 2), (dx, dy), strict=True) if d)
    return start[0] + share * dx, start[1] + share * dy


def _line(ax: Axes, edge: Edge, places: Mapping[str, tuple[float, float]], verdict: str | None) -> None:
    left, right = _centre(edge.left, places), _centre(edge.right, places)
    if edge.right == HUB:  # straight down to the bar
        start, end = _border(left, (left[0], right[1]), BOX), (left[0], right[1] + BAR / 2)
    else:
        start, end = _border(left, right, BOX), _border(right, left, BOX)
    dash = RELATIONS[edge.relation]
    colour = ROLES[verdict] if verdict else "black"
    arrow = "-|>" if edge.relation == "tends to" else "-"
    style = {"arrowstyle": arrow, "color": colour, "lw": 2.6, "ls": dash, "shrinkA": 0, "shrinkB": 0,
             "mutation_scale": 24}  # fmt: skip
    ax.annotate("", end, start, arrowprops=style, zorder=1)
    middle = (start[0] + end[0]) / 2, (start[1] + end[1]) / 2
    flat = start[1] == end[1]  # a short line between neighbours: its words stand above it
    back = {"boxstyle": "square,pad=0.1", "facecolor": "white", "edgecolor": "none"}
    ax.text(*middle, f"{edge.id}{_SIGNS[verdict]}\n{edge.relation}", ha="center", va="bottom" if flat else "center",
            fontsize=14 if flat else 16, color=colour, fontweight="bold", bbox=None if flat else back, gid="edge",
            linespacing=1.05, zorder=3)  # fmt: skip


def _kind(node: Node) -> str:
    if node.name == HUB:
        return "the interface"
    return "memoryless" if node.state == "none" else "keeps a velocity"


def _formula(text: str) -> str:
    """Greek letters for their names, and a minus sign that can be seen."""
    text = text.replace("theta_k", "θₖ")
    for name, letter in _GREEK.items():
        text = re.sub(rf"\b{name}\b ?" if name == "grad" else rf"\b{name}(?![a-z])", letter, text)
    return text.replace(" - ", " − ").replace("-=", "−=").replace("1-b", "1−b")


def _lines(node: Node) -> list[str]:
    """The update rule, a step a line, then what the method keeps and spends."""
    steps = re.split(r"; |, (?=one task)", _formula(node.update))
    # What stands in brackets stays together: textwrap does not break at a no-break space.
    whole = [re.sub(r"\(.*?\)", lambda found: found[0].replace(" ", "\xa0"), step) for step in steps]
    rows = [row for step in whole for row in textwrap.wrap(step, 24)]
    keeps = "keeps nothing" if node.state == "none" else f"keeps {_formula(node.state)}"
    return [*rows, keeps, *(["k+1 gradients a cycle"] if node.extra_gradient else [])]


def _box(ax: Axes, node: Node, places: Mapping[str, tuple[float, float]]) -> None:
    x, y = _centre(node.name, places)
    hub = node.name == HUB
    width, height = (4 * STEP[0] + BOX[0], BAR) if hub else BOX
    shape = FancyBboxPatch((x - width / 2, y - height / 2), width, height, boxstyle="round,pad=0,rounding_size=0.12",
                           facecolor=_FILLS[_kind(node)], edgecolor="black", lw=1.6, zorder=2)  # fmt: skip
    ax.add_patch(shape)
    title = f"{node.name}: the one interface" if hub else node.name
    words = [_HUB_LINES, "     ".join(_formula(node.update).split("; "))] if hub else _lines(node)
    ax.text(x, y + height / 2 - 0.08, title, ha="center", va="top", fontsize=19, fontweight="bold", gid="node",
            zorder=3)  # fmt: skip
    ax.text(x, y - 0.16, "\n".join(words), ha="center", va="center", fontsize=19 if hub else 16,
            linespacing=1.25 if hub else 1.05, gid="node", zorder=3)  # fmt: skip


def _legend(ax: Axes, judged: bool) -> None:
    boxes = [Patch(facecolor=fill, edgecolor="black", label=kind) for kind, fill in _FILLS.items()]
    lines = [Line2D([], [], color="black", lw=2.6, ls="-", label="equals"),
             Line2D([], [], color="black", lw=2.6, ls="-", marker=">", ms=9, label="tends to"),
             Line2D([], [], color="black", lw=2.6, ls="--", label="never equals")]  # fmt: skip
    marks = [Line2D([], [], ls="", marker=mark, ms=12, color=ROLES[key], label=text)
             for key, mark, text in (("pass", r"$✓$", "check passed"), ("fail", r"$✗$", "check failed"))]  # fmt: skip
    ax.legend(handles=[*boxes, *lines, *(marks if judged else [])], loc="upper left", bbox_to_anchor=(0, 1),
              fontsize=14, borderaxespad=0.2)  # fmt: skip
