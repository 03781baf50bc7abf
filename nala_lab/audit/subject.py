"""The optimizer under audit: how to make it, what it wraps, and of which kind it is."""

from __future__ import annotations

import inspect
import warnings
from collections.abc import Callable, Mapping
from functools import cached_property
from typing import Any

import torch
from torch.optim import Optimizer

from nala_lab.audit.spec import KINDS, NotApplicable
from nala_lab.core import require, require_choice
from nala_lab.methods import METHODS, Facts
from nala_lab.methods.target import load_target

__all__ = ["INNERS", "Subject", "bare", "halves", "inner_of", "needed", "read"]

INNERS: dict[str, Callable[..., Optimizer]] = {
    "sgd": lambda params, lr=0.05: torch.optim.SGD(params, lr=lr),
    "momentum": lambda params, lr=0.05: torch.optim.SGD(params, lr=lr, momentum=0.9),
    "adam": lambda params, lr=0.05: torch.optim.Adam(params, lr=lr),
}
_WRAPPED = ("optimizer", "base_optimizer", "opt", "inner_optimizer", "base")  # names of a wrapper's first argument
_HELD = ("inner", "optimizer", "base_optimizer", "_optimizer", "opt", "base")  # where wrappers keep what they wrap
_MATRIX = (3, 2)
_SHAPES = (_MATRIX, (3,), (2, 1, 3, 3))  # a matrix, a bias, a convolution
_SYNONYMS = {"k": ("k", "lookahead_k", "la_steps", "sync_every"), "alpha": ("alpha", "lookahead_alpha", "la_alpha")}


def inner_of(opt: Any) -> Optimizer | None:
    """The optimizer that `opt` wraps, or None."""
    held = (getattr(opt, name, None) for name in _HELD)
    return next((one for one in held if isinstance(one, Optimizer) and one is not opt), None)


def read(opt: Any, name: str) -> Any:
    """The setting `name` (k, alpha, mu) as the object shows it, in an attribute or a parameter group, or None."""
    for spelled in _SYNONYMS.get(name, (name,)):
        for place in (vars(opt), opt.param_groups[0], getattr(opt, "defaults", {})):
            if spelled in place:
                return place[spelled]
        if hasattr(type(opt), spelled):
            return getattr(opt, spelled)
    return None


def needed(opt: Any, name: str) -> Any:
    """The same; NotApplicable is raised where the object does not show it."""
    value = read(opt, name)
    if value is None:
        raise NotApplicable(f"it does not show its {name}")
    return value


def bare(inner: Optimizer, params: Any) -> Optimizer:
    """A new optimizer of the class and the settings of `inner`, around other parameters."""
    known = inspect.signature(type(inner)).parameters
    settings = {name: value for name, value in inner.defaults.items() if name in known}
    return type(inner)(params, **settings)


def halves(params: Any) -> list[dict[str, Any]]:
    """The parameters in two groups."""
    held = list(params)
    return [{"params": held[: len(held) // 2]}, {"params": held[len(held) // 2 :]}]


class Subject:
    """A factory of optimizers with its options.

    Parameters
    ----------
    target : ``"package.module:factory"``, or the factory itself. Called with parameters, or, when its first argument is
        named like one, with an inner optimizer. options : keyword arguments for every call.
    kind : one of KINDS, or None to detect it.
    inner : "sgd", "momentum" or "adam": what a wrapper is put around when a check does not say.

    Raises
    ------
    ValueError
        When the target cannot be found or called, or a name is unknown.
    """

    def __init__(self, target: str | Callable[..., Any], options: Mapping[str, Any] | None = None,
                 kind: str | None = None, inner: str = "momentum") -> None:  # fmt: skip
        self.target, self.options, self.inner = target, dict(options or {}), inner
        require_choice("inner", inner, INNERS)
        if kind is not None:
            require_choice("kind", kind, KINDS)
        self.factory = load_target(target) if isinstance(target, str) else target
        try:
            self._arguments: Mapping[str, Any] = inspect.signature(self.factory).parameters
        except (TypeError, ValueError):
            self._arguments = {}
        self._kind = kind
        self.mutant: str | None = None  # the bug of the museum that is planted, for processes started from here

    @cached_property
    def wraps(self) -> str:
        """How an inner optimizer gets in: "first argument", "keyword" (``inner=function``), or "" (not at all)."""
        first = next(iter(self._arguments), "params")
        if first in _WRAPPED:
            return "first argument"
        return "keyword" if "inner" in self._arguments else ""

    def accepts(self, name: str) -> bool:
        """Say whether the factory has an argument of this name."""
        return name in self._arguments

    def make(self, params: Any, *, inner: str | None = None, lr: float | None = None, **settings: Any) -> Any:
        """Make one optimizer.

        Raises
        ------
        NotApplicable
            When the factory has no way to take what is asked for.
        """
        for name in settings:
            if not self.accepts(name):
                raise NotApplicable(f"the factory has no argument {name}")
        merged = {**self.options, **settings}
        if self._sorts:
            params = _together(list(params), _weights(*_SHAPES))  # they never have a gradient
        return self._made(params, inner, lr, merged)

    def _made(self, params: Any, inner: str | None, lr: float | None, merged: Mapping[str, Any]) -> Any:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            if self.wraps == "first argument":
                made = INNERS[inner or self.inner](params, **({} if lr is None else {"lr": lr}))
                opt = self._called(inner, made, merged)
            else:
                opt = self._called(inner, params, {**merged, **self._inner_or_lr(inner, lr)})
        if callable(getattr(opt, "train", None)):  # schedule-free methods have two sets of weights to show
            opt.train()
        return opt

    def _called(self, inner: str | None, first: Any, settings: Mapping[str, Any]) -> Any:
        try:
            return self.factory(first, **settings)
        except ValueError as error:
            if inner not in (None, self.inner):
                raise NotApplicable(f"it refuses this inner optimizer: {error}") from error
            raise

    def _inner_or_lr(self, inner: str | None, lr: float | None) -> dict[str, Any]:
        if self.wraps == "keyword":
            builder, extra = INNERS[inner or self.inner], {} if lr is None else {"lr": lr}
            return {"inner": lambda held: builder(held, **extra)} if "inner" not in self.options else {}
        if inner is not None:
            raise NotApplicable("the factory decides about the inner optimizer itself")
        if lr is not None and "lr" not in self.options and self.accepts("lr"):
            return {"lr": lr}
        return {}

    def short(self, params: Any, **settings: Any) -> Any:
        """Make one with a short cycle (k = 3) where the factory lets us."""
        if "k" not in self.options and self.accepts("k") and self.two_loops:
            settings.setdefault("k", 3)
        return self.make(params, **settings)

    @cached_property
    def kind(self) -> str:
        """One of KINDS: as given, or as detected from what an instance exposes."""
        return self._kind or _detect(self.make(self._network()))

    @property
    def facts(self) -> Facts | None:
        """The row of the method table that it follows; None for a plain optimizer."""
        return METHODS.get(self.kind)

    @property
    def two_loops(self) -> bool:
        """Whether it follows a method with two loops."""
        return self.facts is not None and self.facts.two_loops

    def looks_ahead(self, opt: Any) -> bool:
        """Whether a cycle, or a step, spends a gradient that is not a step."""
        if self.facts is None:
            return False
        shown = {name: self.option(opt, name) for name in self.facts.published}
        told = {name: value for name, value in shown.items() if value is not None}
        return self.facts.looks_ahead({**self.facts.published, **told})

    def slow_step(self, opt: Any) -> float:
        """a of phi + a (theta - phi), as its settings say."""
        name, more = self._mixes
        return float(needed(opt, name)) + more

    def mixing(self, weight: float) -> dict[str, float]:
        """The setting with which it mixes by `weight`."""
        name, more = self._mixes
        return {name: weight - more}

    @property
    def without_outer_step(self) -> dict[str, float]:
        """The setting that leaves its outer gradient step out, where it has one."""
        has = self.facts is not None and "alpha" in self.facts.published and self._mixes[0] != "alpha"
        return {"alpha": 0.0} if has else {}

    @property
    def _mixes(self) -> tuple[str, float]:
        mixes = None if self.facts is None else self.facts.slow_step
        if mixes is None:
            raise NotApplicable("it has no slow weights")
        return mixes

    @cached_property
    def needs_closure(self) -> bool:
        """True when ``step()`` works with a closure only.

        Raises ValueError when it works neither with one nor without.
        """
        weights = self._network()
        opt = self.make(weights)
        try:
            for _ in range(self.cycle(opt)):
                _stepped(opt, weights, closed=False)
        except Exception as error:  # whatever its author raises
            works = not self._refuses(self._network())
            require("target", self.target, works, "an optimizer of dense gradients of float64 weights on the CPU",
                    f"its step: {type(error).__name__}: {' '.join(str(error).split())[:120]}")  # fmt: skip
            return True
        return False

    @cached_property
    def matrices(self) -> bool:
        """Whether it takes matrices only, as Muon does: a network of all shapes is refused, one without biases not."""
        return self._refuses(_weights(*_SHAPES)) and not self._refuses(_weights(_MATRIX))

    @cached_property
    def _sorts(self) -> bool:
        """Whether it hands parameters on by their shape, as Muon beside AdamW does, and so needs some of each."""
        return not self.matrices and self._refuses(_weights((2,))) and not self._refuses(_weights(*_SHAPES))

    @cached_property
    def takes_groups(self) -> bool:
        """Whether it can be made of two parameter groups, and steps them."""
        return not self._refuses([*self._network(), *self._network()], halves)

    def _network(self) -> list[torch.nn.Parameter]:
        return _weights(_MATRIX) if self.matrices else _weights(*_SHAPES)

    def _refuses(self, params: list[torch.nn.Parameter], arranged: Callable[[Any], Any] = list) -> bool:
        """Whether none can be made of these weights, or its first step fails, with a closure and without."""
        for closed in (False, True):
            try:
                _stepped(self._made(arranged(params), None, None, self.options), params, closed=closed)
            except Exception:  # whatever its author raises
                continue
            return False
        return True

    def option(self, opt: Any, name: str) -> Any:
        """A named option, as it was given, or as the object shows it in itself or in its ``hyper``, or None."""
        return self.options.get(name, getattr(opt, name, getattr(getattr(opt, "hyper", None), name, None)))

    def cycle(self, opt: Any) -> int:
        """Calls of ``step()`` from one start of a cycle to the next."""
        steps = int(read(opt, "k") or 1) if self.two_loops else int(self.option(opt, "every") or 1)
        batch = self.option(opt, "outer_batch") if self.two_loops else self.option(opt, "probe_batch")
        return steps + (self.looks_ahead(opt) and batch not in ("same", "last"))


def _stepped(opt: Any, weights: list[torch.nn.Parameter], *, closed: bool) -> None:
    """One step with the gradient of the sum of all weights."""

    def closure() -> torch.Tensor:
        for p in weights:
            p.grad = torch.ones_like(p)
        return torch.stack([p.detach().sum() for p in weights]).sum()

    closure()
    opt.step(*([closure] if closed else []))


def _weights(*shapes: tuple[int, ...]) -> list[torch.nn.Parameter]:
    return [torch.nn.Parameter(torch.full(shape, 1.5, dtype=torch.float64)) for shape in shapes]


def _together(params: Any, company: list[torch.nn.Parameter]) -> Any:
    """Parameters or groups, with further parameters."""
    return [*params, {"params": company}] if params and isinstance(params[0], dict) else [*params, *company]


def _detect(opt: Any) -> str:
    """The kind, from class name, attributes and settings."""
    name = type(opt).__name__.lower()
    if inner_of(opt) is not None:
        if read(opt, "k") is None or read(opt, "alpha") is None:  # SNOO has k and mu, and no alpha
            return "plain"
        return "nala" if hasattr(opt, "mu") else "lookahead"
    for kind in ("adala", "adabelief"):
        if kind in name:
            return kind
    return {"adam": "adam", "adamw": "adam"}.get(name, "plain")
