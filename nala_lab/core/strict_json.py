"""JSON that any strict reader takes: it has no NaN and no infinity."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

from nala_lab.core.validate import require

__all__ = ["require_place", "strict_json"]


def require_place(name: str, file: str | None) -> None:
    """Raise ValueError unless `file` is None, "-", or can be written in a folder that is there: before minutes of work.

    Examples
    --------
    >>> require_place("--json", "-")
    >>> require_place("--json", "no/such/folder/x.json")
    Traceback (most recent call last):
        ...
    ValueError: --json must satisfy a file in a folder that is there, got --json='no/such/folder/x.json'
    """
    ok = file in (None, "-") or (Path(str(file)).parent.is_dir() and not Path(str(file)).is_dir())
    require(name, file, ok, "a file in a folder that is there")


def strict_json(value: Any) -> str:
    """Indented JSON in which NaN is null, and infinities are the strings "inf" and "-inf".

    Examples
    --------
    >>> from nala_lab.core.strict_json import strict_json
    >>> strict_json({"rows": [float("inf"), float("nan"), 1.5]}).split()
    ['{', '"rows":', '[', '"inf",', 'null,', '1.5', ']', '}']
    """
    return json.dumps(_plain(value), indent=1, allow_nan=False)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {key: _plain(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value
