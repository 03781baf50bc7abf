"""T24: NALA on games: bilinear ones, whose field is normal, and fields with any real matrix."""

from __future__ import annotations

from typing import Any

import numpy as np

from nala_lab.core import stream
from nala_lab.drive import run
from nala_lab.theory import games
from nala_lab.verify import Check, Tally, Tolerance, check
from nala_lab.verify.shared import F64, nala, settings_of_a_cycle, size
from problems import BilinearGame, moved

CYCLES = 6
HURTS = Tolerance(0.0, 0.0, "strict: sqrt(1 + alpha^2 s^2) exceeds 1 by 1e-3 or more here, rounding is 1e-15")
FIXED: tuple[dict[str, Any], ...] = (
    {"lr": 0.3, "k": 5, "mu": -0.5, "alpha": 0.3},
    {"lr": 0.3, "k": 5, "mu": -0.5, "alpha": 0.0},
    {"lr": 0.2, "k": 4, "mu": 0.2, "alpha": 0.1},
)


@check("T24")
def bilinear_game(twin: str, seed: int) -> list[Check]:
    """u' B v with a moved equilibrium: the distance in the plane of each singular value shrinks by |rho| a cycle."""
    row = Tally("T24", "bilinear game, each plane", twin, F64, statement="|P_s z_t| = |rho(i s)|^t |P_s z_0|")
    rng = stream(seed, "T24")
    for i, setting in enumerate([*FIXED, *(settings_of_a_cycle(rng, 1.0) for _ in range(6))]):
        left, s, right = np.linalg.svd(stream(seed, "T24 game", i).normal(size=(3, 3)))
        s = s / s[0]
        game = BilinearGame((left * s) @ right)
        there = moved(game, shift=np.arange(6) - 2.5)
        start = np.asarray(there.start) + 0.3
        t = run(twin, nala(setting), there.grad, start, cycles=CYCLES)
        z = t.slow - np.asarray(there.outward(game.equilibrium))  # type: ignore[attr-defined]
        u, v = z[:, :3] @ left, z[:, 3:] @ right.T
        distance = np.hypot(u, v)
        rate = games.rotation_factor(s, **setting)
        predicted = distance[0] * rate ** np.arange(CYCLES + 1)[:, None]
        row.add(predicted, distance, scale=size(t.slow, t.fast), setting=str(setting))
    return [row.check()]


@check("T24")
def any_linear_field(twin: str, seed: int) -> list[Check]:
    """A field J (z - z*) with a random J, complex eigenvalues and no orthogonal eigenvectors."""
    row = Tally(
        "T24", "any linear field, every cycle", twin, F64, statement="e_t = [(I-aJ)((1+mu)(I-lr J)^k - mu I)]^t e_0"
    )
    rng = stream(seed, "T24 field")
    for _ in range(10):
        J = rng.normal(size=(4, 4))
        J /= np.linalg.norm(J, 2)
        center, setting = rng.normal(size=4), settings_of_a_cycle(rng, 1.0)
        t = run(twin, nala(setting), lambda z, J=J, c=center: (z - c) @ J.T, center + 1.0, cycles=CYCLES)
        predicted = games.trajectory(J, np.ones(4), CYCLES, **setting)
        row.add(predicted, t.slow - center, scale=size(t.slow, t.fast), setting=str(setting))
    return [row.check()]


@check("T24")
def outer_step_hurts(twin: str, seed: int) -> list[Check]:
    """On a bilinear game every alpha > 0 ends farther from the equilibrium than alpha = 0."""
    row = Tally(
        "T24", "the outer step hurts a rotation", twin, HURTS, kind="lower", statement="|z_T(alpha)| > |z_T(0)|"
    )
    game = BilinearGame([[1.0]])
    start = np.array([1.0, 2.0])
    for mu in (-0.7, -0.5, 0.1):
        setting: dict[str, Any] = {"lr": 0.3, "k": 5, "mu": mu}
        bare = np.linalg.norm(run(twin, nala({**setting, "alpha": 0.0}), game.grad, start, cycles=CYCLES).final)
        for alpha in (0.05, 0.3, 2.0):
            t = run(twin, nala({**setting, "alpha": alpha}), game.grad, start, cycles=CYCLES)
            row.add(bare, np.linalg.norm(t.final), setting=f"{alpha=}, {setting}")
    return [row.check()]
