"""What the ledger is made of: claims, evidence, verdicts, and how verdicts combine."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

__all__ = ["CONTRADICTED", "KINDS", "NOT_REPRODUCED", "NOT_RUN", "PAPERS", "REPRODUCED", "UNDECIDED", "UNTESTABLE",
           "VERDICTS", "Claim", "Entry", "Evidence", "weakest"]  # fmt: skip

REPRODUCED = "reproduced"
NOT_REPRODUCED = "not reproduced"
CONTRADICTED = "contradicted by theory"
UNTESTABLE = "cannot be tested from what was published"
NOT_RUN = "not yet run at this scale"
UNDECIDED = "undecided"
VERDICTS = (REPRODUCED, NOT_REPRODUCED, CONTRADICTED, UNTESTABLE, NOT_RUN, UNDECIDED)

KINDS = ("theorem", "table", "figure", "statement")
PAPERS = {"nala": "NALA (Zuo et al. 2024)", "adala": "AdaLA (Ramjee)", "lab": "this lab's own statements"}

# A claim holds when all its tests say so; what speaks against it most decides first.
_ORDER = (CONTRADICTED, NOT_REPRODUCED, UNTESTABLE, NOT_RUN, UNDECIDED, REPRODUCED)


@dataclass(frozen=True)
class Claim:
    """One claim as listed in ``ledger.toml``.

    Attributes
    ----------
    id : N.. the NALA paper, A.. the AdaLA paper, S.. this lab.
    paper, where : a key of `PAPERS`; section, table, or line of the text extraction; for the lab, what it is about.
    kind : one of `KINDS`.
    sentence : the claim, in our words or quoted.
    tests : tables with one key of ``JUDGES`` each, and its options.
    note : what a reader must know besides; never a verdict.
    """

    id: str
    paper: str
    where: str
    kind: str
    sentence: str
    tests: tuple[Mapping[str, Any], ...]
    note: str = ""


@dataclass(frozen=True)
class Evidence:
    """What one test says: a verdict, or None when it neither supports nor refutes; and why, in words and numbers.

    Attributes
    ----------
    test : how to see it again.
    """

    verdict: str | None
    words: str
    test: str = ""


@dataclass(frozen=True)
class Entry:
    """A claim with its evidence and the verdict computed from it."""

    claim: Claim
    evidence: tuple[Evidence, ...]

    @property
    def verdict(self) -> str:
        """The verdict that the evidence leaves; see `weakest`."""
        return weakest([one.verdict for one in self.evidence])


def weakest(verdicts: Sequence[str | None]) -> str:
    """Combine the verdicts of a claim's tests: a claim is reproduced when nothing speaks against it and something for.

    Order: contradicted by theory, not reproduced, cannot be tested, not yet run, undecided, reproduced; the first that
    occurs holds. When no test says anything, the claim cannot be tested.

    Examples
    --------
    >>> weakest([REPRODUCED, None]), weakest([REPRODUCED, NOT_RUN]), weakest([None])
    ('reproduced', 'not yet run at this scale', 'cannot be tested from what was published')
    """
    return next((verdict for verdict in _ORDER if verdict in verdicts), UNTESTABLE)
