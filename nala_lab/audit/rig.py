"""The test bench: a small network, batches that depend on their number only, and given gradients."""

from __future__ import annotations

import copy
import random  # noqa: TID251 - some strangers draw from it
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

import numpy as np
import torch

from nala_lab.audit.subject import Subject
from nala_lab.core import stream

__all__ = ["WARM", "batch", "calls", "closure_of", "coins", "copied", "draws_put_back", "drive", "flat", "identical",
           "leaves", "matrices_only", "network", "same_weights", "start", "tensors", "train", "trained",
           "worst"]  # fmt: skip


WARM = 20  # further calls, for methods that stand still at first, as a rectified Adam does for five steps
_MATRICES: ContextVar[bool] = ContextVar("matrices", default=False)


@contextmanager
def matrices_only(wanted: bool) -> Iterator[None]:
    """Inside, `network` has no biases and `start` is a matrix of one row: for Muon, which takes nothing else."""
    before = _MATRICES.set(wanted)
    try:
        yield
    finally:
        _MATRICES.reset(before)


def network(dtype: torch.dtype = torch.float64) -> torch.nn.Module:
    """Two layers whose numbers come from a named stream."""
    bias = not _MATRICES.get()
    layers = torch.nn.Linear(3, 4, bias=bias), torch.nn.Tanh(), torch.nn.Linear(4, 2, bias=bias)
    model = torch.nn.Sequential(*layers).to(dtype)
    draw = stream(0, "audit", "network")
    with torch.no_grad():
        for p in model.parameters():
            p.copy_(torch.from_numpy(draw.normal(size=tuple(p.shape))))
    return model


def batch(call: int, dtype: torch.dtype = torch.float64) -> tuple[torch.Tensor, torch.Tensor]:
    """Inputs (6, 3) and targets (6, 2) of batch number `call`."""
    draw = stream(0, "audit", "batch", call)
    return torch.from_numpy(draw.normal(size=(6, 3))).to(dtype), torch.from_numpy(draw.normal(size=(6, 2))).to(dtype)


def coins(call: int) -> None:
    """What an optimizer draws in a call depends on its number only, as its batch does; see `draws_put_back`."""
    generator = torch.default_generator
    generator.manual_seed(call)
    random.seed(call)
    np.random.set_state(dict(np.random.MT19937(call).state))  # noqa: NPY002 - as above


@contextmanager
def draws_put_back() -> Iterator[None]:
    """Afterwards torch, NumPy and Python draw what they would have drawn; other generators are nobody's."""
    python, arrays = random.getstate(), np.random.get_state()  # noqa: NPY002
    try:
        with torch.random.fork_rng(devices=[]):
            yield
    finally:
        random.setstate(python)
        np.random.set_state(arrays)  # noqa: NPY002


def closure_of(model: torch.nn.Module, opt: Any, call: int) -> Callable[[], torch.Tensor]:
    """The closure of one call: loss and gradient on batch `call`."""
    inputs, targets = batch(call, next(model.parameters()).dtype)

    def closure() -> torch.Tensor:
        with torch.enable_grad():  # a step that leaves them off is the row "closure" alone
            opt.zero_grad()
            loss = torch.nn.functional.mse_loss(model(inputs), targets)
            loss.backward()
        return loss

    return closure


def train(s: Subject, model: torch.nn.Module, opt: Any, first: int, last: int) -> None:
    """Make calls first .. last - 1 of ``step``, each on the batch of its own number."""
    for call in range(first, last):
        coins(call)
        _step(s, opt, closure_of(model, opt, call))


def _step(s: Subject, opt: Any, closure: Callable[[], torch.Tensor]) -> None:
    if s.facts is None or not s.needs_closure:
        closure()  # some, such as SAM, take a closure and want the gradient to be there before
    opt.step(*([closure] if s.needs_closure else []))


def calls(s: Subject, opt: Any) -> int:
    """Two whole cycles and a part of a third."""
    return 2 * s.cycle(opt) + 2


def drive(s: Subject, opt: Any, params: Sequence[torch.Tensor], grad: Callable[[torch.Tensor], torch.Tensor]) -> None:
    """One call of ``step`` with the gradient `grad(p)` in every parameter.

    A closure tells the loss: of a gradient that is affine in p, as all are here, f(p) - f(0) = p . grad(p / 2). The
    methods of the table look at no loss, and some of their questions count gradients: they are told 0.
    """

    def closure() -> torch.Tensor:
        loss = torch.zeros((), dtype=torch.float64)
        for p in params:
            x = p.detach().clone()
            p.grad = grad(x.clone())
            loss += (x * grad(x / 2)).sum() if s.facts is None else 0.0
        return loss

    _step(s, opt, closure)


def start(*values: float, dtype: torch.dtype = torch.float64) -> torch.nn.Parameter:
    """A vector to start from; neither 0 nor 1, so that no term drops out."""
    vector = torch.tensor(values or (3.0, -2.0), dtype=dtype)
    return torch.nn.Parameter(vector[None] if _MATRICES.get() else vector)


def flat(params: Any) -> torch.Tensor:
    """All parameters as one vector, a copy."""
    return torch.cat([p.detach().reshape(-1).clone() for p in params])


def worst(a: torch.Tensor, b: torch.Tensor) -> float:
    """Largest absolute difference; 0 where both are the same, NaN and inf too, and infinite where one is NaN."""
    gaps = (a - b).abs().nan_to_num(nan=torch.inf, posinf=torch.inf)
    return float(torch.where((a == b) | (a.isnan() & b.isnan()), 0.0, gaps).max()) if a.numel() else 0.0


def same_weights(one: torch.nn.Module, two: torch.nn.Module) -> bool:
    """Bitwise."""
    return all(torch.equal(a, b) for a, b in zip(one.parameters(), two.parameters(), strict=True))


def leaves(value: Any) -> list[Any]:
    """Every key and value of a nested state, in order."""
    if isinstance(value, dict):
        return [leaf for key in sorted(value, key=str) for leaf in [key, *leaves(value[key])]]
    if isinstance(value, list | tuple):
        return [leaf for entry in value for leaf in leaves(entry)]
    return [value]


def tensors(value: Any) -> list[torch.Tensor]:
    """Every tensor of a nested state."""
    return [leaf for leaf in leaves(value) if isinstance(leaf, torch.Tensor)]


def identical(one: Any, two: Any) -> bool:
    """Compare two nested states, bit for bit; NaN is NaN, and an object is what it holds."""
    a, b = leaves(one), leaves(two)
    return len(a) == len(b) and all(map(_same, a, b))


def _same(x: Any, y: Any) -> bool:
    if isinstance(x, torch.Tensor) and isinstance(y, torch.Tensor):
        return x.dtype == y.dtype and x.shape == y.shape and bool(((x == y) | ((x != x) & (y != y))).all())
    if isinstance(x, deque) and isinstance(y, deque):
        return identical(list(x), list(y))
    if type(x) is type(y) and hasattr(x, "__dict__"):
        return identical(vars(x), vars(y))
    return bool(x == y) or (x != x and y != y)


def trained(s: Subject, upto: int) -> tuple[torch.nn.Module, Any]:
    """A network and its optimizer after `upto` calls."""
    model = network()
    opt = s.short(model.parameters())
    train(s, model, opt, 0, upto)
    return model, opt


def copied(model: torch.nn.Module, opt: Any) -> tuple[torch.nn.Module, Any]:
    """A deep copy of both, the optimizer tied to the copied network."""
    both: tuple[torch.nn.Module, Any] = copy.deepcopy((model, opt))
    return both
