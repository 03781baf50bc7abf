"""nala_lab: a laboratory for optimizers that look ahead.

``import nala_lab`` loads NumPy only. Its rooms, such as ``nala_lab.reference`` (NumPy) and ``nala_lab.optim`` (torch),
are loaded when they are asked for.
"""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

from nala_lab.core import OneLoop, Trajectory, TwoLoop, stream

__version__ = "0.1.0"

__all__ = ["OneLoop", "Trajectory", "TwoLoop", "__version__", "stream"]


def __getattr__(name: str) -> Any:
    if name.startswith("_") or find_spec(f"{__name__}.{name}") is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return import_module(f"{__name__}.{name}")
