"""T25: each reduction of `theory.identities`, run on both sides by the same twin, for several inner rules."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from nala_lab.core import Array
from nala_lab.drive import TWINS, Method, run
from nala_lab.theory.identities import IDENTITIES
from nala_lab.verify import Check, Tally, check
from nala_lab.verify.shared import IDENTITY, quadratic, rosenbrock, size
from problems import Problem

INNER = (
    Method("SGD", lr=5e-4),
    Method("HeavyBall", lr=2e-4, momentum=0.8),
    Method("Adam", lr=0.02, eps=1e-3),
    Method("AdaBelief", lr=0.02, eps=1e-3),
    Method("AdaLA", lr=5e-4, eps=1e-3),
)
PLAIN = INNER[:1]
CYCLES = 4
Sides = Iterator[tuple[Array, Array, str]]


def _nala(inner: Method, k: int, mu: float, alpha: float, **rest: Any) -> Method:
    return Method("NALA", inner=inner, k=k, mu=mu, alpha=alpha, **rest)


def _descend(twin: str, p: Problem, x: Array, lr: float, steps: int = 1) -> Array:
    """`steps` steps of SGD(lr) from x; all iterates."""
    return np.asarray(run(twin, Method("SGD", lr=lr), p.grad, x, steps=steps).x)


def _compose(p: Problem, one_cycle: Callable[[Array], Array]) -> Array:
    """phi_0 .. phi_T of a map that is given for one cycle."""
    points = [np.asarray(p.start)]
    for _ in range(CYCLES):
        points.append(one_cycle(points[-1]))
    return np.stack(points)


def no_outer_step(twin: str, p: Problem) -> Sides:
    """NALA(mu, alpha=0) = Lookahead(1+mu), state kept and reset."""
    for inner in INNER:
        for mu, state in ((-0.5, "keep"), (0.3, "keep"), (-1.0, "keep"), (-0.4, "reset")):
            left = run(twin, _nala(inner, 3, mu, 0.0, inner_state=state), p.grad, p.start, cycles=CYCLES)
            other = Method("Lookahead", inner=inner, k=3, alpha=1 + mu, inner_state=state)
            right = run(twin, other, p.grad, p.start, cycles=CYCLES)
            yield left.slow, right.slow, f"{inner}, mu={mu}, {state}"


def plain_descent(twin: str, p: Problem) -> Sides:
    """NALA(mu=0, alpha=lr, SGD(lr)) = k+1 steps of SGD(lr) per cycle."""
    for k in (1, 2, 5):
        left = run(twin, _nala(PLAIN[0], k, 0.0, 5e-4), p.grad, p.start, cycles=CYCLES)
        yield left.slow, _descend(twin, p, p.start, 5e-4, CYCLES * (k + 1))[:: k + 1], f"k={k}"


def inner_loop_ignored(twin: str, p: Problem) -> Sides:
    """NALA(mu=-1, alpha) = SGD(alpha) on phi, whatever is inside."""
    for inner in INNER:
        left = run(twin, _nala(inner, 3, -1.0, 4e-4), p.grad, p.start, cycles=CYCLES)
        yield left.slow, _descend(twin, p, p.start, 4e-4, CYCLES), str(inner)


def two_steps(twin: str, p: Problem) -> Sides:
    """k = 1: a step of (1+mu) lr, then a step of alpha."""
    for mu in (-0.5, 0.0, 0.6):
        left = run(twin, _nala(PLAIN[0], 1, mu, 3e-4), p.grad, p.start, cycles=CYCLES)
        right = _compose(
            p, lambda x, mu=mu: _descend(twin, p, _descend(twin, p, x, (1 + mu) * 5e-4)[-1], 3e-4)[-1]  # type: ignore[misc]
        )  # fmt: skip
        yield left.slow, right, f"mu={mu}"


def lookahead_then_descent(twin: str, p: Problem) -> Sides:
    """A cycle of NALA = a cycle of Lookahead(1+mu), then one SGD step (inner state reset, so that cycles compose)."""
    for inner in INNER:
        for mu in (-0.5, 0.4):
            left = run(twin, _nala(inner, 3, mu, 3e-4, inner_state="reset"), p.grad, p.start, cycles=CYCLES)
            other = Method("Lookahead", inner=inner, k=3, alpha=1 + mu)

            def one_cycle(x: Array, other: Method = other) -> Array:
                ahead = run(twin, other, p.grad, x, cycles=1).slow[-1]
                return np.asarray(_descend(twin, p, ahead, 3e-4)[-1])

            yield left.slow, _compose(p, one_cycle), f"{inner}, mu={mu}"


def inner_kept_whole(twin: str, p: Problem) -> Sides:
    """NALA(mu=0, alpha=0) leaves the inner optimizer alone."""
    for inner in INNER:
        left = run(twin, _nala(inner, 3, 0.0, 0.0), p.grad, p.start, cycles=CYCLES)
        yield left.slow, run(twin, inner, p.grad, p.start, steps=3 * CYCLES).x[::3], str(inner)


def nag_two_forms(twin: str, p: Problem) -> Sides:
    """Eq. (1) and Eq. (2) of the NALA paper are the same iteration."""
    for momentum in (0.0, 0.5, 0.9):
        left, right = (
            run(twin, Method("NAG", lr=4e-4, momentum=momentum, form=form), p.grad, p.start, steps=25).x
            for form in ("eq1", "eq2")
        )
        yield left, right, f"momentum={momentum}"


SIDES: tuple[Callable[[str, Problem], Sides], ...] = (
    no_outer_step, plain_descent, inner_loop_ignored, two_steps, lookahead_then_descent, inner_kept_whole,
    nag_two_forms,
)  # fmt: skip
RUNS = {sides.__name__.replace("_", "-"): sides for sides in SIDES}
ONLY_NUMPY = ("nag-two-forms",)  # torch's SGD(nesterov=True) keeps other points; the torch twin has no NAG


def _register(name: str) -> None:
    identity = next(i for i in IDENTITIES if i.name == name)

    def reduction(twin: str, seed: int) -> list[Check]:
        statement = f"{identity.left} = {identity.right}"
        row = Tally("T25", name, twin, IDENTITY, statement=statement)
        for p in (quadratic(seed, "T25", name, low=0.5, high=100.0), rosenbrock()):
            for left, right, setting in RUNS[name](twin, p):
                row.add(right, left, scale=size(left, right), setting=f"{p.name}, {setting}")
        return [row.check()]

    reduction.__name__ = name.replace("-", "_")
    check("T25", TWINS[:1] if name in ONLY_NUMPY else TWINS)(reduction)


for _identity in IDENTITIES:
    _register(_identity.name)
