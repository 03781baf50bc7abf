"""The method under study: run by its own twin, its learning rate changed where it has one."""

from __future__ import annotations

import copy
import inspect
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from numbers import Real
from typing import Any

import numpy as np

from nala_lab.core import Array, require
from nala_lab.core.ending import LIMIT
from nala_lab.drive import Method, twin_of
from nala_lab.drive import run as drive_run
from nala_lab.measure.machines import machine, name_of
from nala_lab.methods.making import numpy_twin, torch_twin
from nala_lab.methods.table import METHODS, find
from nala_lab.methods.target import load_target
from nala_lab.reference import run as reference_run
from nala_lab.reference.rules import as_rule, is_two_loops

__all__ = ["AROUND", "Rows", "Studied", "studied"]

AROUND = ("sgd", "momentum", "adam")  # what the audit can put a wrapper around


@dataclass(frozen=True)
class Rows:
    """A run: the weights after each cycle (rows, ..., d), and the gradients spent by then (rows,)."""

    x: Array
    evals: Array


@dataclass(frozen=True)
class Studied:
    """A method and what the study has to know of it.

    Attributes
    ----------
    name : what the page calls it. twin : ``"numpy"`` or ``"torch"``. method : a rule, or a factory of optimizers.
    lr : its learning rate, or None where it has none that can be seen. target : what the audit is asked of, or None.
    options, inner : what the audit makes it with. claims : how many gradients a cycle spends as the
        method itself says; empty where it says nothing.
    period : steps of a cycle, of an optimizer with two loops that does not tell when its cycle ends.
    """

    name: str
    twin: str
    method: Any
    lr: float | None
    target: Any = None
    options: Mapping[str, Any] | None = None
    inner: str = "momentum"
    claims: tuple[int, ...] = ()
    period: int = 1

    @cached_property
    def two_loops(self) -> bool:
        """Whether it runs for cycles."""
        if self.twin == "numpy":
            return is_two_loops(as_rule(self.method))
        from nala_lab.drive.torch_run import two_loops

        return two_loops(_opt(self.method))

    @cached_property
    def spends(self) -> tuple[int, ...]:
        """Gradients that each of its first ten cycles spends, counted at the gradient."""
        one = machine(self.method, lambda x: x)
        one.begin(np.array([1.0, -2.0]))
        counts = []
        for _ in range(10):
            before = one.spent
            one.cycle()
            counts.append(one.spent - before)
        return tuple(counts)

    @cached_property
    def colour(self) -> str:
        """That of its row of the method table; of anybody else's method one that no optimizer has."""
        from nala_lab.plots import COLOURS, ROLES

        kind = type(self.method if self.twin == "numpy" else _opt(self.method))
        known = kind.__module__.startswith(("nala_lab.", "torch.optim."))
        return COLOURS.get(kind.__name__.lower() if known else "", ROLES["measured"])

    @property
    def per_cycle(self) -> float:
        """Gradients of a cycle, on average."""
        return sum(self.spends) / len(self.spends)

    @cached_property
    def unit(self) -> float:
        """Its lr; without one, how far the first step goes for a gradient of 1."""
        if self.lr is not None and self.lr > 0:
            return self.lr
        one = machine(self.method, lambda x: np.ones_like(x))
        one.begin(np.zeros(2))
        one.cycle()
        moved = float(np.abs(one.x).max()) / self.per_cycle
        return moved if math.isfinite(moved) and moved > 0 else 1.0

    def run(self, grad: Callable[..., Any], x0: Any, gradients: float, *, rng: Any = None) -> Rows:
        """Run for so many gradients; the cycle in which the last of them is spent is finished, and none comes after.

        What a cycle costs may depend on where it is: it is run for as many as there can be, and cut by the count.
        """
        length = {"cycles" if self.two_loops else "steps": max(1, math.ceil(gradients / min(self.spends)))}
        if self.twin == "numpy":
            t = reference_run(self.method, grad, x0, rng=rng, keep="slow", limit=LIMIT, **length)
        else:
            t = drive_run("torch", self.method, grad, x0, rng=rng, limit=LIMIT, **length)
        end = int(np.searchsorted(t.evals, gradients)) + 1
        return Rows(np.asarray(t.slow if self.two_loops else t.x)[:end], np.asarray(t.evals)[:end])

    def times_lr(self, factor: float) -> Studied | None:
        """The same method with `factor` times its learning rate; None where that changes nothing."""
        if self.lr is None or factor == 1:
            return self if factor == 1 else None
        changed = _torch_times(self.method, factor) if self.twin == "torch" else _rule_times(self.method, factor)
        other = replace(self, method=changed, lr=self.lr * factor)
        # a warm-up may begin with steps of 0
        paths = [one.run(lambda x: x, np.array([1.0, -2.0]), 20).x for one in (self, other)]
        return None if np.array_equal(*paths) else other


def _torch_times(factory: Callable[[list[Any]], Any], factor: float) -> Callable[[list[Any]], Any]:
    def make(params: list[Any]) -> Any:
        opt = factory(params)
        groups = {id(group): group for one in (opt, getattr(opt, "inner", None)) if one is not None
                  for group in one.param_groups}  # fmt: skip
        for group in groups.values():
            group["lr"] = group["lr"] * factor
        return opt

    make.__name__ = name_of(factory)
    return make


def _rule_times(rule: Any, factor: float) -> Any:
    changed = copy.copy(rule)
    if isinstance(getattr(rule, "lr", None), Real):
        object.__setattr__(changed, "lr", float(rule.lr) * factor)
    else:
        object.__setattr__(changed, "inner", _rule_times(rule.inner, factor))
    return changed


def _lr_of(rule: Any) -> float | None:
    for one in (rule, getattr(rule, "inner", None)):
        if isinstance(getattr(one, "lr", None), Real):
            return float(one.lr)
    return None


def studied(method: Any, *, name: str | None = None, options: Mapping[str, Any] | None = None,
            inner: str = "momentum") -> Studied:  # fmt: skip
    """Make a `Studied` of what a user brings.

    Parameters
    ----------
    method : ``"package.module:factory"``, a `nala_lab.drive.Method`, a NumPy rule, a function (theta, grad), or a
        factory of torch optimizers. name : what the page calls it. options : keyword arguments of a class or factory.
    inner : what an optimizer that wraps another one is put around: "sgd", "momentum", "adam".

    Raises
    ------
    ValueError
        In one sentence, for what is no method, or cannot be made.

    Examples
    --------
    >>> from nala_lab.study import studied
    >>> from nala_lab.reference import NALA
    >>> one = studied(NALA(k=3))
    >>> one.name, one.lr, one.spends[:2], one.times_lr(2).lr
    ('NALA', 0.001, (4, 4), 0.002)
    """
    target = method
    if isinstance(method, str):
        method = load_target(method)
        name = name or target.partition(":")[2]
    options = dict(options or {})
    if isinstance(method, Method):
        require("options", options, not options, "left out", "a Method has its settings")
        return _of_method(method, name or str(method))
    method, is_rule = _made(method, options)
    if is_rule:
        known = "a function" if name_of(method) == "<lambda>" else name_of(method)
        return Studied(name or known, "numpy", method, _lr_of(method))
    known = "a factory" if name_of(method) == "<lambda>" else name_of(method)
    return _of_factory(method, target, name or known, options, inner)


def _made(method: Any, options: Mapping[str, Any]) -> tuple[Any, bool]:
    """The method, made where it is a class of rules or a function without arguments; and whether it is a rule."""
    if isinstance(method, type) and not any(base.__module__.startswith("torch.optim") for base in method.__mro__):
        if any(callable(getattr(method, part, None)) for part in ("init", "cycle")):
            return _called(method, options), True
    if inspect.isfunction(method):
        try:
            inspect.signature(method).bind(**options)
        except TypeError:
            pass
        else:
            method, options = _called(method, options), {}
            require("method", method, not hasattr(method, "param_groups"), "a factory that takes the parameters")
    is_rule = twin_of(method) == "numpy"
    return (_with(method, options) if is_rule and options else method), is_rule


def _with(rule: Any, options: Mapping[str, Any]) -> Any:
    """A function (theta, grad, lr=0.1, ...) with its options; an object is made with them."""
    require("options", dict(options), inspect.isfunction(rule), "left out", f"{name_of(rule)} is made already")
    try:
        inspect.signature(rule).bind(None, None, **options)
    except TypeError as error:
        raise ValueError(f"{name_of(rule)} must take its options, got {dict(options)} ({error})") from error
    bound = lambda theta, grad: rule(theta, grad, **options)  # noqa: E731
    bound.__name__ = name_of(rule)
    return bound


def _called(make: Callable[..., Any], options: Mapping[str, Any]) -> Any:
    try:
        return make(**options)
    except TypeError as error:
        raise ValueError(f"{name_of(make)} must be made of its options, got {dict(options)} ({error})") from error


def _of_method(method: Method, name: str) -> Studied:
    facts, settings = find(method.name), method.shared()
    has = facts.numpy is not None
    factory = lambda params: torch_twin(method.name, params, **settings)  # noqa: E731
    rule = numpy_twin(method.name, **settings) if has else factory
    inner = settings.get("inner", ("Adam", {}))[0].lower()
    around = inner if inner in AROUND else "momentum"
    kept = {key: value for key, value in settings.items() if key not in ("inner", "lr")}
    one = Studied(name, "numpy" if has else "torch", rule, None, facts.torch, facts.to_torch(kept), around)
    lr = _lr_of(rule) if has else _torch_lr(one)
    return replace(one, lr=lr, claims=_of_table(method))


def _of_table(method: Method) -> tuple[int, ...]:
    """Gradients of its cycles, or steps, by the table; empty for the fixed point, which takes as many as it needs."""
    from nala_lab.methods.counting import cycles

    settings = method.shared()
    probes = (settings.get("probe"), settings.get("inner", ("", {}))[1].get("probe"))
    return () if "implicit" in probes else tuple(sorted({len(one) for one in cycles(method.name, settings)}))


def _of_factory(factory: Any, target: Any, name: str, options: Mapping[str, Any], inner: str) -> Studied:
    from nala_lab.audit import Subject

    subject = Subject(target, options, inner=inner)
    make = factory
    if options or subject.wraps == "first argument":
        bound = subject.make if subject.wraps == "first argument" else partial(factory, **options)
        make = lambda params: bound(params)  # noqa: E731
        make.__name__ = name_of(factory) + (f" with {dict(options)}" if options else "")  # what a sentence calls it
    one = Studied(name, "torch", make, None, target, options, inner)
    known = [facts.name for facts in METHODS.values() if facts.torch == target and facts.hyper is not None]
    claims = _of_table(Method(known[0], **options)) if known and "inner" not in options else _claimed(factory, options)
    return replace(one, lr=_torch_lr(one), claims=claims, period=_period(make, subject))


def _period(make: Callable[[list[Any]], Any], subject: Any) -> int:
    """Steps of a cycle as the audit reads them off the optimizer; 1 where its own phase tells when a cycle ends."""
    try:
        opt = _opt(make)
        return 1 if hasattr(opt, "phase") else int(subject.cycle(opt))
    except Exception:  # whatever its author raises; what it is matters here only
        return 1


def _claimed(factory: Any, options: Mapping[str, Any]) -> tuple[int, ...]:
    """What ``factory.counted(settings)`` says, by the protocol of `nala_lab.experiments.run.own`.

    There a call of ``step()`` is one gradient; an optimizer that is driven by a closure may spend the cycle in a call.
    """
    counted = getattr(factory, "counted", None)
    if counted is None:
        return ()
    defaults = {p.name: p.default for p in inspect.signature(factory).parameters.values()
                if p.default is not inspect.Parameter.empty}  # fmt: skip
    return tuple(sorted({1, len(list(counted({**defaults, **options})))}))


def _torch_lr(one: Studied) -> float | None:
    lr = _opt(one.method).param_groups[0].get("lr")
    return None if lr is None else float(lr)


def _opt(factory: Callable[[list[Any]], Any]) -> Any:
    """An optimizer of two weights, each a parameter of its own as in every run."""
    import torch

    from nala_lab.drive.torch_run import made_by

    return made_by(factory, [torch.nn.Parameter(torch.zeros(1, dtype=torch.float64)) for _ in range(2)])
