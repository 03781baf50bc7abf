"""Every optimizer of both papers, built at its published settings, and how its gradients are counted.

The loop spends one gradient of one new mini-batch per ``step()``, the look-ahead gradient included, so NALA stands at
``outer_batch="fresh"`` and AdaLA at ``probe_batch="next"``.
"""

from __future__ import annotations

import inspect
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from importlib import import_module
from math import lcm
from typing import Any

import torch

from nala_lab.core import require, require_choice, require_number
from nala_lab.methods.hyper import AdamHyper, MomentumHyper, NAGHyper, require_betas
from nala_lab.methods.settings import ADAM, ONE_LOOP, PUBLISHED, Settings, around
from nala_lab.methods.table import OPTIMIZERS, torch_optimizer

__all__ = ["METHODS", "Method", "get_method", "slow_weights"]

_ELSEWHERE = {  # optimizers without twins: where they come from
    "AdaBound": "pytorch_optimizer", "Yogi": "pytorch_optimizer", "MSVAG": "pytorch_optimizer",
    "RAdam": "torch.optim", "AdamW": "torch.optim", "Fromage": "pytorch_optimizer",
    "NTASGD": "nala_lab.experiments.run.ntasgd",
}  # fmt: skip
_FIXED = ("outer_batch", "probe_batch", "inner.probe_batch")
# torch lets NaN and infinity through (`if lr < 0`), and so does pytorch_optimizer; these rules do not.
_RULES = {"SGD": MomentumHyper, "HeavyBall": MomentumHyper, "NAG": NAGHyper, "Adam": AdamHyper}
_RANGES: dict[str, dict[str, Any]] = {
    "lr": {"low": 0}, "eps": {"low": 0}, "weight_decay": {"low": 0}, "initial_accumulator": {"low": 0},
    "beta": {"low": 0, "high": 1, "open_high": True},
    "final_lr": {"low": 0, "open_low": True}, "gamma": {"low": 0, "open_low": True},
}  # fmt: skip


@dataclass(frozen=True)
class Method:
    """An optimizer and its published settings.

    Attributes
    ----------
    name : what the command line and the records call it: `entry` in lower case.
    entry : the registry's name, or the name of the class in torch.optim or pytorch_optimizer.
    settings : hyperparameters, all of them written to the record.
    """

    name: str
    entry: str
    settings: Settings = field(hash=False)

    @property
    def traits(self) -> frozenset[str]:
        """What the registry says of it; nothing of an optimizer from elsewhere."""
        return OPTIMIZERS[self.entry].traits if self.entry in OPTIMIZERS else frozenset()

    def build(self, params: Any, settings: Settings) -> torch.optim.Optimizer:
        """Make the torch optimizer.

        Raises
        ------
        ValueError
            For a setting out of range, or one that the optimizer does not have.
        """
        given = {name: value for name, value in settings.items() if not name.startswith("inner.")}
        if "betas" in given:
            require_betas(given["betas"])
            given["betas"] = tuple(given["betas"])
        if self.entry in _ELSEWHERE:
            return _from_elsewhere(self.entry, params, given)
        if self.entry in _RULES:
            _RULES[self.entry](**given)
        if "two loops" in self.traits:
            inner, own = METHODS[given.pop("inner")], _inner_settings(settings)
            # Its own Adam at torch's defaults is stepped in one pass with the slow weights.
            if inner.name != "adam" or own != {**ADAM, "lr": own["lr"]}:
                given.pop("lr")
                given["inner"] = lambda held: inner.build(held, own)
            optimizer: torch.optim.Optimizer = _two_loops(self.entry, params, given)
        else:
            optimizer = torch_optimizer(self.entry, params, **given)
        return optimizer

    def cycle(self, settings: Settings) -> tuple[int, int]:
        """(steps the papers count, gradients spent) until the pattern of counted gradients repeats.

        Examples
        --------
        >>> nala, adala = METHODS["nala"], METHODS["adala"]
        >>> nala.cycle(nala.settings), adala.cycle(adala.settings), METHODS["adam"].cycle({})
        ((5, 6), (1, 2), (1, 1))
        >>> adala.cycle({**adala.settings, "every": 4})  # one step of four looks ahead
        (4, 5)
        """
        counted = self._counted(settings)
        return sum(counted), len(counted)

    def timesteps(self, grads: int, settings: Settings) -> int:
        """Steps as the papers count them after `grads` gradients: the look-ahead gradient is not counted.

        Examples
        --------
        >>> nala = METHODS["nala"]  # k = 5: a cycle is 6 gradients and 5 steps
        >>> [nala.timesteps(n, nala.settings) for n in (4, 5, 6, 7)]
        [4, 5, 5, 6]
        """
        counted = self._counted(settings)
        whole, rest = divmod(grads, len(counted))
        return whole * sum(counted) + sum(counted[:rest])

    def _counted(self, settings: Settings) -> list[bool]:
        """Of each gradient of a cycle, whether it is a step; the look-ahead gradient is not."""
        if "two loops" not in self.traits:
            return [counted for step in self._steps(settings) for counted in step]
        steps = METHODS[settings["inner"]]._steps(_inner_settings(settings))
        k = settings["k"]
        # A reset restarts the inner pattern with the cycle; otherwise it runs on until both end together.
        period = k if settings.get("inner_state") == "reset" else lcm(k, len(steps))
        looks_ahead = "outer_batch" in settings or settings["alpha"] > 0 and self.name == "outermomentum"
        flags: list[bool] = []
        for i in range(period):
            flags += steps[i % len(steps)]
            if looks_ahead and (i + 1) % k == 0:
                flags.append(False)
        return flags

    def _steps(self, settings: Settings) -> list[list[bool]]:
        """The gradients of each step of a method of one loop."""
        looks_ahead = settings.get("probe", "lagged") != "lagged" and settings.get("blend", 1) > 0
        return [[True, False]] + [[True]] * (settings.get("every", 1) - 1) if looks_ahead else [[True]]

    def with_settings(self, changes: Settings) -> dict[str, Any]:
        """The settings with some of them changed; another `inner` comes with its own published settings.

        Raises
        ------
        ValueError
            For a name that this method does not have, or one that the loop needs as it is.

        Examples
        --------
        >>> around = METHODS["nala"].with_settings({"inner": "sgd", "inner.momentum": 0.9})
        >>> {name: value for name, value in around.items() if name.startswith("inner")}
        {'inner_state': 'keep', 'inner': 'sgd', 'inner.momentum': 0.9, 'inner.weight_decay': 0.0}
        """
        base = dict(self.settings)
        if "inner" in base and "inner" in changes:
            require_choice("inner", changes["inner"], ONE_LOOP, "the methods of one loop")
            base = {name: value for name, value in base.items() if not name.startswith("inner.")}
            base |= around(changes["inner"])
        for name, value in changes.items():
            require_choice("hyperparameter", name, base, f"those of {self.name}")
            fixed = name in _FIXED and value != base[name]
            rule = f"{name}={base[name]!r} in the training loop"
            require(name, value, not fixed, rule, "a new mini-batch for every gradient")
        return {**base, **changes}


def _inner_settings(settings: Settings) -> dict[str, Any]:
    own = {name.removeprefix("inner."): value for name, value in settings.items() if name.startswith("inner.")}
    return {"lr": settings["lr"], **own}


def _two_loops(entry: str, params: Any, given: dict[str, Any]) -> Any:
    """The registry takes an inner rule as a pair; here it may come from elsewhere, so the class is called itself."""
    module, _, name = OPTIMIZERS[entry].torch.partition(":")
    return getattr(import_module(module), name)(params, **given)


def _from_elsewhere(entry: str, params: Any, given: dict[str, Any]) -> Any:
    """An optimizer of torch or pytorch_optimizer, once every setting is known to be in range and to be heard."""
    for name, value in given.items():
        if name in _RANGES:
            require_number(name, value, **_RANGES[name])
        elif name not in ("betas", "n"):  # n: NTASGD has the rule
            require(name, value, isinstance(value, bool), "True or False")
    make = getattr(import_module(_ELSEWHERE[entry]), entry)
    heard = inspect.signature(make).parameters  # further names would vanish in **kwargs
    for name in given:
        require_choice("hyperparameter", name, heard, f"those that {_ELSEWHERE[entry]}.{entry} has")
    return make(params, **given)


METHODS = {name.lower(): Method(name.lower(), name, PUBLISHED[name.lower()]) for name in (*OPTIMIZERS, *_ELSEWHERE)}


def get_method(name: str) -> Method:
    """The method of the lab called `name`; `nala_lab.experiments.run.own.find_method` also knows a user's own.

    Raises
    ------
    ValueError
        Listing the methods, for another name.
    """
    require_choice("optimizer", name, METHODS, "or package.module:factory, for one of your own")
    return METHODS[name]


def slow_weights(optimizer: torch.optim.Optimizer) -> AbstractContextManager[Any]:
    """Stand on the slow weights inside the block; a plain optimizer has none and stays where it is."""
    own = getattr(optimizer, "slow_weights", None)
    return own() if own is not None else nullcontext()
