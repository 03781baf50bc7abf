"""Show other weights for a while, and put everything back: the machinery of ``slow_weights()``."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
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
    if model is not None:
        mine = {id(p) for p in params}
        held = any(id(p) in mine for p in model.parameters())
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
    with torch.inference_mode(False), torch.no_grad():
        buffers = [(buffer, buffer.clone()) for buffer in model.buffers()]
    try:
        _estimate(model, loader)
        yield
    finally:
        _write([buffer for buffer, _ in buffers], [kept for _, kept in buffers])


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
                _one_pass(model, norms, loader, device)
    finally:
        for module, training in modes:
            module.training = training
        for norm, momentum in momenta:
            norm.momentum = momentum


def _one_pass(model: torch.nn.Module, norms: Sequence[_BatchNorm], loader: Any, device: torch.device) -> None:
    model.train()
    for norm in norms:
        norm.reset_running_stats()
        norm.momentum = None  # torch: None is the plain average over the batches seen
    for batch in loader:
        inputs = batch[0] if isinstance(batch, list | tuple) else batch
        model(inputs.to(device))
