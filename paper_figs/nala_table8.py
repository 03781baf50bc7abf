"""NALA Table 8: best training loss and accuracy of NALA for several values of mu."""

from __future__ import annotations

from pathlib import Path

from paper_figs.beside import FLOOR, RECORDS, table_drawing
from paper_figs.drawing import Drawing

__all__ = ["draw"]


def draw(folder: Path = RECORDS) -> Drawing:
    """Draw it from the records in `folder`."""
    return table_drawing("nala", 8, folder, remark=FLOOR)
