"""The registry of checks, and the loop that runs them and never raises."""

from __future__ import annotations

import traceback
from collections.abc import Callable, Collection
from dataclasses import dataclass
from importlib import import_module
from pkgutil import iter_modules

import numpy as np

from nala_lab.core import require, require_int
from nala_lab.drive import TWINS, available_twins
from nala_lab.verify.tally import Check

__all__ = ["CHECKS", "Entry", "check", "load_checks", "run_checks"]

CheckFunction = Callable[[str, int], list[Check]]


@dataclass(frozen=True)
class Entry:
    """A registered check: theorem, function name, twins it speaks of, and the function (twin, seed) -> rows.

    A thorough one takes its time, and is run only when asked for.
    """

    id: str
    name: str
    twins: tuple[str, ...]
    function: CheckFunction
    thorough: bool = False


CHECKS: list[Entry] = []


def check(
    id: str, twins: tuple[str, ...] = TWINS, *, thorough: bool = False
) -> Callable[[CheckFunction], CheckFunction]:
    """Register a check function (twin, seed) -> list of Check under a theorem's number."""

    def register(function: CheckFunction) -> CheckFunction:
        CHECKS.append(Entry(id, function.__name__, twins, function, thorough))
        return function

    return register


def load_checks() -> list[Entry]:
    """Import every file of `nala_lab.verify.checks` and return what they registered, in the order of the numbers.

    Examples
    --------
    >>> from nala_lab.verify import load_checks
    >>> {"T01", "T12"} <= {entry.id for entry in load_checks()}
    True
    """
    package = import_module("nala_lab.verify.checks")
    for module in iter_modules(package.__path__, prefix=f"{package.__name__}."):
        import_module(module.name)
    return sorted(CHECKS, key=lambda entry: entry.id)


def run_checks(only: Collection[str] | None = None, seed: int = 0, *, twins: Collection[str] | None = None,
               thorough: bool = False, done: Callable[[Check], None] | None = None) -> list[Check]:  # fmt: skip
    """Run the checks and return the rows; a check that raises becomes a failed row with the message.

    Parameters
    ----------
    only : theorem numbers, as ``["T01", "T12"]``; None runs all.
    seed : of the named streams that random settings are drawn from.
    twins : ``"numpy"``, ``"torch"`` or both; None runs those that are installed.
    thorough : also the checks that draw many settings from the whole legal range, and long Monte Carlo ones.
    done : called with each row as it comes, for progress.

    Raises
    ------
    ValueError
        For an unknown theorem, an unknown twin or a bad seed; where no check asked for speaks of a twin asked for.

    Examples
    --------
    >>> from nala_lab.verify import run_checks
    >>> [row.verdict for row in run_checks(["T27"], twins=["numpy"])]
    ['pass', 'pass']
    """
    require_int("seed", seed, low=0)
    entries = load_checks()
    known = sorted({entry.id for entry in entries})
    if only is not None:
        unknown = sorted(set(only) - set(known))
        good = not unknown and bool(only)
        require("only", unknown[0] if unknown else only, good, f"one or more of {', '.join(known)}")
        entries = [entry for entry in entries if entry.id in set(only)]
    entries = [entry for entry in entries if thorough or not entry.thorough]
    wanted = available_twins() if twins is None else tuple(twins)
    unknown = sorted(set(wanted) - set(TWINS))
    require("twins", twins, bool(wanted) and not unknown, f"some of {', '.join(TWINS)}")
    pairs = [(entry, twin) for entry in entries for twin in entry.twins if twin in wanted]
    require("only", only, bool(pairs), f"one with a check for {' or '.join(wanted)}")  # of no row all would pass
    rows: list[Check] = []
    for entry, twin in pairs:
        for row in _guarded(entry, twin, seed):
            rows.append(row)
            if done is not None:
                done(row)
    return rows


def _guarded(entry: Entry, twin: str, seed: int) -> list[Check]:
    try:
        with np.errstate(all="ignore"):  # what overflows or is no number fails its row
            rows = entry.function(twin, seed)
    except Exception as error:  # a broken optimizer may raise anything, and the table must say so
        last = traceback.extract_tb(error.__traceback__)[-1]
        where = f"{last.filename.replace(chr(92), '/').rsplit('/', 1)[-1]}:{last.lineno}"
        return [Check.failed(entry.id, entry.name, twin, f"{type(error).__name__}: {error} ({where})")]
    return rows or [Check.failed(entry.id, entry.name, twin, "the check returned no row")]
