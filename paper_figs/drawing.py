"""What a figure of this package hands over: the picture, its words, and the numbers in it."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.figure import Figure

from nala_lab.plots import RC, save

__all__ = ["Drawing", "Table", "write"]


@dataclass(frozen=True)
class Table:
    """Rows of text under column heads; `note` says what the numbers are.

    Examples
    --------
    >>> print(Table(("optimizer", "loss"), (("NALA", "0.31"),), "n = 3").markdown())
    | optimizer | loss |
    |---|---|
    | NALA | 0.31 |
    <BLANKLINE>
    n = 3
    """

    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str

    def markdown(self) -> str:
        """Give the table as Markdown, for the README."""
        lines = [self.columns, *self.rows]
        text = [f"| {' | '.join(line)} |" for line in lines]
        text.insert(1, "|" + "---|" * len(self.columns))
        return "\n".join([*text, "", self.note])


@dataclass(frozen=True)
class Drawing:
    """A drawn figure.

    Attributes
    ----------
    figure : the matplotlib figure.
    title : its name.
    caption : what was run, at which settings, and what is shown.
    alt : the same for a reader who does not see it.
    table : the numbers behind it, when it has a table.
    """

    figure: Figure
    title: str
    caption: str
    alt: str
    table: Table | None = None


def write(name: str, drawing: Drawing, out: Path) -> dict[str, Any]:
    """Write ``out/name.png``, ``.svg`` and ``.pdf`` and close the figure; return the manifest's entry for it."""
    with plt.rc_context(RC):
        png, svg = save(drawing.figure, out / name, alt=drawing.alt, title=drawing.title)
        pdf = png.with_suffix(".pdf")
        words = {"Title": drawing.title, "Subject": drawing.alt, "CreationDate": None}  # no date: the same bytes again
        drawing.figure.savefig(pdf, metadata=words)
    plt.close(drawing.figure)
    table = drawing.table
    return {
        "name": name,
        "title": drawing.title,
        "caption": drawing.caption,
        "alt": drawing.alt,
        "png": png.name,
        "svg": svg.name,
        "pdf": pdf.name,
        "table": None if table is None else {"columns": table.columns, "rows": table.rows, "note": table.note},
    }
