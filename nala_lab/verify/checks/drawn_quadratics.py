"""T01, T02, T06, T23, T24 on settings drawn over the whole legal range, unstable ones included."""

from __future__ import annotations

from typing import Any

import numpy as np

from nala_lab.core import stream
from nala_lab.drive import Method, run
from nala_lab.theory import games, momentum_cycle, outer_limit, quadratic_rate
from nala_lab.verify import Check, Tally, Tolerance, check
from nala_lab.verify.drawn_settings import drawn, number, whole
from nala_lab.verify.shared import factors, nala, size
from problems import Quadratic

COUNT = 40
# 4 cycles of 13 products with a 6 x 6 matrix, 8 roundings each, are 420 * 2^-53 = 5e-14 of the largest number met; the
# part that grew by rho^t is wrong by 420 roundings of itself; 20 times that for what non-normal maps make of it
WIDE = Tolerance(1e-9, 1e-12, "420 roundings of 2^-53 of the largest number met, non-normal growth 20")


def _cycle() -> dict[str, Any]:
    """lr L, k, mu and alpha L: from nothing to twice what any theorem calls stable."""
    return {"lr": number(0, 4), "k": whole(1, 12), "mu": number(-1, 3), "alpha": number(0, 6)}


def _split(case: dict[str, Any]) -> tuple[dict[str, Any], Quadratic]:
    """Hyperparameters, and a rotated, shifted quadratic with largest curvature 1."""
    dim, decades, rotation = case.pop("dim"), case.pop("decades"), case.pop("rotation")
    spectrum = np.logspace(-decades, 0, dim)
    return case, Quadratic(spectrum, rotation=rotation, shift=np.linspace(-2, 3, dim), offset=3.0)


def _quadratics(**more: Any) -> dict[str, Any]:
    return {**_cycle(), **more, "dim": whole(1, 6), "decades": number(0, 6), "rotation": whole(0, 2**31 - 1)}


@check("T01", thorough=True)
def drawn_rates(twin: str, seed: int) -> list[Check]:
    """The slow weights of four cycles."""
    row = Tally("T01", f"slow weights, {COUNT} drawn settings", twin, WIDE)
    for case in drawn(seed, f"T01 {twin}", COUNT, **_quadratics()):
        setting, p = _split(case)
        start = p.center + np.linspace(1, 2, p.dim)
        t = run(twin, nala(setting), p.grad, start, cycles=4)
        predicted = quadratic_rate.trajectory(p.eigenvalues, p.eigenvectors, start - p.center, 4, **setting)
        row.add(predicted, t.slow - p.center, scale=size(t.slow, t.fast, t.lookahead), setting=str(setting))
    return [row.check()]


@check("T02", thorough=True)
def drawn_momentum(twin: str, seed: int) -> list[Check]:
    """The slow weights of four cycles over heavy ball or NAG, in the three conventions."""
    row = Tally("T02", f"slow weights, {COUNT} drawn settings", twin, WIDE)
    # torch's SGD with momentum 0 has no buffer to pull back, and says so: beta > 0 there
    kinds = [("HeavyBall", "heavy-ball"), ("NAG", "nag")][: 2 if twin == "numpy" else 1]
    cases = _quadratics(
        beta=number(0, 1, open_low=twin == "torch", open_high=True), which=whole(0, len(kinds) - 1), how=whole(0, 2)
    )
    for case in drawn(seed, f"T02 {twin}", COUNT, **cases):
        (rule, kind), convention = kinds[case.pop("which")], momentum_cycle.CONVENTIONS[case.pop("how")]
        setting, p = _split(case)
        inner = Method(rule, lr=setting["lr"], momentum=setting["beta"])
        method = nala(setting, inner, inner_state=convention)
        start = p.center + np.linspace(1, 2, p.dim)
        t = run(twin, method, p.grad, start, cycles=4)
        o = momentum_cycle.cycle_matrix(p.eigenvalues, **setting, kind=kind, convention=convention)
        z, predicted = np.stack([p.eigenvectors.T @ (start - p.center), np.zeros(p.dim)], axis=-1), []
        for _ in range(5):
            predicted.append(p.eigenvectors @ z[:, 0])
            z = np.einsum("dij,dj->di", o, z)
        scale = size(t.slow, t.fast, t.lookahead)
        row.add(np.stack(predicted), t.slow - p.center, scale=scale, setting=str(method))
    return [row.check()]


@check("T06", thorough=True)
def drawn_outer_steps(twin: str, seed: int) -> list[Check]:
    """No mode grows at 0.999 of the predicted limit; one does at 1.001."""
    strict = Tolerance(0.0, 1e-9, "the factor's rounding; 0.1 % of alpha moves it by 1e-3")
    below = Tally("T06", f"0.999 alpha_max, {COUNT} drawn", twin, strict, kind="upper", statement="max |rho| <= 1")
    above = Tally("T06", f"1.001 alpha_max, {COUNT} drawn", twin, strict, kind="lower", statement="max |rho| >= 1")
    lam = np.concatenate([np.linspace(0, 1, 4001)[1:], 1 - np.logspace(-6, -1, 200)])
    for case in drawn(seed, f"T06 {twin}", COUNT, k=whole(1, 12), mu=number(-1, 0.9), lr=number(0, 1)):
        try:
            limit = outer_limit.outer_limit(**case)
        except ValueError:  # Lookahead itself diverges there, and the theory says so
            continue
        for share, row in ((0.999, below), (1.001, above)):
            setting = {**case, "alpha": share * limit}
            row.add(1.0, np.abs(factors(twin, nala(setting), lam)).max(), setting=str(setting))
    return [below.check(), above.check()]


@check("T24", thorough=True)
def drawn_games(twin: str, seed: int) -> list[Check]:
    """Any linear field of norm 1, four cycles."""
    row = Tally("T24", f"linear fields, {COUNT} drawn settings", twin, WIDE)
    for case in drawn(seed, f"T24 {twin}", COUNT, **_cycle(), dim=whole(2, 5), which=whole(0, 10**6)):
        dim, rng = case.pop("dim"), stream(seed, "T24 drawn", case.pop("which"))
        field = rng.normal(size=(dim, dim))
        field /= np.linalg.norm(field, 2)
        center = rng.normal(size=dim)
        t = run(twin, nala(case), lambda z, J=field, c=center: (z - c) @ J.T, center + 1.0, cycles=4)
        predicted = games.trajectory(field, np.ones(dim), 4, **case)
        row.add(predicted, t.slow - center, scale=size(t.slow, t.fast, t.lookahead), setting=str(case))
    return [row.check()]
