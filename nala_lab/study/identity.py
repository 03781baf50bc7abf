"""What a method is: gradients of a step, memory in copies of the weights, time beside Adam's in the same run."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from time import perf_counter
from typing import Any

import numpy as np

from nala_lab.core import stream
from nala_lab.measure.machines import machine
from nala_lab.reference import Adam
from nala_lab.study.lines import BAD, GOOD, Line, Section, cannot
from nala_lab.study.sizes import Sizes
from nala_lab.study.subject import Studied

__all__ = ["identity", "seconds_per_gradient"]

_SIZE = 100_000  # weights: enough for arithmetic to count beside calls
_UNSURE = 2.0  # quarters of the runs further apart than this factor are no measurement
_SHAPES = ((100, 500), (100, 400), (10_000,))


def identity(one: Studied, sizes: Sizes) -> Section:
    """The section: gradients, state, time."""
    lines = [_kind(one), _gradients(one), _repeats(one)]
    for what, ask in (("state", _state), ("time per gradient", _time)):
        try:
            lines.append(ask(one, sizes))
        except Exception as error:  # the method is anybody's
            lines.append(cannot(what, error))
    return Section("identity", "What it is", tuple(lines), "Counted at the gradient function, not asked of the method.")


def _kind(one: Studied) -> Line:
    kind = "a NumPy rule" if one.twin == "numpy" else "a torch optimizer"
    loops = "two loops" if one.two_loops or one.period > 1 else "one loop"
    loops += f", a cycle of {one.period} steps" if one.period > 1 else ""
    lr = "it has no lr that can be seen" if one.lr is None else f"lr = {one.lr:g}"
    return Line("kind", f"{kind}, {loops}", lr, data={"twin": one.twin, "two_loops": one.two_loops, "lr": one.lr})


def _gradients(one: Studied) -> Line:
    spent = sorted(set(one.spends))
    unit = "cycle" if one.two_loops else "step"
    text = (" or ".join(map(str, spent)) if len(spent) < 3 else f"{spent[0]} to {spent[-1]}") + f" a {unit}"
    data = {"per_cycle": one.spends, "says": one.claims}
    if not one.claims:
        return Line("gradients", text, f"first ten {unit}s: {', '.join(map(str, one.spends))}", data=data)
    says = " or ".join(map(str, one.claims))
    if set(spent) <= set(one.claims):
        return Line("gradients", text, f"as it says itself ({says})", GOOD, data)
    said = f"it says {says}, but {', '.join(map(str, one.spends[:3]))} were spent: what it costs is miscounted"
    return Line("gradients", f"{text}, not {says}", said, BAD, data)


def _repeats(one: Studied) -> Line:
    """Whether what it does depends on what was asked of it before: then no number of the page is its own."""
    first, again = (one.run(lambda x: x, np.array([1.0, -2.0]), 20).x for _ in range(2))
    if np.array_equal(first, again, equal_nan=True):
        return Line("run twice", "the same", "from the same start, to the last bit", GOOD)
    why = "it draws, or remembers something outside its state: every line here depends on what was run before"
    return Line("run twice", "not the same", why, BAD)


def _state(one: Studied, sizes: Sizes) -> Line:
    held: dict[str, float] = {}
    if one.twin == "numpy":
        run: Any = machine(one.method, lambda x: x)
        run.begin(np.linspace(0.1, 1.0, 50))
        for _ in range(3):
            run.cycle()
        # The weights are no memory of a method; two loops hold them in their state.
        for name, array in _arrays(run.state, "", {id(run.x)}):
            named = name or "the state"  # a state that is one bare array has no name
            if array.size > 1:
                held[named] = held.get(named, 0.0) + array.size / run.x.size
    else:
        held = _torch_state(one)
    copies = sum(held.values())
    names = ", ".join(held) or "nothing is remembered"
    if one.two_loops and one.twin == "numpy":
        names += " between two cycles"
    verdict = f"{copies:.3g} {'copy' if copies == 1 else 'copies'} of the weights"
    return Line("state", verdict, names, data={"copies": copies, "buffers": held})


def _arrays(value: Any, name: str, seen: set[int]) -> Iterator[tuple[str, np.ndarray]]:
    """Every array in the state of a NumPy rule, of whatever shape and numbers, once, with its name."""
    if id(value) in seen or callable(value):
        return
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        yield name, value
    elif isinstance(value, list | deque):
        for each in value:  # a history is one thing
            yield from _arrays(each, name, seen)
    else:
        for part, each in _named(value):
            yield from _arrays(each, f"{name}.{part}".lstrip("."), seen)


def _named(value: Any) -> Iterable[tuple[Any, Any]]:
    if isinstance(value, tuple):
        return zip(getattr(value, "_fields", range(len(value))), value, strict=True)
    return (value if isinstance(value, Mapping) else getattr(value, "__dict__", {})).items()


def _torch_state(one: Studied) -> dict[str, float]:
    """Name -> copies of the weights, once a dozen further steps change nothing: a history takes a while to fill."""
    params, closure = _weights()
    total, opt = sum(p.numel() for p in params), one.method(params)

    def give() -> Any:
        loss = closure()
        for p in params:
            p.grad = p.grad + 0.1 * p.detach()  # a noisy bowl: curvature to be learnt, and no end to it
        return loss

    def copies() -> dict[str, float]:
        held: dict[str, float] = {}
        for _ in range(12):
            opt.step(give)
        for name, tensor in _tensors(vars(opt), "", "", {id(each) for p in params for each in (p, p.grad)}):
            if tensor.numel() > 1:
                held[name] = held.get(name, 0.0) + tensor.numel() / total
        return held

    held, before = copies(), dict[str, float]()
    for _ in range(20):  # what never ends growing is told as it is then
        if held == before:
            break
        held, before = copies(), held
    return dict(sorted(held.items(), key=lambda pair: "." in pair[0]))


def _tensors(value: Any, prefix: str, name: str, seen: set[int]) -> Iterator[tuple[str, Any]]:
    """Every tensor that hangs on an optimizer, wherever it keeps it, once, with its name."""
    import torch

    if id(value) in seen or callable(value) and not torch.is_tensor(value):
        return
    seen.add(id(value))
    if torch.is_tensor(value):
        yield prefix + name, value
    elif isinstance(value, torch.optim.Optimizer):
        yield from _tensors(vars(value), f"{prefix}{name}." if name else prefix, "", seen)
    elif isinstance(value, Mapping):
        for key, each in value.items():
            named = key if isinstance(key, str) and key != "state" else name
            yield from _tensors(each, prefix, named, seen)
    elif isinstance(value, list | tuple | deque):
        for each in value:
            yield from _tensors(each, prefix, name, seen)
    elif hasattr(value, "__dict__"):
        yield from _tensors(vars(value), prefix, name, seen)


def _weights() -> tuple[list[Any], Callable[[], Any]]:
    """Weights, and a closure whose gradients change from call to call, or a quasi-Newton method would learn nothing."""
    import torch

    rng = stream(0, "study", "time")
    params = [torch.nn.Parameter(torch.from_numpy(rng.normal(size=shape)).float()) for shape in _SHAPES]
    given = [[1e-3 * torch.from_numpy(rng.normal(size=shape)).float() for shape in _SHAPES] for _ in range(5)]

    def closure() -> Any:
        closure.calls += 1  # type: ignore[attr-defined]
        for p, g in zip(params, given[closure.calls % 5], strict=True):  # type: ignore[attr-defined]
            p.grad = g
        return torch.full((), torch.nan)  # no loss is known, as in every run here

    closure.calls = 0  # type: ignore[attr-defined]
    return params, closure


def _time(one: Studied, sizes: Sizes) -> Line:
    rule = one.twin == "numpy"
    clocks = [_rule_clock(one.method), _rule_clock(Adam())] if rule else [_torch_clock(one.method), _torch_adam()]
    for clock in clocks * 2:
        clock()
    pairs = np.array([[clock() for clock in clocks] for _ in range(sizes.rounds)])
    # Other work on the machine only adds: the fastest of many is the method's own, and four parts have to agree on it.
    middle, *parts = (a / b for a, b in (part.min(axis=0) for part in (pairs, *np.array_split(pairs, 4))))
    low, high = min(parts), max(parts)
    whose = "torch.optim.Adam" if one.twin == "torch" else "the lab's NumPy Adam"
    told = f"the fastest of {sizes.rounds} interleaved runs of each, {low:.2f} to {high:.2f} in quarters of them"
    evidence = f"{told}; {_SIZE:,} weights, and the gradient itself costs nothing here"
    data = {"ratio": middle, "low": low, "high": high}
    if high > _UNSURE * low:
        return Line("time per gradient", "cannot tell", f"{evidence}; the machine was busy", data=data)
    return Line("time per gradient", f"{middle:.2f} x {whose}", evidence, data=data)


def _torch_adam() -> Callable[[], float]:
    import torch

    return _torch_clock(torch.optim.Adam)


def _torch_clock(factory: Callable[[list[Any]], Any]) -> Callable[[], float]:
    params, closure = _weights()
    opt = factory(params)

    def clock() -> float:
        before = closure.calls  # type: ignore[attr-defined]
        start = perf_counter()
        for _ in range(6):
            opt.step(closure)
        return (perf_counter() - start) / (closure.calls - before)  # type: ignore[attr-defined]

    return clock


def _rule_clock(rule: Any) -> Callable[[], float]:
    g = np.full(_SIZE, 1e-3)
    run = machine(rule, lambda x: g)
    run.begin(np.ones(_SIZE))

    def clock() -> float:
        before, start = run.spent, perf_counter()
        for _ in range(3):
            run.cycle()
        return (perf_counter() - start) / (run.spent - before)

    return clock


def seconds_per_gradient(one: Studied) -> float:
    """How long the method and its driver take for a gradient that costs nothing."""
    seconds: list[float] = []
    begun = perf_counter()
    while len(seconds) < 2 or perf_counter() < begun + 0.5:  # the machine may do other things in between
        start = perf_counter()
        rows = one.run(lambda x: x, np.ones(10), 30)
        seconds.append((perf_counter() - start) / float(rows.evals[-1]))
    return min(seconds)
