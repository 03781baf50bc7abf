"""The optimizers of the registry at their published settings, and how their gradients are counted.

From the NALA paper (section "Experiments on LeNet-5"): lr 0.001 for NALA, Lookahead and Adam, 0.1 for NAG (momentum
0.1) and SGD; k = 5 for NALA and Lookahead; mu = -0.5 and alpha = 0.001 for NALA. Not stated there: Lookahead's slow
step, for which its own paper's 0.5 is used; and whether alpha of NALA decays with lr, which it does not here. From the
AdaLA paper (its notation list): lr 0.001, betas (0.9, 0.999), eps 1e-8, also for AdaBelief. HeavyBall is in neither.
The inner optimizer of NALA and Lookahead is torch's Adam at the same lr and at its defaults otherwise.

The loop spends one gradient of one new mini-batch per ``step()``, the look-ahead gradient included, so NALA stands at
``outer_batch="fresh"`` and AdaLA at ``probe_batch="next"``.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Any

import torch

from nala_lab.core import require, require_choice
from nala_lab.core.hyper import AdamHyper, MomentumHyper, NAGHyper, SGDHyper
from nala_lab.registry import OPTIMIZERS, torch_optimizer

__all__ = ["METHODS", "PAPER_METHODS", "PUBLISHED", "Method", "get_method", "slow_weights"]

Settings = Mapping[str, Any]
PAPER_METHODS = ("nala", "nag", "lookahead", "adam", "sgd")  # Fig. 2 of the NALA paper; "all" on the command line
_ADAM: dict[str, Any] = {"lr": 1e-3, "betas": [0.9, 0.999], "eps": 1e-8}
PUBLISHED: dict[str, Settings] = {
    "nala": {"lr": 1e-3, "k": 5, "mu": -0.5, "alpha": 1e-3, "inner": "adam", "outer_batch": "fresh"},
    "nag": {"lr": 0.1, "momentum": 0.1},
    "lookahead": {"lr": 1e-3, "k": 5, "alpha": 0.5, "inner": "adam"},
    "adam": _ADAM,
    "sgd": {"lr": 0.1},
    "adala": {**_ADAM, "probe": "own", "probe_batch": "next"},
    "adabelief": _ADAM,
    "heavyball": {"lr": 0.1, "momentum": 0.9},
}
_UNPUBLISHED: Settings = {"lr": 1e-3}  # of an optimizer that is in the registry only
_FIXED = ("inner", "outer_batch", "probe_batch")
# torch lets NaN and infinity through (`if lr < 0`); the lab's own hyperparameter classes do not.
_RULES = {"SGD": SGDHyper, "HeavyBall": MomentumHyper, "NAG": NAGHyper, "Adam": AdamHyper}


@dataclass(frozen=True)
class Method:
    """An optimizer and its published settings.

    Attributes
    ----------
    name : what the command line and the records call it: the registry's name in lower case.
    entry : the registry's name.
    settings : hyperparameters, all of them written to the record.
    """

    name: str
    entry: str
    settings: Settings = field(hash=False)

    def build(self, params: Any, settings: Settings) -> torch.optim.Optimizer:
        """Make the torch optimizer.

        Raises
        ------
        ValueError
            For a setting out of range.
        """
        given = {name: value for name, value in settings.items() if name != "inner"}
        if self.entry in _RULES:
            _RULES[self.entry](**given)
        if "betas" in given:
            given["betas"] = tuple(given["betas"])
        optimizer: torch.optim.Optimizer = torch_optimizer(self.entry, params, **given)
        return optimizer

    def cycle(self, settings: Settings) -> tuple[int, int]:
        """(steps the papers count, gradients spent) in one cycle; (1, 1) for plain methods."""
        if "outer_batch" in settings:
            return settings["k"], settings["k"] + 1
        probing = "probe" in OPTIMIZERS[self.entry].traits and settings.get("probe") != "lagged"
        return (1, 2) if probing else (1, 1)

    def timesteps(self, grads: int, settings: Settings) -> int:
        """Steps as the papers count them after `grads` gradients: the look-ahead gradient is not counted.

        Examples
        --------
        >>> nala = METHODS["nala"]  # k = 5: a cycle is 6 gradients and 5 steps
        >>> [nala.timesteps(n, nala.settings) for n in (4, 5, 6, 7)]
        [4, 5, 5, 6]
        """
        steps, spent = self.cycle(settings)
        return grads // spent * steps + min(grads % spent, steps)

    def with_settings(self, changes: Settings) -> dict[str, Any]:
        """The settings with some of them changed.

        Raises
        ------
        ValueError
            For a name that this method does not have, or one that the loop needs as it is.
        """
        for name, value in changes.items():
            require_choice("hyperparameter", name, self.settings, f"those of {self.name}")
            fixed = name in _FIXED and value != self.settings[name]
            rule = f"{name}={self.settings[name]!r} in the training loop"
            require(name, value, not fixed, rule, "Adam inside; a new mini-batch for every gradient")
        return {**self.settings, **changes}


METHODS = {name.lower(): Method(name.lower(), name, PUBLISHED.get(name.lower(), _UNPUBLISHED)) for name in OPTIMIZERS}


def get_method(name: str) -> Method:
    """The method called `name`.

    Raises
    ------
    ValueError
        Listing the methods, for another name.
    """
    require_choice("optimizer", name, METHODS)
    return METHODS[name]


def slow_weights(optimizer: torch.optim.Optimizer) -> AbstractContextManager[Any]:
    """Stand on the slow weights inside the block; a plain optimizer has none and stays where it is."""
    own = getattr(optimizer, "slow_weights", None)
    return own() if own is not None else nullcontext()
