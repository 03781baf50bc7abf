"""The linear map of one cycle of anybody's method on a quadratic, found by poking the code that ships.

    z_{t+1} = M z_t,      z = (weights, buffers)          f(x) = x' A x / 2

A unit vector is written into the weights or into a buffer, one cycle is run, and what is read is a column of M. Then
the method is run from a start of its own, and its next states have to be M times the ones before; if they are not, the
method is no linear map of what it remembers, and is refused. The minimiser is the origin.

Buffers that never reach the weights (an average that is only looked at), and those that are combinations of the others
on every run (a copy of the slow weights), are left out: their eigenvalues are none of the method's.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import Any, NoReturn

import numpy as np
from numpy.typing import ArrayLike

from nala_lab.core import Array, eigenvalues, require, require_int, stream
from nala_lab.measure.machines import Gradient, Machine, TorchMachine, machine, name_of

__all__ = ["CycleMap", "Factors", "NotLinear", "cycle_factors", "cycle_matrix"]

# Linear methods agree to rounding, some 1e-13 here; an Adam or a clip is off by 1e-3 and more.
_SAME = 1e-9
_SCALES = (1.0, 1024.0)  # a clipped gradient is linear near the minimiser only
_BESIDE = 1 + 2.0**-40  # times a state: what follows it differs from as much times the next one by rounding alone
_NOISE = 1e3  # roundings: a cycle that multiplies by 1e20 and subtracts leaves more of them than numbers
_DRAWN = 8  # states from a hat: a run from rest may come to no restart of its momentum
_LATE = 100  # cycles after which a step is still to be the same: lr may fall with them
# and cycles, by its own counters, at which it may change or restart its momentum, with those beside them
_LATER = sorted({*(int(m * 10**i) for i in range(2, 7) for m in (1, 2, 2.5, 5)), *(2**i for i in range(7, 24))})
_LEFT = "it leaves the numbers, as where the gradient is 0"


class NotLinear(ValueError):
    """A method that is not linear in the way that was asked for; `why` is what gave it away."""

    def __init__(self, method: Any, rule: str, why: str) -> None:
        super().__init__(f"method must satisfy {rule}, got method={method!r} ({why})")
        self.why = why


@dataclass(frozen=True)
class CycleMap:
    """The map of one cycle.

    Attributes
    ----------
    matrix : (b d, b d) on (weights, buffers), buffer by buffer. gradients : spent in a cycle.
    memory : the b names, "x" first; of a torch optimizer as in its state.
    """

    matrix: Array
    gradients: int
    memory: tuple[str, ...]

    def __array__(self, dtype: Any = None, copy: Any = None) -> Array:
        return np.array(self.matrix, dtype=dtype)

    @property
    def radius(self) -> float:
        """Spectral radius: the asymptotic factor of a cycle."""
        return float(np.abs(np.linalg.eigvals(self.matrix)).max())

    @property
    def per_gradient(self) -> float:
        """The factor of a gradient."""
        return float(self.radius ** (1 / self.gradients))


@dataclass(frozen=True)
class Factors:
    """The map of one cycle for many curvatures at once.

    Attributes
    ----------
    lam : (n,) curvatures. matrices : (n, b, b). gradients, memory : as in `CycleMap`.
    """

    lam: Array
    matrices: Array
    gradients: int
    memory: tuple[str, ...]

    @property
    def radius(self) -> Array:
        """(n,) spectral radii."""
        return np.asarray(np.abs(np.linalg.eigvals(self.matrices)).max(axis=1))

    @property
    def per_gradient(self) -> Array:
        """(n,) factors of a gradient."""
        return np.asarray(self.radius ** (1 / self.gradients))


def cycle_matrix(method: Any, A: ArrayLike, *, steps: int = 1) -> CycleMap:
    """Extract the matrix of one cycle (one step of a method with one loop) for the quadratic with Hessian A.

    Parameters
    ----------
    method : a NumPy rule, a bare function (theta, grad), a `nala_lab.drive.Method`, or a torch factory, such as
        ``lambda params: torch.optim.SGD(params, lr=0.1, momentum=0.9)``.
    A : (d, d) symmetric, or (d,) for its diagonal.
    steps : steps that make a cycle, for a method with two loops that does not tell when a cycle ends.

    Raises
    ------
    NotLinear
        A ValueError: for a method that is adaptive or nonlinear, remembers something outside its state, or changes with
        t: in one of 100 cycles, or at a round number up to 8 million by a counter in its state, a whole number of any
        type. What changes at another number, or later by a count that is not in its state, is not seen.
    ValueError
        In one sentence, for a slip in a rule, and for an A that is no symmetric finite matrix.

    Examples
    --------
    >>> from nala_lab.measure import cycle_matrix
    >>> import torch
    >>> m = cycle_matrix(lambda params: torch.optim.SGD(params, lr=0.5, momentum=0.5), [[1.0]])
    >>> m.matrix, m.memory
    (array([[ 0.5 , -0.25],
           [ 1.  ,  0.5 ]]), ('x', 'momentum_buffer'))
    >>> cycle_matrix(lambda params: torch.optim.Adam(params), [[1.0]])
    Traceback (most recent call last):
        ...
    nala_lab.measure.linear_map.NotLinear: method must satisfy one linear map of weights and buffers ...
    """
    a = eigenvalues("A", A)
    a = np.diag(a) if a.ndim == 1 else a
    symmetric = a.ndim == 2 and len(a) >= 1 and a.shape == a.shape[::-1]
    symmetric = symmetric and bool(np.abs(a - a.T).max() <= 1e-8 * np.abs(a).max())  # as measured Hessians are
    require("A", A, symmetric, "a symmetric matrix of finite numbers, or its diagonal")
    d = len(a)
    poked = _Poked(method, lambda x: a @ x, d, steps)
    columns = [poked.after(z.reshape(-1, d)).ravel() for z in np.eye(poked.blocks * d)]
    matrix = np.stack(columns, axis=1)
    seen = poked.judge(lambda z: (matrix @ z.ravel()).reshape(z.shape), lambda unit: _seen(matrix, unit), apart=False)
    kept, expand = poked.needed(seen)
    rows = matrix.reshape(poked.blocks, d, -1)[kept].reshape(len(kept) * d, -1)
    return CycleMap(rows @ np.kron(expand, np.eye(d)), poked.gradients, tuple(poked.names[i] for i in kept))


def cycle_factors(method: Any, lam: ArrayLike, *, steps: int = 1) -> Factors:
    """Extract the map of one cycle for each curvature in `lam` (n,), of a method that treats coordinates alike.

    Parameters and Raises as `cycle_matrix`; a linear method that mixes coordinates is refused too.

    Examples
    --------
    >>> from nala_lab.measure import cycle_factors
    >>> f = cycle_factors(lambda x, grad: x - 0.5 * grad(x), [1.0, 4.0, 6.0])
    >>> f.radius, f.gradients
    (array([0.5, 1. , 2. ]), 1)
    """
    values = eigenvalues("lam", lam)
    require("lam", lam, values.ndim == 1 and len(values) > 0, "finite numbers (n,)")
    n = len(values)
    poked = _Poked(method, lambda x: values * x, n, steps)
    b = poked.blocks
    pokes = [poked.after(np.repeat(e[:, None], n, axis=1)) for e in np.eye(b)]
    maps = np.stack(pokes, axis=-1).transpose(1, 0, 2)  # (n, b, b): [mode, to, from]
    seen = poked.judge(
        lambda z: np.einsum("nij,jn->in", maps, z),
        lambda unit: np.max([_seen(m, one[:, None]) for m, one in zip(maps, unit.T, strict=True)], axis=0),
        apart=True,
    )
    poked.alike(maps, values)
    poked.alone(method, maps, values)
    kept, expand = poked.needed(seen)
    return Factors(values, maps[:, kept] @ expand, poked.gradients, tuple(poked.names[i] for i in kept))


class _Poked:
    """A machine after one cycle at the minimiser, when all of its buffers are there, and what it does when poked."""

    def __init__(self, method: Any, gradient: Gradient, d: int, steps: int) -> None:
        require_int("steps", steps, low=1)
        self.name, self.d, self.steps = name_of(method), d, steps
        self.gradient = gradient
        self.machine: Machine = machine(method, lambda x: self.gradient(x))
        self.machine.begin(np.zeros(d))
        self.cycle()
        self.names = tuple(self.machine.memory())
        self.blocks = len(self.names)
        self.gradients = 0  # of a cycle away from the minimiser, where `judge` has seen it

    def cycle(self) -> int:
        """Run one, and give the gradients that it spent."""
        before = self.machine.spent
        try:
            with np.errstate(all="ignore"):  # a rule that divides by the gradient: its NaN is judged
                for _ in range(self.steps):
                    self.machine.cycle()
        except ArithmeticError:  # Python's numbers raise where NumPy's give NaN
            self.refuse(_LEFT)
        return self.machine.spent - before

    def read(self) -> Array:
        """(b, d)."""
        memory = self.machine.memory()
        if tuple(memory) != self.names:
            self.refuse("its buffers come and go")
        return np.stack(list(memory.values()))

    def after(self, z: Array) -> Array:
        """What follows `z` (b, d)."""
        self.machine.write(dict(zip(self.names, z, strict=True)))
        self.took = self.cycle()
        return self.read()

    def from_rest(self, x0: Array) -> Array:
        """The memory after the first cycle from `x0`."""
        self.machine.begin(x0)
        self.cycle()
        return self.read()

    def judge(self, apply: Any, seen_of: Any, *, apart: bool) -> Array:
        """Require what follows a run from rest, at two scales, and states from a hat, to be the map's.

        Gives what `seen_of` says, (b,).

        `apart` judges each coordinate by its own size: one that grows must not hide what the others do. So with
        buffers: a sum of gradients may be 1e10 times the weights, or the other way round, in units of the user's.
        `seen_of` makes of units (b, d) how much each buffer reaches the weights; a buffer counts in its own or as 1.
        """
        start = np.cos(1.0 + np.arange(self.d))  # no special direction
        runs = []
        for scale in (*_SCALES, _BESIDE, 1.0):
            rows = [self.from_rest(scale * start)]
            for _ in range(3):
                self.cycle()
                rows.append(self.read())
            runs.append(np.stack(rows) / scale)
        z, scaled, beside, again = runs
        if not np.isfinite(runs).all():
            self.refuse(_LEFT)
        if isinstance(self.machine, TorchMachine) and (z[:, 0] == start).all() and self.gradient(start).any():
            why = "its weights do not move: it may look at the loss, and none is known here"
            raise NotLinear(self.name, "steps that move the weights", why)
        size = np.abs(z).max(axis=(0, 1), initial=np.finfo(float).tiny)
        size = size if apart else size.max()
        unit = np.abs(z).max(axis=0)
        unit[0] = np.maximum(unit[0], np.abs(start))  # a cycle may end at the minimiser
        unit = unit if apart else np.repeat(unit.max(axis=1, keepdims=True), self.d, axis=1)
        self.unit = np.where(unit > 0, unit, unit[0])
        seen: Array = seen_of(self.unit)
        reaches: Array = np.maximum(seen, seen_of(np.ones_like(self.unit)))
        noise = _noise(z, again, beside)

        def off(gap: Array) -> float:
            gap = np.maximum(gap - noise, 0)
            return float(max((gap / size).max(), (gap / self.unit * seen[:, None]).max()))

        told = np.stack([apply(one) for one in z[:-1]])
        for gap, what in (
            (np.abs(told - z[1:]).max(axis=0), "the step after a run is off by"),
            (np.abs(scaled - z).max(axis=0), f"a start {_SCALES[1]:g} times as far is off by"),
        ):
            if not off(gap) <= _SAME:
                self.refuse(f"{what} {_share(off(gap))}")

        costs = set()

        def again_after(done: int, how: str = "") -> None:
            gap = np.abs(self.after(z[0]) - z[1])
            if not off(gap) <= _SAME:
                self.refuse(f"the same step after {done} others{how} is off by {_share(off(gap))}")
            costs.update({self.took} if z[0, 0].any() else {})  # at the minimiser it may spend fewer

        self.machine.begin(np.zeros(self.d))
        self.cycle()
        for done in range(1, _LATE):
            before = self.machine.counters()
            again_after(done)
        now = self.machine.counters()
        for done in (late + aside for late in _LATER for aside in (-1, 0, 1)):
            with suppress(OverflowError, RuntimeError):  # a number that its type does not hold will not come
                self.machine.count({name: n + (done - _LATE) * (n - before.get(name, n)) for name, n in now.items()})
            again_after(done, ", by its own count,")
        drawn = stream(0, "states from a hat").normal(size=(_DRAWN, *self.unit.shape)) * self.unit
        after, again, beside = (
            np.stack([self.after(scale * one) for one in drawn]) / scale for scale in (1.0, 1.0, _BESIDE)
        )
        self.gradients = self.took
        if costs - {self.took}:
            self.refuse(f"its cycles spend {min(costs | {self.took})} to {max(costs | {self.took})} gradients")
        near = np.abs(np.stack([drawn, after])).max(axis=(0, 1, 2))
        size, noise = np.maximum(size, near if apart else near.max()), _noise(after, again, beside)
        gap = np.abs(np.stack([apply(one) for one in drawn]) - after).max(axis=0)
        if not off(gap) <= _SAME:
            self.refuse(f"the step from a state drawn at random is off by {_share(off(gap))}")
        return reaches

    def alike(self, maps: Array, values: Array) -> None:
        """Require every coordinate to have the map of its curvature: with these dealt anew, the maps go with them."""
        dealt = np.roll(np.arange(len(values)), 1)  # no coordinate keeps its own
        self.gradient = lambda x: values[dealt] * x
        for e, column in zip(np.eye(self.blocks), maps.transpose(2, 1, 0), strict=True):
            found = self.after(np.repeat(e[:, None], self.d, axis=1))
            off = np.abs(found - column[:, dealt]).max(axis=0) / np.abs(found).max(axis=0, initial=1.0)
            if not off.max() <= _SAME:
                raise NotLinear(self.name, "the same map in every coordinate", "it tells coordinates apart")

    def alone(self, method: Any, maps: Array, values: Array) -> None:
        """Require the first curvature's map where it stands alone, or with itself."""
        few = values[:1] if len(values) > 1 else np.repeat(values, 2)
        other = _Poked(method, lambda x: few * x, len(few), self.steps)
        for e, column in zip(np.eye(self.blocks), maps[0].T, strict=True):
            found = other.after(np.repeat(e[:, None], len(few), axis=1))
            if not np.abs(found - column[:, None]).max() <= _SAME * max(1.0, np.abs(column).max()):
                raise NotLinear(self.name, "the same map whatever the number of coordinates", "it looks at that number")

    def needed(self, seen: Array) -> tuple[list[int], Array]:
        """The blocks that reach the weights and are no combination of others, and every block (b, kept) in these.

        What is a copy is one whatever the gradients, so it is asked of runs with gradients from a hat.
        """
        rng = stream(0, "gradients from a hat")
        rows = []
        self.gradient = lambda x: rng.normal(size=x.shape)
        for _ in range(2 * self.blocks + 2):
            self.from_rest(rng.normal(size=self.d))
            for _ in range(self.blocks):  # as many gradients as there are buffers, or two of them may look alike
                self.cycle()
            rows.append(self.read())
        samples = np.concatenate(rows, axis=1)
        if not np.isfinite(samples).all():
            self.refuse(_LEFT)
        samples /= np.abs(samples).max(axis=1, keepdims=True) + (samples == 0).all(axis=1, keepdims=True)
        kept: list[int] = []
        for block in range(self.blocks):
            grown = int(np.linalg.matrix_rank(samples[[*kept, block]], tol=_SAME * np.sqrt(samples.size)))
            if block == 0 or (seen[block] > _SAME and grown > len(kept)):
                kept.append(block)
        size = np.abs(np.concatenate(rows, axis=1)).max(axis=1, keepdims=True)
        expand = size * (samples @ np.linalg.pinv(samples[kept])) / np.maximum(size[kept].T, np.finfo(float).tiny)
        expand[seen <= _SAME] = 0.0
        expand[kept] = np.eye(len(kept))
        return kept, expand

    def refuse(self, why: str) -> NoReturn:
        told = f"{why}: it is adaptive, nonlinear, changes with t, or remembers something outside its state"
        raise NotLinear(self.name, "one linear map of weights and buffers in every cycle", told)


def _noise(rows: Array, again: Array, beside: Array) -> Array:
    """What rounding may be off by, by block: none where the same start again is not the same to the last bit."""
    noise = _NOISE * np.abs(beside - rows).max(axis=0)
    return np.where(np.isfinite(noise) & np.array_equal(rows, again), noise, 0.0)


def _share(off: float) -> str:
    return f"{off:.1g} of its size" if off < 1 else "its size or more"


def _seen(matrix: Array, unit: Array) -> Array:
    """(b,) how much each block of size `unit` (b, d) reaches the weights, now or later; 0 for what is looked at."""
    d = unit.shape[1]
    matrix = matrix * unit.ravel() / unit.ravel()[:, None]
    watched = [np.eye(len(matrix))[:d]]
    for _ in range(len(matrix) // d):
        watched.append(_unit(watched[-1] @ matrix))
    return np.asarray(np.abs(np.concatenate(watched)).max(axis=0).reshape(-1, d).max(axis=1))


def _unit(a: Array) -> Array:
    """The same directions; a power of a map may not overflow."""
    size = float(np.abs(a).max())
    return a / size if size > 0 else a
