"""From ``"package.module:name"`` to the thing of that name."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from importlib import import_module
from typing import Any

from nala_lab.core.validate import require

__all__ = ["load_target"]


def load_target(target: str) -> Callable[..., Any]:
    """The class or function that ``"package.module:name"`` names.

    A module in the folder that the command was started in is found, as ``python -m`` finds it: that folder is the last
    place of ``sys.path``. Raises ValueError when the text has another form, or nothing callable is there.

    Examples
    --------
    >>> load_target("fractions:Fraction").__name__
    'Fraction'
    """
    module, _, name = target.partition(":")
    require("target", target, bool(module and name), "package.module:factory", "such as torch.optim:Adam")
    if not {"", os.getcwd()} & set(sys.path):
        sys.path.append(os.getcwd())
    try:
        found: Any = import_module(module)
    except (Exception, SystemExit) as error:  # whatever a module raises while it is read; a script may end Python
        said = f"it ends Python: SystemExit {error}" if isinstance(error, SystemExit) else error
        raise ValueError(f"target must satisfy a module that can be imported, got {module!r} ({said})") from error
    for part in name.split("."):
        found = getattr(found, part, None)
    require("target", target, callable(found), f"a class or function of {module}", "after the colon")
    return found  # type: ignore[no-any-return]
