"""T02: the cycle matrix with momentum inside, against runs, symbols, and the map of the shipped optimizer."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import numpy as np

from nala_lab.core import Array, stream
from nala_lab.drive import Method, run
from nala_lab.measure import cycle_map
from nala_lab.theory.momentum_cycle import CONVENTIONS, cycle_matrix
from nala_lab.theory.quadratic_rate import rho
from nala_lab.verify import Check, Tally, Tolerance, check
from nala_lab.verify.shared import quadratic

# k T <= 60 two-by-two products of entries below 3, errors enlarged by a non-normal map by at most 1e4
RUN = Tolerance(1e-9, 1e-12, "60 products of 2x2 matrices, 2^-53 each, non-normal growth 1e4")
# the extraction solves with [z0 z1], whose condition number is below 1e3 in these settings; 1e3 * 20 * 2^-53 = 2e-12
MAP = Tolerance(1e-12, 1e-12, "20 roundings of 2^-53, condition of the probing states below 1e3")
# the same rational number in two kinds of numbers: exact kinds agree exactly, float64 within 30 roundings
NUMBERS = Tolerance(1e-13, 1e-15, "30 roundings of 2^-53 in float64, none in the exact kinds")
SETTINGS: tuple[dict[str, Any], ...] = (
    {"lr": 0.3, "k": 5, "mu": -0.5, "alpha": 0.3, "beta": 0.9},
    {"lr": 0.7, "k": 2, "mu": 0.4, "alpha": 0.0, "beta": 0.5},
    {"lr": 0.5, "k": 3, "mu": -0.2, "alpha": 1.5, "beta": 0.7},
)


def _whole(lam: Array, Q: Array, **settings: Any) -> Array:
    """The (2d, 2d) matrix of a Hessian Q diag(lam) Q' from the 2 x 2 blocks of its eigenvalues."""
    blocks = cycle_matrix(lam, **settings)
    return np.block([[(Q * blocks[:, i, j]) @ Q.T for j in range(2)] for i in range(2)])


@check("T02")
def powers(twin: str, seed: int) -> list[Check]:
    """phi_t along a run is the first half of O^t (e_0, 0)."""
    row = Tally("T02", "a run follows the powers of O", twin, RUN)
    p = quadratic(seed, "T02", low=0.1, high=2.0)
    kinds = ("heavy-ball", "nag") if twin == "numpy" else ("heavy-ball",)
    for settings in SETTINGS:
        for kind in kinds:
            for convention in CONVENTIONS:
                inner = Method({"heavy-ball": "HeavyBall", "nag": "NAG"}[kind], lr=settings["lr"],
                               momentum=settings["beta"])  # fmt: skip
                outer = {name: settings[name] for name in ("k", "mu", "alpha")}
                method = Method("NALA", inner=inner, inner_state=convention, **outer)
                t = run(twin, method, p.grad, p.start, cycles=6)
                one = _whole(p.eigenvalues, p.eigenvectors, **settings, kind=kind, convention=convention)
                z = np.concatenate([p.start - p.center, np.zeros(p.dim)])
                for phi in t.slow:
                    row.add(z[: p.dim] + p.center, phi, scale=float(np.abs(t.slow).max()), setting=str(method))
                    z = one @ z
    return [row.check()]


@check("T02")
def shipped_map(twin: str, seed: int) -> list[Check]:
    """The map extracted from the code by probing basis states is the closed form."""
    row = Tally("T02", "map extracted from the code", twin, MAP)
    p = quadratic(seed, "T02 map", dim=4, low=0.3, high=2.0)
    for settings in SETTINGS:
        for convention in CONVENTIONS:
            if twin == "torch":
                want = _whole(p.eigenvalues, p.eigenvectors, **settings, convention=convention)
                measured = _torch_map(p.A, settings, convention)
                if convention == "reset":  # a run always starts a cycle at rest: that half of the map is never used
                    measured, want = measured[:, : p.dim], want[:, : p.dim]
                row.add(want, measured, scale=float(np.abs(want).max()), setting=f"{settings}, {convention}")
                continue
            for lam in p.eigenvalues:
                want = cycle_matrix(lam, **settings, convention=convention)
                measured = cycle_map.reference_matrix(float(lam), **settings, convention=convention)
                if convention == "reset":
                    measured, want = measured[:, :1], want[:, :1]
                row.add(want, measured, scale=float(np.abs(want).max()), setting=f"{settings}, {convention}")
    return [row.check()]


def _torch_map(A: Array, settings: dict[str, Any], convention: str) -> Array:
    from nala_lab.methods.making import torch_twin

    inner = ("HeavyBall", {"lr": settings["lr"], "momentum": settings["beta"]})
    outer = {name: settings[name] for name in ("k", "mu", "alpha")}

    def make(params: list[Any]) -> Any:
        return torch_twin("NALA", params, inner=inner, inner_state=convention, **outer)

    if convention == "reset":  # no momentum survives a cycle, so the second cycle starts at rest like the first
        z1 = cycle_map.torch_matrix(make, A, gradients_per_cycle=settings["k"] + 1, lr=None)
        return np.vstack([z1, np.zeros_like(z1)])
    return cycle_map.torch_matrix(make, A, gradients_per_cycle=settings["k"] + 1, lr=settings["lr"])


@check("T02", ("numpy",))
def symbols(twin: str, seed: int) -> list[Check]:
    """The matrix extracted with sympy symbols, evaluated at random settings, is the closed form; so is T01's for GD."""
    row = Tally("T02", "map extracted with symbols", twin, RUN)
    rng = stream(seed, "T02 symbols")
    for k in (1, 2, 3, 5):
        for inner in cycle_map.INNER:
            for convention in CONVENTIONS if inner != "gd" else ("keep",):
                matrix, names = cycle_map.symbolic_matrix(k, inner=inner, convention=convention)
                v = dict(zip(("lambda", "eta", "mu", "alpha", "beta"), rng.uniform(0.1, 0.9, 5).tolist(), strict=True))
                measured = np.array(matrix.subs({names[n]: v[n] for n in v}).tolist(), dtype=float)
                common = {"lr": v["eta"], "k": k, "mu": v["mu"], "alpha": v["alpha"]}
                if inner == "gd":
                    want: Any = np.array([[rho(v["lambda"], **common)]])
                else:
                    want = cycle_matrix(v["lambda"], **common, beta=v["beta"], kind=inner, convention=convention)
                columns = 1 if convention == "reset" else 2
                row.add(want[:, :columns], measured[:, :columns], setting=f"k={k}, {inner}, {convention}")
    return [row.check()]


@check("T02", ("numpy",))
def kinds_of_numbers(twin: str, seed: int) -> list[Check]:
    """The same step functions on float64, Fraction, sympy and mpmath numbers give the same matrix."""
    row = Tally("T02", "four kinds of numbers", twin, NUMBERS)
    rng = stream(seed, "T02 numbers")
    for inner in cycle_map.INNER:
        values = {n: Fraction(int(rng.integers(1, 90)), 100) for n in ("lam", "lr", "mu", "alpha", "beta")}
        matrices = {}
        for kind in cycle_map.KINDS:
            v = {n: cycle_map.number(kind, q) for n, q in values.items()}
            matrices[kind] = cycle_map.reference_matrix(v.pop("lam"), **v, k=4, inner=inner).astype(float)
        for kind in cycle_map.KINDS:
            row.add(matrices["fraction"], matrices[kind], setting=f"{inner}, {kind}")
    return [row.check()]
