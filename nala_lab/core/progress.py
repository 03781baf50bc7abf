"""A progress bar where somebody looks: on a terminal, and in a notebook; nowhere else."""

from __future__ import annotations

import sys
from typing import Any

__all__ = ["bar", "in_notebook"]


def in_notebook() -> bool:
    """Say whether this process is the kernel of a notebook."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


def bar(*items: Any, show: bool = True, always: bool = False, **options: Any) -> Any:
    """Give a tqdm bar over `items` (one iterable, or none for a bar that is moved by hand).

    tqdm by itself hides a bar where the error stream is no terminal, and so in every notebook.

    Parameters
    ----------
    show : False hides it everywhere. always : True shows it into files and pipes too. options : as of tqdm.

    Examples
    --------
    >>> list(bar([1, 2], show=False))
    [1, 2]
    """
    from tqdm.auto import tqdm  # type: ignore[import-untyped, unused-ignore]

    seen = always or in_notebook()
    hidden = True if not show else False if seen else None  # None: tqdm looks whether it is a terminal
    return tqdm(*items, disable=hidden, **options)
