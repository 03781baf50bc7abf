"""Figures and tables of the two papers and of our own runs: one file each, and the records they read.

A figure is a pure function of records, or of the NumPy twin on an analytic problem; nothing here trains or loads torch.
``python -m paper_figs`` renders all of them. Records of training runs are JSON-lines files in ``records/``.
"""

from importlib import import_module
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from paper_figs.drawing import Drawing

__all__ = ["FIGURES", "drawing_of"]

_NAMES = (
    "family_map",
    "results_fashion_mnist",
    "side_by_side_nala",
    "side_by_side_adala",
    *(f"nala_fig{n}" for n in range(1, 5)),
    *(f"nala_table{n}" for n in range(1, 10)),
    *(f"adala_fig{n}" for n in range(1, 5)),
    *(f"adala_table{n}" for n in range(1, 5)),
)

FIGURES: dict[str, str] = {name: f"paper_figs.{name}:draw" for name in _NAMES}
"""Figure name -> "module:function" that draws it; strings, so that listing them loads nothing."""


def drawing_of(name: str) -> "Drawing":
    """Draw the figure called `name`.

    Raises
    ------
    ValueError
        For a name that is not in FIGURES, listing those that are.

    Examples
    --------
    >>> [name for name in FIGURES if name.startswith("nala_fig")]
    ['nala_fig1', 'nala_fig2', 'nala_fig3', 'nala_fig4']
    >>> drawing_of("nala_table1").table.rows[0][:2]
    ('NALA', '0.182860419')
    """
    from nala_lab.core import require_choice

    require_choice("figure", name, tuple(FIGURES))
    module, _, function = FIGURES[name].partition(":")
    drawing: Drawing = getattr(import_module(module), function)()
    return drawing
