"""T13: NALA with Adam inside on a linear objective, with eps as large as the gradient so that its place shows."""

from __future__ import annotations

from nala_lab.core import stream
from nala_lab.drive import Method, run
from nala_lab.theory import adam_linear
from nala_lab.verify import Check, Tally, check
from nala_lab.verify.shared import F64, size
from problems import Linear

CYCLES = 7
SLOPE = [1.5, -0.02, 3e-4, -12.0]


def _compare(row: Tally, twin: str, form: str, inner_state: str, draw: tuple[float, ...]) -> None:
    lr, eps, k, mu, alpha = draw
    p = Linear(SLOPE)
    inner = Method("Adam", lr=lr, betas=(0.9, 0.95), eps=eps, form=form)
    method = Method("NALA", inner=inner, k=int(k), mu=mu, alpha=alpha, inner_state=inner_state)
    t = run(twin, method, p.grad, p.start, cycles=CYCLES)
    predicted = adam_linear.trajectory(
        SLOPE, CYCLES, k=int(k), mu=mu, alpha=alpha, lr=lr, beta2=0.95, eps=eps, inner_state=inner_state, form=form
    )
    row.add(predicted, t.slow - p.start, scale=size(t.slow), setting=str(method))


@check("T13")
def adam_inside(twin: str, seed: int) -> list[Check]:
    """Displacement of the slow weights in Adam's four forms, state kept and reset."""
    rng = stream(seed, "T13")
    draws = [(0.05, 1e-2, 5, -0.5, 0.3), (1e-3, 1e-8, 5, -0.5, 1e-3), (0.3, 1.0, 4, 0.7, 0.0), (0.1, 0.3, 1, -1.0, 0.1)]
    draws += [
        (float(rng.uniform(0, 0.5)), float(10 ** rng.uniform(-9, 0)), int(rng.integers(1, 9)),
         float(rng.uniform(-1, 1)), float(rng.uniform(0, 0.5)))
        for _ in range(4)
    ]  # fmt: skip
    rows = []
    for form in adam_linear.FORMS:
        row = Tally("T13", f"NALA + Adam ({form})", twin, F64)
        for inner_state in ("keep", "reset"):
            for draw in draws:
                _compare(row, twin, form, inner_state, draw)
        rows.append(row.check())
    return rows
