"""How long a run is, and how it ends: one rule for every driver and both twins."""

from __future__ import annotations

from numbers import Real
from typing import Any

import numpy as np

from nala_lab.core.trajectory import Array
from nala_lab.core.validate import require, require_int, require_number

__all__ = ["LIMIT", "Ending", "inside", "require_length"]

_SERIAL = 10_000  # entries; for more of them BLAS starts threads, which wait for each other on a machine that is busy
LIMIT = 1e100  # a run whose entries leave [-LIMIT, LIMIT] has diverged, long before float64 overflows


def require_length(two_loops: bool, cycles: int | None, steps: int | None) -> int:
    """Give the number of rows that a run has: cycles of a method with two loops, else steps.

    Raises ValueError when the other one is given, or the number is no positive integer.

    Examples
    --------
    >>> require_length(True, 3, None)
    3
    """
    wanted, unwanted = ("cycles", "steps") if two_loops else ("steps", "cycles")
    values = {"cycles": cycles, "steps": steps}
    kind = "two loops: it runs for cycles" if two_loops else "one loop: it runs for steps"
    require(unwanted, values[unwanted], values[unwanted] is None, f"{unwanted} left out", f"the method has {kind}")
    require_int(wanted, values[wanted], low=1, hint=f"the method has {kind}")
    n = values[wanted]
    assert n is not None  # require_int has refused None
    return n


def inside(x: Array, limit: float = LIMIT) -> Any:
    """Say for each member, (...,), whether all its entries are numbers within the limit; a symbol always is."""
    if x.dtype == object:
        x = np.reshape([not isinstance(v, Real) or bool(abs(v) <= limit) for v in x.flat], x.shape)  # type: ignore[operator]
        return np.all(x, axis=-1)
    return np.all(np.abs(x) <= limit, axis=-1)


class Ending:
    """Decides when a run ends, and how.

    Raises ValueError for a limit or a tolerance out of range.

    Parameters
    ----------
    tol : "converged" when every entry of the last gradient of a row is at most this; None never is.
    limit : "diverged" when an entry of an iterate of a row (x, or theta and phi; not y or a probe on the way) leaves
        [-limit, limit] or is no number. The run goes on while another member of the ensemble lives.
    """

    def __init__(self, tol: float | None = None, limit: float = LIMIT) -> None:
        require_number("limit", limit, low=0, open_low=True)
        if tol is not None:
            require_number("tol", tol, low=0)
        self.tol, self.limit = tol, float(limit)
        self.outcome = "out of budget"
        self.diverged_at: int | None = None
        self._alive: Any = True  # (...,) members that stayed inside in this row
        # The sum of squares is one pass without a copy. Where it is this small no entry is outside, whatever was
        # rounded; otherwise, NaN included, every entry is looked at. A limit whose square is 0 always is.
        self._small = min(self.limit, 1e150) ** 2 / 4 if self.limit > 1e-150 else -1.0

    def see(self, x: Array) -> None:
        """Look whether a point of this row is still inside."""
        if x.dtype.hasobject:
            fine: Any = False
        elif x.size > _SERIAL:
            fine = x.min() >= -self.limit and x.max() <= self.limit
        else:
            fine = (x.dot(x) if x.ndim == 1 else np.vdot(x, x)) <= self._small
        if not fine:
            self._alive = self._alive & inside(x, self.limit)

    def comes(self, row: int, last_gradient: Array) -> bool:
        """Say whether the run ends with this row, counted from 1; the next one begins with all members inside."""
        alive, self._alive = self._alive, True
        if alive is not True and not np.all(alive) and self.diverged_at is None:
            self.outcome, self.diverged_at = "diverged", row
        if self.diverged_at is not None:
            return not np.any(alive)
        if self.tol is not None and bool(np.all(np.abs(last_gradient) <= self.tol)):
            self.outcome = "converged"
            return True
        return False
