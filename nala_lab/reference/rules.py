"""Rules: what `run` takes, whether the lab wrote it or you did.

A rule with one loop has two functions of pure values:

    init(theta) -> state                              before the first step; None when nothing is remembered
    step(theta, grad, state) -> (theta, state)        one step; grad(theta) spends a gradient, as often as you like

A rule that remembers nothing may be a bare function ``(theta, grad) -> theta``. A rule with two loops has a number k,
``init(theta) -> state`` where ``state.phi`` are the slow weights, and

    cycle(grad, state) -> Cycle(fast, inner_grads, y, outer_grad, state)          see two_loop.py, and inner_loop there

theta is an array (..., d), read-only; make a new one. ``grad.again(x)`` repeats the last mini-batch at another point.
Any rule with ``init`` and ``step`` can be the inner rule of NALA, Lookahead and OuterMomentum; with a state that is a
NamedTuple and ``momentum_fields``, the names of its momentum buffers, ``inner_state="pullback"`` works too.

    >>> from nala_lab.reference import NALA, run
    >>> class SignMomentum:  # Lion (Chen et al. 2023) without weight decay
    ...     def init(self, theta):
    ...         return 0 * theta  # the momentum m
    ...
    ...     def step(self, theta, grad, m):
    ...         g = grad(theta)
    ...         theta = theta - 0.01 * np.sign(0.9 * m + 0.1 * g)
    ...         return theta, 0.99 * m + 0.01 * g
    >>> run(SignMomentum(), lambda x: x, [1.0, -2.0], steps=50).final
    array([ 0.5, -1.5])
    >>> run(NALA(SignMomentum(), k=5, mu=-0.5, alpha=0.1), lambda x: x, [1.0, -2.0], cycles=10).grad_evals
    60
    >>> run(lambda theta, grad: theta - 0.5 * grad(theta), lambda x: x, [4.0], steps=2).final
    array([1.])

A slip in a rule ends in one sentence that names it:

    >>> run(lambda theta, grad: 0.9 * theta, lambda x: x, [4.0], steps=2)
    Traceback (most recent call last):
        ...
    ValueError: <lambda> must take a gradient in every step, got a step without grad(theta)
"""

from __future__ import annotations

import inspect
import re
from collections.abc import Callable
from functools import partial
from numbers import Integral
from typing import Any, NoReturn

import numpy as np

from nala_lab.core import Array, require
from nala_lab.reference.oracle import Oracle, writes_in_place

__all__ = ["as_rule", "begin", "described", "is_ours", "is_two_loops", "raise_again", "require_array", "slip",
           "step_of"]  # fmt: skip

_STEP = "step(theta, grad, state)"
_UNLIKE = "operands could not be broadcast together with"  # as NumPy says it


class _Function:
    """A bare function (theta, grad) -> theta as a rule that remembers nothing."""

    def __init__(self, function: Callable[[Array, Any], Any]) -> None:
        self.function = function
        self.__name__ = getattr(function, "__name__", type(function).__name__)

    def __repr__(self) -> str:
        return self.__name__

    def init(self, theta: Array) -> None:
        return None

    def step(self, theta: Array, grad: Any, state: None) -> tuple[Any, None]:
        answer: Any = self.function(theta, grad)
        if isinstance(answer, tuple):
            slip(self, "return theta alone", answer, "a rule with a state is a class with init and step")
        return answer, None


def is_ours(rule: Any) -> bool:
    """Say whether `rule` and what it is made of are the lab's own, which tests hold to the protocol.

    Examples
    --------
    >>> from nala_lab.reference import NALA, SGD
    >>> is_ours(NALA(SGD(lr=0.1))), is_ours(lambda theta, grad: theta)
    (True, False)
    """
    parts = (getattr(rule, name, None) for name in ("inner", "feasible"))
    here = type(rule).__module__.startswith(f"{__package__}.") and type(rule).__module__ != __name__
    return here and all(part is None or is_ours(part) for part in parts)


def is_two_loops(rule: Any) -> bool:
    """Say whether `rule` runs for cycles."""
    return callable(getattr(rule, "cycle", None))


def as_rule(method: Any) -> Any:
    """Give `method` as a rule, a bare function included.

    Raises ValueError when it is no rule and no function, has no ``init``, or takes other arguments than the protocol's.

    Examples
    --------
    >>> as_rule(lambda theta: theta)
    Traceback (most recent call last):
        ...
    ValueError: <lambda> must take (theta, grad), got <lambda>(theta)
    """
    known = any(callable(getattr(method, name, None)) for name in ("cycle", "step")) or callable(method)
    wanted = "an instance from nala_lab.reference, a rule of your own with init and step, or a function (theta, grad)"
    require("method", method, known and not isinstance(method, type), wanted, "such as Adam(lr=1e-3)")
    if is_two_loops(method):
        _require_arguments(method, method.cycle, "cycle", ("grad", "state"))
        _require_init(method)
        k = getattr(method, "k", None)
        if not isinstance(k, Integral) or k < 1:
            slip(method, "have k, the number of inner steps of a cycle", k)
        return method
    if callable(getattr(method, "step", None)):
        _require_arguments(method, method.step, "step", ("theta", "grad", "state"))
        _require_init(method)
        return method
    rule = _Function(method)
    _require_arguments(rule, method, "", ("theta", "grad"))
    return rule


def _require_init(rule: Any) -> None:
    if not callable(getattr(rule, "init", None)):
        slip(rule, "have init(theta), the state before the first step", "none", "it may return None")
    _require_arguments(rule, rule.init, "init", ("theta",))


def _require_arguments(rule: Any, function: Callable[..., Any], name: str, wanted: tuple[str, ...]) -> None:
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):  # some functions written in C do not tell
        return
    try:
        signature.bind(*wanted)
    except TypeError:
        got = f"{name or _name(rule)}{signature}"
        slip(rule, f"take ({', '.join(wanted)})" + (f" in its {name}" if name else ""), got)


def begin(rule: Any, theta: Array) -> Any:
    """The state of `rule` before its first step or cycle.

    Raises ValueError when ``init`` writes into theta, or a rule with two loops gives no slow weights phi of theta's
    shape.
    """
    theta = theta.view()
    theta.setflags(write=False)
    try:
        state = rule.init(theta)
    except ValueError as trouble:
        raise_again(rule, trouble)
    if is_two_loops(rule):
        require_array(rule, "init", "state.phi", getattr(state, "phi", None), theta)
    return state


def step_of(rule: Any, grad: Oracle) -> Callable[[Array, Oracle, Any], tuple[Array, Any]]:
    """The function step(theta, grad, state) of `rule`; one that checks every answer if the oracle guards.

    Set ``grad.first`` to None before each step; it is then the step's first gradient.
    """
    step: Callable[[Array, Oracle, Any], tuple[Array, Any]] = rule.step
    return partial(_checked_step, rule) if grad.guards else step


def _checked_step(rule: Any, theta: Array, grad: Oracle, state: Any) -> tuple[Array, Any]:
    """One step, or one sentence with the class of the rule and the fault."""
    try:
        answer = rule.step(theta, grad, state)
    except ValueError as trouble:
        raise_again(rule, trouble)
    if not (isinstance(answer, tuple) and len(answer) == 2):
        slip(rule, f"return (theta, state) from {_STEP}", answer, "the state is None when nothing is remembered")
    after, state_after = answer
    require_array(rule, "step", "theta", after, theta)
    if grad.first is None:
        slip(rule, "take a gradient in every step", "a step without grad(theta)")
    if state_after is None and state is not None:
        slip(rule, "return the state that follows from its step", "None", f"init gave a {type(state).__name__}")
    if after.base is not None:
        after = after.copy()  # a part of another array can still be written into through that one
    after.setflags(write=False)
    return after, state_after


def described(rule: Any) -> str:
    """The rule as a trajectory prints it: its repr, with names where Python prints addresses in memory."""
    return re.sub(r"<(?:function )?[\w.<>]*?(\w+|<lambda>)(?: object)? at 0x[0-9a-f]+>", r"\1", repr(rule))


def _name(rule: Any) -> str:
    name: str = getattr(rule, "__name__", type(rule).__name__)
    return name


def require_array(rule: Any, function: str, name: str, value: Any, like: Array) -> None:
    """Require an array of the shape of `like`; of its kind, or of Python objects where symbols have come in.

    Raises ValueError otherwise; the sentence names the rule.
    """
    must = f"return {name} from its {function} as {like.dtype} of shape {like.shape}"
    if not isinstance(value, np.ndarray):
        slip(rule, must, value)
    if value.shape != like.shape or not (value.dtype == like.dtype or object in (value.dtype, like.dtype)):
        slip(rule, must, f"{value.dtype} of shape {value.shape}")


def raise_again(rule: Any, trouble: ValueError) -> NoReturn:
    """Raise what the rule raised; a write into a read-only array, or a wrong shape, as a sentence about the rule.

    Raises ValueError, always.
    """
    if writes_in_place(trouble):
        hint = "they are read-only: make new arrays"
        raise ValueError(f"{_name(rule)} must leave theta and gradients as they are, got a write into one in place "
                         f"({hint})") from trouble  # fmt: skip
    if str(trouble).startswith(_UNLIKE):
        shapes = str(trouble).removeprefix(_UNLIKE).strip()
        raise ValueError(f"{_name(rule)} must combine arrays of theta's shape, got {shapes}") from trouble
    raise trouble


def slip(rule: Any, must: str, got: Any, hint: str = "") -> NoReturn:
    """Say what `rule` must do, and what it did.

    Raises ValueError, always.
    """
    if isinstance(got, np.ndarray):
        got = f"one array of shape {got.shape}"
    elif isinstance(got, tuple):
        got = f"a tuple of {len(got)}"
    elif not isinstance(got, str):
        got = "None" if got is None else f"{type(got).__name__} {got!r}"
    raise ValueError(f"{_name(rule)} must {must}, got {got}" + (f" ({hint})" if hint else ""))
