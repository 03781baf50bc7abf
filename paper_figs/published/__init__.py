"""What the two papers print: every number of every table as typed, what the figures show, and what was released.

The numbers are data (``nala.toml``, ``adala.toml``, ``released.toml``); nothing here judges them.

>>> from paper_figs.published import table
>>> cell = table("nala", 2).cell("NALA", 0)
>>> cell.printed, cell.value, cell.readings
('12,00', None, (1200.0, 12000.0))
"""

from paper_figs.published.loading import PAPERS as PAPERS
from paper_figs.published.loading import figure as figure
from paper_figs.published.loading import paper as paper
from paper_figs.published.loading import table as table
from paper_figs.published.model import Cell as Cell
from paper_figs.published.model import Column as Column
from paper_figs.published.model import Figure as Figure
from paper_figs.published.model import Panel as Panel
from paper_figs.published.model import Paper as Paper
from paper_figs.published.model import Row as Row
from paper_figs.published.model import Table as Table
from paper_figs.published.model import TextSlip as TextSlip

__all__ = [
    "PAPERS",
    "Cell",
    "Column",
    "Figure",
    "Panel",
    "Paper",
    "Row",
    "Table",
    "TextSlip",
    "figure",
    "paper",
    "table",
]
