"""A method as a machine whose memory can be read and written: what `cycle_matrix` pokes and `fixed_steps` plays.

The memory is the weights and every array of their shape that the method keeps: found by looking through the state of a
NumPy rule, or through ``state`` of a torch optimizer and of the one it wraps. Nothing is known of the method itself.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from numbers import Real
from typing import Any

import numpy as np

from nala_lab.core import Array
from nala_lab.drive import Method, twin_of
from nala_lab.methods.making import numpy_twin, torch_twin
from nala_lab.methods.table import find
from nala_lab.reference.oracle import Oracle
from nala_lab.reference.rules import as_rule, begin, is_ours, is_two_loops, step_of
from nala_lab.reference.two_loop import cycle_of

__all__ = ["Machine", "NumpyMachine", "TorchMachine", "arrays_in", "machine", "name_of"]

Gradient = Callable[[Array], Array]


class Machine:
    """What both kinds can do: begin at a point, run a cycle, and have their memory read and written.

    Attributes
    ----------
    spent : gradients spent since `begin`. x : the weights (..., d), the slow ones between two cycles.
    """

    spent: int
    x: Array

    def begin(self, x0: Array) -> None:
        """Stand at `x0` with a fresh state."""
        raise TypeError(type(self).__name__)

    def cycle(self) -> None:
        """Run one step, or one cycle of a method with two loops."""
        raise TypeError(type(self).__name__)

    def memory(self) -> dict[str, Array]:
        """Name -> array of the shape of x, the weights first."""
        raise TypeError(type(self).__name__)

    def write(self, values: dict[str, Array]) -> None:
        """Overwrite the memory."""
        raise TypeError(type(self).__name__)

    def counters(self) -> dict[Any, int]:
        """Name -> whole number in the state, such as the steps done."""
        raise TypeError(type(self).__name__)

    def count(self, values: dict[Any, int]) -> None:
        """Overwrite counters."""
        raise TypeError(type(self).__name__)


def machine(method: Any, gradient: Gradient) -> Machine:
    """Make the machine of a rule, a `Method` (its NumPy twin, or torch's where there is no other), or a torch factory.

    Raises
    ------
    ValueError
        As `nala_lab.drive.twin_of`, and whatever the method itself refuses.
    """
    if isinstance(method, Method):
        name, settings = method.name, method.shared()
        has = find(name).numpy is not None
        method = numpy_twin(name, **settings) if has else lambda params: torch_twin(name, params, **settings)
    return (TorchMachine if twin_of(method) == "torch" else NumpyMachine)(method, gradient)


def name_of(method: Any) -> str:
    """Give the name that sentences call a method by.

    Examples
    --------
    >>> name_of(Method("SGD", lr=0.1)), name_of(lambda theta, grad: theta)
    ('SGD(lr=0.1)', '<lambda>')
    """
    if isinstance(method, Method):
        return str(method)
    name: str = getattr(method, "__name__", type(method).__name__)
    return name


def arrays_in(state: Any, shape: tuple[int, ...], path: str = "") -> Iterator[tuple[str, Array]]:
    """Every float array of `shape` inside a state of tuples, lists, dicts and objects, with its path.

    Examples
    --------
    >>> [name for name, _ in arrays_in({"t": 3, "v": np.zeros(2), "more": (np.ones(2), None)}, (2,))]
    ['v', 'more.0']
    """
    if isinstance(state, np.ndarray):
        if state.shape == shape and state.dtype.kind == "f":
            yield path, state
        return
    for name, part in _parts(state):
        yield from arrays_in(part, shape, f"{path}.{name}".lstrip("."))


def counters_in(state: Any, path: str = "") -> Iterator[tuple[str, int]]:
    """Every whole number inside a state, with its path.

    Examples
    --------
    >>> list(counters_in({"t": 3, "v": np.zeros(2), "more": (4.0, True, 0.5)}))
    [('t', 3), ('more.0', 4)]
    """
    if isinstance(state, Real) and not isinstance(state, bool) or isinstance(state, np.ndarray) and state.ndim == 0:
        if _whole(state):
            yield path, int(state)
        return
    for name, part in _parts(state):
        yield from counters_in(part, f"{path}.{name}".lstrip("."))


def _whole(value: Any) -> bool:
    """Whether one number, of whatever type, may be a counter."""
    value = value.item() if hasattr(value, "item") else value
    if isinstance(value, bool):
        return False
    with suppress(TypeError, ValueError, OverflowError):  # no number, NaN, an infinity
        return bool(value == int(value))
    return False


def _parts(state: Any) -> list[tuple[str, Any]]:
    if hasattr(state, "_fields"):
        return list(state._asdict().items())
    if isinstance(state, dict):
        return [(str(key), value) for key, value in state.items()]
    if isinstance(state, list | tuple):
        return [(str(i), value) for i, value in enumerate(state)]
    return list(vars(state).items()) if hasattr(state, "__dict__") and not callable(state) else []


def replaced(state: Any, values: Mapping[str, Any], path: str = "") -> Any:
    """A copy of `state` with the arrays and counters at the paths in `values` replaced."""
    if path in values and isinstance(state, np.ndarray):
        return values[path] if state.ndim else np.array(values[path], dtype=state.dtype)
    if path in values and isinstance(state, Real):
        return type(state)(values[path])  # type: ignore[call-arg]
    parts = {name: replaced(part, values, f"{path}.{name}".lstrip(".")) for name, part in _parts(state)}
    if not parts:
        return state
    if hasattr(state, "_fields"):
        return state._replace(**parts)
    if isinstance(state, dict):
        return dict(zip(state, parts.values(), strict=True))
    if isinstance(state, list | tuple):
        return type(state)(parts.values())
    other = copy.copy(state)
    for name, part in parts.items():
        object.__setattr__(other, name, part)
    return other


def _apart(name: str) -> str:
    """The name of a buffer, which may not be that of the weights."""
    return "state.x" if name == "x" else name


class NumpyMachine(Machine):
    """A NumPy rule."""

    def __init__(self, method: Any, gradient: Gradient) -> None:
        self.rule = as_rule(method)
        self.two_loops = is_two_loops(self.rule)
        self.oracle = Oracle(gradient, keeps=False, guards=not is_ours(self.rule))
        self.once = (cycle_of if self.two_loops else step_of)(self.rule, self.oracle)

    @property
    def spent(self) -> int:  # type: ignore[override]
        """Gradients spent since `begin`."""
        return self.oracle.evals

    def begin(self, x0: Array) -> None:
        """Stand at `x0` with a fresh state."""
        self.oracle.evals = 0
        self.x = np.array(x0, dtype=np.float64)
        self.state = begin(self.rule, self.x)
        if self.two_loops:
            self.x = self.state.phi

    def cycle(self) -> None:
        """Run one step or cycle."""
        self.oracle.log.clear()
        self.oracle.first = None
        if self.two_loops:
            self.state = self.once(self.oracle, self.state).state
            self.x = self.state.phi
        else:
            self.x, self.state = self.once(self.x, self.oracle, self.state)

    def memory(self) -> dict[str, Array]:
        """The weights, and the arrays in the state; phi of two loops is the weights."""
        found = {_apart(name): value for name, value in arrays_in(self.state, self.x.shape)}
        return {"x": self.x, **{name: value for name, value in found.items() if not (self.two_loops and name == "phi")}}

    def write(self, values: dict[str, Array]) -> None:
        """Overwrite weights and state."""
        own = {name: np.array(value) for name, value in values.items()}
        self.x = own.pop("x")
        if _apart("x") in own:
            own["x"] = own.pop(_apart("x"))
        if self.two_loops:
            own["phi"] = self.x
        self.state = replaced(self.state, own)

    def counters(self) -> dict[Any, int]:
        """The whole numbers in the state."""
        return dict(counters_in(self.state))

    def count(self, values: dict[Any, int]) -> None:
        """Overwrite them."""
        self.state = replaced(self.state, values)


class TorchMachine(Machine):
    """A torch optimizer, made anew by its factory at each `begin`."""

    def __init__(self, factory: Callable[[list[Any]], Any], gradient: Gradient) -> None:
        self.factory, self.gradient = factory, gradient

    @property
    def spent(self) -> int:  # type: ignore[override]
        """Gradients spent since `begin`."""
        return self.bench.oracle.evals

    @property
    def x(self) -> Array:  # type: ignore[override]
        """The weights."""
        return self.bench.read()

    def begin(self, x0: Array) -> None:
        """Make the optimizer of weights that stand at `x0`."""
        from nala_lab.drive.torch_run import Bench

        self.bench = Bench(Oracle(self.gradient, keeps=False), np.array(x0, dtype=np.float64), whole=True)
        self.opt = self.bench.build(self.factory)

    def cycle(self) -> None:
        """Call ``step(closure)`` until the optimizer, and the one it wraps, are at phase 0."""
        self.bench.step(self.opt, settled=True)

    def _tensors(self) -> dict[str, list[Any]]:
        """Name -> the parts of a buffer, one for each of the parameters that the weights are split over."""
        parts = [self._of(p) for p in self.bench.params]
        return {name: [part[name] for part in parts] for name in parts[0] if all(name in part for part in parts)}

    def _of(self, weight: Any) -> dict[str, Any]:
        import torch

        found = {"x": weight.detach()}
        for prefix, one in (("", self.opt), ("inner.", getattr(self.opt, "inner", None))):
            for name, value in getattr(one, "state", {}).get(weight, {}).items():
                if torch.is_tensor(value) and value.shape == weight.shape and value.is_floating_point():
                    found[_apart(prefix + name)] = value
        return found

    def memory(self) -> dict[str, Array]:
        """The weights, and the tensors of their shape in the state."""
        return {
            name: np.concatenate([part.detach().double().numpy() for part in parts], axis=-1)
            for name, parts in self._tensors().items()
        }

    def write(self, values: dict[str, Array]) -> None:
        """Overwrite weights and state in place."""
        import torch

        own = self._tensors()
        with torch.no_grad():
            for name, value in values.items():
                for held, part in zip(own[name], np.split(value, self.bench.cuts, axis=-1), strict=True):
                    held.copy_(torch.from_numpy(np.array(part)))

    def _counts(self) -> dict[Any, tuple[Any, Any]]:
        """(place, name) -> the dict and the value: whole numbers, and tensors of one, in states and groups."""
        import torch

        opts = [one for one in (self.opt, getattr(self.opt, "inner", None)) if one is not None]
        held = [own for one in opts for own in (*one.state.values(), *one.param_groups) if isinstance(own, dict)]
        return {
            (i, name): (own, value) for i, own in enumerate(held) for name, value in own.items()
            if type(value) is int or torch.is_tensor(value) and value.ndim == 0
        }  # fmt: skip

    def counters(self) -> dict[Any, int]:
        """The whole numbers in states and groups."""
        return {key: int(value) for key, (_, value) in self._counts().items() if _whole(value)}

    def count(self, values: dict[Any, int]) -> None:
        """Overwrite them."""
        import torch

        counts = self._counts()
        for key, value in values.items():
            own, before = counts[key]
            own[key[1]] = torch.full_like(before, value) if torch.is_tensor(before) else value
