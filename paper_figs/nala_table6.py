"""NALA Table 6: timesteps that ResNet-18 needs to reach an accuracy."""

from __future__ import annotations

from pathlib import Path

from paper_figs.beside import RECORDS, table_drawing
from paper_figs.drawing import Drawing

__all__ = ["draw"]


def draw(folder: Path = RECORDS) -> Drawing:
    """Draw it from the records in `folder`."""
    return table_drawing("nala", 6, folder, twice=True)
