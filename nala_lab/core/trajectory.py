"""What a run leaves behind: every point, every gradient and every cost a theorem speaks of.

Leading axes ``...`` are ensembles: many starts, or many noise realisations, advanced together.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Any, NoReturn

import numpy as np
from numpy.typing import NDArray

from nala_lab.core.validate import require_choice

__all__ = ["KEEPS", "Array", "NotKept", "OneLoop", "Real", "Trajectory", "TwoLoop"]

Array = NDArray[Any]
Real = NDArray[np.float64]
KEEPS = ("all", "slow", "last")


class NotKept:
    """Stands in a trajectory for what its run did not keep; whoever uses it is told so in one sentence.

    Examples
    --------
    >>> NotKept("fast", "slow")[0]
    Traceback (most recent call last):
        ...
    ValueError: fast was not kept by this run, whose keep is 'slow': run it again with keep='all'
    """

    def __init__(self, name: str, keep: str) -> None:
        self._told = f"{name} was not kept by this run, whose keep is {keep!r}: run it again with keep='all'"

    def __repr__(self) -> str:
        return "<not kept>"

    def __getattr__(self, name: str) -> Any:
        # Names with an underscore are what copy, pickle and NumPy look for in any object: the plain answer is "none".
        raise AttributeError(name if name.startswith("_") else self._told)

    def _refuse(self, *_: Any, **__: Any) -> NoReturn:
        raise ValueError(self._told)

    __array__ = __getitem__ = __iter__ = __len__ = __bool__ = __abs__ = __neg__ = _refuse
    __add__ = __radd__ = __sub__ = __rsub__ = __mul__ = __rmul__ = __truediv__ = __rtruediv__ = __pow__ = _refuse
    __matmul__ = __rmatmul__ = __lt__ = __le__ = __gt__ = __ge__ = _refuse


@dataclass(frozen=True, kw_only=True)
class Trajectory:
    """What all runs share.

    Attributes
    ----------
    method : the method and its settings, as printed.
    outcome : ``"converged"`` (the tolerance given to ``run`` was met), ``"diverged"`` or ``"out of budget"``.
    diverged_at : the step (one loop) or cycle (two loops), counted from 1, whose result first left the allowed
        region in any member of the ensemble; None when none did.
    grad_evals : gradients spent in all, per member of the ensemble.
    evals : (rows,) gradients spent when each row of ``x`` or ``slow`` was reached; row 0 cost none.
    timesteps : (rows,) steps as the papers count them: inner steps, without the look-ahead gradient.
    keep : what was kept. ``"all"``: every field. ``"slow"``: every row of ``x`` or ``slow``, of ``evals`` and of
        ``timesteps``. ``"last"``: of these the last row only, so ``x`` or ``slow`` is (1, ..., d). A field that was not
        kept is given as None here and becomes a `NotKept`: using it raises ValueError, or AttributeError for an
        attribute of it, with the reason.
    """

    method: str
    outcome: str
    diverged_at: int | None
    evals: Array
    timesteps: Array
    keep: str = "all"

    def __post_init__(self) -> None:
        require_choice("keep", self.keep, KEEPS)
        if self.keep != "all":
            for each in fields(self):
                if each.name != "diverged_at" and getattr(self, each.name) is None:
                    object.__setattr__(self, each.name, NotKept(each.name, self.keep))

    @property
    def grad_evals(self) -> int:
        """Gradients spent in all."""
        return int(self.evals[-1])


@dataclass(frozen=True, kw_only=True)
class OneLoop(Trajectory):
    """The run of a method with one loop (SGD, Adam, AdaBelief, AdaLA ...).

    Attributes
    ----------
    x : (n+1, ..., d) the iterates theta_0 .. theta_n.
    grads : (n, ..., d) the first gradient of each step, before weight decay.
    points : (n, ..., d) where that gradient was taken (NAG looks ahead, so not always x).
    probes : (n, ..., d) where the last extra gradient of a step was taken (AdaLA); NaN for a step that took none, and
        None when none did.
    probe_grads : (n, ..., d) that gradient (g_{t+1} in Algorithm 3).
    """

    x: Array
    grads: Array
    points: Array
    probes: Array | None = None
    probe_grads: Array | None = None

    @property
    def final(self) -> Array:
        """The answer: the last iterate, (..., d)."""
        final: Array = self.x[-1]
        return final


@dataclass(frozen=True, kw_only=True)
class TwoLoop(Trajectory):
    """The run of a method with two loops (Lookahead, NALA).

    Attributes
    ----------
    k : inner steps per cycle.
    slow : (T+1, ..., d) the slow weights phi_0 .. phi_T.
    fast : (T, k+1, ..., d) the fast weights theta_{t,0} .. theta_{t,k}.
    lookahead : (T, ..., d) y_t; for Lookahead this is phi_t.
    outer_grad : (T, ..., d) grad J(y_t); for Lookahead zero.
    inner_grads : (T, k, ..., d) the first gradient of each inner step.
    """

    k: int
    slow: Array
    fast: Array
    lookahead: Array
    outer_grad: Array
    inner_grads: Array

    @property
    def final(self) -> Array:
        """The answer: the last slow weights, (..., d)."""
        final: Array = self.slow[-1]
        return final
