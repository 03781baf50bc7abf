"""A/A tests: tables in which all optimizers are the same one, so that every verdict of a difference is false.

With a `gap` the first is really better than the others by that much.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from nala_lab.core.validate import require_int, require_number
from nala_lab.results.evidence.rule import BETTER, EQUIVALENT, UNDECIDED, WORSE, Rule, judge_table

__all__ = ["FalseAlarms", "a_a"]


@dataclass(frozen=True)
class FalseAlarms:
    """How often a rule gave which verdict.

    Attributes
    ----------
    tables : tables simulated.
    single : those whose first comparison had p <= error_rate, looked at alone.
    family : those in which at least one comparison was called "better" or "worse".
    equivalent, undecided : those in which the first comparison was called so.
    """

    tables: int
    single: int
    family: int
    equivalent: int
    undecided: int


def a_a(rng: np.random.Generator, rule: Rule, *, tables: int = 1000, optimizers: int = 10, seeds: int = 5,
        seed_sd: float = 3.0, noise_sd: float = 1.0, gap: float = 0.0) -> FalseAlarms:  # fmt: skip
    """Judge tables of one optimizer under several names: the first against each of the others.

    Entry (seed i, optimizer j) = S_i + e_ij with S ~ N(0, seed_sd^2) for what runs of a seed share (initial weights,
    order of the data) and e ~ N(0, noise_sd^2).

    Raises ValueError for sizes that are too small, ``seed_sd < 0`` or ``noise_sd <= 0``.

    Parameters
    ----------
    rng : a named stream.
    tables, optimizers, seeds : sizes; optimizers >= 2, seeds >= 2.
    seed_sd, noise_sd : spread between seeds, and within a seed.
    gap : added to the numbers of the first optimizer.

    Examples
    --------
    >>> from nala_lab.results.evidence import Rule, a_a
    >>> from nala_lab.core import stream
    >>> a_a(stream(0, "a_a example"), Rule(), tables=50).tables
    50
    """
    require_int("tables", tables, low=1)
    require_int("optimizers", optimizers, low=2)
    require_int("seeds", seeds, low=2)
    require_number("seed_sd", seed_sd, low=0)
    require_number("noise_sd", noise_sd, low=0, open_low=True)
    single = family = 0
    first = Counter[str]()
    for _ in range(tables):
        shared = rng.normal(0, seed_sd, (seeds, 1))
        runs = (shared + rng.normal(0, noise_sd, (seeds, optimizers))).T
        runs[0] += gap
        found = list(judge_table({str(j): (runs[0], runs[j]) for j in range(1, optimizers)}, rule).values())
        single += found[0].p <= rule.error_rate
        first[found[0].verdict] += 1
        family += any(one.verdict in (BETTER, WORSE) for one in found)
    return FalseAlarms(tables, int(single), family, first[EQUIVALENT], first[UNDECIDED])
