"""What the stored curves behind the AdaLA paper's tables say of themselves, beside what its text says."""

from __future__ import annotations

from collections import Counter

from paper_figs.published_audit.files import equal_as_printed, in_a_file
from paper_figs.published_audit.finding import Finding, Material, verdict

__all__ = ["adala_notebook_maxima", "adala_three_runs", "adala_weight_decay"]

STATED_DECAY = 5e-4  # the text: "a weight decay of 5 x 10^-4 was used across all the optimizers"
_BASIS = "the papers' tables and {}"


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
        basis=_BASIS.format(m.released.basis),
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
        basis=_BASIS.format(m.released.basis),
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
        basis=_BASIS.format(m.released.basis),
        note="Figs. 1 and 2 are captioned mean and standard deviation; each stored curve of a rival is one run.",
    )  # fmt: skip
