"""Read the typed-in papers from their TOML files, once."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Any

from nala_lab.core import require, require_choice
from paper_figs.published.model import Cell, Column, Figure, Panel, Paper, Row, Table, TextSlip, parse

__all__ = ["PAPERS", "figure", "paper", "read", "table"]

PAPERS = ("nala", "adala")
"""The papers that are typed in."""

_HERE = Path(__file__).parent


@cache
def paper(key: str) -> Paper:
    """Give everything that is typed in of one paper.

    Raises ValueError for an unknown paper, and for a file in which a string breaks its column's format without being
    flagged, or is flagged without breaking it.

    Examples
    --------
    >>> [len(list(one.cells())) for one in paper("adala").tables]
    [9, 30, 30, 20]
    """
    require_choice("paper", key, PAPERS)
    return read((_HERE / f"{key}.toml").read_text(encoding="utf-8"))


def read(text: str) -> Paper:
    """Read a paper from the text of its TOML file.

    Raises ValueError when a row has too many or too few cells, or a slip and the format of its column disagree.
    """
    return _paper(tomllib.loads(text))


def table(key: str, number: int) -> Table:
    """Give table `number` of a paper: ``rows``, ``columns``, ``cells()``, ``cell(row, column)``.

    Raises ValueError for an unknown paper or number.

    Examples
    --------
    >>> one = table("nala", 1)
    >>> [row.head for row in one.rows]
    ['NALA', 'NAG', 'Lookahead', 'Adam', 'SGD']
    >>> one.columns[1].name, one.cell("NALA", 1).printed, one.cell("NALA", 1).value
    ('CIFAR-10, Top-1 accuracy', '0.94531250', 0.9453125)
    """
    return paper(key).table(number)


def figure(key: str, number: int) -> Figure:
    """Give what figure `number` of a paper shows.

    Examples
    --------
    >>> [panel.title for panel in figure("nala", 2).panels][:2]
    ['Loss of LeNet on CIFAR-10', 'Loss of LeNet on CIFAR-100']
    """
    figures = {one.number: one for one in paper(key).figures}
    require("figure", number, number in figures, f"figure in {list(figures)} of the paper {key!r}")
    return figures[number]


def _paper(data: Mapping[str, Any]) -> Paper:
    key, formats = data["key"], data["formats"]
    return Paper(
        key=key,
        title=data["title"],
        subject=data["subject"],
        located_by=data["located_by"],
        formats=formats,
        tables=tuple(_table(data, one) for one in data["table"]),
        figures=tuple(_figure(key, one) for one in data["figure"]),
        text_slips=tuple(TextSlip(tuple(s["lines"]), s["printed"], s["note"]) for s in data["text_slip"]),
        applies={name: tuple(keys) for name, keys in data.get("applies", {}).items()},
    )


def _table(of: Mapping[str, Any], data: Mapping[str, Any]) -> Table:
    key, formats = of["key"], of["formats"]
    columns = tuple(Column(**{**one, "head": tuple(one["head"])}) for one in data["columns"])
    slips = {(slip["row"], slip["column"]): slip for slip in data.get("slips", ())}
    rows = []
    for row in data["rows"]:
        where = f"{key} Table {data['number']}, {row['head']}"
        printed = row["printed"]
        require(where, printed, len(printed) == len(columns), f"{len(columns)} cells")
        cells = []
        for number, (column, text) in enumerate(zip(columns, printed, strict=True)):
            cell = Cell(key, data["number"], row["line"], row["head"], column, text, None, ())
            slip = slips.pop((row["head"], number), None)
            _check_format(cell, formats, flagged=slip is not None)
            cells.append(parse(cell) if slip is None else _slipped(cell, slip))
        rows.append(Row(row["head"], row["line"], tuple(cells)))
    require(f"{key} Table {data['number']} slips", list(slips), not slips, "a cell for every slip")
    return Table(key, data["number"], data["line"], data["caption"], data["corner"], columns, tuple(rows),
                 data.get("setting", {}), data.get("varied", ""), of["subject"])  # fmt: skip


def _check_format(cell: Cell, formats: Mapping[str, str], *, flagged: bool) -> None:
    usual = formats.get(cell.column.quantity)
    breaks = usual is not None and re.fullmatch(usual, cell.printed) is None
    rule = f"the format {usual} or be flagged as a slip, and a flagged one must not have it"
    require(cell.place, cell.printed, breaks == flagged, rule)


def _slipped(cell: Cell, slip: Mapping[str, Any]) -> Cell:
    readings = tuple(float(reading) for reading in slip["readings"])
    value = readings[0] if len(readings) == 1 else None
    return replace(cell, value=value, readings=readings, note=slip["why"], slip=True)


def _figure(key: str, data: Mapping[str, Any]) -> Figure:
    panels = tuple(Panel(**{**one, "curves": tuple(one["curves"])}) for one in data["panels"])
    return Figure(key, data["number"], data["line"], data["caption"], panels)
