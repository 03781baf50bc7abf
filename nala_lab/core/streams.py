"""Named random streams: one generator per purpose, derived from (seed, name)."""

from __future__ import annotations

from zlib import crc32

import numpy as np

from nala_lab.core.validate import require_int

__all__ = ["stream"]


def stream(seed: int, *name: object) -> np.random.Generator:
    """Make the independent generator that belongs to ``(seed, name)``.

    Adding a stream never shifts the numbers of another one, so a new experiment leaves the old ones as they were.

    Raises ValueError when `seed` is not a non-negative integer.

    Parameters
    ----------
    seed : non-negative integer, the seed of the whole run.
    name : what the numbers are for, in one or more words.

    Examples
    --------
    >>> from nala_lab.core import stream
    >>> a, b = stream(0, "noise"), stream(0, "noise")
    >>> bool(a.normal() == b.normal())
    True
    >>> bool(stream(0, "noise").normal() == stream(0, "start").normal())
    False
    """
    require_int("seed", seed, low=0)
    return np.random.default_rng([int(seed), *(crc32(str(part).encode()) for part in name)])
