"""The TOML files of ``nala-lab sweep`` and ``nala-lab tune``, read and checked in one place."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from nala_lab.core import require

__all__ = ["read_toml", "require_axes"]


def read_toml(path: Path | str) -> dict[str, Any]:
    """The content of a TOML file.

    Raises ValueError in one sentence, for a file that cannot be read or is not TOML.
    """
    try:
        return tomllib.loads(Path(path).read_text(encoding="utf-8"))
    except OSError as error:
        raise ValueError(f"{path}: cannot be read ({error.strerror})") from error
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ValueError(f"{path}: is not a TOML file ({error})") from error


def require_axes(name: str, axes: Any) -> None:
    """Require a table that is not empty, of lists that are not empty.

    Examples
    --------
    >>> require_axes("nala", {"k": [3, 5]})
    >>> require_axes("nala", {"k": 3})
    Traceback (most recent call last):
        ...
    ValueError: nala.k must satisfy a list of values, got nala.k=3
    """
    require(name, axes, isinstance(axes, dict) and bool(axes), "a table of settings")
    for axis, values in axes.items():
        require(f"{name}.{axis}", values, isinstance(values, list) and bool(values), "a list of values")
