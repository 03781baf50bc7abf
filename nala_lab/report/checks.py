"""Run the theorem checks and put them into words."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from nala_lab.report.results import CheckRow, Part

__all__ = ["collect", "row", "words"]


def words(value: Any) -> str:
    """Write a predicted or measured value for a table cell: six digits, the ends of an array.

    Examples
    --------
    >>> words(0.123456789), words([1.0, 2.0, 4.0]), words(None), words("diverged")
    ('0.123457', '1 … 4 (3 values)', '–', 'diverged')
    """
    if value is None:
        return "–"
    if isinstance(value, str | bool):
        return str(value)
    array = np.ravel(np.asarray(value))
    if array.dtype.kind not in "biufc" or not array.size:
        return str(value)
    if array.size == 1:
        return f"{array[0]:.6g}"
    return f"{array[0]:.4g} … {array[-1]:.4g} ({array.size} values)"


def row(check: Any) -> CheckRow:
    """Turn a ``nala_lab.verify.Check`` into a row of the table; the verdict is the check's own."""
    return CheckRow(
        id=str(check.id),
        name=str(check.name),
        statement=str(check.statement),
        twin=str(check.twin),
        predicted=words(check.predicted),
        measured=words(check.measured),
        error=float(check.error),
        tolerance=float(check.tolerance),
        passed=check.verdict == "pass",
        cases=int(check.cases),
        message=str(check.message),
    )


def _run_all() -> Sequence[Any]:
    from tqdm import tqdm

    from nala_lab.verify import run_checks

    with tqdm(desc="checks", unit="row", disable=None) as bar:
        return run_checks(done=lambda check: bar.update())


def collect(run: Callable[[], Sequence[Any]] | None = None) -> Part:
    """Run every check; an exception becomes a failed part that says so, and the report goes on.

    Parameters
    ----------
    run : gives the checks; None runs those of ``nala_lab.verify``.
    """
    start = time.perf_counter()
    try:
        rows = tuple(row(check) for check in (run or _run_all)())
    except Exception as error:  # the other parts are still worth showing
        said = f"The checks could not be run: {type(error).__name__}: {error}"
        return Part(absent=said, failed=True, seconds=time.perf_counter() - start)
    absent = "" if rows else "nala_lab.verify lists no check."
    return Part(rows, absent=absent, failed=not rows, seconds=time.perf_counter() - start)
