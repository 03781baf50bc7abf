"""Published beside measured: which runs stand for a printed number, what is measured of them, and how it is drawn.

>>> from paper_figs.beside import table_drawing
>>> drawing = table_drawing("nala", 6)
>>> drawing.table.columns[:2], drawing.table.rows[0][1]
(('ResNet-18', 'CIFAR-10, 70% accuracy: published'), '2,800')
"""

from paper_figs.beside.figures import epochs_drawing as epochs_drawing
from paper_figs.beside.figures import training_drawing as training_drawing
from paper_figs.beside.runs import RECORDS as RECORDS
from paper_figs.beside.runs import Runs as Runs
from paper_figs.beside.runs import arms_of as arms_of
from paper_figs.beside.runs import pick as pick
from paper_figs.beside.samples import samples_drawing as samples_drawing
from paper_figs.beside.tables import beside as beside
from paper_figs.beside.tables import table_drawing as table_drawing

__all__ = [
    "RECORDS",
    "Runs",
    "arms_of",
    "beside",
    "epochs_drawing",
    "pick",
    "samples_drawing",
    "table_drawing",
    "training_drawing",
]
