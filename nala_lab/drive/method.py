"""A method written down without choosing a twin: its name and settings."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

from nala_lab.methods.hyper import PROBES

__all__ = ["TWINS", "Method", "available_twins", "probes"]

TWINS = ("numpy", "torch")


@dataclass(frozen=True)
class Method:
    """Name and settings; a setting may be another Method (the inner rule).

    Examples
    --------
    >>> from nala_lab.drive import Method
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
        """Settings as `nala_lab.methods.table` takes them: an inner Method as a pair (name, settings)."""
        return {k: (v.name, v.shared()) if isinstance(v, Method) else v for k, v in self.settings.items()}


def available_twins() -> tuple[str, ...]:
    """Give the twins that can run here: torch is an extra."""
    return TWINS if find_spec("torch") else TWINS[:1]


def probes(twin: str) -> tuple[str, ...]:
    """Give the readings of AdaLA's probe that `twin` has: the fixed point needs as many gradients as it takes."""
    return tuple(probe for probe in PROBES if twin == "numpy" or probe != "implicit")
