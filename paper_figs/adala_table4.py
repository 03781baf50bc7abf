"""AdaLA Table 4: best FID of WGAN and WGAN-GP on CIFAR-10 with ten optimizers."""

from __future__ import annotations

from pathlib import Path

from paper_figs.beside import RECORDS, table_drawing
from paper_figs.drawing import Drawing

__all__ = ["draw"]


def draw(folder: Path = RECORDS) -> Drawing:
    """Draw it from the records in `folder`."""
    return table_drawing("adala", 4, folder)
