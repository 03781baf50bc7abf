"""A method's twins from its name: the table holds where they live, and this is the only place that loads them."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from dataclasses import fields
from importlib import import_module
from typing import Any

from nala_lab.core import require, require_choice, require_number
from nala_lab.methods.facts import Facts, Settings
from nala_lab.methods.hyper import require_betas
from nala_lab.methods.table import WITH_TWINS, find

__all__ = ["RANGES", "check_settings", "numpy_twin", "torch_twin"]

RANGES: Mapping[str, Mapping[str, Any]] = {
    "lr": {"low": 0}, "eps": {"low": 0}, "weight_decay": {"low": 0}, "initial_accumulator": {"low": 0},
    "beta": {"low": 0, "high": 1, "open_high": True},
    "final_lr": {"low": 0, "open_low": True}, "gamma": {"low": 0, "open_low": True},
}  # fmt: skip
"""Setting -> its range, for methods without a hyperparameter class: their own code lets NaN through (`if lr < 0`)."""


def numpy_twin(name: str, **settings: Any) -> Any:
    """Make the NumPy twin from shared settings; `inner` is a pair (name, settings).

    Raises ValueError for an unknown name, one without a NumPy twin, or a setting out of range or unheard of.

    Examples
    --------
    >>> from nala_lab.methods import numpy_twin
    >>> numpy_twin("NALA", inner=("SGD", {"lr": 0.1}), k=2).inner.lr
    0.1
    """
    facts = find(name)
    if facts.numpy is None:
        require_choice("name", name, WITH_TWINS, "those with a NumPy twin")
    rest, inner = _split_inner(facts, settings)
    if inner is not None:
        rest["inner"] = numpy_twin(inner[0], **inner[1])
    return _heard(str(facts.numpy), rest)(**rest)


def torch_twin(name: str, params: Any, **settings: Any) -> Any:
    """Make the torch optimizer from shared settings; `inner` is a pair (name, settings).

    The torch twin of HeavyBall and NAG is ``torch.optim.SGD``, which has neither printed form nor a default momentum;
    NALA's ``outer_batch="last"`` is called ``"same"`` there. Around NAG, the two loops of the twins differ: torch's
    parameters are NAG's look-ahead points, and these are what gets mixed. Raises ValueError for an unknown name, or a
    setting out of range, unheard of, or without a torch twin.

    Examples
    --------
    >>> from nala_lab.methods import torch_twin
    >>> import torch
    >>> opt = torch_twin("NAG", [torch.zeros(2, requires_grad=True)], lr=0.1, momentum=0.9)
    >>> opt.defaults["nesterov"], opt.defaults["momentum"]
    (True, 0.9)
    """
    facts = find(name)
    rest, inner = _split_inner(facts, settings)
    if facts.hyper is not None:
        check_settings(facts, rest)
    for setting in rest.keys() & (facts.to_torch({}).keys() - facts.published.keys()):
        require(setting, rest[setting], False, f"{setting} left out", f"{facts.name} fixes it")
    given = facts.to_torch(rest)
    if inner is not None:
        given["inner"] = lambda held: torch_twin(inner[0], held, **inner[1])
    make = _heard(facts.torch, given)
    if facts.hyper is None:  # whether there is such a number is asked before its range
        check_settings(facts, given)
    return make(params, **given)


def check_settings(facts: Facts, settings: dict[str, Any]) -> None:
    """Check the numbers of a method by its hyperparameter class, or by their ranges; betas become a tuple.

    Raises ValueError for a setting out of range, or NaN.
    """
    if "betas" in settings:
        require_betas(settings["betas"])
        settings["betas"] = tuple(settings["betas"])
    if facts.hyper is not None:
        known = {f.name for f in fields(facts.hyper)} & settings.keys()
        facts.hyper(**{name: settings[name] for name in known})
        return
    for name, value in settings.items():
        if name in RANGES:
            require_number(name, value, **RANGES[name])
        elif name not in ("betas", "n"):  # n: NTASGD has the rule
            require(name, value, isinstance(value, bool), "True or False")


def _load(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


def _heard(path: str, settings: Settings) -> Any:
    """The class or function of that path, if it knows these settings: further names would vanish in its **kwargs."""
    make = _load(path)
    arguments = inspect.signature(make).parameters.items()
    known = [name for name, one in arguments if name != "params" and one.kind is not inspect.Parameter.VAR_KEYWORD]
    for setting in settings:
        require_choice("hyperparameter", setting, known, f"those that {path.replace(':', '.')} has")
    return make


def _split_inner(facts: Facts, settings: Settings) -> tuple[dict[str, Any], tuple[str, Settings] | None]:
    """Settings without the inner rule, and the inner rule as (name, settings), or None."""
    rest = {key: value for key, value in settings.items() if key != "inner"}
    inner = settings.get("inner")
    pair = isinstance(inner, tuple | list) and len(inner) == 2 and isinstance(inner[1], Mapping)
    require("inner", inner, inner is None or pair, "a pair (name, settings)", 'such as ("Adam", {"lr": 1e-3})')
    require("inner", inner, inner is None or facts.two_loops, "left out", f"{facts.name} has one loop")
    return rest, None if inner is None else (inner[0], inner[1])
