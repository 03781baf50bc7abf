"""The bytes of a PNG, packed in half the time that Pillow takes: no filter, the quickest compression.

Level sets, lines and white paper are even areas, so without a filter the picture is as small as with one.
"""

from __future__ import annotations

import zlib
from struct import pack

import numpy as np
from numpy.typing import NDArray

__all__ = ["packed"]


def packed(pixels: NDArray[np.uint8]) -> bytes:
    """Give the PNG (W3C, second edition) of a picture: (height, width, 3) red, green, blue; a fourth is left out.

    Examples
    --------
    >>> from io import BytesIO
    >>> from PIL import Image
    >>> colours = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    >>> np.array_equal(Image.open(BytesIO(packed(colours))), colours)
    True
    """
    height, width = pixels.shape[:2]
    rows = np.zeros((height, 1 + 3 * width), np.uint8)  # the first byte of a row names its filter; 0: none
    for colour in range(3):
        rows[:, 1 + colour :: 3] = pixels[..., colour]
    head = pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)  # 8 bits, RGB, deflate, usual filters, rows in order
    parts = ((b"IHDR", head), (b"IDAT", zlib.compress(rows, 1)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(*part) for part in parts)


def _chunk(name: bytes, data: bytes) -> bytes:
    return pack(">I", len(data)) + name + data + pack(">I", zlib.crc32(data, zlib.crc32(name)))
