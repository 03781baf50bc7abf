"""Run a method and keep what is wanted of it: one function for every method, one loop or two."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

import numpy as np

from nala_lab.core import Array, Trajectory, require, require_choice
from nala_lab.core.ending import LIMIT, Ending, inside, require_length
from nala_lab.core.progress import bar
from nala_lab.core.trajectory import KEEPS
from nala_lab.reference.arith import as_point
from nala_lab.reference.oracle import Oracle
from nala_lab.reference.recording import OneLoopRecord, TwoLoopRecord
from nala_lab.reference.rules import as_rule, begin, is_ours, is_two_loops, step_of
from nala_lab.reference.two_loop import cycle_of

__all__ = ["run"]


def run(method: Any, grad: Callable[..., Any], x0: Any, *, cycles: int | None = None, steps: int | None = None,
        rng: np.random.Generator | int | None = None, full_grad: Callable[[Array], Any] | None = None,
        tol: float | None = None, limit: float = LIMIT, keep: str = "all", progress: bool = False) -> Any:  # fmt: skip
    """Run `method` from `x0` and return its Trajectory (OneLoop or TwoLoop).

    Raises ValueError for a wrong argument. Divergence is no error: it is the trajectory's `outcome`.

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
    limit : a member of the ensemble has diverged when entries of its iterates (x, or theta and phi; not y or a probe on
    the way) leave [-limit, limit] or are not numbers. The run goes on while another member lives.
    keep : ``"all"`` keeps every point and gradient, ``"slow"`` the iterates or slow weights and their costs, ``"last"``
    the last of them. The numbers are the same; see `nala_lab.core.trajectory.Trajectory` for the fields.
    progress : show a tqdm progress bar.

    Examples
    --------
    >>> from nala_lab.reference import NALA, SGD, run
    >>> t = run(NALA(SGD(lr=0.1), k=5, mu=-0.5, alpha=0.01), lambda x: x, [1.0, -2.0], cycles=3)
    >>> t.slow.shape, t.fast.shape, t.grad_evals, t.outcome
    ((4, 2), (3, 6, 2), 18, 'out of budget')
    >>> run(SGD(lr=0.5), lambda x: x, [4.0], steps=2, keep="last").final
    array([1.])
    """
    rule = as_rule(method)
    two_loops = is_two_loops(rule)
    n = require_length(two_loops, cycles, steps)
    ending = Ending(tol, limit)
    require_choice("keep", keep, KEEPS)
    x = as_point(x0)
    require("x0", x0, x.ndim >= 1, "shape (..., d)")
    require("x0", x0, bool(np.all(inside(x, ending.limit))), f"finite entries within limit = {ending.limit:g}")
    x.setflags(write=False)
    oracle = Oracle(grad, rng, full_grad, keeps=keep == "all", guards=not is_ours(rule), shape=x.shape)
    oracle.seen = ending.see
    unit = "cycle" if two_loops else "step"
    rows = bar(range(1, n + 1), always=True, unit=unit) if progress else range(1, n + 1)
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # reported as the outcome instead
        state = begin(rule, x)
        if two_loops:
            return _run_two_loops(rule, oracle, state, rows, ending, TwoLoopRecord(keep, n, state.phi, rule.k))
        return _run_one_loop(rule, oracle, x, state, rows, ending, OneLoopRecord(keep, n, x))


def _run_one_loop(
    rule: Any, oracle: Oracle, x: Array, state: Any, rows: Iterable[int], ending: Ending, record: OneLoopRecord
) -> Trajectory:
    step = step_of(rule, oracle)
    for row in rows:
        oracle.log.clear()
        oracle.first = None
        x, state = step(x, oracle, state)
        ending.see(x)
        record.step(x, oracle)
        if ending.comes(row, oracle.last):
            break
    return record.trajectory(rule, ending)


def _run_two_loops(
    rule: Any, oracle: Oracle, state: Any, rows: Iterable[int], ending: Ending, record: TwoLoopRecord
) -> Trajectory:
    cycle_once = cycle_of(rule, oracle)
    for row in rows:
        oracle.log.clear()
        cycle = cycle_once(oracle, state)
        state = cycle.state
        for theta in cycle.fast[1:]:  # the first one is the phi of the cycle before
            ending.see(theta)
        ending.see(state.phi)
        record.cycle(cycle, oracle)
        if ending.comes(row, oracle.last):
            break
    return record.trajectory(rule, ending)
