"""Run a method and keep what is wanted of it: one function for every method, one loop or two."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from nala_lab.core import Array, Trajectory, require, require_choice, require_int, require_number
from nala_lab.core.trajectory import KEEPS
from nala_lab.reference.arith import as_point
from nala_lab.reference.oracle import Oracle
from nala_lab.reference.recording import OneLoopRecord, TwoLoopRecord
from nala_lab.reference.rules import as_rule, begin, is_ours, is_two_loops, step_of
from nala_lab.reference.two_loop import cycle_of

__all__ = ["run"]


def run(
    method: Any,
    grad: Callable[..., Any],
    x0: Any,
    *,
    cycles: int | None = None,
    steps: int | None = None,
    rng: np.random.Generator | int | None = None,
    full_grad: Callable[[Array], Any] | None = None,
    tol: float | None = None,
    limit: float = 1e100,
    keep: str = "all",
    progress: bool = False,
) -> Any:
    """Run `method` from `x0` and return its Trajectory (OneLoop or TwoLoop).

    Parameters
    ----------
    method : a rule of ``nala_lab.reference``: NALA, Lookahead (two loops) or SGD ... AdaLA (one loop); or your own, see
    ``nala_lab.reference.rules``.
    grad : gradient, (..., d) to (..., d). With `rng` it is called as ``grad(x, rng)``. x is read-only
    there, and ``torch.from_numpy`` wants ``x.copy()``.
    x0 : start, shape (..., d); leading axes are an ensemble advanced together. Float64, or exact and symbolic entries.
    cycles : outer cycles, for a method with two loops. steps : steps, for a method with one loop.
    rng : generator of the mini-batches, or a seed for one. full_grad : gradient of the whole objective, for
    ``outer_batch="full"``.
    tol : end as "converged" when every entry of the last gradient spent in a step or cycle is at most this.
    limit : a member of the ensemble whose entries leave [-limit, limit] or are not numbers has diverged. The run goes
    on while another member lives.
    keep : ``"all"`` keeps every point and gradient, ``"slow"`` the iterates or slow weights and their costs, ``"last"``
    the last of them. The numbers are the same; see `nala_lab.core.trajectory.Trajectory` for the fields.
    progress : show a tqdm progress bar.

    Raises
    ------
    ValueError
        For a wrong argument. Divergence is no error: it is the trajectory's `outcome`.

    Examples
    --------
    >>> from nala_lab.reference import NALA, SGD
    >>> t = run(NALA(SGD(lr=0.1), k=5, mu=-0.5, alpha=0.01), lambda x: x, [1.0, -2.0], cycles=3)
    >>> t.slow.shape, t.fast.shape, t.grad_evals, t.outcome
    ((4, 2), (3, 6, 2), 18, 'out of budget')
    >>> run(SGD(lr=0.5), lambda x: x, [4.0], steps=2, keep="last").final
    array([1.])
    """
    rule = as_rule(method)
    two_loops = is_two_loops(rule)
    n = _require_length(two_loops, cycles, steps)
    require_number("limit", limit, low=0, open_low=True)
    if tol is not None:
        require_number("tol", tol, low=0)
    require_choice("keep", keep, KEEPS)
    x = as_point(x0)
    require("x0", x0, x.ndim >= 1, "shape (..., d)")
    require("x0", x0, bool(np.all(_inside(x, limit))), f"finite entries within limit = {limit:g}")
    x.setflags(write=False)
    oracle = Oracle(grad, rng, full_grad, keeps=keep == "all", guards=not is_ours(rule), shape=x.shape)
    watch = _Watch(tol, limit)
    oracle.seen = watch.see
    rows = _bar(range(1, n + 1), progress, "cycle" if two_loops else "step")
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # reported as the outcome instead
        state = begin(rule, x)
        if two_loops:
            return _run_two_loops(rule, oracle, state, rows, watch, TwoLoopRecord(keep, n, state.phi, rule.k))
        return _run_one_loop(rule, oracle, x, state, rows, watch, OneLoopRecord(keep, n, x))


def _require_length(two_loops: bool, cycles: int | None, steps: int | None) -> int:
    wanted, unwanted = ("cycles", "steps") if two_loops else ("steps", "cycles")
    values = {"cycles": cycles, "steps": steps}
    kind = "two loops: it runs for cycles" if two_loops else "one loop: it runs for steps"
    require(unwanted, values[unwanted], values[unwanted] is None, f"{unwanted} left out", f"the method has {kind}")
    require_int(wanted, values[wanted], low=1, hint=f"the method has {kind}")
    n = values[wanted]
    assert n is not None  # require_int has refused None
    return n


def _inside(x: Array, limit: float) -> Any:
    """(...,) whether all entries of each member are numbers within the limit; exact entries always are."""
    return np.all(np.abs(x) <= limit, axis=-1) if x.dtype != object else np.bool_(True)


class _Watch:
    """Decides when a run ends, and how."""

    def __init__(self, tol: float | None, limit: float) -> None:
        self.tol, self.limit = tol, limit
        self.outcome = "out of budget"
        self.diverged_at: int | None = None
        self.alive: Any = True  # (...,) members that stayed inside in this row
        # The sum of squares is one pass without a copy. Where it is this small no entry is outside, whatever was
        # rounded; otherwise, NaN included, every entry is looked at. A limit whose square is 0 always is.
        self._small = min(limit, 1e150) ** 2 / 4 if limit > 1e-150 else -1.0

    def see(self, x: Array) -> None:
        """Look whether a point of this row is still inside."""
        if x.dtype.hasobject:
            return
        size = x.dot(x) if x.ndim == 1 else np.vdot(x, x)
        if not size <= self._small:
            self.alive = self.alive & _inside(x, self.limit)

    def ends(self, row: int, last_gradient: Array) -> bool:
        """Say whether the run ends with this row; the next one begins with all members inside."""
        alive, self.alive = self.alive, True
        if alive is not True and not np.all(alive) and self.diverged_at is None:
            self.outcome, self.diverged_at = "diverged", row
        if self.diverged_at is not None:
            return not np.any(alive)
        if self.tol is not None and bool(np.all(np.abs(last_gradient) <= self.tol)):
            self.outcome = "converged"
            return True
        return False


def _run_one_loop(
    rule: Any, oracle: Oracle, x: Array, state: Any, rows: Iterator[int], watch: _Watch, record: OneLoopRecord
) -> Trajectory:
    step = step_of(rule, oracle)
    for row in rows:
        oracle.log.clear()
        oracle.first = None
        x, state = step(x, oracle, state)
        watch.see(x)
        record.step(x, oracle)
        if watch.ends(row, oracle.last):
            break
    return record.trajectory(rule, watch)


def _run_two_loops(
    rule: Any, oracle: Oracle, state: Any, rows: Iterator[int], watch: _Watch, record: TwoLoopRecord
) -> Trajectory:
    cycle_once = cycle_of(rule, oracle)
    for row in rows:
        oracle.log.clear()
        cycle = cycle_once(oracle, state)
        state = cycle.state
        for theta in cycle.fast[1:]:  # the first one is the phi of the cycle before
            watch.see(theta)
        watch.see(state.phi)
        record.cycle(cycle, oracle)
        if watch.ends(row, oracle.last):
            break
    return record.trajectory(rule, watch)


def _bar(rows: range, progress: bool, unit: str) -> Iterator[int]:
    if not progress:
        return iter(rows)
    from tqdm.auto import tqdm  # type: ignore[import-untyped, unused-ignore]

    return iter(tqdm(rows, unit=unit))
