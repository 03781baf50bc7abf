"""T16: the outer map over sign descent, its two-cycle for odd k, and the decay for even k."""

from __future__ import annotations

from typing import Any

import numpy as np

from nala_lab.core import stream
from nala_lab.drive import Method, run
from nala_lab.theory import sign_descent
from nala_lab.verify import Check, Tally, Tolerance, check
from nala_lab.verify.shared import nala, settings_of_a_cycle

CYCLES = 12
# at most 12 cycles of 10 steps of a few roundings of numbers below 10; the outer map never enlarges an error by more
# than |1 - alpha lam| (1 + 2 |mu|) < 4 a cycle until |phi| < lr, and by less than 1 after
WALK = Tolerance(1e-8, 1e-9, "120 steps, 5 roundings of 2^-53 each, of numbers below 10; growth below 1e5")


def _inner(lr: float) -> Method:
    return Method("Adam", lr=lr, betas=(0.0, 0.0), eps=0.0)


@check("T16")
def outer_map(twin: str, seed: int) -> list[Check]:
    """Every slow iterate, from starts many steps away and inside one step, until a sign hangs on the last bit."""
    row = Tally("T16", "slow weights, every cycle", twin, WALK)
    rng = stream(seed, "T16")
    for _ in range(12):
        lam = np.exp(rng.uniform(-3, 2, 6))
        setting = settings_of_a_cycle(rng, 1.0, lr=(0.05, 0.5), k=9, mu=(-1, 0.5), alpha=(0, 0.2))
        start = rng.uniform(-3, 3, 6)
        predicted = sign_descent.trajectory(start, lam, CYCLES, **setting)
        edge = sign_descent.distance_to_edge(predicted, lr=setting["lr"]).min(axis=1)
        clear = int(np.argmax(np.append(edge, 0.0) < 1e-7)) + 1  # the last iterate whose cycle is not knife-edge
        t = run(twin, nala(setting, _inner(setting["lr"])), lambda x, lam=lam: lam * x, start, cycles=CYCLES)
        row.add(predicted[:clear], t.slow[:clear], setting=str(setting))
    return [row.check()]


@check("T16")
def parity_of_k(twin: str, seed: int) -> list[Check]:
    """From |phi| < lr: odd k ends on the two-cycle (contraction c per cycle), even k decays by c."""
    odd = Tally("T16", "two-cycle, odd k", twin, WALK, statement="|phi| = c(1+mu)lr/(1+c)")
    even = Tally("T16", "decay, even k", twin, WALK, statement="phi_t = c^t phi_0, c = 1 - alpha lam")
    lam = np.array([0.5, 1.0, 2.5])
    for k in range(1, 9):
        for mu in (-0.5, 0.4):
            setting: dict[str, Any] = {"lr": 0.3, "k": k, "mu": mu, "alpha": 0.3}
            method = nala(setting, _inner(0.3))
            if k % 2:
                at = sign_descent.cycle_amplitude(lam, **setting)
                t = run(twin, method, lambda x: lam * x, at, cycles=4)
                odd.add(at * (-1.0) ** np.arange(5)[:, None], t.slow, setting=str(setting))
            else:
                start = np.array([0.29, -0.1, 0.2])
                t = run(twin, method, lambda x: lam * x, start, cycles=6)
                even.add(start * (1 - 0.3 * lam) ** np.arange(7)[:, None], t.slow, setting=str(setting))
    return [odd.check(), even.check()]
