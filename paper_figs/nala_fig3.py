"""NALA Fig. 3: training loss and accuracy of AlexNet on CIFAR-10 and CIFAR-100, from our own runs."""

from __future__ import annotations

from pathlib import Path

from paper_figs.beside import RECORDS, training_drawing
from paper_figs.drawing import Drawing

__all__ = ["draw"]


def draw(folder: Path = RECORDS) -> Drawing:
    """Draw it from the records in `folder`."""
    return training_drawing(3, 3, folder)
