"""On a CPU, what a step frees is kept for the next step, as torch does on a GPU."""

from __future__ import annotations

import ctypes
import os
from functools import cache

__all__ = ["keep_freed_memory"]

M_TRIM_THRESHOLD, M_MMAP_MAX = -1, -4  # as glibc's malloc.h counts its settings


@cache
def keep_freed_memory() -> bool:
    """Tell the C library to keep what is freed, for this process and to its end; whether it could be told.

    By itself glibc gives a large tensor, and the free end of its memory, back to the operating system at once. The next
    step then asks for the same pages again, and each is handed out anew, filled with zeros: a fifth to two fifths of a
    step of the released network (benchmarks/RESULTS.md, "Layout, precision and memory"). No number of a run changes.

    Nothing is told where the user has chosen: where a variable MALLOC_... or GLIBC_TUNABLES is set. Other systems than
    Linux with glibc have no such setting.
    """
    if any(name.startswith("MALLOC_") or name == "GLIBC_TUNABLES" for name in os.environ):
        return False
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (AttributeError, OSError, TypeError):  # another C library; Windows cannot look into the program itself
        return False
    # Large blocks from the heap like all others, and a heap that never shrinks.
    return bool(mallopt(M_MMAP_MAX, 0)) and bool(mallopt(M_TRIM_THRESHOLD, -1))
