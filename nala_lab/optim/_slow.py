"""Show other weights for a while, and put everything back: the machinery of ``slow_weights()``."""

from __future__ import annotations

import inspect
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import fields, is_dataclass, replace
from typing import Any

import torch
from torch.nn.modules.batchnorm import _BatchNorm

from nala_lab.core import require

__all__ = ["bn_statistics", "check_model", "shown_at"]

Pairs = Sequence[tuple[torch.Tensor, torch.Tensor]]


def check_model(model: torch.nn.Module | None, recompute_bn: Any, params: Sequence[torch.Tensor]) -> None:
    """Require a model that holds the parameters, where one is given or needed."""
    needed = recompute_bn is None or model is not None
    require("model", model, needed, "the module whose BatchNorm statistics are meant", "recompute_bn was given")
    batches = recompute_bn is None or hasattr(recompute_bn, "__iter__") or hasattr(recompute_bn, "__getitem__")
    require("recompute_bn", recompute_bn, batches, "an iterable of batches, such as the loader of the training data")
    if model is not None:
        mine = {id(p) for p in params}
        held = isinstance(model, torch.nn.Module) and any(id(p) in mine for p in model.parameters())
        require("model", type(model).__name__, held, "a module that holds parameters of this optimizer")


@contextmanager
def shown_at(pairs: Pairs) -> Iterator[None]:
    """Write the second tensor of each pair into the first, and restore the first at the end, bit for bit."""
    with torch.inference_mode(False), torch.no_grad():
        kept = [weight.clone() for weight, _ in pairs]
    try:
        _write([weight for weight, _ in pairs], [shown for _, shown in pairs])
        yield
    finally:
        _write([weight for weight, _ in pairs], kept)


def _write(targets: Sequence[torch.Tensor], sources: Sequence[torch.Tensor]) -> None:
    with torch.inference_mode(False), torch.no_grad():
        for target, source in zip(targets, sources, strict=True):
            target.copy_(source)


@contextmanager
def bn_statistics(model: torch.nn.Module | None, loader: Any) -> Iterator[None]:
    """Estimate the BatchNorm statistics of `model` anew on `loader`; restore all its buffers at the end."""
    if model is None or loader is None:
        yield
        return
    with shown_at([(buffer, buffer) for buffer in model.buffers()]):  # they are put back at the end
        _estimate(model, loader)
        yield


def _estimate(model: torch.nn.Module, loader: Any) -> None:
    """One pass in training mode; module modes, momenta and the random state are as before when it returns."""
    modes = [(module, module.training) for module in model.modules()]
    norms = [m for m in model.modules() if isinstance(m, _BatchNorm) and m.running_mean is not None]
    momenta = [(norm, norm.momentum) for norm in norms]
    device = next(model.parameters()).device
    devices = [device] if device.type != "cpu" else []
    try:
        with torch.random.fork_rng(devices=devices, device_type=device.type if devices else "cuda"):
            with torch.inference_mode(False), torch.no_grad():
                model.train()
                for norm in norms:
                    norm.reset_running_stats()
                    norm.momentum = None  # torch: None is the plain average over the batches seen
                seen = 0
                for batch in loader:
                    _forward(model, _moved(batch, device))
                    seen += 1
        rule = "an iterable that yields batches, again each time"
        require("recompute_bn", seen, seen > 0, rule, "no batch was seen; a used-up iterator?")
    finally:
        for module, training in modes:
            module.training = training
        for norm, momentum in momenta:
            norm.momentum = momentum


def _forward(model: torch.nn.Module, batch: Any) -> None:
    """Show the model one batch of whatever kind a loader yields: see `slow_weights`, `recompute_bn`.

    Where ``forward`` names no entry of a mapping or dataclass, it gets the batch as a whole.
    """
    while isinstance(batch, list | tuple):
        batch = batch[0]
    named = _fields(batch)
    if named is not None:
        known = inspect.signature(getattr(model, "module", model).forward).parameters.values()
        takes_all = any(one.kind is inspect.Parameter.VAR_KEYWORD for one in known)
        wanted = {name: x for name, x in named.items() if takes_all or name in {one.name for one in known}}
        if wanted:
            model(**wanted)
            return
    model(batch)


def _fields(batch: Any) -> dict[str, Any] | None:
    if isinstance(batch, Mapping):
        return dict(batch)
    if is_dataclass(batch):
        return {field.name: getattr(batch, field.name) for field in fields(batch)}
    return None


def _moved(x: Any, device: torch.device) -> Any:
    """The same batch on the device of the model."""
    if isinstance(x, list | tuple):
        return [_moved(one, device) for one in x]
    if isinstance(x, Mapping):
        return {key: _moved(one, device) for key, one in x.items()}
    if is_dataclass(x) and not isinstance(x, type):
        return replace(x, **{name: _moved(one, device) for name, one in (_fields(x) or {}).items()})
    return x.to(device) if hasattr(x, "to") else x
