"""The reproduction ledger: every claim of both papers and statements of our own, how each is tested, and what came out.

``ledger.toml`` lists claims and tests. Verdicts are computed here, never typed in. ``python -m paper_figs --ledger``
renders ``LEDGER.md``.

>>> from paper_figs.ledger import entry
>>> entry("N03").verdict
'reproduced'
"""

from paper_figs.ledger.judging import JUDGES as JUDGES
from paper_figs.ledger.judging import entries as entries
from paper_figs.ledger.judging import entry as entry
from paper_figs.ledger.judging import judge_claim as judge_claim
from paper_figs.ledger.loading import Ledger as Ledger
from paper_figs.ledger.loading import load as load
from paper_figs.ledger.model import KINDS as KINDS
from paper_figs.ledger.model import VERDICTS as VERDICTS
from paper_figs.ledger.model import Claim as Claim
from paper_figs.ledger.model import Entry as Entry
from paper_figs.ledger.model import Evidence as Evidence
from paper_figs.ledger.rendering import markdown as markdown
from paper_figs.ledger.rendering import rows as rows
from paper_figs.ledger.rendering import write as write

__all__ = ["JUDGES", "KINDS", "VERDICTS", "Claim", "Entry", "Evidence", "Ledger", "entries", "entry", "judge_claim",
           "load", "markdown", "rows", "write"]  # fmt: skip
