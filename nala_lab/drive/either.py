"""One way to run a method by either twin."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from nala_lab.core import require_choice
from nala_lab.core.ending import LIMIT
from nala_lab.drive.method import TWINS, Method
from nala_lab.methods.making import numpy_twin
from nala_lab.reference import run as run_reference

__all__ = ["run"]


def run(twin: str, method: Any, grad: Callable[..., Any], x0: Any, *, cycles: int | None = None,
        steps: int | None = None, rng: np.random.Generator | None = None, tol: float | None = None,
        limit: float = LIMIT) -> Any:  # fmt: skip
    """Run `method` by one of the twins and return its TwoLoop or OneLoop.

    Parameters
    ----------
    twin : ``"numpy"`` or ``"torch"``.
    method : a `Method`; or a thing of the twin's own kind: for NumPy a rule, for torch a factory that makes an
        optimizer of a list of parameters. It is given x0 as one tensor: members of an ensemble are runs of their own
        for a method that treats every coordinate alone (`nala_lab.measure.simulate` sees to the others).
    grad, x0, cycles, steps, rng, tol, limit : as of `nala_lab.reference.run`.

    Notes
    -----
    The rows of torch's NAG are where its parameters stand, the look-ahead points: `points` of NumPy's run, not its `x`.

    Raises
    ------
    ValueError
        For an unknown twin, and whatever the twin itself refuses.

    Examples
    --------
    >>> from nala_lab.drive import Method, run
    >>> run("numpy", Method("SGD", lr=0.5), lambda x: x, [4.0], steps=2).x[:, 0]
    array([4., 2., 1.])
    """
    require_choice("twin", twin, TWINS)
    options: dict[str, Any] = {"cycles": cycles, "steps": steps, "rng": rng, "tol": tol, "limit": limit}
    if twin == "torch":
        from nala_lab.drive import torch_run  # torch is loaded only where it is asked for

        return torch_run.run(method, grad, x0, **options)
    rule = numpy_twin(method.name, **method.shared()) if isinstance(method, Method) else method
    return run_reference(rule, grad, x0, **options)
