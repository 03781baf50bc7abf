"""NALA Fig. 4: training loss and accuracy of ResNet-18 on CIFAR-10 and Fashion-MNIST, from our own runs."""

from __future__ import annotations

from pathlib import Path

from paper_figs.beside import FLOOR, RECORDS, training_drawing
from paper_figs.drawing import Drawing

__all__ = ["draw"]


def draw(folder: Path = RECORDS) -> Drawing:
    """Draw it from the records in `folder`."""
    return training_drawing(4, 5, folder, twice=True, remark=FLOOR)
