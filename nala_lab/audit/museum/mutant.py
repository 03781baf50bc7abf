"""What the museum keeps of one bug."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nala_lab.core import require

__all__ = ["Mutant", "swapped"]


@dataclass(frozen=True)
class Mutant:
    """One bug.

    Attributes
    ----------
    name : how it is asked for. bug : what is wrong, in a few words.
    edits : (file of nala_lab/optim without .py, old text, new text), one line each; some bugs need two.
    target : which optimizer shows it. options : its settings. inner : what it is wrapped around.
    seen : where it was seen, or which sentence of a paper or a manual it breaks.
    caught_by : items that must not pass; the whole table may show more.
    """

    name: str
    bug: str
    edits: tuple[tuple[str, str, str], ...]
    target: str
    seen: str
    caught_by: tuple[str, ...]
    options: Mapping[str, Any] = field(default_factory=dict)
    inner: str = "momentum"


def swapped(text: str, old: str, new: str, where: str, bug: str) -> str:
    """Plant a bug in a text: `new` for the one occurrence of `old`.

    Raises ValueError when the text no longer holds it exactly once: a bug that plants nothing would be caught by
    nothing.

    Examples
    --------
    >>> swapped("x + y", "+", "-", "a sum", "sign")
    'x - y'
    """
    hint = f"the source changed: update the bug {bug}"
    require("old text", old, text.count(old) == 1, f"one occurrence in {where}", hint)
    return text.replace(old, new)
