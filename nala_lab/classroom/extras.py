"""What a lesson can do without: torch is some hundred megabytes, and few cells of the first lessons need it."""

from __future__ import annotations

from importlib.util import find_spec

__all__ = ["torch_is_here"]


def torch_is_here(name: str = "torch") -> bool:
    """Say whether torch can be imported; if not, print in one sentence how to add it.

    Examples
    --------
    >>> from nala_lab.classroom import torch_is_here
    >>> torch_is_here("no_such_package")
    This cell needs no_such_package, which is not installed here: `make torch` adds it.
    False
    """
    if find_spec(name) is not None:
        return True
    print(f"This cell needs {name}, which is not installed here: `make torch` adds it.")
    return False
