"""Figures and tables of the two papers and of our own runs, and the records they read.

A figure is a pure function of records, or of the NumPy twin on an analytic problem; nothing here trains or loads torch.
``python -m paper_figs`` renders all of them. Records of training runs are JSON-lines files in ``records/``.
"""

from paper_figs.figures import FIGURES, Figure, drawing_of

__all__ = ["FIGURES", "Figure", "drawing_of"]
