"""The reproduction ledger: every claim of both papers and statements of our own, how each is tested, and what came out.

``ledger.toml`` lists claims and tests. Verdicts are computed here, never typed in. ``python -m paper_figs --ledger``
renders ``LEDGER.md``.

>>> from paper_figs.ledger import entry
>>> entry("N03").verdict
'reproduced'
"""

from paper_figs.ledger.judging import JUDGES, entries, entry, judge_claim
from paper_figs.ledger.loading import Ledger, load
from paper_figs.ledger.model import KINDS, VERDICTS, Claim, Entry, Evidence
from paper_figs.ledger.rendering import markdown, rows, write

__all__ = ["JUDGES", "KINDS", "VERDICTS", "Claim", "Entry", "Evidence", "Ledger", "entries", "entry", "judge_claim",
           "load", "markdown", "rows", "write"]  # fmt: skip
