"""T23: outer velocity: powers of the predicted matrix, and the rate at the tuned pair. There is no torch twin of it."""

from __future__ import annotations

from typing import Any

import numpy as np

from nala_lab.core import Array, stream
from nala_lab.reference import SGD, OuterMomentum
from nala_lab.reference import run as run_reference
from nala_lab.reference.outer_momentum import OuterState
from nala_lab.theory import outer_velocity
from nala_lab.verify import Check, Tally, Tolerance, check
from nala_lab.verify.shared import F64, quadratic, size

# at the tuned pair two eigenvalues meet: an error of 1e-13 in the map moves them by its square root, 3e-7
RATE = Tolerance(2e-6, 0.0, "a double eigenvalue: the square root of 2^-53 times a few hundred")


@check("T23", ("numpy",))
def powers(twin: str, seed: int) -> list[Check]:
    """phi_t along a run, from rest, against O^t, with and without an outer gradient."""
    row = Tally("T23", "slow weights, every cycle", twin, F64, statement="(e, b)_t = O^t (e_0, 0)")
    rng = stream(seed, "T23")
    for i in range(8):
        p = quadratic(seed, "T23", i)
        setting: dict[str, Any] = {
            "k": int(rng.integers(1, 6)), "nu": float(rng.uniform(0, 1.2)), "beta": float(rng.uniform(0, 0.95)),
            "alpha": float(rng.choice([0.0, rng.uniform(0, 1)])),
        }  # fmt: skip
        lr = float(rng.uniform(0, 1.2))
        t = run_reference(OuterMomentum(SGD(lr=lr), **setting), p.grad, p.start, cycles=6)
        o = outer_velocity.cycle_matrix(p.eigenvalues, lr=lr, **setting)
        z = np.stack([(p.start - p.center) @ p.eigenvectors, np.zeros(p.dim)], axis=-1)
        for phi in t.slow:
            row.add(z[:, 0] @ p.eigenvectors.T, phi - p.center, scale=size(t.slow, t.fast), setting=f"{lr=}, {setting}")
            z = np.einsum("dij,dj->di", o, z)
    return [row.check()]


def _measured_map(method: OuterMomentum, lam: Array) -> Array:
    """(d, 2, 2): the method's own cycle on (e, b), from the two basis states of every mode."""
    columns = []
    for e, b in ((1.0, 0.0), (0.0, 1.0)):
        state = OuterState(np.full(len(lam), e), np.full(len(lam), b), method.init(lam).inners)
        after: Any = method.cycle(lambda x: lam * x, state).state
        columns.append(np.stack([after.phi, after.b], axis=-1))
    return np.stack(columns, axis=-1)


@check("T23", ("numpy",))
def tuned_rate(twin: str, seed: int) -> list[Check]:
    """Largest spectral radius of the measured map over a dense spectrum, at the tuned nu and beta."""
    row = Tally("T23", "rate at the tuned pair", twin, RATE)
    for kappa, k in ((10.0, 1), (100.0, 5), (1000.0, 5)):
        lam = np.geomspace(1 / kappa, 1.0, 200)
        low, high = (float(q) for q in outer_velocity.effective_curvature(lam[[0, -1]], lr=1.0, k=k))
        nu, beta, rate = outer_velocity.tuned(low, high)
        measured = _measured_map(OuterMomentum(SGD(lr=1.0), k=k, nu=nu, beta=beta), lam)
        row.add(rate, float(np.abs(np.linalg.eigvals(measured)).max()), setting=f"kappa={kappa}, k={k}")
    return [row.check()]
