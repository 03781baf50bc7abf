"""What a timestep costs: the gradient that the outer step adds, and the second gradient of a look-ahead."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import product

from paper_figs.published import Cell, Table
from paper_figs.published_audit.finding import Finding, Material, verdict

__all__ = ["adala_cost", "comparisons", "gradients", "log_resolution", "timesteps_in_gradients"]

STEP_TABLES = (2, 4, 6)


def gradients(table: Table, row: str, timesteps: float) -> float:
    """Give the gradient evaluations of a number of timesteps: (k + 1) / k of it for NALA, as many for the others.

    Examples
    --------
    >>> from paper_figs.published import table
    >>> gradients(table("nala", 2), "NALA", 12_100), gradients(table("nala", 2), "Adam", 12_500)
    (14520.0, 12500.0)
    """
    k = table.setting["k"]
    return timesteps * (k + 1) / k if row == table.subject else float(timesteps)


def _sooner(table: Table, ours: Cell, theirs: Cell, in_gradients: bool) -> str:
    """Say who needs less; "undecided" where a misprinted cell leaves both open."""

    def cost(cell: Cell) -> list[float]:
        read = cell.readings or (float("inf"),)
        return [gradients(table, cell.row, steps) if in_gradients else steps for steps in read]

    said = {ours.row if a < b else theirs.row if b < a else "equal" for a, b in product(cost(ours), cost(theirs))}
    return said.pop() if len(said) == 1 else "undecided"


def comparisons(table: Table, *, in_gradients: bool) -> dict[str, str]:
    """Give, for each column and rival, who reaches the accuracy sooner.

    Examples
    --------
    >>> from paper_figs.published import table
    >>> where = "CIFAR-10, 90% accuracy: Adam"
    >>> [comparisons(table("nala", 2), in_gradients=flag)[where] for flag in (False, True)]
    ['NALA', 'Adam']
    """
    return dict(_comparisons(table, in_gradients))


def _comparisons(table: Table, in_gradients: bool) -> Iterator[tuple[str, str]]:
    for number, column in enumerate(table.columns):
        cells = table.column(number)
        for rival in table.rivals:
            yield f"{column.name}: {rival}", _sooner(table, cells[table.subject], cells[rival], in_gradients)


def timesteps_in_gradients(m: Material) -> Finding:
    """Tables 2, 4 and 6 restated in gradient evaluations: which comparisons change."""
    changed: dict[str, str] = {}
    restated = {}
    count = {"timesteps": {m.nala.subject: 0, "rival": 0, "equal": 0, "undecided": 0}}
    count["gradients"] = dict(count["timesteps"])
    for number in STEP_TABLES:
        table = m.nala.table(number)
        steps, grads = (comparisons(table, in_gradients=flag) for flag in (False, True))
        for unit, said in (("timesteps", steps), ("gradients", grads)):
            for one in said.values():
                count[unit][one if one in count[unit] else "rival"] += 1
        name = f"Table {number}, {table.corner}"
        changed |= {f"{name}, {where}": f"{steps[where]} -> {grads[where]}" for where in steps
                    if steps[where] != grads[where]}  # fmt: skip
        restated[name] = {
            cell.column.name: [round(gradients(table, cell.row, steps)) for steps in cell.readings]
            for cell in table.row(table.subject).cells
        }
    return Finding(
        statement="Counted in gradient evaluations, (k + 1) / k a timestep for NALA, at least one comparison of "
        "Tables 2, 4 and 6 has another winner than in timesteps.",
        verdict=verdict(bool(changed)),
        numbers={"first to the accuracy": count, "changed": changed, "NALA in gradients": restated},
        where=("NALA Tables 2, 4, 6 (lines 206-210, 262-264, 316-318)", "NALA, O((k+1)/k) operations (line 135)"),
        note="An accuracy never reached counts as later than any; a misprinted cell counts with all its readings.",
    )


def log_resolution(m: Material) -> Finding:
    """Whether the printed timesteps are those of a log with one record in 100 steps, and how long a run is."""
    facts = m.released.facts
    cells = [cell for number in STEP_TABLES for cell in m.nala.table(number).cells("timesteps")]
    off = [cell.place for cell in cells if any(step % facts["log_every"] for step in cell.readings)]
    epochs = facts["timesteps"] * facts["batch"] / facts["train_images"]
    return Finding(
        statement="Every printed number of timesteps is a multiple of 100, the distance of two records, so that a "
        "difference of 100 cannot be told from none.",
        verdict=verdict(not off),
        numbers={"cells": len(cells), "of them no multiple of 100": off,
                 "of them never reached": sum(not cell.readings for cell in cells),
                 "records in a run": facts["timesteps"] // facts["log_every"], "epochs in a run": epochs},
        where=("NALA, recorded at every 100 timesteps (line 154)", "NALA, 230 epochs (line 152)"),
        basis=f"the papers' tables and {m.released.basis}",
    )  # fmt: skip


def adala_cost(m: Material) -> Finding:
    """Whether a table of the AdaLA paper counts what the second gradient of every step costs."""
    quantities = sorted({column.quantity for table in m.adala.tables for column in table.columns})
    counted = [name for name in quantities if name in ("timesteps", "gradients", "seconds", "epochs")]
    return Finding(
        statement="No table of the AdaLA paper states gradients, steps, epochs or time, although every step of AdaLA "
        "needs two gradients where its rivals need one.",
        verdict=verdict(not counted),
        numbers={"what the tables count": quantities, "gradients per step": {m.adala.subject: 2, "AdaBelief": 1},
                 "AdaLA's gradients in 100 epochs of its GAN runs, in epochs of a rival": 200},
        where=("AdaLA Tables 2, 3, 4 (lines 82-91, 104-113, 178-187)", "AdaLA, longer training (line 199)",
               "AdaLA, 100 epochs (line 119)"),
    )  # fmt: skip
