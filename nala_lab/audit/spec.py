"""What an item of the audit is: a question about one optimizer, and the row that answers it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from nala_lab.core import require
from nala_lab.methods import METHODS

__all__ = ["ADAPTIVE", "ITEMS", "KINDS", "TWO_LOOPS", "VERDICTS", "Answer", "Item", "NotApplicable", "Row", "item",
           "load_items"]  # fmt: skip

# What an optimizer is asked as: a row of the method table that it follows, or none of those.
KINDS = ("plain", "adam", "adabelief", "adala", "lookahead", "nala")
TWO_LOOPS = tuple(kind for kind in KINDS if kind in METHODS and METHODS[kind].two_loops)
ADAPTIVE = tuple(kind for kind in KINDS if kind in METHODS and "adaptive" in METHODS[kind].traits)
VERDICTS = ("pass", "fail", "crash", "hang", "not applicable")
_FILES = ("contract", "gradients", "groups", "numbers", "persistence", "loading", "cycle", "nala", "adaptive")

ITEMS: dict[str, Item] = {}


class NotApplicable(Exception):
    """The question makes no sense for this optimizer, or it offers no way to ask it."""


@dataclass(frozen=True)
class Answer:
    """What a check found: whether all is well, one number (or short text) as evidence, one sentence."""

    ok: bool
    evidence: float | int | str
    text: str


@dataclass(frozen=True)
class Item:
    """One question: its name, what it asks, the kinds it is asked of, and the function that answers it."""

    name: str
    asks: str
    kinds: tuple[str, ...]
    group: str
    check: Callable[[Any], Answer]


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes
    ----------
    item : name of the question. group : "contract", "state" or "algorithm". verdict : one of VERDICTS.
    evidence : the number that was measured, or a short text; "" where there is none. text : one sentence.
    """

    item: str
    group: str
    verdict: str
    evidence: float | int | str
    text: str

    @property
    def bad(self) -> bool:
        """True when something is wrong: fail, crash or hang."""
        return self.verdict in ("fail", "crash", "hang")


def item(name: str, asks: str, *, group: str, kinds: Iterable[str] = KINDS) -> Callable[[Any], Any]:
    """Register a check under a name; the function takes a Subject and returns an Answer.

    Raises ValueError when the name is taken.
    """

    def register(check: Callable[[Any], Answer]) -> Callable[[Any], Answer]:
        require("name", name, name not in ITEMS, "a name that is not taken")
        ITEMS[name] = Item(name, asks, tuple(kinds), group, check)
        return check

    return register


def load_items(only: Iterable[str] | None = None) -> tuple[Item, ...]:
    """Every item, or those named in `only`, in the order of the table.

    Raises ValueError for a name that no item has.

    Examples
    --------
    >>> from nala_lab.audit import load_items
    >>> [one.name for one in load_items(["sync-steps"])]
    ['sync-steps']
    """
    for file in _FILES:
        import_module(f"nala_lab.audit.checks.{file}")
    if only is None:
        return tuple(ITEMS.values())
    wanted = list(only)
    for name in wanted:
        require("only", name, name in ITEMS, "the name of an item", "nala-lab audit --list shows them")
    return tuple(ITEMS[name] for name in ITEMS if name in wanted)
