"""One way to run a method by either twin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nala_lab.core import require_choice
from nala_lab.drive.method import TWINS, Method
from nala_lab.methods.table import reference_method
from nala_lab.reference import run as run_reference

__all__ = ["run"]


def run(
    twin: str,
    method: Method,
    grad: Callable[..., Any],
    x0: Any,
    *,
    cycles: int | None = None,
    steps: int | None = None,
    rng: np.random.Generator | None = None,
) -> Any:
    """Run `method` by one of the twins and return its TwoLoop or OneLoop; arguments as `nala_lab.reference.running`.

    Raises
    ------
    ValueError
        For an unknown twin, and whatever the twin itself refuses.

    Examples
    --------
    >>> run("numpy", Method("SGD", lr=0.5), lambda x: x, [4.0], steps=2).x[:, 0]
    array([4., 2., 1.])
    """
    require_choice("twin", twin, TWINS)
    if twin == "torch":
        from nala_lab.drive import torch_run  # torch is loaded only where it is asked for

        return torch_run.run(method, grad, x0, cycles=cycles, steps=steps, rng=rng)
    rule = reference_method(method.name, **method.shared())
    return run_reference(rule, grad, x0, cycles=cycles, steps=steps, rng=rng)
