r"""The losses of ResNet-18: cross-entropy of probabilities that were taken for logits.

With softmax applied twice and C classes, a confident right answer costs log(e + C - 1) - 1 and a confident wrong one
log(e + C - 1). For C = 10 therefore

    loss >= 1.461150   and, with confident outputs,   loss = 2.461150 - accuracy.              (1)
"""

from __future__ import annotations

import math
from collections.abc import Iterator

from paper_figs.published import Cell, Table
from paper_figs.published_audit.finding import USUAL, Finding, Material, verdict

__all__ = ["double_softmax", "double_softmax_sweeps", "floor", "residual"]

TABLE_5_WITHIN = 0.01
"""How close to the line (1) a printed pair must be; best loss and best accuracy need not be of the same batch, and
one image more or less moves the accuracy by 0.0039."""


def floor(classes: int = 10) -> float:
    """Give the lowest loss that a softmax of a softmax allows.

    Examples
    --------
    >>> round(floor(), 6)
    1.46115
    """
    return math.log(math.e + classes - 1) - 1


def residual(loss: float, accuracy: float, classes: int = 10) -> float:
    """Give the distance of a printed pair from the line (1).

    Examples
    --------
    >>> abs(residual(floor(), 1.0)) < 1e-15
    True
    """
    return loss - (floor(classes) + 1 - accuracy)


def _pairs(table: Table) -> Iterator[tuple[Cell, float, float]]:
    for row in table.rows:
        for loss, accuracy in zip(row.cells[::2], row.cells[1::2], strict=True):
            if loss.column.model == "ResNet-18" and loss.value is not None and accuracy.value is not None:
                yield loss, loss.value, accuracy.value


def double_softmax(m: Material) -> Finding:
    """The six pairs of Table 5 against floor and line."""
    pairs = list(_pairs(m.nala.table(5)))
    misses = {f"{cell.row}, {cell.column.dataset}": residual(loss, accuracy) for cell, loss, accuracy in pairs}
    above = all(loss > floor() for _, loss, _ in pairs)
    return Finding(
        statement=f"Every loss of Table 5 is above 1.46115 and within {TABLE_5_WITHIN} of 2.46115 - accuracy, as a "
        "cross-entropy of softmax outputs taken for logits.",
        verdict=verdict(above and all(abs(miss) <= TABLE_5_WITHIN for miss in misses.values())),
        numbers={"floor": round(floor(), 6), "lowest loss": min(loss for _, loss, _ in pairs),
                 "loss + accuracy - 2.46115": {name: round(miss, 6) for name, miss in misses.items()}},
        where=("NALA Table 5 (lines 308-310)", "NALA, standard cross-entropy (line 248)"),
        note="An inference from the numbers: the ResNet program is not among the released files.",
    )  # fmt: skip


def double_softmax_sweeps(m: Material) -> Finding:
    """The ResNet-18 rows of Tables 7-9 against the same line."""
    default: dict[str, float] = {}
    others: dict[str, float] = {}
    for number in (7, 8, 9):
        table = m.nala.table(number)
        for cell, loss, accuracy in _pairs(table):
            group = default if float(cell.row) == USUAL[table.varied] else others
            group[f"Table {number}, {table.varied} = {cell.row}"] = round(residual(loss, accuracy), 6)
    off = [name for name, miss in others.items() if abs(miss) > TABLE_5_WITHIN]
    near = all(abs(miss) <= TABLE_5_WITHIN for miss in default.values())
    return Finding(
        statement=f"In Tables 7-9 the default rows of ResNet-18 are within {TABLE_5_WITHIN} of that line, and at least "
        "one other row is not.",
        verdict=verdict(near and bool(off)),
        numbers={"default rows": default, "other rows": others, "other rows off the line": len(off),
                 "range": (min(others.values()), max(others.values()))},
        where=("NALA Tables 7, 8, 9, ResNet-18 & Fashion-MNIST (lines 324-352)",),
    )  # fmt: skip
