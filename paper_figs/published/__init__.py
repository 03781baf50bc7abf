"""What the two papers print: every number of every table as typed, what the figures show, and what was released.

The numbers are data (``nala.toml``, ``adala.toml``, ``released.toml``); nothing here judges them.

>>> from paper_figs.published import table
>>> cell = table("nala", 2).cell("NALA", 0)
>>> cell.printed, cell.value, cell.readings
('12,00', None, (1200.0, 12000.0))
"""

from paper_figs.published.loading import PAPERS, figure, paper, table
from paper_figs.published.model import Cell, Column, Figure, Panel, Paper, Row, Table, TextSlip

__all__ = ["PAPERS", "Cell", "Column", "Figure", "Panel", "Paper", "Row", "Table", "TextSlip", "figure", "paper",
           "table"]  # fmt: skip
