"""Run a method and keep everything: one function for every method, one loop or two."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from nala_lab.core import Array, OneLoop, Trajectory, TwoLoop, require
from nala_lab.core.ending import LIMIT, Ending, inside, require_length
from nala_lab.reference.arith import as_point
from nala_lab.reference.oracle import Oracle, probe_rows
from nala_lab.reference.two_loop import Cycle

__all__ = ["run"]


def run(
    method: Any,
    grad: Callable[..., Any],
    x0: Any,
    *,
    cycles: int | None = None,
    steps: int | None = None,
    rng: np.random.Generator | None = None,
    full_grad: Callable[[Array], Any] | None = None,
    tol: float | None = None,
    limit: float = LIMIT,
    progress: bool = False,
) -> Any:
    """Run `method` from `x0` and return its Trajectory (OneLoop or TwoLoop).

    Parameters
    ----------
    method : a rule of ``nala_lab.reference``: NALA, Lookahead (two loops) or SGD ... AdaLA (one loop).
    grad : gradient, (..., d) to (..., d). With `rng` it is called as ``grad(x, rng)``.
    x0 : start, shape (..., d); leading axes are an ensemble advanced together. Float64, or exact and symbolic entries.
    cycles : outer cycles, for a method with two loops. steps : steps, for a method with one loop.
    rng : generator of the mini-batches. full_grad : gradient of the whole objective, for ``outer_batch="full"``.
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
    >>> from nala_lab.reference import run
    >>> from nala_lab.reference import NALA, SGD
    >>> t = run(NALA(SGD(lr=0.1), k=5, mu=-0.5, alpha=0.01), lambda x: x, [1.0, -2.0], cycles=3)
    >>> t.slow.shape, t.fast.shape, t.grad_evals, t.outcome
    ((4, 2), (3, 6, 2), 18, 'out of budget')
    """
    two_loops = callable(getattr(method, "cycle", None))
    one_loop = callable(getattr(method, "step", None))
    ok = (two_loops or one_loop) and not isinstance(method, type)
    require("method", method, ok, "an instance from nala_lab.reference", "such as Adam(lr=1e-3)")
    n = require_length(two_loops, cycles, steps)
    ending = Ending(tol, limit)
    x = as_point(x0)
    require("x0", x0, x.ndim >= 1, "shape (..., d)")
    require("x0", x0, bool(np.all(inside(x, limit))), f"finite entries within limit = {limit:g}")
    oracle = Oracle(grad, rng=rng, full_grad=full_grad)
    rows = _bar(range(1, n + 1), progress, "cycle" if two_loops else "step")
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # reported as the outcome instead
        loop = _run_two_loops if two_loops else _run_one_loop
        return loop(method, oracle, x, rows, ending)


def _run_one_loop(method: Any, oracle: Oracle, x: Array, rows: Iterator[int], ending: Ending) -> Trajectory:
    state = method.init(x)
    xs, evals, firsts, lasts = [x], [0], [], []
    for row in rows:
        mark = len(oracle.log)
        x, state = method.step(x, oracle, state)
        xs.append(x)
        evals.append(oracle.evals)
        firsts.append(oracle.log[mark])
        lasts.append(oracle.log[-1] if len(oracle.log) > mark + 1 else None)
        if ending.comes(row, [x], oracle.log[-1].gradient):
            break
    return OneLoop(
        method=repr(method),
        outcome=ending.outcome,
        diverged_at=ending.diverged_at,
        evals=np.array(evals),
        timesteps=np.arange(len(xs)),
        x=np.stack(xs),
        grads=np.stack([spent.gradient for spent in firsts]),
        points=np.stack([spent.point for spent in firsts]),
        **probe_rows(lasts, x),
    )


def _run_two_loops(method: Any, oracle: Oracle, x: Array, rows: Iterator[int], ending: Ending) -> Trajectory:
    state = method.init(x)
    slow, evals = [state.phi], [0]
    done: list[Cycle] = []
    for row in rows:
        cycle = method.cycle(oracle, state)
        state = cycle.state
        slow.append(state.phi)
        evals.append(oracle.evals)
        done.append(cycle)
        if ending.comes(row, [*cycle.fast, state.phi], oracle.log[-1].gradient):
            break
    return TwoLoop(
        method=repr(method),
        outcome=ending.outcome,
        diverged_at=ending.diverged_at,
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
