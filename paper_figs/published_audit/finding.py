"""What an audit function takes and gives."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import cache
from typing import Any

from paper_figs.published import Cell, Paper, paper
from paper_figs.published.released import Released, recounted, released

__all__ = ["NOT_SEEN", "SEEN", "UNDECIDED", "USUAL", "Finding", "Material", "material", "number_in", "verdict"]

SEEN = "seen"
NOT_SEEN = "not seen"
UNDECIDED = "undecided"
"""Verdicts: whether the statement is what the recomputed numbers show; undecided where they cannot show it."""

USUAL = {"k": 5.0, "mu": -0.5, "alpha": 0.001}
"""NALA's default settings (line 97)."""


@dataclass(frozen=True)
class Finding:
    """One question to the published numbers, and what the recomputed numbers say.

    Attributes
    ----------
    statement : what is asked, as a sentence that is true or false.
    verdict : ``"seen"``, ``"not seen"`` or ``"undecided"``: whether the numbers show the statement. Always computed.
    numbers : name -> number, string, list or dict; what the verdict is computed from.
    where : places in the papers.
    basis : what was read: the tables only, or also stored summaries or the files themselves.
    note : what the verdict does not say, or why it is undecided.
    id : its name in ``AUDIT``, which `run` fills in.
    """

    statement: str
    verdict: str
    numbers: Mapping[str, Any] = field(default_factory=dict)
    where: tuple[str, ...] = ()
    basis: str = "the papers' tables"
    note: str = ""
    id: str = ""

    @property
    def rerun(self) -> str:
        """The command that computes it again."""
        return f"python -m paper_figs.published_audit {self.id}"


@dataclass(frozen=True)
class Material:
    """What an audit reads: both papers and what was released.

    Examples
    --------
    >>> changed = material().reprinted("nala", 1, "NALA", 1, "0.94500000")
    >>> changed.nala.table(1).cell("NALA", 1).value
    0.945
    """

    nala: Paper
    adala: Paper
    released: Released

    def reprinted(self, key: str, number: int, head: str, column: int, printed: str) -> Material:
        """Give the same material with one cell printed otherwise: what a test plants."""
        changed: dict[str, Any] = {key: getattr(self, key).reprinted(number, head, column, printed)}
        return replace(self, **changed)


@cache
def material(*, data: bool = False) -> Material:
    """Give the typed-in papers and what was released.

    Raises ValueError with ``data=True`` and no folder that holds the files.

    Parameters
    ----------
    data : read the released logs from a folder of NALA_LAB_DATA instead of the stored summaries, which are the same
        on every machine.
    """
    return Material(paper("nala"), paper("adala"), recounted() if data else released())


def verdict(shown: bool | None) -> str:
    """Word a verdict: True is seen, False is not seen, None is undecided."""
    return {True: SEEN, False: NOT_SEEN, None: UNDECIDED}[shown]


def number_in(cell: Cell) -> float:
    """Give the number of a cell in a column of numbers, whose format the loader has checked."""
    assert cell.value is not None
    return cell.value
