"""What a figure of this package hands over: the picture or the table, its words, and the numbers in it."""

from __future__ import annotations

import html
from dataclasses import dataclass
from itertools import groupby
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nala_lab.core import Array
from nala_lab.plots import RC, save

__all__ = ["SLIP", "Drawing", "Table", "band", "write"]

SLIP = "†"
"""Ends a cell whose printed string breaks the number format of its column."""
_STYLE = (
    "table { border-collapse: collapse; font: 0.95rem system-ui, sans-serif; } caption { text-align: left; } "
    "th, td { padding: 0.3rem 0.7rem; border: 1px solid #ccc; text-align: left; } .number { text-align: right; } "
    ".slip { background: #fbe3c8; }"
)


@dataclass(frozen=True)
class Table:
    """Rows of text under column heads.

    Attributes
    ----------
    names : the heads. rows : as many texts each. note : what the numbers are.
    groups : for each column a head that spans its neighbours with the same one, "" for none; empty: no such line.

    Examples
    --------
    >>> print(Table(("optimizer", "loss"), (("NALA", "0.31"),), "n = 3", groups=("", "CIFAR-10")).markdown())
    | optimizer | CIFAR-10: loss |
    |---|---|
    | NALA | 0.31 |
    <BLANKLINE>
    n = 3
    """

    names: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    note: str
    groups: tuple[str, ...] = ()

    @property
    def columns(self) -> tuple[str, ...]:
        """The heads in one line, each with its group."""
        groups = self.groups or ("",) * len(self.names)
        return tuple(f"{group}: {name}" if group else name for group, name in zip(groups, self.names, strict=True))

    def markdown(self) -> str:
        """Give the table as Markdown."""
        lines = [self.columns, *self.rows]
        text = [f"| {' | '.join(cell.replace('|', '&#124;') for cell in line)} |" for line in lines]
        text.insert(1, "|" + "---|" * len(self.names))
        return "\n".join([*text, "", self.note])

    def html(self) -> str:
        """Give the table as an element of HTML: numbers and slips have classes, groups a line of heads above.

        Examples
        --------
        >>> print(Table(("who", "loss"), (("a & b", "1900 †"),), "n < 3", groups=("", "Table 2")).html())
        <table>
        <caption>n &lt; 3</caption>
        <thead><tr><th rowspan="2">who</th><th colspan="1" scope="colgroup">Table 2</th></tr>
        <tr><th scope="col">loss</th></tr></thead>
        <tbody>
        <tr><th scope="row">a &amp; b</th><td class="number slip">1900 †</td></tr>
        </tbody>
        </table>
        """
        body = (f"<tr>{_cell(row[0], 'th')}{''.join(map(_cell, row[1:]))}</tr>" for row in self.rows)
        return "\n".join(["<table>", f"<caption>{html.escape(self.note)}</caption>", f"<thead>{self._heads()}</thead>",
                          "<tbody>", *body, "</tbody>", "</table>"])  # fmt: skip

    def _heads(self) -> str:
        def head(name: str) -> str:
            return f'<th scope="col">{html.escape(name)}</th>'

        if not self.groups:
            return f"<tr>{''.join(map(head, self.names))}</tr>"
        above, below = "", ""
        for group, members in groupby(zip(self.groups, self.names, strict=True), key=lambda pair: pair[0]):
            names = [name for _, name in members]
            if group:
                above += f'<th colspan="{len(names)}" scope="colgroup">{html.escape(group)}</th>'
                below += "".join(map(head, names))
            else:
                above += "".join(head(name).replace('scope="col"', 'rowspan="2"') for name in names)
        return f"<tr>{above}</tr>\n<tr>{below}</tr>"


def _cell(text: str, tag: str = "td") -> str:
    number = tag == "td" and text[:1] in tuple("0123456789+-–")
    kinds = [kind for kind, is_so in (("number", number), ("slip", text.endswith(SLIP))) if is_so]
    marks = f' class="{" ".join(kinds)}"' if kinds else ' scope="row"' if tag == "th" else ""
    return f"<{tag}{marks}>{html.escape(text)}</{tag}>"


@dataclass(frozen=True)
class Drawing:
    """A drawn figure, or a table.

    Attributes
    ----------
    figure : the matplotlib figure; None for a table.
    title : its name.
    caption : what was run, at which settings, and what is shown.
    alt : the picture for a reader who does not see it; "" for a table.
    table : the numbers behind it, when it has a table.
    """

    figure: Figure | None
    title: str
    caption: str
    alt: str = ""
    table: Table | None = None


def band(ax: Axes, x: Array, values: Array, style: dict[str, Any]) -> None:
    """Draw the mean of values (seeds, rows) over x (rows,), and a band from the lowest to the highest seed."""
    ax.plot(x, values.mean(axis=0), **style)
    ax.fill_between(x, values.min(axis=0), values.max(axis=0), color=style["color"], alpha=0.15, lw=0)


def write(name: str, drawing: Drawing, out: Path) -> dict[str, Any]:
    """Write the picture as PNG, SVG and PDF, the table as Markdown and HTML; return the manifest's entry for it."""
    entry: dict[str, Any] = {"name": name, "title": drawing.title, "caption": drawing.caption, "alt": drawing.alt}
    if drawing.figure is not None:
        with plt.rc_context(RC):
            png, svg = save(drawing.figure, out / name, alt=drawing.alt, title=drawing.title)
            pdf = png.with_suffix(".pdf")
            words = {"Title": drawing.title, "Subject": drawing.alt, "CreationDate": None}  # no date: the same bytes
            drawing.figure.savefig(pdf, metadata=words)
        plt.close(drawing.figure)
        entry |= {"png": png.name, "svg": svg.name, "pdf": pdf.name}
    table = drawing.table
    if table is not None:
        text = f"# {drawing.title}\n\n{table.markdown()}\n"
        page = f"<!DOCTYPE html>\n<meta charset=\"utf-8\">\n<title>{html.escape(drawing.title)}</title>\n"
        (out / f"{name}.md").write_text(text, encoding="utf-8", newline="\n")
        (out / f"{name}.html").write_text(f"{page}<style>{_STYLE}</style>\n{table.html()}\n", encoding="utf-8")
        entry["table"] = {"columns": table.columns, "rows": table.rows, "note": table.note, "html": table.html()}
    return entry
