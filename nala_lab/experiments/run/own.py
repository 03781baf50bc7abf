"""An optimizer of the user's own on any task: ``--optimizer package.module:factory``, or `own_method` in Python.

A file ``mine.py`` in the folder that the command is started in, or a module of any installed package:

    import torch

    class SignDescent(torch.optim.Optimizer):
        def __init__(self, params, lr=1e-3, decay=0.0):
            super().__init__(params, {"lr": lr, "decay": decay})

        @torch.no_grad()
        def step(self, closure=None):
            for group in self.param_groups:
                for p in group["params"]:
                    if p.grad is not None:
                        p.add_(p.grad.sign() + group["decay"] * p, alpha=-group["lr"])

    nala-lab train lenet5-cifar10 --optimizer nala adam mine:SignDescent --seeds 0 1 2
    nala-lab tune lenet5-cifar10 --optimizer adam mine:SignDescent

It gets the initial weights, the data and their order, the rate's decay and the number of gradients that every other
optimizer gets at a seed, and is resumed, swept and tuned as they are. What is asked of it:

factory      a class, or a function, that is called with parameter groups and its settings and returns a torch optimizer
settings     its named arguments after the first; their defaults, which must be plain values, go into the record
lr           in every parameter group, where the decay of the task sets it
step()       works without a closure and spends one gradient
state        `state_dict` holds tensors and plain Python only, or the run cannot be saved

Two things are optional. A method that looks ahead, so that not every gradient is a step of its own, says which are:
``factory.counted(settings)`` is one truth value for each gradient of a cycle, such as ``[True] * settings["k"] +
[False]``. A method with slow weights has ``optimizer.slow_weights(model, recompute_bn=batches)``, a context inside
which it is measured: see `nala_lab.optim`.

A record calls it ``mine.SignDescent`` and holds the checksum of its source file: after a change there, what was trained
before is not taken for the new one. What that file imports is not covered.
"""

from __future__ import annotations

import hashlib
import inspect
import math
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from itertools import groupby
from pathlib import Path
from typing import Any

import torch

from nala_lab.core import require, require_choice
from nala_lab.experiments.run.optimizers import Method, as_its_kind, get_method
from nala_lab.methods.target import load_target
from nala_lab.optim._base import LabOptimizer

__all__ = ["OwnMethod", "find_method", "own_method"]

_NAMED = (inspect.Parameter.POSITIONAL_OR_KEYWORD, inspect.Parameter.KEYWORD_ONLY)


@dataclass(frozen=True)
class OwnMethod(Method):
    """An optimizer from outside the lab; made by `own_method`.

    Attributes
    ----------
    make : the factory. sha256 : of its source.
    needed : settings without a default.
    slow : whether it has slow weights. cycle : its steps from slow weights to slow weights, where its factory does not
        count them. Both are known once it was `rehearsed`.
    """

    make: Callable[..., Any] = field(compare=False, kw_only=True)
    sha256: str = field(kw_only=True)
    needed: tuple[str, ...] = field(default=(), kw_only=True)
    slow: bool = field(default=False, kw_only=True)
    cycle: int = field(default=1, kw_only=True)

    @property
    def traits(self) -> frozenset[str]:
        """What the loop has to know: whether there are slow weights to be measured."""
        return frozenset({"two loops"} if self.slow else ())

    @property
    def origin(self) -> dict[str, str]:
        """Where it is from, for the configuration of a record."""
        return {"target": self.entry, "sha256": self.sha256}

    def build(self, params: Any, settings: Mapping[str, Any]) -> torch.optim.Optimizer:
        """Make the optimizer."""
        made: torch.optim.Optimizer = self.make(params, **settings)
        return made

    def with_settings(self, changes: Mapping[str, Any]) -> dict[str, Any]:
        """The settings with some of them changed; needed ones are there once they have a value.

        Raises ValueError for a name that the factory does not have, NaN, or text where the default is True or False.
        """
        for name, value in changes.items():
            require_choice("hyperparameter", name, {*self.settings, *self.needed}, f"those of {self.entry}")
            told = not isinstance(self.settings.get(name), bool) or not isinstance(value, str)
            require(name, value, told, "true or false, without quotes")
            require(name, value, not (isinstance(value, float) and math.isnan(value)), "a value that is not NaN")
        tuples = {name for name, default in self.settings.items() if isinstance(default, tuple)}
        told = {name: as_its_kind(self.settings.get(name), tuple(x) if name in tuples and isinstance(x, list) else x)
                for name, x in changes.items()}  # fmt: skip
        return {**self.settings, **told}

    def rehearsed(self, settings: Mapping[str, Any]) -> OwnMethod:
        """Take a step of a small network, and check what the loop will ask for; `slow` and `cycle` are known then.

        Raises ValueError in one sentence, for an optimizer that cannot be made or stepped, or that does not fit the
        loop.
        """
        missing = [name for name in self.needed if name not in settings]
        rule = f"none without a value, as {self.entry} has no default for them"
        require("hyperparameters", missing, not missing, rule, "--set NAME=VALUE gives them")
        weights = _small_network()
        try:
            optimizer: Any = self.build([{"params": weights}], settings)
        except Exception as error:  # whatever its author raises
            raise ValueError(f"{self.entry}: cannot be made of {dict(settings)} ({_said(error)})") from error
        groups = getattr(optimizer, "param_groups", [])
        require(self.entry, type(optimizer).__name__, bool(groups) and all("lr" in group for group in groups),
                "a factory of torch optimizers with lr in every parameter group")  # fmt: skip
        try:
            optimizer.step()
            looks_ahead, steps = _walked(optimizer)
        except Exception as error:
            raise ValueError(f"{self.entry}: step() must work without a closure ({_said(error)})") from error
        self._check_counted(optimizer, settings, looks_ahead)
        slow = getattr(optimizer, "slow_weights", None)
        if slow is not None:
            try:
                inspect.signature(slow).bind(None, recompute_bn=None)
            except TypeError as error:
                raise ValueError(f"{self.entry}: must have slow_weights(model, recompute_bn=batches), or none "
                                 f"({error})") from error  # fmt: skip
        return replace(self, slow=slow is not None, cycle=steps)

    def _check_counted(self, optimizer: Any, settings: Mapping[str, Any], looks_ahead: bool) -> None:
        told = hasattr(self.make, "counted")
        rule = "factory.counted(settings) for a method that looks ahead"
        fits = told or not looks_ahead
        require(self.entry, type(optimizer).__name__, fits, rule, "which of its gradients are steps")
        try:
            flags = self._counted(settings)
        except Exception as error:
            why = f"{type(error).__name__}: {_said(error)}"
            asked = f"{self.entry}: counted(settings) cannot be asked with {dict(settings)}"
            raise ValueError(f"{asked} ({why})") from error
        pauses = [len(list(run)) for counted, run in groupby(flags + flags) if not counted]
        require(f"counted of {self.entry}", flags, bool(flags) and flags[0] and max(pauses, default=0) <= 2,
                "a list that starts with True and has no more than two False in a row")  # fmt: skip

    def _counted(self, settings: Mapping[str, Any]) -> list[bool]:
        counted = getattr(self.make, "counted", None)
        return [True] * self.cycle if counted is None else [bool(flag) for flag in counted(settings)]


def own_method(target: str | Callable[..., Any]) -> OwnMethod:
    """The method of a factory, or of the one that ``"package.module:factory"`` names.

    Raises ValueError when there is no such thing, or its arguments or its source cannot be read.

    Examples
    --------
    >>> from pathlib import Path
    >>> from nala_lab.experiments import own_method
    >>> mine = own_method("torch.optim:Adamax")
    >>> mine.name, mine.settings["betas"], mine.with_settings({"lr": 0.01})["lr"]
    ('torch.optim.Adamax', (0.9, 0.999), 0.01)

    One run of it, at smoke scale; `execute` trains:

    >>> import tempfile
    >>> from nala_lab.experiments.run.one_run import execute, plan
    >>> run = plan("lenet5-digits", mine, seed=0, scale="smoke", epochs=1, changes={"lr": 0.01})
    >>> with tempfile.TemporaryDirectory() as out:
    ...     record, _ = execute(run, Path(out), progress=False)
    >>> record.outcome, record.optimizer, record.header["config"]["own"]["target"]
    ('finished', 'torch.optim.Adamax', 'torch.optim:Adamax')
    """
    if isinstance(target, str):
        make, entry = load_target(target), target
    else:
        make, entry = target, _entry(target)
    try:
        _, *arguments = inspect.signature(make).parameters.values()
    except (TypeError, ValueError) as error:
        raise ValueError(f"{entry}: must be a factory that takes parameters and settings ({_said(error)})") from error
    named = [argument for argument in arguments if argument.kind in _NAMED]
    require(entry, "name", all(argument.name != "name" for argument in named), "a factory without a setting `name`",
            "a record calls the optimizer so")  # fmt: skip
    settings = {argument.name: argument.default for argument in named if _is_plain(argument.default)}
    needed = tuple(argument.name for argument in named if argument.default is inspect.Parameter.empty)
    name = entry.replace(":", ".")  # also of a file
    return OwnMethod(name, entry, settings, make=make, sha256=_source_sha256(make, entry), needed=needed)


def _entry(target: Any) -> str:
    """``module:name`` of a class or function; two that a record cannot tell apart would be given each other's runs."""
    module, name = getattr(target, "__module__", None) or "", getattr(target, "__qualname__", "")
    found: Any = sys.modules.get(module)
    for part in name.split("."):
        found = getattr(found, part, None)
    require("target", target, callable(target) and found is target, "a class or function that its module has by name",
            "no lambda, partial, or function made by another one: records know it by its name and source")  # fmt: skip
    return f"{module}:{name}"


def find_method(optimizer: str | Method) -> Method:
    """The method of a name: one of the lab's, or ``package.module:factory``; a method is returned as it is.

    Raises ValueError for another name, listing the lab's.
    """
    if isinstance(optimizer, Method):
        return optimizer
    if isinstance(optimizer, str) and ":" in optimizer:
        return own_method(optimizer)
    return get_method(optimizer)


def _small_network() -> list[torch.Tensor]:
    """Weights with gradients, in the shapes that optimizers tell apart: a convolution, a matrix, a bias."""
    weights = [torch.ones(shape, requires_grad=True) for shape in ((2, 1, 3, 3), (3, 2), (3,))]
    for p in weights:
        p.grad = torch.full_like(p, 0.5)
    return weights


def _walked(optimizer: Any) -> tuple[bool, int]:
    """Whether some gradient of a cycle is no step of its own, and the steps of one; asked of the lab's optimizers."""
    steps = 1  # was taken; what others call their phase can be anything
    while isinstance(optimizer, LabOptimizer) and optimizer.phase != 0 and optimizer.next_gradient == "step":
        optimizer.step()
        steps += 1
    return isinstance(optimizer, LabOptimizer) and optimizer.next_gradient != "step", steps


def _is_plain(value: Any) -> bool:
    if isinstance(value, tuple | list):
        return all(_is_plain(item) for item in value)
    return value is None or isinstance(value, bool | int | float | str)


def _source_sha256(make: Callable[..., Any], entry: str) -> str:
    """Of the file that the factory is written in; of its own lines where there is no file, as in a notebook."""
    try:
        return hashlib.sha256(Path(inspect.getsourcefile(make) or "").read_bytes()).hexdigest()
    except (TypeError, OSError):
        parts = [part for part in vars(make).values() if inspect.isfunction(part)] if inspect.isclass(make) else [make]
    try:
        return hashlib.sha256("".join(inspect.getsource(part) for part in parts).encode()).hexdigest()
    except (TypeError, OSError) as error:
        raise ValueError(f"{entry}: must have a source that can be read: its checksum is a part of every record "
                         f"({_said(error)})") from error  # fmt: skip


def _said(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
