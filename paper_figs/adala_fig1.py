"""AdaLA Fig. 1: test accuracy of three networks on CIFAR-10 with ten optimizers, from our own runs."""

from __future__ import annotations

from pathlib import Path

from paper_figs.beside import RECORDS, epochs_drawing
from paper_figs.drawing import Drawing

__all__ = ["draw"]


def draw(folder: Path = RECORDS) -> Drawing:
    """Draw it from the records in `folder`."""
    return epochs_drawing(1, 2, folder)
