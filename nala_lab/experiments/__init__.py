"""Training runs in torch, from one smoke step to a real run: data, models, tasks, one loop, records.

    from nala_lab.experiments import execute, plan
    record, _ = execute(plan("lenet5-digits", "nala", seed=0, scale="smoke"), "runs")

Nothing is loaded until it is asked for, so the command line can print its help without torch.
"""

from importlib import import_module
from typing import Any

__all__ = [
    "METHODS", "TASKS", "Options", "Saving", "cells", "execute", "frechet_distance", "get_task", "load_text",
    "own_method", "plan", "sweep", "windows",
]  # fmt: skip

_WHERE = {
    "run.one_run": ("Saving", "execute", "plan"),
    "run.options": ("Options",),
    "run.optimizers": ("METHODS",),
    "run.own": ("own_method",),
    "run.sweeping": ("cells", "sweep"),
    "tasks": ("TASKS", "get_task"),
    "data.text": ("load_text", "windows"),
    "gan.fid": ("frechet_distance",),
}
_HOME = {name: module for module, names in _WHERE.items() for name in names}


def __getattr__(name: str) -> Any:
    if name not in _HOME:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOME[name]}"), name)
