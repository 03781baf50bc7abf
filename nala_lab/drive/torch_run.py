"""Drive a torch optimizer with a NumPy gradient in float64 and log what a theorem speaks of.

The optimizer is given a closure. Every call of it is one gradient spent; where the weights stood then is the point it
was taken at. A hook on the inner optimizer notes the fast weights after each inner step, because at the end of the
inner loop the weights have moved on to y_t. Nothing is computed from the formulas that are to be checked.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from itertools import pairwise
from typing import Any

import numpy as np
import torch

from nala_lab.core import Array, OneLoop, TwoLoop, require
from nala_lab.core.ending import LIMIT, Ending, inside, require_length
from nala_lab.drive.method import Method
from nala_lab.methods.making import torch_twin
from nala_lab.reference.arith import as_point
from nala_lab.reference.oracle import Oracle, Spent

__all__ = ["Bench", "made_by", "run", "two_loops"]

MOST_CALLS = 10_000  # of step() in one cycle: an optimizer that has not come back to its start by then never will


class Bench:
    """The weights and the log. `whole`: one tensor, as somebody would write it, for a method that looks at all of it;
    otherwise they are split over two, so that a loop over parameters is exercised.
    """

    def __init__(self, oracle: Oracle, x0: Array, *, whole: bool) -> None:
        half = x0.shape[-1] if whole else (x0.shape[-1] + 1) // 2
        parts = [part for part in (x0[..., :half], x0[..., half:]) if part.size]
        self.params = [torch.nn.Parameter(torch.from_numpy(part.copy())) for part in parts]
        self.cuts = [half] if len(parts) == 2 else []
        self.oracle = oracle
        self.fast: list[Array] = []
        self.begun: list[int] = []  # gradients spent when each inner step of this cycle began
        self._again = False

    @property
    def log(self) -> list[Spent]:
        """Every gradient spent, and where."""
        return self.oracle.log

    def read(self) -> Array:
        """The weights, in one array."""
        return np.concatenate([p.detach().numpy().copy() for p in self.params], axis=-1)

    def closure(self) -> torch.Tensor:
        """One gradient; a second one within a call of ``step()`` is of the same mini-batch."""
        x = self.read()
        g = np.asarray(self.oracle.again(x) if self._again else self.oracle(x), dtype=np.float64)
        self._again = True
        for p, part in zip(self.params, np.split(g, self.cuts, axis=-1), strict=True):
            p.grad = torch.from_numpy(part.copy())
        return torch.full((), torch.nan)  # no loss is known: one number for all would tell L-BFGS that it has converged

    def build(self, method: Method | Callable[[list[Any]], Any]) -> Any:
        """The optimizer of these weights; its inner steps are noted."""
        if isinstance(method, Method):
            opt = torch_twin(method.name, self.params, **method.shared())
        else:
            opt = made_by(method, self.params)
        if two_loops(opt):
            opt.inner.register_step_post_hook(self._note_fast)
        return opt

    def _note_fast(self, inner: torch.optim.Optimizer, *_: Any) -> None:
        if not _at_probe(inner):
            self.fast.append(self.read())
            self.begun.append(len(self.log))

    def step(self, opt: torch.optim.Optimizer, *, settled: bool = False) -> None:
        """One cycle, or one step of a method with one loop: until the optimizer is back at phase 0.

        `settled`: until a wrapped one with two loops is at phase 0 as well.
        """
        spent, self.fast, self.begun = self.oracle.evals, [], [len(self.log)]
        for _ in range(MOST_CALLS):
            self._again = False
            opt.step(self.closure)
            inner = getattr(opt, "inner", None)  # it may still stand at a probe when the outer phase is 0
            if getattr(opt, "phase", 0) == 0 and not (getattr(inner, "phase", 0) if settled else _at_probe(inner)):
                break
        else:
            raise RuntimeError(f"phase of {type(opt).__name__} is not 0 after {MOST_CALLS} calls of step")
        require("method", type(opt).__name__, self.oracle.evals > spent, "an optimizer whose step calls the closure")


def made_by(factory: Callable[[list[Any]], Any], params: list[Any]) -> Any:
    """Give the optimizer that a factory makes of `params`.

    Raises
    ------
    ValueError
        In one sentence, when it makes none, or one whose step takes no closure.
    """
    name: str = getattr(factory, "__name__", type(factory).__name__)
    try:
        opt = factory(params)
    except Exception as error:  # whatever its author raises
        said = " ".join(str(error).split())
        raise ValueError(f"{name} must be made of a list of parameters, got {said}") from error
    kind = type(opt).__name__
    require("method", kind, isinstance(opt, torch.optim.Optimizer), "a factory of torch optimizers", f"{name} made it")
    search = next((group["line_search_fn"] for group in opt.param_groups if group.get("line_search_fn")), None)
    require("line_search_fn", search, search is None, "None", "a run knows gradients, and no loss to search by")
    try:
        inspect.signature(opt.step).bind(None)
    except TypeError:
        require("method", kind, False, "an optimizer with step(closure)", "step(self, closure=None), as torch has it")
    return opt


def _at_probe(inner: Any) -> bool:
    """Whether a wrapped optimizer has not finished its step, as AdaLA standing at its probe."""
    told = getattr(inner, "next_gradient", None)
    return bool(told == "probe" if told is not None else getattr(inner, "phase", 0) != 0)


def two_loops(opt: Any) -> bool:
    """True for the lab's optimizers with two loops, and for those that show theirs in the same way."""
    return hasattr(opt, "slow_weights") and isinstance(getattr(opt, "inner", None), torch.optim.Optimizer)


def run(method: Method | Callable[[list[Any]], Any], grad: Callable[..., Any], x0: Any, *, cycles: int | None = None,
        steps: int | None = None, rng: np.random.Generator | None = None, tol: float | None = None,
        limit: float = LIMIT) -> OneLoop | TwoLoop:  # fmt: skip
    """Run the torch twin of `method`, or the optimizer that a factory makes of a list of parameters.

    Arguments and result as `nala_lab.reference.run`, float64 throughout.

    Raises
    ------
    ValueError
        Whatever the table or the optimizer refuses.
    RuntimeError
        When the optimizer's phase never returns to 0.
    """
    x = as_point(x0).astype(np.float64)
    ending = Ending(tol, limit)
    fits = x.ndim >= 1 and bool(np.all(inside(x, ending.limit)))
    require("x0", x0, fits, f"(..., d) finite entries within {ending.limit:g}")
    bench = Bench(Oracle(grad, rng=rng), x, whole=not isinstance(method, Method))
    opt = bench.build(method)
    variant = getattr(getattr(opt, "hyper", None), "variant", "paper")
    hint = "a run would not show y_t: no call ends there"
    require("variant", variant, variant == "paper", "'paper' by the torch twin", hint)
    cycles_through = two_loops(opt)
    rows = range(1, require_length(cycles_through, cycles, steps) + 1)
    name = str(method) if isinstance(method, Method) else type(opt).__name__
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):  # reported as the outcome instead
        if not cycles_through:
            return _run_one_loop(name, bench, opt, rows, ending)
        return _run_two_loops(name, bench, opt, rows, ending)


def _run_two_loops(name: str, bench: Bench, opt: Any, rows: range, ending: Ending) -> TwoLoop:
    slow, evals = [bench.read()], [0]
    fast, inner_grads, lookahead, outer_grad = [], [], [], []
    for row in rows:
        bench.step(opt)
        slow.append(bench.read())
        evals.append(len(bench.log))
        fast.append(np.stack([slow[-2], *bench.fast]))
        inner_grads.append(np.stack([bench.log[i].gradient for i in bench.begun[:-1]]))
        outer = bench.log[-1] if len(bench.log) > bench.begun[-1] else Spent(slow[-1], np.zeros_like(slow[-1]))
        lookahead.append(outer.point)
        outer_grad.append(outer.gradient)
        for theta in (*bench.fast, slow[-1]):
            ending.see(theta)
        if ending.comes(row, bench.log[-1].gradient):
            break
    k = len(inner_grads[0])
    return TwoLoop(method=name, outcome=ending.outcome, diverged_at=ending.diverged_at, evals=np.array(evals),
                   timesteps=k * np.arange(len(slow)), k=k, slow=np.stack(slow), fast=np.stack(fast),
                   lookahead=np.stack(lookahead), outer_grad=np.stack(outer_grad),
                   inner_grads=np.stack(inner_grads))  # fmt: skip


def _run_one_loop(name: str, bench: Bench, opt: Any, rows: range, ending: Ending) -> OneLoop:
    x, evals = [bench.read()], [0]
    for row in rows:
        bench.step(opt)
        x.append(bench.read())
        evals.append(len(bench.log))
        ending.see(x[-1])
        if ending.comes(row, bench.log[-1].gradient):
            break
    firsts = [bench.log[i] for i in evals[:-1]]
    lasts = [bench.log[i - 1] if i - before > 1 else None for before, i in pairwise(evals)]
    return OneLoop(method=name, outcome=ending.outcome, diverged_at=ending.diverged_at, evals=np.array(evals),
                   timesteps=np.arange(len(x)), x=np.stack(x), grads=np.stack([spent.gradient for spent in firsts]),
                   points=np.stack([spent.point for spent in firsts]), **_probe_rows(lasts, x[0]))  # fmt: skip


def _probe_rows(lasts: list[Spent | None], like: Array) -> dict[str, Array | None]:
    """A trajectory's `probes` and `probe_grads`: NaN for a step without a second gradient, None when none had one."""
    if all(spent is None for spent in lasts):
        return {"probes": None, "probe_grads": None}
    pairs = zip(*(spent or (np.full_like(like, np.nan),) * 2 for spent in lasts), strict=True)
    return dict(zip(("probes", "probe_grads"), map(np.stack, pairs), strict=True))
