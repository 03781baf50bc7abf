"""Run a method and keep everything: one function for every method, one loop or two."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from nala_lab.core import Array, OneLoop, Trajectory, TwoLoop, require, require_int, require_number
from nala_lab.reference.arith import as_point
from nala_lab.reference.oracle import Oracle
from nala_lab.reference.two_loop import Cycle

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
    progress: bool = False,
) -> Any:
    """Run `method` from `x0` and return its Trajectory (OneLoop or TwoLoop).

    Parameters
    ----------
    method : a rule of ``nala_lab.reference``: NALA, Lookahead (two loops) or SGD ... AdaLA (one loop).
    grad : gradient, (..., d) to (..., d). With `rng` it is called as ``grad(x, rng)``.
    x0 : start, shape (..., d); leading axes are an ensemble advanced together. Float64, or exact and symbolic entries.
    cycles : outer cycles, for a method with two loops. steps : steps, for a method with one loop.
    rng : generator of the mini-batches, or a seed for one. full_grad : gradient of the whole objective, for
    ``outer_batch="full"``.
    tol : end as "converged" when every entry of the last gradient spent in a step or cycle is at most this.
    limit : a member of the ensemble whose entries leave [-limit, limit] or are not numbers has diverged. The run goes
    on while another member lives.
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
    """
    two_loops = callable(getattr(method, "cycle", None))
    one_loop = callable(getattr(method, "step", None))
    ok = (two_loops or one_loop) and not isinstance(method, type)
    require("method", method, ok, "an instance from nala_lab.reference", "such as Adam(lr=1e-3)")
    n = _require_length(two_loops, cycles, steps)
    require_number("limit", limit, low=0, open_low=True)
    if tol is not None:
        require_number("tol", tol, low=0)
    x = as_point(x0)
    require("x0", x0, x.ndim >= 1, "shape (..., d)")
    require("x0", x0, bool(np.all(_inside(x, limit))), f"finite entries within limit = {limit:g}")
    oracle = Oracle(grad, rng=rng, full_grad=full_grad)
    watch = _Watch(tol, limit)
    rows = _bar(range(1, n + 1), progress, "cycle" if two_loops else "step")
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # reported as the outcome instead
        loop = _run_two_loops if two_loops else _run_one_loop
        return loop(method, oracle, x, rows, watch)


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

    def ends(self, row: int, points: list[Array], last_gradient: Array) -> bool:
        alive = np.logical_and.reduce([_inside(x, self.limit) for x in points])
        if not np.all(alive) and self.diverged_at is None:
            self.outcome, self.diverged_at = "diverged", row
        if self.diverged_at is not None:
            return not np.any(alive)
        if self.tol is not None and bool(np.all(np.abs(last_gradient) <= self.tol)):
            self.outcome = "converged"
            return True
        return False


def _run_one_loop(method: Any, oracle: Oracle, x: Array, rows: Iterator[int], watch: _Watch) -> Trajectory:
    state = method.init(x)
    xs, evals, firsts, lasts = [x], [0], [], []
    for row in rows:
        mark = len(oracle.log)
        x, state = method.step(x, oracle, state)
        xs.append(x)
        evals.append(oracle.evals)
        firsts.append(oracle.log[mark])
        lasts.append(oracle.log[-1])
        probed = len(oracle.log) > mark + 1
        if watch.ends(row, [x], lasts[-1].gradient):
            break
    return OneLoop(
        method=repr(method),
        outcome=watch.outcome,
        diverged_at=watch.diverged_at,
        evals=np.array(evals),
        timesteps=np.arange(len(xs)),
        x=np.stack(xs),
        grads=np.stack([spent.gradient for spent in firsts]),
        points=np.stack([spent.point for spent in firsts]),
        probes=np.stack([spent.point for spent in lasts]) if probed else None,
        probe_grads=np.stack([spent.gradient for spent in lasts]) if probed else None,
    )


def _run_two_loops(method: Any, oracle: Oracle, x: Array, rows: Iterator[int], watch: _Watch) -> Trajectory:
    state = method.init(x)
    slow, evals = [state.phi], [0]
    done: list[Cycle] = []
    for row in rows:
        cycle = method.cycle(oracle, state)
        state = cycle.state
        slow.append(state.phi)
        evals.append(oracle.evals)
        done.append(cycle)
        if watch.ends(row, [*cycle.fast, state.phi], oracle.log[-1].gradient):
            break
    return TwoLoop(
        method=repr(method),
        outcome=watch.outcome,
        diverged_at=watch.diverged_at,
        evals=np.array(evals),
        timesteps=method.k * np.arange(len(slow)),
        k=method.k,
        slow=np.stack(slow),
        fast=np.stack([np.stack(c.fast) for c in done]),
        lookahead=np.stack([c.y for c in done]),
        outer_grad=np.stack([c.outer_grad for c in done]),
        inner_grads=np.stack([np.stack(c.inner_grads) for c in done]),
    )


def _bar(rows: range, progress: bool, unit: str) -> Iterator[int]:
    if not progress:
        return iter(rows)
    from tqdm.auto import tqdm  # type: ignore[import-untyped, unused-ignore]

    return iter(tqdm(rows, unit=unit))
