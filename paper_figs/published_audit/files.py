"""Which printed numbers can be computed again from what was released, and what the stored curves say of themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

from paper_figs.published import Cell, Paper
from paper_figs.published.released import Log, Released
from paper_figs.published_audit.finding import USUAL, Finding, Material, number_in, verdict

__all__ = ["adabelief_maxima", "adala_notebook_maxima", "adala_rows_no_file", "adala_three_runs", "adala_weight_decay",
           "fid_no_file", "released_files", "table_2_first_records", "table_4_first_records"]  # fmt: skip

STATED_DECAY = 5e-4  # the AdaLA paper: "a weight decay of 5 x 10^-4 was used across all the optimizers"


def in_a_file(cell: Cell, paper: Paper, released: Released) -> float | None:
    """Give the number that a released file holds for the run of a cell; None where no file was released.

    Examples
    --------
    >>> from paper_figs.published_audit.finding import material
    >>> m = material()
    >>> [in_a_file(m.nala.table(1).cell(row, 1), m.nala, m.released) for row in ("NALA", "SGD")]
    [0.9453125, None]
    """
    column = cell.column
    if paper.key == "adala":
        curve = released.curve(column.model, cell.row)
        return None if curve is None else curve.best
    varied = paper.table(cell.table).varied
    usual = float(cell.row) == USUAL[varied] if varied else cell.row == paper.subject
    log = next((one for one in released.logs if (one.model, one.dataset) == (column.model, column.dataset)), None)
    return None if log is None or not usual else _of_log(cell, log)


def _of_log(cell: Cell, log: Log) -> float | None:
    if cell.column.quantity == "timesteps":
        target = cell.column.target
        return None if target is None else float(log.first.get(target, "nan"))
    return log.best_loss if cell.column.quantity == "loss" else log.best_accuracy


def equal_as_printed(cell: Cell, number: float) -> bool:
    """Say whether a number, rounded to the printed digits, is a reading of the cell.

    Examples
    --------
    >>> from paper_figs.published import table
    >>> equal_as_printed(table("adala", 3).cell("AdaBelief", 0), 84.20621731268858)
    True
    """
    _, _, decimals = cell.printed.removesuffix("%").partition(".")
    return round(number, len(decimals)) in cell.readings


def _covered(m: Material, paper: Paper) -> Iterator[tuple[Cell, float]]:
    for table in paper.tables:
        for cell in table.cells():
            number = in_a_file(cell, paper, m.released)
            if number is not None:
                yield cell, number


def released_files(m: Material) -> Finding:
    """For each table: numbers, cells whose run has a released file, and cells whose number is in that file."""
    rows = {}
    for paper in (m.nala, m.adala):
        covered = list(_covered(m, paper))
        for table in paper.tables:
            of_table = [(cell, number) for cell, number in covered if cell.table == table.number]
            rows[f"{paper.subject} Table {table.number}"] = {
                "numbers": sum(bool(cell.readings) for cell in table.cells()),
                "with a file": len(of_table),
                "equal to the file": sum(equal_as_printed(*one) for one in of_table),
            }
    numbers = sum(row["numbers"] for row in rows.values())
    equal = sum(row["equal to the file"] for row in rows.values())
    return Finding(
        statement="Less than half of the numbers in the two papers' tables are in a released file.",
        verdict=verdict(2 * equal < numbers),
        numbers={"numbers": numbers, "with a file": sum(row["with a file"] for row in rows.values()),
                 "equal to the file": equal, "each": rows},
        where=("NALA Tables 1-9", "AdaLA Tables 2-4"),
        basis=f"the papers' tables and {m.released.basis}",
        note="NALA: four logs of NALA with LeNet-5 and AlexNet; nothing of its rivals or of ResNet-18. AdaLA: 51 "
        "curves of the AdaBelief repository; nothing of AdaLA, and nothing for Table 4.",
    )  # fmt: skip


def _first_records(m: Material, number: int, model: str) -> dict[str, dict[str, object]]:
    rows: dict[str, dict[str, object]] = {}
    for cell in m.nala.table(number).row(m.nala.subject).cells:
        first = m.released.log(model, cell.column.dataset).first
        step = first.get(cell.column.target or 0.0)
        rows[cell.column.name] = {"printed": cell.printed, "in the log": step, "equal": step in cell.readings}
    return rows


def table_2_first_records(m: Material) -> Finding:
    """NALA's row of Table 2 against the first records of the log that Table 1's row equals."""
    rows = _first_records(m, 2, "LeNet-5")
    return Finding(
        statement="None of the timesteps printed for NALA in Table 2 is the first record of its log that reaches the "
        "accuracy, although Table 1 prints the best records of these logs.",
        verdict=verdict(not any(row["equal"] for row in rows.values()) and _table_1_equals_the_logs(m)),
        numbers=rows,
        where=("NALA Table 2, NALA row (line 206)", "NALA Table 1, NALA row (line 196)"),
        basis=f"the papers' tables and {m.released.basis}",
    )


def _table_1_equals_the_logs(m: Material) -> bool:
    cells = m.nala.table(1).row(m.nala.subject).cells
    numbers = [in_a_file(cell, m.nala, m.released) for cell in cells]
    return all(number in cell.readings for cell, number in zip(cells, numbers, strict=True))


def table_4_first_records(m: Material) -> Finding:
    """NALA's row of Table 4 against the first records of its logs."""
    rows = _first_records(m, 4, "AlexNet")
    return Finding(
        statement="Every timestep printed for NALA in Table 4 is the first record of its log that reaches the "
        "accuracy.",
        verdict=verdict(all(row["equal"] for row in rows.values())),
        numbers=rows,
        where=("NALA Table 4, NALA row (line 262)",),
        basis=f"the papers' tables and {m.released.basis}",
        note="The first time that a single batch reaches it: the mean may do so later.",
    )


def adabelief_maxima(m: Material) -> Finding:
    """Tables 2 and 3 of the AdaLA paper against the best epochs of the AdaBelief repository's stored curves."""
    covered = [(cell, number) for cell, number in _covered(m, m.adala)]
    off = {cell.place: (cell.printed, round(number, 3)) for cell, number in covered
           if not equal_as_printed(cell, number)}  # fmt: skip
    largest = max(abs(number - (cell.value or 0)) for cell, number in covered)
    others = [cell for number in (2, 3) for cell in m.adala.table(number).cells() if cell.row != m.adala.subject]
    return Finding(
        statement="Every number of Tables 2 and 3 outside the AdaLA rows that has a stored curve in the AdaBelief "
        "repository is, within 0.02, the best epoch on the test set of that one run.",
        verdict=verdict(largest <= 0.02),
        numbers={"cells outside the AdaLA rows": len(others), "with a stored curve": len(covered),
                 "not equal as printed": off, "largest difference": round(largest, 4)},
        where=("AdaLA Tables 2 and 3 (lines 82-90, 104-112)", "AdaLA, three runs (line 71)"),
        basis=f"the papers' tables and {m.released.basis}",
    )  # fmt: skip


def adala_rows_no_file(m: Material) -> Finding:
    """Whether any cell of the AdaLA rows has a released file."""
    cells = [cell for number in (2, 3, 4) for cell in m.adala.table(number).row(m.adala.subject).cells]
    found = [cell.place for cell in cells if in_a_file(cell, m.adala, m.released) is not None]
    facts = m.released.facts
    return Finding(
        statement="No number in the AdaLA rows of Tables 2, 3 and 4 can be computed again from a released file.",
        verdict=verdict(not found and facts["adala_curve_files"] == 0),
        numbers={"cells": len(cells), "with a file": found, "stored curves of AdaLA": facts["adala_curve_files"],
                 "epochs in the saved output of the notebook that uses AdaLA": facts["adala_epochs_saved"],
                 "its test accuracies, %": facts["adala_test_range"], "ResNet34 in Table 2": cells[1].printed},
        where=("AdaLA Tables 2, 3, 4, AdaLA rows (lines 91, 113, 187)",),
        basis=f"the papers' tables and {m.released.basis}",
        note="These rows stand beside our numbers as published; they are not a target.",
    )  # fmt: skip


def fid_no_file(m: Material) -> Finding:
    """Table 4 of the AdaLA paper: what it can be compared with."""
    table = m.adala.table(4)
    gains = {}
    for i, column in enumerate(table.columns):
        ours, theirs = (number_in(table.cell(row, i)) for row in (m.adala.subject, "AdaBelief"))
        gains[column.name] = {"AdaBelief - AdaLA": round(theirs - ours, 2), "in %": round(100 * (1 - ours / theirs), 1)}
    found = [cell.place for cell in table.cells() if in_a_file(cell, m.adala, m.released) is not None]
    return Finding(
        statement="No number of Table 4 (FID) can be computed again from a released file, and none has a spread.",
        verdict=verdict(not found and not any("±" in cell.printed for cell in table.cells())),
        numbers={"cells": len(list(table.cells())), "with a file": found, "gain over AdaBelief": gains},
        where=("AdaLA Table 4 (lines 178-187)",),
        basis=f"the papers' tables and {m.released.basis}",
    )


def adala_notebook_maxima(m: Material) -> Finding:
    """What the released results notebook prints for AdaLA, beside Table 2's rows."""
    printed = m.released.facts["adala_printed_maxima"]
    table, rows = m.adala.table(2), {}
    for number, column in enumerate(table.columns):
        rows[column.name] = {"notebook, for AdaLA": printed[column.model],
                             "Table 2, AdaLA": table.cell(table.subject, number).value,
                             "Table 2, AdaBelief": table.cell("AdaBelief", number).value}  # fmt: skip
    shown = all(
        row["notebook, for AdaLA"] == row["Table 2, AdaBelief"] != row["Table 2, AdaLA"] for row in rows.values()
    )
    return Finding(
        statement="The maxima that the released results notebook prints for AdaLA are those of Table 2's AdaBelief "
        "row, not of its AdaLA row.",
        verdict=verdict(shown),
        numbers=rows,
        where=("AdaLA Table 2 (lines 90-91)",),
        basis=f"the papers' tables and {m.released.basis}",
    )


def adala_weight_decay(m: Material) -> Finding:
    """The weight decays in the names of the curves whose best epochs the tables print, beside the text's 5e-4."""
    decays: dict[str, Counter[str]] = {}
    for number in (2, 3):
        counter: Counter[str] = Counter()
        for cell in m.adala.table(number).cells():
            best = in_a_file(cell, m.adala, m.released)
            curve = m.released.curve(cell.column.model, cell.row)
            if best is not None and curve is not None and equal_as_printed(cell, best):
                counter[f"{curve.weight_decay:g}" if curve.weight_decay is not None else "none"] += 1
        decays[f"Table {number}"] = counter
    other = sum(count for one in decays.values() for name, count in one.items() if name != f"{STATED_DECAY:g}")
    return Finding(
        statement="The text gives one weight decay, 5e-4, for all optimizers; at least one number of Tables 2 and 3 is "
        "the best epoch of a curve whose file name gives another.",
        verdict=verdict(other > 0),
        numbers={"numbers with another weight decay": other,
                 "numbers by weight decay": {name: dict(one) for name, one in decays.items()}},
        where=("AdaLA, weight decay (line 57)", "AdaLA Tables 2 and 3 (lines 82-90, 104-112)"),
        basis=f"the papers' tables and {m.released.basis}",
        note="The names are those of the AdaBelief repository; they do not say what AdaLA was run with.",
    )  # fmt: skip


def adala_three_runs(m: Material) -> Finding:
    """Mean and spread of three runs are announced: whether a table prints a spread, and what one run's best gives."""
    cells = [cell for number in (2, 3, 4) for cell in m.adala.table(number).cells()]
    spreads = [cell.place for cell in cells if "±" in cell.printed]
    covered = [(cell, in_a_file(cell, m.adala, m.released)) for cell in cells]
    equal = sum(number is not None and equal_as_printed(cell, number) for cell, number in covered)
    lead = [abs(curve.best - curve.last) for curve in m.released.curves if curve.model in
            {column.model for column in m.adala.table(2).columns}]  # fmt: skip
    return Finding(
        statement="The text announces mean and standard deviation of three runs; no cell of Tables 2-4 prints a "
        "spread, and at least one number is the best epoch of a single run.",
        verdict=verdict(not spreads and equal > 0),
        numbers={"cells with a spread": spreads, "numbers equal to the best epoch of one run": equal,
                 "best epoch - last epoch, Table 2, points: mean, largest":
                 (round(sum(lead) / len(lead), 2), round(max(lead), 2))},
        where=("AdaLA, three runs (line 71)", "AdaLA Tables 2-4 (lines 82-91, 104-113, 178-187)"),
        basis=f"the papers' tables and {m.released.basis}",
        note="Figs. 1 and 2 are captioned mean and standard deviation; each stored curve of a rival is one run.",
    )  # fmt: skip
