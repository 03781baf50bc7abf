"""What the museum keeps of one bug."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

__all__ = ["Mutant"]


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
