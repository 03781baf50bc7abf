"""Drive a torch optimizer with a NumPy gradient in float64 and log what a theorem speaks of.

The optimizer is given a closure. Every call of it is one gradient spent; where the weights stood then is the point it
was taken at. A hook on the inner optimizer notes the fast weights after each inner step, because at the end of the
inner loop the weights have moved on to y_t. Nothing is computed from the formulas that are to be checked.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from nala_lab.core import Array, OneLoop, TwoLoop, require_int
from nala_lab.drive.method import Method
from nala_lab.methods.table import OPTIMIZERS, torch_optimizer

__all__ = ["run"]

LIMIT = 1e100  # beyond it a run has diverged, as in the reference


class _Bench:
    """The weights, split over two tensors so that a loop over parameters is exercised, and the log."""

    def __init__(self, grad: Callable[..., Any], x0: Any, rng: np.random.Generator | None) -> None:
        x = np.array(x0, dtype=np.float64)
        half = (x.shape[-1] + 1) // 2
        parts = [part for part in (x[..., :half], x[..., half:]) if part.size]
        self.params = [torch.nn.Parameter(torch.from_numpy(part.copy())) for part in parts]
        self.cuts = [half] if len(parts) == 2 else []
        self.grad, self.rng = grad, rng
        self.points: list[Array] = []
        self.grads: list[Array] = []
        self.fast: list[Array] = []
        self.begun: list[int] = []  # gradients spent when each inner step of this cycle began

    def read(self) -> Array:
        return np.concatenate([p.detach().numpy().copy() for p in self.params], axis=-1)

    def closure(self) -> torch.Tensor:
        x = self.read()
        g = np.asarray(self.grad(x) if self.rng is None else self.grad(x, self.rng), dtype=np.float64)
        for p, part in zip(self.params, np.split(g, self.cuts, axis=-1), strict=True):
            p.grad = torch.from_numpy(part.copy())
        self.points.append(x)
        self.grads.append(g)
        return torch.zeros(())

    def build(self, method: Method) -> torch.optim.Optimizer:
        opt: torch.optim.Optimizer = torch_optimizer(method.name, self.params, **method.shared())
        inner = getattr(opt, "inner", None)
        if inner is not None:
            inner.register_step_post_hook(self._note_fast)
        return opt

    def _note_fast(self, inner: torch.optim.Optimizer, *_: Any) -> None:
        if getattr(inner, "phase", 0) == 0:  # an inner AdaLA standing at its probe has not finished its step
            self.fast.append(self.read())
            self.begun.append(len(self.grads))

    def step(self, opt: torch.optim.Optimizer, gradients: int) -> None:
        """One cycle, or one step of a method with one loop: until the optimizer is back at phase 0."""
        for _ in range(2 * gradients + 2):
            opt.step(self.closure)
            if _at_rest(opt):
                return
        raise RuntimeError(
            f"phase of {type(opt).__name__} did not return to 0 within {2 * gradients + 2} calls of step"
        )


def _at_rest(opt: torch.optim.Optimizer) -> bool:
    """True between two cycles, or steps; the inner optimizer may still stand at a probe when the outer phase is 0."""
    return all(getattr(o, "phase", 0) == 0 for o in (opt, getattr(opt, "inner", None)))


def run(
    method: Method,
    grad: Callable[..., Any],
    x0: Any,
    *,
    cycles: int | None = None,
    steps: int | None = None,
    rng: np.random.Generator | None = None,
) -> OneLoop | TwoLoop:
    """Run the torch twin of `method`; arguments and result as `nala_lab.reference.running`, float64 throughout.

    Raises
    ------
    ValueError
        Whatever the registry or the optimizer refuses.
    RuntimeError
        When the optimizer's phase never returns to 0.
    """
    bench = _Bench(grad, x0, rng)
    opt = bench.build(method)
    if "two loops" in OPTIMIZERS[method.name].traits:
        require_int("cycles", cycles, low=1, hint="the method has two loops: it runs for cycles")
        return _two_loops(method, bench, opt, int(cycles or 0))
    require_int("steps", steps, low=1, hint="the method has one loop: it runs for steps")
    return _one_loop(method, bench, opt, int(steps or 0))


def _ending(rows: Array) -> dict[str, Any]:
    """Outcome, and the first row that is not finite or above the limit of the reference's run."""
    with np.errstate(invalid="ignore"):
        lost = ~np.all(np.abs(rows) <= LIMIT, axis=tuple(range(1, rows.ndim)))
    if not np.any(lost):
        return {"outcome": "out of budget", "diverged_at": None}
    return {"outcome": "diverged", "diverged_at": int(np.argmax(lost))}


def _two_loops(method: Method, bench: _Bench, opt: Any, cycles: int) -> TwoLoop:
    k, nala = int(opt.hyper.k), method.name != "Lookahead"
    slow, evals = [bench.read()], [0]
    fast, inner_grads, lookahead, outer_grad = [], [], [], []
    for _ in range(cycles):
        bench.fast, bench.begun = [], [len(bench.grads)]
        bench.step(opt, 2 * k + 1)
        slow.append(bench.read())
        evals.append(len(bench.grads))
        fast.append(np.stack([slow[-2], *bench.fast]))
        inner_grads.append(np.stack([bench.grads[i] for i in bench.begun[:-1]]))
        lookahead.append(bench.points[-1] if nala else slow[-1])
        outer_grad.append(bench.grads[-1] if nala else np.zeros_like(slow[-1]))
    return TwoLoop(
        method=str(method),
        **_ending(np.stack(slow)),
        evals=np.array(evals),
        timesteps=k * np.arange(cycles + 1),
        k=k,
        slow=np.stack(slow),
        fast=np.stack(fast),
        lookahead=np.stack(lookahead),
        outer_grad=np.stack(outer_grad),
        inner_grads=np.stack(inner_grads),
    )


def _one_loop(method: Method, bench: _Bench, opt: Any, steps: int) -> OneLoop:
    x, evals = [bench.read()], [0]
    for _ in range(steps):
        bench.step(opt, 2)
        x.append(bench.read())
        evals.append(len(bench.grads))
    firsts, lasts = np.array(evals[:-1]), np.array(evals[1:]) - 1
    points, grads = np.stack(bench.points), np.stack(bench.grads)
    probed = bool(np.any(firsts != lasts))
    return OneLoop(
        method=str(method),
        **_ending(np.stack(x)),
        evals=np.array(evals),
        timesteps=np.arange(steps + 1),
        x=np.stack(x),
        grads=grads[firsts],
        points=points[firsts],
        probes=points[lasts] if probed else None,
        probe_grads=grads[lasts] if probed else None,
    )
