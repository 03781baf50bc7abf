"""The one table of figures: a row for each drawing, with the function that draws it and what it is asked for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from paper_figs.drawing import Drawing

__all__ = ["FIGURES", "Figure", "drawing_of"]


@dataclass(frozen=True)
class Figure:
    """A row: `draw` is "module:function" below ``paper_figs``, a string, so that listing the table loads nothing."""

    draw: str
    arguments: Mapping[str, Any] = field(default_factory=dict)

    def drawing(self, **more: Any) -> Drawing:
        """Draw it; `more` is handed on, a ``folder`` of records for instance."""
        module, _, function = self.draw.partition(":")
        drawing: Drawing = getattr(import_module(f"paper_figs.{module}"), function)(**self.arguments, **more)
        return drawing


def _curves(number: int, printed: int, **more: Any) -> Figure:
    return Figure("beside.panels:training_drawing", {"number": number, "printed": printed, **more})


def _epochs(number: int, printed: int) -> Figure:
    return Figure("beside.panels:epochs_drawing", {"number": number, "printed": printed})


def _samples(number: int, column: int) -> Figure:
    return Figure("beside.samples:samples_drawing", {"number": number, "column": column})


def _table(paper: str, number: int, **more: Any) -> Figure:
    return Figure("beside.tables:table_drawing", {"paper": paper, "number": number, **more})


FIGURES: dict[str, Figure] = {
    "family_map": Figure("family_map:draw"),
    "results_cifar10": Figure("results_images:draw", {"task": "lenet5-cifar10"}),
    "results_fashion_mnist": Figure("results_images:draw", {"task": "lenet5-fashion-mnist"}),
    "lenet5_as_published": Figure("results_lenet5:draw_published"),
    "lenet5_tuned": Figure("results_lenet5:draw_tuned"),
    "side_by_side_nala": Figure("side_by_side_nala:draw"),
    "side_by_side_adala": Figure("side_by_side_adala:draw"),
    "nala_fig1": Figure("nala_fig1:draw"),
    "nala_fig2": _curves(2, 1),
    "nala_fig3": _curves(3, 3),
    "nala_fig4": _curves(4, 5, twice=True),
    **{f"nala_table{n}": _table("nala", n) for n in (1, 2, 3, 4)},
    **{f"nala_table{n}": _table("nala", n, twice=True) for n in (5, 6)},
    **{f"nala_table{n}": _table("nala", n) for n in (7, 8, 9)},
    "adala_fig1": _epochs(1, 2),
    "adala_fig2": _epochs(2, 3),
    "adala_fig3": _samples(3, 0),
    "adala_fig4": _samples(4, 1),
    "adala_table1": Figure("beside.tables:setup_drawing"),
    **{f"adala_table{n}": _table("adala", n) for n in (2, 3, 4)},
}
"""Name -> row, in the order in which they are drawn."""


def drawing_of(name: str) -> Drawing:
    """Draw the figure called `name`.

    Raises ValueError for a name that is not in FIGURES, listing those that are.

    Examples
    --------
    >>> [name for name in FIGURES if name.startswith("nala_fig")]
    ['nala_fig1', 'nala_fig2', 'nala_fig3', 'nala_fig4']
    >>> drawing_of("nala_table1").table.rows[0][:2]
    ('NALA', '0.182860419')
    """
    from nala_lab.core import require_choice

    require_choice("figure", name, tuple(FIGURES))
    return FIGURES[name].drawing()
