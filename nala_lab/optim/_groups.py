"""Settings in parameter groups: what a group may hold, what it must not, and how a setting is read and assigned.

A group is a dictionary that belongs to everybody: schedulers and trainers write into it, and a checkpoint keeps it. So
a setting that may differ between groups is read from them at every use, and checked then. One that belongs to the whole
optimizer is refused there. Keys that no method knows (a name, a scale of one's own) are left alone, as torch does.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from typing import Any, overload

import torch
from torch.optim import Optimizer

from nala_lab.core import require, require_number

__all__ = ["PLAIN", "GroupSettings", "InGroups", "number", "require_lr"]

PLAIN = (torch.Tensor, torch.nn.Parameter)
_REFUSED = {
    "capturable": "the phase of the cycle is a Python integer, so a CUDA graph would replay one phase for ever",
    "differentiable": "slow and trial weights are written in place, outside the autograd graph",
}


def number(value: Any) -> Any:
    """The number in a tensor with one element; anything else as it is."""
    return value.item() if isinstance(value, torch.Tensor) and value.numel() == 1 else value


def require_lr(lr: Any, name: str = "lr") -> None:
    """Require 0 <= lr < inf, as a number or as a tensor with one element."""
    require_number(name, number(lr), low=0)


@lru_cache  # settings are read at every step, and seldom change
def _allowed(hyper: Any, name: str, value: float) -> float:
    replace(hyper, **{name: value})
    return value


class InGroups:
    """A setting that every parameter group has: the attribute is the first group's, and assigning it writes all."""

    def __set_name__(self, owner: type, name: str) -> None:
        self.name = name

    @overload
    def __get__(self, opt: None, kind: Any) -> InGroups: ...
    @overload
    def __get__(self, opt: GroupSettings, kind: Any) -> float: ...
    def __get__(self, opt: GroupSettings | None, kind: Any) -> InGroups | float:
        return self if opt is None else opt._setting(opt.param_groups[0], self.name)

    def __set__(self, opt: GroupSettings, value: Any) -> None:
        opt.hyper = replace(opt.hyper, **{self.name: number(value)})  # the rule of the method, and for groups to come
        for group in (opt.defaults, *opt.param_groups):
            group[opt._key(self.name)] = value


class GroupSettings(Optimizer):
    """The part of an optimizer that looks after its groups."""

    hyper: Any = None  # a hyperparameter class: the settings where a group does not say, and their rules; None: no need
    _whole: tuple[str, ...] = ()  # settings of `hyper` that belong to the whole optimizer

    def _key(self, name: str) -> str:
        """Under which key a group holds a setting."""
        return name

    @classmethod
    def _in_groups(cls) -> list[str]:
        return [name for name in dir(cls) if isinstance(getattr(cls, name), InGroups)]

    @property
    def _names(self) -> tuple[str, ...]:
        return (*self._whole, *self._in_groups())

    def _own_settings(self) -> dict[str, Any]:
        """The settings for groups that do not say otherwise, by key."""
        return {self._key(name): getattr(self.hyper, name) for name in self._in_groups()}

    def _setting(self, group: dict[str, Any], name: str) -> float:
        """A setting of a group as it stands there now.

        Raises ValueError when what was written there is out of range.
        """
        value = number(group.get(self._key(name), getattr(self.hyper, name)))
        if type(value) is float:
            return _allowed(self.hyper, name, value)
        replace(self.hyper, **{name: value})
        return float(value)

    def _require_in_groups(self) -> None:
        """Check every setting of every group, before a call that will use them."""
        for group in self.param_groups:
            for name in self._in_groups():
                self._setting(group, name)

    def _require_whole(self) -> None:
        """Refuse a setting of the whole optimizer that a tool wrote into a group, unless it says what holds anyway."""
        for group in self.param_groups:
            for name in self._whole:
                if name in group and self._key(name) == name:
                    now = self._whole_setting(name)
                    hint = "it belongs to the whole optimizer, not to a parameter group"
                    require(name, group[name], group[name] == now, f"{name}={now!r}, or left out", hint)

    def _whole_setting(self, name: str) -> Any:
        return getattr(self.hyper, name)

    def _check_new_group(self, group: Any) -> None:
        if not isinstance(group, dict):
            return  # torch says what is wrong
        merged = {**self.defaults, **group}
        for option, reason in _REFUSED.items():
            require(option, merged.get(option), not merged.get(option), f"{option}=False", reason)
        for name in self._whole:
            if self._key(name) == name:
                hint = "it belongs to the whole optimizer: give it to the constructor"
                require(name, group.get(name), name not in group, "left out of a parameter group", hint)
        self._check_group(merged)

    def _check_group(self, group: dict[str, Any]) -> None:
        """Raise if an option of a parameter group is out of range."""
        if group.get("lr") is not None:
            require_lr(group["lr"])
        for name in self._in_groups():
            self._setting(group, name)

    def _check_added_group(self) -> None:
        """Take the last group out again where its parameters do not fit."""
        try:
            self._require_own_memory(self.param_groups[-1])
        except ValueError:
            self.param_groups.pop()
            raise

    @staticmethod
    def _require_own_memory(group: dict[str, Any]) -> None:
        """Refuse a parameter some of whose numbers share an address: a step would move them several times."""
        for p in group["params"]:
            hint = "some of its numbers lie at one address; use .clone() or .contiguous()"
            strides = tuple(p.stride()) if p.layout is torch.strided and type(p) in PLAIN else ()
            require("strides of a parameter", strides, not _overlaps(p, strides), "one place for each number", hint)


def _overlaps(p: torch.Tensor, strides: tuple[int, ...]) -> bool:
    if not strides or p.is_contiguous() or not p.numel():
        return False
    reached = 0
    for stride, size in sorted((stride, size) for stride, size in zip(strides, p.shape, strict=True) if size > 1):
        if stride <= reached:  # not one dimension inside the other: count the places
            sizes = [torch.arange(size) * stride for stride, size in zip(strides, p.shape, strict=True)]
            places = sum(torch.meshgrid(*sizes, indexing="ij"))
            return places.unique().numel() < p.numel()
        reached += stride * (size - 1)
    return False
