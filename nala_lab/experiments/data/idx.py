"""The IDX file format of MNIST and Fashion-MNIST: a magic number, the sizes, then the bytes.

Source: the format description of the MNIST database (LeCun, Cortes, Burges): two zero bytes, a type code (8 means
unsigned byte), the number of axes, then one big-endian 32-bit size per axis.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

__all__ = ["UNSIGNED_BYTE", "DataError", "MissingData", "parse_idx"]

UNSIGNED_BYTE = 8


class DataError(ValueError):
    """Data that is missing or not what it should be, in one sentence that names the file."""


class MissingData(DataError):
    """No file of a data set is in the folders that were named; nothing was found that could be corrupt."""


def parse_idx(raw: bytes, name: str = "IDX data") -> NDArray[np.uint8]:
    """Read an unpacked IDX file of unsigned bytes.

    Returns a read-only uint8 array of the sizes in the header. Raises DataError for a wrong magic number, or a length
    that is not what the header says.

    Parameters
    ----------
    raw : the whole file, not gzipped.
    name : what to call it in an error.

    Examples
    --------
    >>> parse_idx(bytes([0, 0, 8, 2, 0, 0, 0, 1, 0, 0, 0, 3, 7, 8, 9]))
    array([[7, 8, 9]], dtype=uint8)
    """
    magic = raw[:4]
    if len(magic) < 4 or magic[:2] != b"\0\0" or magic[2] != UNSIGNED_BYTE or magic[3] == 0:
        raise DataError(f"{name}: not an IDX file of bytes: it starts with {magic.hex(' ') or 'nothing'}, "
                        f"expected 00 00 08 and the number of axes")  # fmt: skip
    start = 4 + 4 * magic[3]
    if len(raw) < start:
        raise DataError(f"{name}: the header is cut off after {len(raw)} of {start} bytes")
    sizes = [int(size) for size in np.frombuffer(raw, dtype=">u4", count=magic[3], offset=4)]
    wanted = start + math.prod(sizes)
    if len(raw) != wanted:
        shape = " x ".join(map(str, sizes))
        raise DataError(f"{name}: {shape} bytes need a file of {wanted} bytes, found {len(raw)}")
    return np.frombuffer(raw, dtype=np.uint8, offset=start).reshape(sizes)
