"""Walk both twins of a registry line and write down the same things about each walk."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import torch

from nala_lab.core import stream
from nala_lab.methods import WITH_TWINS, numpy_twin, torch_twin
from nala_lab.reference import run

SHAPES = ((2, 2), (1,), ())  # three parameters, one of them 0-dim
DIM = 6
EPS = np.finfo(float).eps
ULPS = 4  # roundings allowed per gradient spent; test_parity.py says why


@dataclass
class Path:
    """asked: where each gradient was asked for. reached: x_0, x_1 .. after each whole step, or phi_0, phi_1 .."""

    asked: np.ndarray
    reached: np.ndarray


def cases() -> list:
    return [(name, i) for name, entry in WITH_TWINS.items() for i in range(len(entry.hard))]


def length(name: str, settings: dict) -> int:
    """Whole cycles, or whole steps."""
    return 4 if "two loops" in WITH_TWINS[name].traits else 12


def gradients_per_row(name: str, settings: dict) -> int:
    """Gradients spent by one cycle or one step, at most: a step that does not look ahead spends one."""
    if "two loops" in WITH_TWINS[name].traits:
        inner_name, inner = settings["inner"]
        outer = name == "NALA" or (name == "OuterMomentum" and settings.get("alpha", 0) > 0)
        return settings["k"] * gradients_per_row(inner_name, inner) + outer
    return 2 if "probe" in WITH_TWINS[name].traits and settings.get("probe") != "lagged" else 1


def numpy_path(name: str, settings: dict, grad: Callable, x0: np.ndarray, rows: int) -> Path:
    asked = []

    def recorded(x):
        asked.append(x.copy())
        return grad(x)

    two_loops = "two loops" in WITH_TWINS[name].traits
    t = run(numpy_twin(name, **settings), recorded, x0, **{"cycles" if two_loops else "steps": rows})
    return Path(np.stack(asked), t.slow if two_loops else t.x)


def flat(params) -> np.ndarray:
    return np.concatenate([p.detach().numpy().ravel() for p in params])


def split(x: np.ndarray) -> list[torch.Tensor]:
    sizes = np.cumsum([int(np.prod(shape)) for shape in SHAPES])[:-1]
    return [torch.tensor(part).reshape(shape) for part, shape in zip(np.split(x, sizes), SHAPES, strict=True)]


def torch_path(name: str, settings: dict, grad: Callable, x0: np.ndarray, evals: int) -> Path:
    """Step until `evals` gradients are spent, wherever in a cycle that is; `reached` then ends with phi."""
    params = [torch.nn.Parameter(part) for part in split(x0)]
    opt = torch_twin(name, params, **settings)
    asked, reached = [], [x0]

    def closure():
        x = flat(params)
        asked.append(x)
        for p, g in zip(params, split(np.array(grad(x))), strict=True):
            p.grad = g
        return torch.tensor(float(len(asked)))

    while len(asked) < evals:
        opt.step(closure)
        if getattr(opt, "phase", 0) == 0 and not getattr(opt, "_mid_step", False):
            reached.append(flat(params))
    if hasattr(opt, "slow_weights"):
        assert opt.grad_evals == len(asked)
        with opt.slow_weights():
            assert np.array_equal(flat(params), reached[-1]), "phi changed inside a cycle"
    return Path(np.stack(asked), np.stack(reached))


def given(name: str, index: int, rows: int) -> Callable:
    """A function that hands out the rows of a named stream, whatever it is asked."""
    noise = iter(stream(0, "parity", name, index).normal(size=(rows, DIM)))
    return lambda x: next(noise)


def quadratic(*name: str, dim: int = DIM, least: float = 1.3e-3) -> tuple[Callable, np.ndarray]:
    """Gradient of a rotated, shifted quadratic with curvatures from `least` to 1.3; a start."""
    rng = stream(0, *(name or ("parity", "quadratic")))
    rotation = np.linalg.qr(rng.normal(size=(dim, dim)))[0]
    hessian = rotation @ np.diag(np.geomspace(least, 1.3, dim)) @ rotation.T
    minimum = rng.normal(size=dim) + 2
    return lambda x: (x - minimum) @ hessian, minimum + rng.normal(size=dim)


def first_difference(a: np.ndarray, b: np.ndarray, ulps: float) -> str:
    """Say where two walks part by more than `ulps` roundings per row; empty when they do not."""
    n = min(len(a), len(b))
    scale = EPS * (1 + np.abs(a[:n]).max())
    allowed = ulps * scale * (1 + np.arange(n))
    off = np.abs(a[:n] - b[:n]).max(axis=1)
    late = np.flatnonzero(~(off <= allowed))
    return f"row {late[0]}: off by {off[late[0]]:.3g}, allowed {allowed[late[0]]:.3g}" if late.size else ""


def differences(name, settings, numpy_grad, torch_grad, x0):
    """Sentences about where the twins part; the torch walk ends inside a cycle, the NumPy walk after it."""
    rows, cost = length(name, settings), gradients_per_row(name, settings)
    a = numpy_path(name, settings, numpy_grad, x0, rows + 1)
    b = torch_path(name, settings, torch_grad, x0, rows * cost + cost // 2)
    assert len(b.asked) >= rows * cost
    found = [first_difference(a.asked, b.asked, ULPS)]
    if "stores look-ahead point" not in WITH_TWINS[name].traits:
        assert len(b.reached) >= rows + 1
        found.append(first_difference(a.reached, b.reached, ULPS * cost))
    return [sentence for sentence in found if sentence]
