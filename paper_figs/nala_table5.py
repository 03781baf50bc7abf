"""NALA Table 5: best training loss and accuracy of ResNet-18 on CIFAR-10 and Fashion-MNIST."""

from __future__ import annotations

from pathlib import Path

from paper_figs.beside import FLOOR, RECORDS, table_drawing
from paper_figs.drawing import Drawing

__all__ = ["draw"]


def draw(folder: Path = RECORDS) -> Drawing:
    """Draw it from the records in `folder`."""
    return table_drawing("nala", 5, folder, twice=True, remark=FLOOR)
