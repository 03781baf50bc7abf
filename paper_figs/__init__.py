"""Figures and tables of the two papers and of our own runs: one file each, and the records they read.

A figure is a pure function of records, or of the NumPy twin on an analytic problem; nothing here trains or loads torch.
``python -m paper_figs`` renders all of them. Records of training runs are JSON-lines files in ``records/``.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paper_figs.drawing import Drawing

__all__ = ["FIGURES", "drawing_of"]

FIGURES: dict[str, str] = {
    "family_map": "paper_figs.family_map:draw",
    "fig01_trajectories": "paper_figs.fig01_trajectories:draw",
    "results_fashion_mnist": "paper_figs.results_fashion_mnist:draw",
}
"""Figure name -> "module:function" that draws it; strings, so that listing them loads nothing."""


def drawing_of(name: str) -> "Drawing":
    """Draw the figure called `name`.

    Raises
    ------
    ValueError
        For a name that is not in FIGURES, listing those that are.

    Examples
    --------
    >>> sorted(FIGURES)
    ['family_map', 'fig01_trajectories', 'results_fashion_mnist']
    """
    from nala_lab.core import require_choice

    require_choice("figure", name, tuple(FIGURES))
    module, _, function = FIGURES[name].partition(":")
    drawing: Drawing = getattr(import_module(module), function)()
    return drawing
