"""How numbers are printed: the images an accuracy is out of, and the strings that break the format of their column."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from paper_figs.published import Cell
from paper_figs.published_audit.finding import USUAL, Finding, Material, number_in, verdict

__all__ = ["accuracies_over_256", "denominators", "last_digits", "mean_of_two_seeds", "typing_slips"]

BATCH = 256
DENOMINATORS = (*range(1, 2001), 10_000, 50_000, 60_000)
"""Every batch up to 2,000 images, and the sizes of the test and training sets."""

ROUNDING = 0.51e-8
"""Half a unit of the eighth decimal, the last one printed, and a little for the binary form of a tie."""


def denominators(value: float, candidates: tuple[int, ...] = DENOMINATORS) -> list[int]:
    """Give those of `candidates` over which a whole number of images gives `value` as printed, to 8 decimals.

    Examples
    --------
    >>> denominators(0.9453125)[:3], denominators(0.98106825)
    ([128, 256, 384], [])
    """
    n = np.array(candidates)
    near = np.abs(np.rint(value * n) / n - value) <= ROUNDING
    return [int(one) for one in n[near]]


def accuracy_cells(m: Material) -> Iterator[Cell]:
    """Give every accuracy of the NALA paper's tables."""
    for table in m.nala.tables:
        yield from table.cells("accuracy")


def _is_default(m: Material, cell: Cell) -> bool:
    table = m.nala.table(cell.table)
    return not table.varied or float(cell.row) == USUAL[table.varied]


def accuracies_over_256(m: Material) -> Finding:
    """Which accuracies are whole numbers of correct images out of 256, the batch, and which are of no such kind."""
    cells = list(accuracy_cells(m))
    others = [cell for cell in cells if BATCH * number_in(cell) % 1]
    expected = [
        cell for cell in cells
        if m.nala.table(cell.table).varied and cell.column.model == "ResNet-18" and not _is_default(m, cell)
    ]  # fmt: skip
    placed = [cell.place for cell in others if denominators(number_in(cell))]
    return Finding(
        statement="Every accuracy is a whole number of correct images out of one batch of 256, except those of "
        "ResNet-18 in Tables 7-9 outside the default rows; these are a fraction of no n up to 2,000, nor of 10,000, "
        "50,000 or 60,000.",
        verdict=verdict(others == expected and not placed),
        numbers={
            "accuracies": len(cells),
            "of 256": len(cells) - len(others),
            "not of 256": {cell.place: f"{cell.printed} = {BATCH * number_in(cell):.3f} / 256" for cell in others},
            "not of 256, but of a smaller or larger whole number": placed,
        },
        where=("NALA Tables 1, 3, 5, 7, 8, 9 (lines 196-352)", "NALA, batches of 256 images (line 152)"),
    )


def last_digits(m: Material) -> Finding:
    """On what the eight decimals of the other accuracies end."""
    others = [cell for cell in accuracy_cells(m) if BATCH * number_in(cell) % 1]
    ends = [cell.printed[-1] for cell in others]
    share = 0.2 ** len(ends)  # two of ten digits, if the last one were any with equal chance
    return Finding(
        statement="The eight decimals of every accuracy that is not a multiple of 1/256 end in 0 or 5.",
        verdict=verdict(set(ends) <= {"0", "5"} if ends else None),
        numbers={"accuracies": len(ends), "last digits": "".join(ends), "chance if digits were random": share},
        where=("NALA Tables 7, 8, 9, ResNet-18 & Fashion-MNIST (lines 324-352)",),
        note="Multiples of 1/256 end so too; means of them need not.",
    )


def mean_of_two_seeds(m: Material) -> Finding:
    """Whether the accuracies can be means over the two seeds that the text names."""
    one_each = {}
    for cell in accuracy_cells(m):
        row = m.nala.subject if m.nala.table(cell.table).varied else cell.row
        one_each[cell.column.model, cell.column.dataset, cell.printed, row] = number_in(cell)
    # An odd multiple of 1/512 has nine decimals, so that its printed form is rounded.
    halves = [value for value in one_each.values() if denominators(value, (2 * BATCH,))]
    odd = [value for value in halves if round(2 * BATCH * value) % 2]
    chance = 0.5 ** len(halves)
    return Finding(
        statement="The accuracies are of single batches: a mean over two batches, one a seed, would be an odd multiple "
        "of 1/512 about every second time, and none is.",
        verdict=verdict(not odd and chance < 1e-3),
        numbers={"different accuracies on the grid of 1/512": len(halves), "odd multiples": len(odd),
                 "chance if they were means of two": chance},
        where=("NALA, 2 random seeds (line 152)", "NALA Tables 1, 3, 5, 7, 8, 9 (lines 196-352)"),
        note="It does not say which of two runs is printed, nor whether there were two.",
    )  # fmt: skip


def typing_slips(m: Material) -> Finding:
    """Find every cell that is not written as the others of its kind, and list the slips of the text."""
    cells, text = {}, {}
    for paper in (m.nala, m.adala):
        for table in paper.tables:
            for cell in table.cells():
                usual = paper.formats.get(cell.column.quantity, ".*")
                if not re.fullmatch(usual, cell.printed):
                    cells[cell.place] = {"printed": cell.printed, "may stand for": list(cell.readings)}
        for slip in paper.text_slips:
            lines = ", ".join(map(str, slip.lines))
            text[f"{paper.key} (line {lines})"] = f'"{slip.printed}": {slip.note}'
    open_ = [place for place, one in cells.items() if len(one["may stand for"]) > 1]
    return Finding(
        statement="At least one cell is printed so that it may stand for two numbers.",
        verdict=verdict(bool(open_)),
        numbers={"cells in an unusual format": cells, "of them with two readings": open_, "slips of the text": text},
        where=("NALA Table 2 (lines 206, 209, 210)", "NALA Table 5 (line 310)"),
    )
