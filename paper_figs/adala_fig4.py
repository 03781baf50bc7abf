"""AdaLA Fig. 4: samples of WGAN-GP trained with different optimizers, from our own runs."""

from __future__ import annotations

from pathlib import Path

from paper_figs.beside import RECORDS, samples_drawing
from paper_figs.drawing import Drawing

__all__ = ["draw"]


def draw(folder: Path = RECORDS) -> Drawing:
    """Draw it from the records in `folder`."""
    return samples_drawing(4, 1, folder)
