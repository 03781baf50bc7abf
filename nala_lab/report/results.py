"""What the report is made of: plain values, filled by the collectors and read by the page."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

__all__ = ["CheckRow", "ClaimRow", "FigureEntry", "Lesson", "Part", "Results"]


@dataclass(frozen=True)
class CheckRow:
    """One theorem check of one twin, as text, with the two numbers that its verdict rests on."""

    id: str
    name: str
    statement: str
    twin: str
    predicted: str
    measured: str
    error: float
    tolerance: float
    passed: bool
    cases: int = 1
    message: str = ""


@dataclass(frozen=True)
class Lesson:
    """One notebook: its name and title, whether it ran, how long, and where the executed copy lies."""

    name: str
    title: str
    passed: bool
    seconds: float
    path: Path | None = None
    error: str = ""


@dataclass(frozen=True)
class FigureEntry:
    """One figure or table of paper_figs: files and words, or the error that kept it from being made."""

    name: str
    title: str = ""
    caption: str = ""
    alt: str = ""
    png: Path | None = None
    svg: Path | None = None
    table: dict[str, Any] | None = None
    error: str = ""
    pdf: Path | None = None

    @property
    def passed(self) -> bool:
        """Whether it was drawn."""
        return not self.error


@dataclass(frozen=True)
class ClaimRow:
    """One claim of the ledger; its evidence is a list of ``{"verdict", "words", "test"}``."""

    id: str
    paper: str
    kind: str
    where: str
    sentence: str
    verdict: str
    note: str
    evidence: list[dict[str, Any]]

    @property
    def passed(self) -> bool:
        """True: whatever its verdict is, the claim was judged."""
        return True


@dataclass(frozen=True)
class Part:
    """A part of the report: its items, and, in `absent`, why there are none or why the part failed as a whole.

    `failed` marks a part that should have run and could not; a part left out on purpose has not failed.
    """

    items: tuple[Any, ...] = ()
    absent: str = ""
    failed: bool = False
    seconds: float = 0.0

    @property
    def bad(self) -> int:
        """Number of items that did not pass, and one more when the part failed as a whole."""
        return sum(not item.passed for item in self.items) + self.failed


@dataclass(frozen=True)
class Results:
    """Everything that the page shows."""

    checks: Part
    lessons: Part
    figures: Part
    facts: dict[str, str] = field(default_factory=dict)
    ledger: Part = field(default_factory=Part)

    @property
    def passed(self) -> bool:
        """Whether nothing failed; what was left out on purpose does not count."""
        return not (self.checks.bad or self.lessons.bad or self.figures.bad or self.ledger.bad)
