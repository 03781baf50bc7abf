"""A method written down without choosing a twin, and the two ways to run it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np

from nala_lab.core import require_choice
from nala_lab.core.hyper import PROBES
from nala_lab.reference import run as run_reference
from nala_lab.registry import reference_method

__all__ = ["TWINS", "Method", "available_twins", "probes", "run"]

TWINS = ("numpy", "torch")


@dataclass(frozen=True)
class Method:
    """Name and settings; a setting may be another Method (the inner rule).

    Examples
    --------
    >>> print(Method("NALA", inner=Method("SGD", lr=0.1), k=5))
    NALA(inner=SGD(lr=0.1), k=5)
    """

    name: str
    settings: dict[str, Any]

    def __init__(self, name: str, **settings: Any) -> None:
        object.__setattr__(self, "name", name)
        object.__setattr__(self, "settings", settings)

    def __str__(self) -> str:
        short = (f"{k}={v:.4g}" if isinstance(v, float) else f"{k}={v}" for k, v in self.settings.items())
        return f"{self.name}({', '.join(short)})"

    def shared(self) -> dict[str, Any]:
        """Settings as `nala_lab.registry` takes them: an inner Method as a pair (name, settings)."""
        return {k: (v.name, v.shared()) if isinstance(v, Method) else v for k, v in self.settings.items()}


def available_twins() -> tuple[str, ...]:
    """Give the twins that can run here: torch is an extra."""
    return TWINS if find_spec("torch") else TWINS[:1]


def probes(twin: str) -> tuple[str, ...]:
    """Give the readings of AdaLA's probe that `twin` has: the fixed point needs as many gradients as it takes."""
    return tuple(probe for probe in PROBES if twin == "numpy" or probe != "implicit")


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
    """Run `method` by one of the twins and return its TwoLoop or OneLoop; arguments as `nala_lab.reference.run`.

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
        from nala_lab.verify import drive  # torch is loaded only where it is asked for

        return drive.run(method, grad, x0, cycles=cycles, steps=steps, rng=rng)
    rule = reference_method(method.name, **method.shared())
    return run_reference(rule, grad, x0, cycles=cycles, steps=steps, rng=rng)
