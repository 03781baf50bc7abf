"""T15: the state of Adam's two-cycle is put into both twins and stepped once; so is its neighbourhood."""

from __future__ import annotations

from typing import Any

import numpy as np

from nala_lab.core import Array
from nala_lab.drive import Method, late_steps, run
from nala_lab.theory import adam_cycle
from nala_lab.verify import Check, Tally, Tolerance, check
from nala_lab.verify.shared import CENTER

LAM = np.array([0.1, 1.0, 30.0, 700.0])
SETTINGS: tuple[dict[str, Any], ...] = (
    {"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8},
    {"lr": 0.5, "betas": (0.5, 0.9), "eps": 1e-3},
    {"lr": 0.2, "betas": (0.0, 0.0), "eps": 0.0},
    {"lr": 0.05, "betas": (0.7, 0.3), "eps": 1e-5},
)
# ten roundings of 2^-53 of numbers of the size of x, which the theory's own division by 1 - beta1^2 doubles
STEP = Tolerance(1e-12, 1e-15, "ten roundings of 2^-53, condition below 1e3 (1 - beta2)")
# a central difference with h = 1e-5 errs by h^2 = 1e-10 times third derivatives below 1e2, and by 2^-53/h = 1e-11
DIFFERENCE = Tolerance(1e-7, 1e-7, "central difference at h = 1e-5: h^2 times third derivatives of 1e2, and 2^-53/h")


def _at(setting: dict[str, Any], lam: float) -> Array:
    return np.array(adam_cycle.state(lam, lr=setting["lr"], beta1=setting["betas"][0], eps=setting["eps"]))


def _map(twin: str, setting: dict[str, Any], lam: Array, z: Array) -> Array:
    """(x, m, v) of each coordinate (3, d) to the next, by the twin."""
    x, after = late_steps(twin, Method("Adam", **setting), lambda x: lam * x, z[0], {"m": z[1], "v": z[2]})
    return np.stack([x, after["m"], after["v"]])


@check("T15")
def one_application(twin: str, seed: int) -> list[Check]:
    """(x, m, v) to (-x, -m, v), four curvatures at once."""
    row = Tally("T15", "one step of the two-cycle", twin, STEP)
    for setting in SETTINGS:
        z = np.stack([_at(setting, lam) for lam in LAM], axis=1)
        flip = np.array([[-1.0], [-1.0], [1.0]])
        row.add(flip * z, _map(twin, setting, LAM, z), scale=np.abs(z), setting=str(setting))
    return [row.check()]


@check("T15")
def jacobian_of_the_cycle(twin: str, seed: int) -> list[Check]:
    """The twin's own derivative at the cycle, in relative units and without the flip, and its spectral radius."""
    entries = Tally("T15", "Jacobian at the cycle", twin, DIFFERENCE, statement="J of adam_cycle.py, entry by entry")
    radius = Tally("T15", "spectral radius at the cycle", twin, DIFFERENCE, statement="1.0494 at (.9, .999): repels")
    for setting in SETTINGS[:2] + SETTINGS[3:]:  # eps = beta2 = 0 is not differentiable
        for lam in (1.0, 30.0):
            z, h = _at(setting, lam), 1e-5
            unit = z * np.array([-1.0, -1.0, 1.0])  # where the next state stands
            columns = []
            for i in range(3):
                bump = np.eye(3)[i] * h * z
                ahead, behind = (
                    _map(twin, setting, np.array([lam]), (z + sign * bump)[:, None])[:, 0] for sign in (1, -1)
                )
                columns.append((ahead - behind) / (2 * h * unit))
            measured, label = np.stack(columns, axis=1), f"lam={lam}, {setting}"
            entries.add(adam_cycle.jacobian(lam, **setting), measured, setting=label)
            size = float(np.abs(np.linalg.eigvals(measured)).max())
            radius.add(adam_cycle.radius(lam, **setting), size, setting=label)
    return [entries.check(), radius.check()]


@check("T15")
def the_run_ends_at_that_size(twin: str, seed: int) -> list[Check]:
    """Without averaging of g (beta1 = 0) the cycle attracts: an ordinary run from 1.2 times its size ends on it."""
    attracted = Tolerance(1e-9, 1e-14, "sqrt(0.9)^600 = 2e-14 is left of the start, and 0.9^600 of the bias correction")
    row = Tally("T15", "where a run ends, beta1 = 0", twin, attracted, statement="|x_t - x*| -> lr/2 - eps/lam")
    lam = np.array([0.5, 20.0])
    for lr, eps in ((0.5, 1e-8), (0.5, 1e-3)):
        method = Method("Adam", lr=lr, betas=(0.0, 0.9), eps=eps)
        want = np.array([adam_cycle.amplitude(value, lr=lr, beta1=0.0, eps=eps) for value in lam])
        t = run(twin, method, lambda x: lam * (x - CENTER), CENTER + 1.2 * want, steps=600)
        row.add(want, np.abs(t.final - CENTER), setting=str(method))
    return [row.check()]
