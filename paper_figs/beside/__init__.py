"""Published beside measured: which runs stand for a printed number, what is measured of them, and how it is drawn.

>>> from paper_figs.beside import table_drawing
>>> drawing = table_drawing("nala", 6)
>>> drawing.table.columns[:2], drawing.table.rows[0][1]
(('ResNet-18', 'CIFAR-10, 70% accuracy: published'), '2,800')
"""

from paper_figs.beside.panels import epochs_drawing, training_drawing
from paper_figs.beside.runs import RECORDS, Runs, arms_of, pick
from paper_figs.beside.samples import samples_drawing
from paper_figs.beside.tables import beside, table_drawing

__all__ = ["RECORDS", "Runs", "arms_of", "beside", "epochs_drawing", "pick", "samples_drawing", "table_drawing",
           "training_drawing"]  # fmt: skip
