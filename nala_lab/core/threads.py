"""A few threads where there are any: a browser tab has one."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

__all__ = ["in_threads"]

Item = TypeVar("Item")
Result = TypeVar("Result")


def in_threads(function: Callable[[Item], Result], items: Iterable[Item], threads: int) -> list[Result]:
    """Give ``[function(item) for item in items]``, computed by `threads` threads, or one by one in a browser.

    Examples
    --------
    >>> in_threads(abs, [-1, 2], threads=2)
    [1, 2]
    """
    if sys.platform == "emscripten":  # Pyodide cannot start a thread
        return [function(item) for item in items]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(function, items))
