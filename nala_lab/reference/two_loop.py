"""What rules with two loops share: a cycle and its state, the inner loop, and the inner state at the synchronisation.

A rule of your own with two loops is put together from these:

    >>> from nala_lab.reference import SGD, run
    >>> class Halfway:  # half of the way that k inner steps went, then a gradient step
    ...     def __init__(self, inner, k):
    ...         self.inner, self.k = inner, k
    ...
    ...     def init(self, theta):
    ...         return start(self.inner, theta)
    ...
    ...     def cycle(self, grad, state):
    ...         fast, inner_grads, inner = inner_loop(self.inner, self.k, state, grad)
    ...         y = (state.phi + fast[-1]) / 2
    ...         g = grad(y)
    ...         phi = y - 0.1 * g
    ...         return Cycle(fast, inner_grads, y, g, CycleState(phi, phi, inner, {}))
    >>> run(Halfway(SGD(lr=0.5), k=2), lambda x: x, [4.0], cycles=2).slow[:, 0]
    array([4.      , 2.25    , 1.265625])
"""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, NamedTuple

from nala_lab.core import Array, require
from nala_lab.reference.arith import zeros
from nala_lab.reference.oracle import Oracle
from nala_lab.reference.rules import as_rule, begin, raise_again, require_array, slip, step_of

__all__ = ["Cycle", "CycleState", "cycle_of", "inner_loop", "require_inner", "start", "synchronised"]


class CycleState(NamedTuple):
    """Between two cycles.

    phi : (..., d) slow weights. theta : (..., d) where the fast weights start; phi, except in the released program's
    first cycle. inner : the inner rule's state. anchor : its momentum buffers after the last synchronisation.
    """

    phi: Array
    theta: Array
    inner: Any
    anchor: dict[str, Array]


class Cycle(NamedTuple):
    """One cycle: lists fast (k+1) and inner_grads (k) of arrays (..., d); y, outer_grad (..., d); the next state.

    Where the oracle keeps nothing, the two lists hold their last entry only.
    """

    fast: list[Array]
    inner_grads: list[Array]
    y: Array
    outer_grad: Array
    state: CycleState


def require_inner(inner: Any, inner_state: str) -> None:
    """Require an inner rule with ``init`` and ``step``, and momentum where it is to be pulled back.

    Raises ValueError when `inner` is not a rule, or has no momentum buffer and `inner_state` is ``"pullback"``.
    """
    rule = callable(getattr(inner, "init", None)) and callable(getattr(inner, "step", None))
    rule &= not isinstance(inner, type)
    wanted = "a rule with init(theta) and step(theta, grad, state)"
    require("inner", inner, rule, wanted, "for instance Adam(lr=1e-3)")
    as_rule(inner)
    buffers = inner_state != "pullback" or bool(getattr(inner, "momentum_fields", ()))
    require("inner", inner, buffers, "an inner rule with momentum when inner_state='pullback'")


def start(inner: Any, theta: Array) -> CycleState:
    """phi_0 = theta_{1,0} = the initial parameters, and a fresh inner state."""
    fields = getattr(inner, "momentum_fields", ())
    state = begin(inner, theta)
    for name in (name for name in fields if not hasattr(state, name)):
        slip(inner, f"have {name}, one of its momentum_fields, in the state that init returns", type(state).__name__)
    return CycleState(theta, theta, state, {name: zeros(theta) for name in fields})


def inner_loop(inner: Any, k: int, state: CycleState, grad: Oracle) -> tuple[list[Array], list[Array], Any]:
    """k steps of the inner rule: Eq. (4) of the NALA paper."""
    theta, inner_state = state.theta, state.inner  # theta_{t,0} <- phi_{t-1}
    if grad.guards:
        theta = theta.view()
        theta.setflags(write=False)
    fast, inner_grads, keeps, step = [theta], [], grad.keeps, step_of(inner, grad)
    for _ in range(k):
        grad.first = None
        theta, inner_state = step(theta, grad, inner_state)  # Eq. (4)
        if keeps:
            fast.append(theta)
            inner_grads.append(grad.first)
        else:
            grad.seen(theta)
    if not keeps:  # an ensemble of many members is too large to hold k + 1 times
        fast, inner_grads = [theta], [grad.first]
    return fast, inner_grads, inner_state


def cycle_of(rule: Any, grad: Oracle) -> Callable[[Oracle, Any], Cycle]:
    """The function cycle(grad, state) of `rule`; one that checks every answer if the oracle guards."""
    cycle: Callable[[Oracle, Any], Cycle] = rule.cycle
    return partial(_checked_cycle, rule) if grad.guards else cycle


def _checked_cycle(rule: Any, grad: Oracle, state: Any) -> Cycle:
    """One cycle, or one sentence with the class of the rule and the fault."""
    spent, phi = grad.evals, state.phi
    phi.setflags(write=False)
    try:
        cycle = rule.cycle(grad, state)
    except ValueError as trouble:
        raise_again(rule, trouble)
    if not isinstance(cycle, Cycle):
        slip(rule, "return Cycle(fast, inner_grads, y, outer_grad, state) from cycle(grad, state)", cycle)
    require_array(rule, "cycle", "state.phi", getattr(cycle.state, "phi", None), phi)
    require_array(rule, "cycle", "y", cycle.y, phi)
    require_array(rule, "cycle", "outer_grad", cycle.outer_grad, phi)
    if grad.evals == spent:
        slip(rule, "take a gradient in every cycle", "a cycle without grad(theta)")
    if grad.keeps and (len(cycle.fast), len(cycle.inner_grads)) != (rule.k + 1, rule.k):
        got = f"{len(cycle.fast)} and {len(cycle.inner_grads)}"
        slip(rule, f"return k + 1 = {rule.k + 1} fast weights and k = {rule.k} inner gradients", got)
    return cycle


def synchronised(inner: Any, how: str, phi: Array, inner_state: Any, anchor: dict[str, Array],
                 mix: Callable[[Array, Array], Array]) -> tuple[Any, dict[str, Array]]:  # fmt: skip
    """Inner state and momentum anchor after the synchronisation: kept, reset, or mixed like the weights."""
    if how == "reset":
        inner_state = begin(inner, phi)
    elif how == "pullback":
        mixed = {name: mix(getattr(inner_state, name), old) for name, old in anchor.items()}
        if not hasattr(inner_state, "_replace"):
            slip(inner, "have a NamedTuple as its state when inner_state='pullback'", type(inner_state).__name__)
        inner_state = inner_state._replace(**mixed)
    return inner_state, {name: getattr(inner_state, name) for name in anchor}
