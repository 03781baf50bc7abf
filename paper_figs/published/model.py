"""The shapes of what a paper prints: cells, columns, rows, tables, panels, figures."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from nala_lab.core import require, require_choice

__all__ = ["NOT_REACHED", "Cell", "Column", "Figure", "Panel", "Paper", "Row", "Table", "TextSlip", "parse"]

NOT_REACHED = "–"
"""What the NALA paper prints where an optimizer never reached the accuracy."""

_NAMES = {"nala": "NALA", "adala": "AdaLA"}
_NO_NUMBER = {"text": "words, not a number", NOT_REACHED: "not reached during the training"}


@dataclass(frozen=True)
class Column:
    """A column: its heads as printed, and what it is about.

    Attributes
    ----------
    head : the lines of the head, top to bottom.
    quantity : loss, accuracy (0 to 1), timesteps, accuracy_percent, perplexity, fid or text.
    model, dataset : of the runs; empty where the column is words.
    target : the accuracy to reach, for timesteps.
    """

    head: tuple[str, ...]
    quantity: str
    model: str = ""
    dataset: str = ""
    target: float | None = None

    @property
    def name(self) -> str:
        """The lines of the head in one."""
        return ", ".join(self.head)

    @property
    def lower_is_better(self) -> bool:
        """Whether a smaller number is the better one."""
        return self.quantity not in ("accuracy", "accuracy_percent")


@dataclass(frozen=True)
class Cell:
    """One cell: the string as printed and the number it stands for.

    Attributes
    ----------
    paper, table, line : where it is printed; `line` counts in the text extraction.
    row : head of its row.   column : its column.
    printed : the string, slips included.
    value : the number; None where there is none, and where the string may stand for several.
    readings : every number that the string may stand for; empty where there is none.
    note : why `value` is None, or what is unusual about the string; empty otherwise.
    slip : whether the string breaks the number format of its column.
    """

    paper: str
    table: int
    line: int
    row: str
    column: Column
    printed: str
    value: float | None
    readings: tuple[float, ...]
    note: str = ""
    slip: bool = False

    @property
    def place(self) -> str:
        """Where the cell is, in words."""
        name = _NAMES.get(self.paper, self.paper)
        return f"{name} Table {self.table}, {self.row}, {self.column.name} (line {self.line})"


@dataclass(frozen=True)
class Row:
    """A row: its head and its cells, left to right."""

    head: str
    line: int
    cells: tuple[Cell, ...]


@dataclass(frozen=True)
class Table:
    """One table as printed.

    Attributes
    ----------
    caption, corner : its words; `corner` heads the column of row heads.
    setting : the hyperparameters that the text gives for it.   varied : the one that the row heads give, or "".
    subject : the paper's own optimizer, as rows are headed.
    """

    paper: str
    number: int
    line: int
    caption: str
    corner: str
    columns: tuple[Column, ...]
    rows: tuple[Row, ...]
    setting: Mapping[str, float] = field(default_factory=dict)
    varied: str = ""
    subject: str = ""

    @property
    def rivals(self) -> list[str]:
        """The heads of all rows but the subject's."""
        return [row.head for row in self.rows if row.head != self.subject]

    def cells(self, quantity: str | None = None) -> Iterator[Cell]:
        """Give the cells row by row, those of one `quantity` if it is named."""
        for row in self.rows:
            yield from (cell for cell in row.cells if quantity in (None, cell.column.quantity))

    def row(self, head: str) -> Row:
        """Give the row with this head; ValueError lists the heads."""
        require_choice("row", head, [row.head for row in self.rows])
        return next(row for row in self.rows if row.head == head)

    def cell(self, head: str, column: int) -> Cell:
        """Give one cell; columns count from 0, left to right, without the row heads."""
        cells = self.row(head).cells
        require("column", column, 0 <= column < len(cells), f"0 <= column < {len(cells)}")
        return cells[column]

    def column(self, column: int) -> dict[str, Cell]:
        """Give one column, row head -> cell."""
        return {row.head: self.cell(row.head, column) for row in self.rows}

    def reprinted(self, head: str, column: int, printed: str) -> Table:
        """Give the same table with one cell printed otherwise: what a test plants.

        Examples
        --------
        >>> from paper_figs.published import table
        >>> table("nala", 1).reprinted("NALA", 1, "0.94500000").cell("NALA", 1).value
        0.945
        """
        old = self.cell(head, column)
        new = parse(replace(old, printed=printed, note="", slip=False))
        rows = tuple(replace(row, cells=tuple(new if cell is old else cell for cell in row.cells)) for row in self.rows)
        return replace(self, rows=rows)


@dataclass(frozen=True)
class Panel:
    """One panel of a figure: title, axes and curves, as far as caption and text tell."""

    letter: str
    title: str
    x: str
    y: str
    curves: tuple[str, ...]


@dataclass(frozen=True)
class Figure:
    """A figure of a paper, in words."""

    paper: str
    number: int
    line: int
    caption: str
    panels: tuple[Panel, ...]


@dataclass(frozen=True)
class TextSlip:
    """A slip outside the tables."""

    lines: tuple[int, ...]
    printed: str
    note: str


@dataclass(frozen=True)
class Paper:
    """All that is typed in of one paper.

    Attributes
    ----------
    subject : the optimizer that the paper proposes, as the rows of its tables are headed.
    located_by : what `line` counts.
    formats : quantity -> regular expression that its printed numbers follow.
    applies : optimizer -> those of the printed hyperparameters that are its own.
    """

    key: str
    title: str
    subject: str
    located_by: str
    formats: Mapping[str, str]
    tables: tuple[Table, ...]
    figures: tuple[Figure, ...]
    text_slips: tuple[TextSlip, ...]
    applies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def table(self, number: int) -> Table:
        """Give one table; ValueError lists those there are."""
        numbers = [table.number for table in self.tables]
        require("table", number, number in numbers, f"table in {numbers} of the paper {self.key!r}")
        return next(table for table in self.tables if table.number == number)

    def reprinted(self, number: int, head: str, column: int, printed: str) -> Paper:
        """Give the same paper with one cell of one table printed otherwise."""
        changed = self.table(number).reprinted(head, column, printed)
        tables = tuple(changed if table.number == number else table for table in self.tables)
        return replace(self, tables=tables)


def parse(cell: Cell) -> Cell:
    """Fill in `value` and `readings` from the printed string, which must be a plain number, a dash or words."""
    why = _NO_NUMBER.get(cell.column.quantity) or _NO_NUMBER.get(cell.printed)
    if why:
        return replace(cell, value=None, readings=(), note=why)
    number = float(cell.printed.replace(",", "").removesuffix("%"))
    return replace(cell, value=number, readings=(number,))
