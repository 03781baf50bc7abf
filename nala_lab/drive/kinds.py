"""Which twin a method belongs to: a `Method` has both, a rule is NumPy's, a factory of optimizers is torch's."""

from __future__ import annotations

import inspect
from typing import Any

from nala_lab.core import require
from nala_lab.drive.method import Method
from nala_lab.methods.table import find

__all__ = ["twin_of"]


def twin_of(method: Any, name: str = "method") -> str:
    """Give ``"numpy"`` or ``"torch"`` for anything that `nala_lab.drive.run` takes; that of a `Method` which has one.

    A function of two arguments (theta, grad) is a rule, one that can be called with parameters alone is a factory.
    `name` is what a sentence calls it. Raises ValueError for a thing that is no method, a class of rules, or an
    optimizer that is made already.

    Examples
    --------
    >>> from nala_lab.drive import twin_of
    >>> import torch
    >>> from nala_lab.reference import SGD
    >>> twin_of(SGD(lr=0.1)), twin_of(lambda theta, grad: theta), twin_of(torch.optim.SGD)
    ('numpy', 'numpy', 'torch')
    """
    if isinstance(method, Method):
        return "numpy" if find(method.name).numpy is not None else "torch"
    if isinstance(method, type):
        is_torch = any(base.__module__.startswith("torch.optim") for base in method.__mro__)
        wanted = "a rule, a function (theta, grad), or a factory of torch optimizers"
        require(name, method, is_torch, wanted, f"a rule is made first: {method.__name__}(...)")
        return "torch"
    made = hasattr(method, "param_groups") and hasattr(method, "zero_grad")
    hint = "write lambda params: torch.optim.SGD(params, lr=0.1)"
    require(name, type(method).__name__, not made, "a factory that makes the optimizer of its parameters", hint)
    if any(callable(getattr(method, part, None)) for part in ("step", "cycle")):
        return "numpy"
    known = callable(method) or callable(getattr(method, "init", None))
    require(name, method, known, "a rule, a function (theta, grad), a Method, or a factory of torch optimizers")
    try:
        inspect.signature(method).bind("params")
    except (TypeError, ValueError):
        return "numpy"
    return "torch"
