"""Strings that break the number format of their column, and slips of the text."""

from __future__ import annotations

import re

from paper_figs.published_audit.finding import Finding, Material, verdict

__all__ = ["typing_slips"]


def typing_slips(m: Material) -> Finding:
    """Find every cell that is not written as the others of its kind, and list the slips of the text."""
    cells, text = {}, {}
    for paper in (m.nala, m.adala):
        for table in paper.tables:
            for cell in table.cells():
                usual = paper.formats.get(cell.column.quantity, ".*")
                if not re.fullmatch(usual, cell.printed):
                    cells[cell.place] = {"printed": cell.printed, "may stand for": list(cell.readings)}
        for slip in paper.text_slips:
            lines = ", ".join(map(str, slip.lines))
            text[f"{paper.key} (line {lines})"] = f'"{slip.printed}": {slip.note}'
    open_ = [place for place, one in cells.items() if len(one["may stand for"]) > 1]
    return Finding(
        statement="At least one cell is printed so that it may stand for two numbers.",
        verdict=verdict(bool(open_)),
        numbers={"cells in an unusual format": cells, "of them with two readings": open_, "slips of the text": text},
        where=("NALA Table 2 (lines 206, 209, 210)", "NALA Table 5 (line 310)"),
    )
