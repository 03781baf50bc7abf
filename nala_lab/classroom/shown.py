"""What a notebook shows as Markdown, a terminal as the same text, and a spreadsheet as a table."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

__all__ = ["Shown", "Table", "cell", "in_table", "six_digits", "table"]


class Shown:
    """Base of what is shown: a subclass writes the Markdown. No address stands in it, so a saved notebook is stable."""

    def _repr_markdown_(self) -> str:
        raise TypeError(f"{type(self).__name__} must say what it shows")

    def __str__(self) -> str:
        return self._repr_markdown_()

    def __repr__(self) -> str:
        return str(self)


class Table(Shown):
    """Base of what has rows: shown as a Markdown table, written as a file for a spreadsheet."""

    def rows(self) -> list[list[str]]:
        """A head, then the lines."""
        raise TypeError(f"{type(self).__name__} must have rows")

    def csv(self, path: Path | str) -> Path:
        """Write `rows` to a file that a spreadsheet opens with every letter right, and return its path."""
        target = Path(path)
        with target.open("w", encoding="utf-8-sig", newline="") as file:
            csv.writer(file).writerows([[cell(text) for text in row] for row in self.rows()])
        return target

    def _repr_markdown_(self) -> str:
        head, *lines = [[in_table(text) for text in row] for row in self.rows()]
        return table(head, lines)


def table(head: Sequence[str], lines: Iterable[Sequence[str]]) -> str:
    """A Markdown table; the cells stand as they are given.

    Examples
    --------
    >>> table(["a", "b"], [])
    '| a | b |\\n|---|---|'
    """
    top, *rest = ["| " + " | ".join(row) + " |" for row in (head, *lines)]
    return "\n".join([top, "|" + "---|" * len(head), *rest])


def in_table(text: str) -> str:
    """The text as a cell of a Markdown table: in one line, and its strokes are no borders."""
    return " ".join(text.split()).replace("|", "\\|")


def cell(text: str) -> str:
    """A cell's text that no spreadsheet takes for a formula: a student chooses the name. Numbers stay numbers.

    Examples
    --------
    >>> cell("=1+1"), cell("ada"), cell("-0.5")
    ("'=1+1", 'ada', '-0.5')
    """
    number = re.fullmatch(r"-?[\d.]+(e[+-]\d+)?", text)
    return f"'{text}" if text.startswith(("=", "+", "-", "@", "\t", "\r")) and not number else text


def six_digits(value: ArrayLike) -> str:
    """A number or several, as a student reads them; a zero beside others is one, whatever was rounded on the way.

    Examples
    --------
    >>> six_digits([1 / 3, 2.0]), six_digits([-5.6e-17, 0.6])
    ('0.333333, 2', '0, 0.6')
    """
    numbers = np.atleast_1d(np.asarray(value, np.float64))
    zero = np.abs(numbers) < 1e-14 * np.abs(numbers).max(initial=0.0)
    return ", ".join(f"{number:.6g}" for number in np.where(zero, 0.0, numbers))
