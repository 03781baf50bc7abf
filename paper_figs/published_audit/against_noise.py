r"""Differences between printed numbers against the least noise that their metric must have.

Only the drawing of the batch is counted, so the noise is a lower bound: seeds add to it. For the difference of two
bests, each of one run, the standard deviation is sqrt(2) sd; a mean of two paired runs with Student's t (1 degree of
freedom, 95 %) is separated from 0 if it exceeds

    t(0.975, 1) sqrt(2) sd / sqrt(2) = 12.7 sd.                                                (1)
"""

from __future__ import annotations

import math

from scipy.special import stdtrit

from paper_figs.published import Table
from paper_figs.published_audit.finding import Finding, Material, number_in, verdict
from paper_figs.published_audit.maxima import implied_accuracy, mean_and_sd

__all__ = ["adala_against_test_noise", "differences_against_noise", "sweeps_against_noise"]

BEST_TABLES = (1, 3, 5)
TEST_IMAGES = 10_000
RANGE_95 = {3: 3.31, 5: 3.86}
"""95 % point of the range of n independent normal values, in their standard deviation; a test simulates it."""


def _accuracy_columns(table: Table) -> list[int]:
    return [i for i, column in enumerate(table.columns) if column.quantity == "accuracy"]


def noise_of_best(printed: float, records: int = 450) -> float:
    """Give the standard deviation of a best of `records` batches whose expectation is `printed`.

    Examples
    --------
    >>> round(noise_of_best(0.9453125), 4)
    0.006
    """
    return mean_and_sd(implied_accuracy(printed, records), records)[1]


def differences_against_noise(m: Material) -> Finding:
    """NALA against each rival in accuracy, in images of one batch and in standard deviations."""
    rows, above = {}, 0
    for n in BEST_TABLES:
        table = m.nala.table(n)
        for column in _accuracy_columns(table):
            cells = {row: number_in(cell) for row, cell in table.column(column).items()}
            sd = noise_of_best(cells[table.subject])
            for rival in table.rivals:
                gap = cells[table.subject] - cells[rival]
                above += int(abs(gap) > stdtrit(1, 0.975) * sd)
                rows[f"Table {n}, {table.columns[column].dataset}, NALA - {rival}"] = {
                    "gap": gap, "images of 256": gap * 256,
                    "in sd of the difference of two bests": round(gap / (math.sqrt(2) * sd), 2),
                    "needed with two seeds": round(float(stdtrit(1, 0.975)) * sd, 3),
                }  # fmt: skip
    near = sum(abs(row["in sd of the difference of two bests"]) < 2 for row in rows.values())
    return Finding(
        statement="Most differences in accuracy between NALA and its rivals in Tables 1, 3 and 5 are below what two "
        "seeds can tell from 0, even if the drawing of batches were the only noise.",
        verdict=verdict(2 * above < len(rows)),
        numbers={"differences": len(rows), "above the limit of two seeds": above,
                 "below 2 standard deviations of single runs": near, "each": rows},
        where=("NALA Tables 1, 3, 5 (lines 196-200, 254-256, 308-310)", "NALA, 2 random seeds (line 152)"),
        note="Student's t on 2 pairs, 95 %, not corrected for 16 comparisons. Below the limit means: these numbers do "
        "not tell. It does not mean that there is no difference.",
    )  # fmt: skip


def sweeps_against_noise(m: Material) -> Finding:
    """Tables 7-9: how much the accuracy varies over the settings, against the noise of a best record."""
    rows: dict[str, dict[str, float]] = {}
    for n in (7, 8, 9):
        table = m.nala.table(n)
        for column in _accuracy_columns(table):
            values = [number_in(cell) for cell in table.column(column).values()]
            spread = max(values) - min(values)
            name = f"Table {n}, {table.columns[column].head[0]}"
            rows[name] = {"best - worst": round(spread, 4), "limit": RANGE_95[len(values)],
                          "in sd of one best record": round(spread / noise_of_best(max(values)), 2)}  # fmt: skip
    above = [name for name, row in rows.items() if row["in sd of one best record"] > row["limit"]]
    return Finding(
        statement="In at least one column of Tables 7-9 the accuracy varies over the settings by more than the noise "
        "of a best record would explain.",
        verdict=verdict(bool(above)),
        numbers={"columns above the limit": above, "each": rows},
        where=("NALA Tables 7, 8, 9 (lines 324-352)",),
        note="Limit: 95 % point of the range of as many independent normal values. In a column below it the table "
        "shows neither sensitivity nor its absence. The ResNet-18 columns are not all shares of a batch.",
    )


def adala_against_test_noise(m: Material) -> Finding:
    """AdaLA against AdaBelief in Table 2, in standard deviations of an accuracy on 10,000 test images."""
    rows = {}
    for i, column in enumerate(m.adala.table(2).columns):
        ours, theirs = (number_in(m.adala.table(2).cell(row, i)) for row in (m.adala.subject, "AdaBelief"))
        sd = 100 * math.sqrt(2 * theirs / 100 * (1 - theirs / 100) / TEST_IMAGES)
        rows[column.name] = {"gap in points": round(ours - theirs, 2), "sd of a difference in points": round(sd, 3),
                             "gap in sd": round((ours - theirs) / sd, 2)}  # fmt: skip
    return Finding(
        statement="Each gap between AdaLA and AdaBelief in Table 2 is below one standard deviation of the difference "
        "of two accuracies on independent test sets of 10,000 images.",
        verdict=verdict(all(row["gap in sd"] < 1 for row in rows.values())),
        numbers=rows,
        where=("AdaLA Table 2 (lines 90-91)",),
        note="Both were measured on the same test set, where part of this noise cancels; the spread over seeds, "
        "which counts instead, is not printed.",
    )
