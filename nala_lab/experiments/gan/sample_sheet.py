"""A page of small images as text: a PNG in base64 that fits into a record."""

from __future__ import annotations

import base64
import io

import numpy as np

from nala_lab.core import require

__all__ = ["LIMIT", "page", "png_text"]

LIMIT = 45_000  # characters; a whole record must stay below 200 kB
COLOURS = (256, 64, 32, 16)  # palettes to try after 24 bits a pixel; 16 colours are 4 bits a pixel or less


def page(images: np.ndarray, columns: int) -> np.ndarray:
    """Lay images (n, h, w, 3) out in rows of `columns`, without gaps; what is missing in the last row is black.

    Raises ValueError when the images are not uint8 of that shape, or `columns` is below 1.

    Examples
    --------
    >>> page(np.zeros((3, 4, 5, 3), np.uint8), columns=2).shape
    (8, 10, 3)
    """
    good = images.ndim == 4 and images.shape[3] == 3 and images.dtype == np.uint8 and len(images) > 0
    require("images", (images.shape, str(images.dtype)), good, "uint8 of shape (n, h, w, 3)")
    require("columns", columns, columns >= 1, "columns >= 1")
    n, h, w, _ = images.shape
    rows = -(-n // columns)
    tiles = np.zeros((rows * columns, h, w, 3), np.uint8)
    tiles[:n] = images
    return tiles.reshape(rows, columns, h, w, 3).swapaxes(1, 2).reshape(rows * h, columns * w, 3)


def png_text(image: np.ndarray, limit: int = LIMIT) -> tuple[str, int]:
    """Encode an image (h, w, 3) as base64 of a PNG with no more than `limit` characters.

    Returns (text, colours): colours is 2**24 where nothing was lost, else the size of the palette that made it fit.
    Raises ValueError when it does not fit with 16 colours.

    Examples
    --------
    >>> text, colours = png_text(np.zeros((64, 64, 3), np.uint8))
    >>> text[:11], colours == 2**24
    ('iVBORw0KGgo', True)
    """
    from PIL import Image

    full = Image.fromarray(image)
    for colours in (2**24, *COLOURS):
        reduced = full if colours == 2**24 else full.quantize(colours, method=Image.Quantize.MEDIANCUT)
        file = io.BytesIO()
        reduced.save(file, "PNG", optimize=True)
        text = base64.b64encode(file.getvalue()).decode("ascii")
        if len(text) <= limit:
            return text, colours
    require("limit", limit, False, f"limit >= {len(text)}", "with 16 colours it is no shorter")
    raise AssertionError
