"""E01-E15: every edge of the family map, run on both sides with the same mini-batches."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from nala_lab.core import Array, stream
from nala_lab.drive import TWINS, Method, run
from nala_lab.reference import NAG, SGD, family
from nala_lab.reference import run as run_reference
from nala_lab.theory.family_edges import EDGES
from nala_lab.verify import Check, Tally, Tolerance, check
from nala_lab.verify import other_papers as published
from nala_lab.verify.shared import IDENTITY, quadratic, rosenbrock, size
from problems import Problem

TITLES = {edge.id: f"{edge.left} {edge.relation} {edge.right}" for edge in EDGES}
K, CYCLES, LR = 3, 6, 4e-4
Sides = Iterator[tuple[Array, Array, str]]
Gradient = Callable[[Array], Array]
# alpha = 1e-7: the gap is alpha times a derivative, up to second-order terms of relative size alpha L T = 6e-5
LIMIT = Tolerance(1e-3, 0.0, "second order in alpha: relative 6e-5 at alpha = 1e-7, curvature 100, 6 cycles")


def _noisy(p: Problem, seed: int, *name: object) -> Gradient:
    """A gradient whose n-th call carries the n-th row of a named stream: both sides see the same mini-batches."""
    rng = stream(seed, "family", *name)
    return lambda x: p.grad(x) + rng.normal(size=p.dim)


def _member(name: str, p: Problem, seed: int, tag: str, k: int = K, **parameters: Any) -> Array:
    method = family(name, SGD(lr=LR), **({} if name == "GPA" else {"k": k}), **parameters)
    return np.asarray(run_reference(method, _noisy(p, seed, tag), p.start, cycles=CYCLES).slow)


def _own(recurrence: Callable[..., Array], p: Problem, seed: int, tag: str, k: int = K, **parameters: Any) -> Array:
    return recurrence(_noisy(p, seed, tag), p.start, CYCLES, k, LR, **parameters)


def _twin(name: str, twin: str, p: Problem, seed: int, tag: str, **settings: Any) -> Array:
    method = Method(name, inner=Method("SGD", lr=LR), k=K, **settings)
    noisy = _noisy(p, seed, tag)
    return np.asarray(run(twin, method, noisy, p.start, cycles=CYCLES).slow)


def e01(twin: str, p: Problem, seed: int) -> Sides:
    """Lookahead is OuterMomentum without velocity; the shipped twin is Lookahead."""
    for s in (0.0, 0.5, 1.0, 1.4):
        own = _own(published.lookahead, p, seed, "E01", alpha=s)
        yield _member("Lookahead", p, seed, "E01", alpha=s), own, f"s={s}"
        yield _twin("Lookahead", twin, p, seed, "E01", alpha=s), own, f"shipped, s={s}"


def e02(twin: str, p: Problem, seed: int) -> Sides:
    """Reptile with one task."""
    for s in (0.1, 0.7):
        yield _member("Lookahead", p, seed, "E02", alpha=s), _own(published.reptile, p, seed, "E02", epsilon=s), f"{s=}"
        yield _member("Reptile", p, seed, "E02", epsilon=s), _own(published.reptile, p, seed, "E02", epsilon=s), f"{s=}"


def e03(twin: str, p: Problem, seed: int) -> Sides:
    """NALA is OuterMomentum without velocity and with an outer gradient; the shipped twin is NALA."""
    for mu in (-1.0, -0.5, 0.0, 0.4):
        own = _own(published.nala, p, seed, "E03", mu=mu, alpha=3e-4)
        yield _member("NALA", p, seed, "E03", mu=mu, alpha=3e-4), own, f"mu={mu}"
        yield _twin("NALA", twin, p, seed, "E03", mu=mu, alpha=3e-4), own, f"shipped, mu={mu}"


def e04(twin: str, p: Problem, seed: int) -> Sides:
    """SNOO."""
    for nu, beta in ((0.7, 0.9), (1.0, 0.3)):
        own = _own(published.snoo, p, seed, "E04", nu=nu, beta=beta)
        yield _member("SNOO", p, seed, "E04", lr=nu, momentum=beta), own, f"nu={nu}, beta={beta}"


def e05(twin: str, p: Problem, seed: int) -> Sides:
    """SNOO without momentum is Lookahead; the shipped twin is Lookahead."""
    own = _own(published.snoo, p, seed, "E05", nu=0.6, beta=0.0)
    yield _twin("Lookahead", twin, p, seed, "E05", alpha=0.6), own, "beta=0"


def e06(twin: str, p: Problem, seed: int) -> Sides:
    """DiLoCo with several workers."""
    for workers in (1, 2, 5):
        own = _own(published.diloco, p, seed, "E06", nu=0.7, beta=0.9, workers=workers)
        member = _member("DiLoCo", p, seed, "E06", outer_lr=0.7, momentum=0.9, workers=workers)
        yield member, own, f"workers={workers}"


def e07(twin: str, p: Problem, seed: int) -> Sides:
    """DiLoCo with one worker is SNOO."""
    one = _own(published.diloco, p, seed, "E07", nu=0.7, beta=0.9, workers=1)
    yield _member("SNOO", p, seed, "E07", lr=0.7, momentum=0.9), one, "one worker"


def e08(twin: str, p: Problem, seed: int) -> Sides:
    """SlowMo at a constant learning rate."""
    own = _own(published.slowmo, p, seed, "E08", a=0.8, beta=0.7)
    yield _member("SlowMo", p, seed, "E08", slow_lr=0.8, beta=0.7), own, "a=0.8, beta=0.7"


def e09(twin: str, p: Problem, seed: int) -> Sides:
    """BMUF with classical block momentum is SlowMo."""
    own = _own(published.bmuf_classical, p, seed, "E09", zeta=0.8, eta=0.7)
    yield _own(published.slowmo, p, seed, "E09", a=0.8, beta=0.7), own, "as published"
    yield _member("BMUF classical", p, seed, "E09", zeta=0.8, eta=0.7), own, "as a member"


def e10(twin: str, p: Problem, seed: int) -> Sides:
    """BMUF with Nesterov block momentum starts its blocks at SNOO's phi."""
    own = _own(published.bmuf_nesterov_starts, p, seed, "E10", zeta=0.7, eta=0.9)
    yield _own(published.snoo, p, seed, "E10", nu=0.7, beta=0.9), own, "as published"
    yield _member("BMUF Nesterov", p, seed, "E10", zeta=0.7, eta=0.9), own, "as a member"


def e11(twin: str, p: Problem, seed: int) -> Sides:
    """Nesterov's extrapolation between cycles is SNOO with nu = 1."""
    own = _own(published.nag_outer, p, seed, "E11", mu=0.6)
    yield _member("SNOO", p, seed, "E11", lr=1.0, momentum=0.6), own, "mu=0.6"
    yield _member("NAG outer", p, seed, "E11", mu=0.6), own, "as a member"


def e12(twin: str, p: Problem, seed: int) -> Sides:
    """GPA's gradient points are SNOO's phi with k = 1."""
    y = published.gpa_y(_noisy(p, seed, "E12"), p.start, CYCLES, LR, beta=0.6)
    yield _own(published.snoo, p, seed, "E12", k=1, nu=1.0, beta=0.6), y, "beta=0.6"
    yield _member("GPA", p, seed, "E12", mu=0.6), y, "as a member"


def e13(twin: str, p: Problem, seed: int) -> Sides:
    """With k = 1 and nu = 1 SNOO stands where NAG takes its gradients."""
    nag = run_reference(NAG(lr=LR, momentum=0.6), _noisy(p, seed, "E13"), p.start, steps=CYCLES + 1)
    yield _member("SNOO", p, seed, "E13", k=1, lr=1.0, momentum=0.6), nag.points, "momentum=0.6"


EQUALITIES = (e01, e02, e03, e04, e05, e06, e07, e08, e09, e10, e11, e12, e13)
SHIPPED = ("E01", "E03", "E05")  # edges that a torch twin stands on; the others are about NumPy recurrences


def _register(edge_id: str, sides: Callable[[str, Problem, int], Sides]) -> None:
    def equality(twin: str, seed: int) -> list[Check]:
        row = Tally(edge_id, TITLES[edge_id], twin, IDENTITY)
        for p in (quadratic(seed, "family", edge_id, low=0.5, high=100.0), rosenbrock()):
            for left, right, setting in sides(twin, p, seed):
                row.add(right, left, scale=size(left, right), setting=f"{p.name}, {setting}")
        return [row.check()]

    equality.__name__ = edge_id
    check(edge_id, TWINS if edge_id in SHIPPED else TWINS[:1])(equality)


for _edge, _sides in zip(EDGES, EQUALITIES, strict=False):
    _register(_edge.id, _sides)


@check("E14")
def nala_forgets(twin: str, seed: int) -> list[Check]:
    """A cycle of NALA is a function of phi: a run restarted at phi_3 goes on as if it had not stopped. NAG's is not."""
    row = Tally("E14", TITLES["E14"], twin, IDENTITY)
    p = quadratic(seed, "family", "E14", low=0.5, high=100.0)
    method = Method("NALA", inner=Method("SGD", lr=LR), k=K, mu=0.4, alpha=3e-4)
    whole = run(twin, method, p.grad, p.start, cycles=CYCLES).slow
    restarted = run(twin, method, p.grad, whole[3], cycles=CYCLES - 3).slow
    row.add(whole[3:], restarted, scale=size(whole), setting="restart at phi_3")
    own = published.nag_outer(p.grad, p.start, CYCLES, K, LR, mu=0.6)
    stopped = published.nag_outer(p.grad, own[3], CYCLES - 3, K, LR, mu=0.6)
    moved = float(np.abs(own[-1] - stopped[-1]).max() > 1e-6 * size(own))
    row.add(1.0, moved, setting="NAG outer restarted without its velocity ends elsewhere")
    return [row.check()]


@check("E15")
def nala_tends_to_lookahead(twin: str, seed: int) -> list[Check]:
    """(NALA(alpha) - Lookahead) / alpha is the same at alpha and alpha / 2."""
    row = Tally("E15", TITLES["E15"], twin, LIMIT)
    p = quadratic(seed, "family", "E15", low=0.5, high=100.0)
    inner = Method("SGD", lr=LR)
    limit = run(twin, Method("Lookahead", inner=inner, k=K, alpha=0.5), p.grad, p.start, cycles=CYCLES).slow[-1]
    slopes = []
    for alpha in (1e-7, 5e-8):
        near = Method("NALA", inner=inner, k=K, mu=-0.5, alpha=alpha)
        slopes.append((run(twin, near, p.grad, p.start, cycles=CYCLES).slow[-1] - limit) / alpha)
    worst = int(np.argmax(np.abs(slopes[1])))  # the largest entry; small ones drown in rounding
    row.add(slopes[1][worst], slopes[0][worst], setting="slope at alpha = 1e-7 against 5e-8")
    return [row.check()]
