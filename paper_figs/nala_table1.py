"""NALA Table 1: best training loss and accuracy of LeNet-5 on CIFAR-10 and CIFAR-100."""

from __future__ import annotations

from pathlib import Path

from paper_figs.beside import RECORDS, table_drawing
from paper_figs.drawing import Drawing

__all__ = ["draw"]


def draw(folder: Path = RECORDS) -> Drawing:
    """Draw it from the records in `folder`."""
    return table_drawing("nala", 1, folder)
