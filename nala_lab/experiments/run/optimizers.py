"""Every row of the method table as the loop takes it: built for torch, its settings changed, its gradients counted.

The loop spends one gradient of one new mini-batch per ``step()``, the look-ahead gradient included, so NALA stands at
``outer_batch="fresh"`` and AdaLA at ``probe_batch="next"``. With ``outer_batch="last"`` the loop gives NALA the last
mini-batch a second time for its look-ahead gradient, as the released program does; it counts as a gradient too.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import torch

from nala_lab.core import require_choice
from nala_lab.methods.counting import around, counted, nested, timesteps
from nala_lab.methods.facts import Settings
from nala_lab.methods.making import check_settings, torch_twin
from nala_lab.methods.table import METHODS as ROWS

__all__ = ["METHODS", "Method", "as_its_kind", "get_method"]

# What the loop can give an optimizer that it steps without a closure: NALA's last mini-batch a second time, if asked.
_TAKES = {"outer_batch": ("fresh", "last"), "probe_batch": ("next",), "inner.probe_batch": ("next",)}


@dataclass(frozen=True)
class Method:
    """An optimizer and its published settings.

    Attributes
    ----------
    name : what the command line and the records call it: the key of its row.
    entry : how the row calls it; of a user's own, where it is from.
    settings : hyperparameters, all of them written to the record.
    """

    name: str
    entry: str
    settings: Settings = field(hash=False)

    @property
    def traits(self) -> frozenset[str]:
        """What its row says of it."""
        return ROWS[self.name].traits

    @property
    def origin(self) -> dict[str, str]:
        """Where it is from, for the configuration of a record: nothing to say of a method of the lab."""
        return {}

    def build(self, params: Any, settings: Settings) -> torch.optim.Optimizer:
        """Make the torch optimizer.

        Raises ValueError for a setting out of range, or one that the optimizer does not have.
        """
        given = nested(settings)
        if "outer_batch" in given:
            check_settings(ROWS[self.name], dict(given))
            given["outer_batch"] = "fresh"  # each step() is one gradient; which mini-batch it is of, the loop decides
        optimizer: torch.optim.Optimizer = torch_twin(self.name, params, **given)
        return optimizer

    def rehearsed(self, settings: Settings) -> Method:
        """Make one and throw it away: the optimizers know their own rules, and say now what training would say later.

        Raises ValueError for a setting out of range.
        """
        self.build([torch.zeros(1, requires_grad=True)], settings)
        return self

    def cycle(self, settings: Settings) -> tuple[int, int]:
        """(steps the papers count, gradients spent) until the pattern of counted gradients repeats.

        Examples
        --------
        >>> nala = METHODS["nala"]
        >>> nala.cycle(nala.settings)
        (5, 6)
        """
        flags = self.counted(settings)
        return sum(flags), len(flags)

    def timesteps(self, grads: int, settings: Settings) -> int:
        """Steps as the papers count them after `grads` gradients: the look-ahead gradient is not counted."""
        return timesteps(self.counted(settings), grads)

    def counted(self, settings: Settings) -> tuple[bool, ...]:
        """Of each gradient of a cycle, whether it is a step; the look-ahead gradient is not."""
        return tuple(self._counted(settings))

    def cycle_length(self, settings: Settings) -> int:
        """Steps from one start of a cycle, where the weights are the slow weights, to the next."""
        facts = ROWS.get(self.name)
        if facts is None:  # a user's own: as its factory counts
            return sum(self._counted(settings))
        return int(settings["k"]) if facts.two_loops else 1

    def _counted(self, settings: Settings) -> Sequence[bool]:
        return counted(self.name, settings)

    def with_settings(self, changes: Settings) -> dict[str, Any]:
        """The settings with some of them changed; another `inner` comes with its own published settings.

        Raises ValueError for a name that this method does not have, or one that the loop needs as it is.

        Examples
        --------
        >>> around = METHODS["nala"].with_settings({"inner": "sgd", "inner.momentum": 0.9})
        >>> {name: value for name, value in around.items() if name.startswith("inner")}
        {'inner_state': 'keep', 'inner': 'sgd', 'inner.momentum': 0.9, 'inner.weight_decay': 0.0}
        """
        base = dict(self.settings)
        if "inner" in base and "inner" in changes:
            inside = [name for name, facts in ROWS.items() if facts.may_be_inside]
            require_choice("inner", changes["inner"], inside, "the methods of one loop")
            base = {name: value for name, value in base.items() if not name.startswith("inner.")}
            base |= around(changes["inner"])
        unwritten = ROWS[self.name].unwritten
        for name, value in changes.items():
            require_choice("hyperparameter", name, {*base, *unwritten}, f"those of {self.name}")
            if name in _TAKES:
                require_choice(name, value, _TAKES[name], "in the training loop")
        told = {name: as_its_kind(base.get(name), value) for name, value in changes.items()}
        return {**base, **{name: x for name, x in told.items() if name in base or x != unwritten[name]}}


def as_its_kind(default: Any, value: Any) -> Any:
    """A whole number as a float where the default is one: ``lr=1`` and ``lr=1.0`` are one run, with one hash.

    Examples
    --------
    >>> as_its_kind(0.001, 1), as_its_kind(5, 7), as_its_kind([0.9, 0.999], [0, 0.5]), as_its_kind(0.1, True)
    (1.0, 7, [0.0, 0.5], True)
    """
    if isinstance(default, list | tuple) and isinstance(value, list | tuple) and len(default) == len(value):
        return type(value)(map(as_its_kind, default, value))
    whole = isinstance(value, int) and not isinstance(value, bool)
    return float(value) if isinstance(default, float) and whole and abs(value) < 2**53 else value


METHODS = {name: Method(name, facts.name, facts.published) for name, facts in ROWS.items()}


def get_method(name: str) -> Method:
    """The method of the lab called `name`; `nala_lab.experiments.run.own.find_method` also knows a user's own.

    Raises ValueError, listing the methods, for another name.
    """
    require_choice("optimizer", name, METHODS, "or package.module:factory, for one of your own")
    return METHODS[name]
