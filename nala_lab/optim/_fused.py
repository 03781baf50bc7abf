"""Whole updates of many parameters in one pass over memory: what goes to the compiled kernels, and with which numbers.

A parameter goes there when it is an ordinary float32 or float64 tensor on the CPU and lies in memory as its gradient
and its state do. On another device foreach operations take all parameters together. Every other parameter (half
precision, complex, sharded, strided) is updated by the torch operations that spell the equations out; so is every
parameter on a CPU where there is no compiler.

Looking at a tensor from Python takes a third of a microsecond, so what was found in one call of ``step()`` is kept for
the next, which only asks whether all of it is still the same.
"""

from __future__ import annotations

import ctypes
from collections.abc import Mapping, Sequence
from operator import is_
from typing import Any, NamedTuple

import torch

from nala_lab.optim._build import Rule, kernels
from nala_lab.optim._foreach import ADAPTED, BELIEF, PROBE, RAW, Together, fits_together

__all__ = ["ADAM", "ADAPTED", "ASCEND", "BELIEF", "COPY", "MIX", "PROBE", "RAW", "Fused", "Source", "fits"]

ADAM = 0  # BELIEF, PROBE, ADAPTED follow
ASCEND, COPY, MIX, STREAM = 2, 4, 8, 16  # and RAW
_WIDTH = 7  # addresses per tensor; the last is that of the counter
_KINDS = {torch.float32: "float", torch.float64: "double"}
_PLAIN = (torch.Tensor, torch.nn.Parameter)
_SHARED = 2**17  # elements from which a second thread is worth starting
_LARGE = 2**20  # elements from which what is written once is better kept out of the caches

Group = dict[str, Any]
Row = Sequence[Any]
Source = tuple[dict[str, Any], str]  # where a state tensor is found


def fits(row: Row) -> bool:
    """Say whether a parameter, its gradient and its state can be handed to a kernel, by address."""
    p, grad = row[0], row[1]
    kind = _KINDS.get(p.dtype)
    if kind is None or type(p) not in _PLAIN or not p.is_cpu or p.is_inference() or kernels(kind) is None:
        return False
    for x in row[1:]:
        if type(x) is not torch.Tensor or x.dtype is not p.dtype or not x.is_cpu or x.layout is not torch.strided:
            return False
    return (_contiguous(row) or _channels_last(row)) and not grad.is_neg() and not p.is_neg()


def _contiguous(row: Row) -> bool:
    return all(x.is_contiguous() for x in row)


def _channels_last(row: Row) -> bool:
    return row[0].dim() == 4 and all(x.is_contiguous(memory_format=torch.channels_last) for x in row)


def _counts(step: Any) -> bool:
    return type(step) is torch.Tensor and step.dtype is torch.float32 and step.is_cpu and step.dim() == 0


class _Kept(NamedTuple):
    """One parameter as it was found. held: its state, where it was found, and at which address."""

    p: torch.Tensor
    place: int
    layout: torch.memory_format
    held: tuple[tuple[dict[str, Any], str, torch.Tensor, int], ...]


class _Bundle:
    """The parameters of one group and one type: one call of a kernel."""

    def __init__(self, group: Group, kind: torch.dtype) -> None:
        self.group, self.kind = group, kind
        self.kept: list[_Kept] = []
        self._places: list[list[int]] = []
        self._sizes: list[int] = []

    def add(self, row: Row, sources: Sequence[Source]) -> None:
        """Add a parameter; the last source is its counter."""
        *state, step = (own[key] for own, key in sources)
        places = [x.data_ptr() for x in (row[0], row[1], *state)]
        layout = torch.contiguous_format if _contiguous(row) else torch.channels_last
        held = tuple((own, key, own[key], own[key].data_ptr()) for own, key in sources)
        self.kept.append(_Kept(row[0], places[0], layout, held))
        self._places.append(places + [0] * (_WIDTH - 1 - len(places)) + [step.data_ptr()])
        self._sizes.append(row[0].numel())

    @property
    def owners(self) -> list[dict[str, Any]]:
        """For each parameter the dictionary of its first source."""
        return [kept.held[0][0] for kept in self.kept]

    def close(self) -> None:
        """Write down the addresses as the kernel reads them."""
        n = len(self.kept)
        self.total, self.params = sum(self._sizes), [kept.p for kept in self.kept]
        self._c_sizes = (ctypes.c_longlong * n)(*self._sizes)
        self._c_places = (ctypes.c_void_p * (n * _WIDTH))(*[x for places in self._places for x in places])

    def holds(self) -> bool:
        """Say whether everything is where it was; take over the addresses of the gradients, which may be new."""
        at, places = 1, self._c_places
        for p, place, layout, held in self.kept:
            g = p.grad
            if type(g) is not torch.Tensor or g.layout is not torch.strided or p.data_ptr() != place or g.is_neg():
                return False
            for own, key, x, address in held:
                if own.get(key) is not x or x.data_ptr() != address:
                    return False
            if not g.is_contiguous(memory_format=layout):
                return False
            places[at] = g.data_ptr()
            at += _WIDTH
        return True

    def run(self, what: int, flags: int, weight: float) -> None:
        """Update every parameter and its state in place, and advance the counters, unless this is a probe."""
        group = self.group
        flags |= STREAM if self.total >= _LARGE else 0
        threads = torch.get_num_threads() if self.total >= _SHARED else 1
        (beta1, beta2), decay = group["betas"], float(group["weight_decay"])
        rule = Rule(what, flags, float(group["lr"]), beta1, beta2, group["eps"], decay, weight)
        update = kernels(_KINDS[self.kind])
        if update(ctypes.byref(rule), len(self.kept), self._c_sizes, self._c_places, threads):
            raise MemoryError("no memory for the step sizes of the parameters")
        torch.autograd.graph.increment_version(self.params)  # a kernel writes behind autograd's back


class Fused:
    """The parameters that a kernel takes in one call of ``step()``, and in the next ones while nothing changes.

    Parameters
    ----------
    what : ADAM, BELIEF, PROBE or ADAPTED. groups : those of the optimizer. states : the mappings that hold the state.

    Attributes
    ----------
    taken : for each parameter that was taken, the dictionary of its first source.
    """

    def __init__(self, what: int, groups: Sequence[Group], *states: Mapping[torch.Tensor, Any]) -> None:
        self.what = what
        self._groups = [(group, list(group["params"])) for group in groups]
        self._states = states
        self._bundles: dict[tuple[Any, ...], _Bundle | Together] = {}
        self._absent: list[torch.Tensor] = []
        self._whole = True

    def take(self, p: torch.Tensor, group: Group, *sources: Source) -> bool:
        """Take a parameter, if it fits; otherwise another way is to be found for it. The last source is its counter."""
        *state, step = (own.get(key) for own, key in sources)
        row = (p, p.grad, *state)
        if _counts(step) and fits(row):
            bundle = self._bundles.setdefault((id(group), p.dtype), _Bundle(group, p.dtype))
        elif _counts(step) and self.what != ADAM and fits_together(row):
            bundle = self._bundles.setdefault((id(group), p.dtype, p.device), Together(group))
        else:
            return self.give_up()
        bundle.add(row, sources)
        return True

    def give_up(self) -> bool:
        """Some parameter goes another way, so the next call has to look at all of them again; False."""
        self._whole = False
        return False

    def pass_by(self, p: torch.Tensor) -> None:
        """Note a parameter that has no gradient, and nothing to be done about it."""
        self._absent.append(p)

    def close(self) -> Fused:
        """Everything has been taken that can be."""
        for bundle in self._bundles.values():
            bundle.close()
        self.taken = [own for bundle in self._bundles.values() for own in bundle.owners]
        self._owns = [list(state.values()) for state in self._states]
        return self

    @property
    def whole(self) -> bool:
        """Say whether every parameter with a gradient was taken."""
        return self._whole

    def holds(self, groups: Sequence[Group], *states: Mapping[torch.Tensor, Any]) -> bool:
        """Say whether the next call finds everything as this one did: all parameters, gradients and state tensors."""
        if not self._whole or len(groups) != len(self._groups) or any(p.grad is not None for p in self._absent):
            return False
        for state, before, owns in zip(states, self._states, self._owns, strict=True):
            if state is not before or len(state) != len(owns) or not all(map(is_, state.values(), owns)):
                return False
        for group, (before_group, params) in zip(groups, self._groups, strict=True):
            now = group["params"]
            if group is not before_group or len(now) != len(params) or not all(map(is_, now, params)):
                return False
        return all(bundle.holds() for bundle in self._bundles.values())

    def run(self, flags: int = 0, weight: float = 1.0) -> None:
        """Update what was taken."""
        for bundle in self._bundles.values():
            ascends = ASCEND if self.what == ADAM and bundle.group["maximize"] else 0
            bundle.run(self.what, flags | ascends, weight)
