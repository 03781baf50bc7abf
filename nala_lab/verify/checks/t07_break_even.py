"""T07: at the break-even outer step NALA is exactly as fast per gradient as its rival, and beyond it faster."""

from __future__ import annotations

from typing import Any

import numpy as np

from nala_lab.core import Array, stream
from nala_lab.drive import Method, run
from nala_lab.theory import break_even
from nala_lab.verify import Check, Tally, Tolerance, check
from nala_lab.verify.shared import CENTER, F64, nala, size
from problems import Linear

LAM = np.array([0.01, 0.2, 0.55, 1.0])
# a rate is a root of a distance that carries 60 roundings of the start's size 1; distances stay above 1e-4
RATE = Tolerance(1e-9, 0.0, "60 roundings of 2^-53 against distances above 1e-4")
STRICT = Tolerance(0.0, 0.0, "strict: 2 % away from the edge rates differ by more than 1e-5, rounding is 1e-10")


def _rate(twin: str, method: Method, lam: float, **length: int) -> float:
    """Measured factor per gradient of one mode, gradients as the run counts them."""
    t = run(twin, method, lambda x: lam * (x - CENTER), [CENTER + 1.0], **length)
    return float(np.abs(t.final[0] - CENTER) ** (1 / t.grad_evals))


def _settings(seed: int) -> list[dict[str, Any]]:
    rng = stream(seed, "T07")
    fixed = [{"lr": 0.1, "k": 5, "mu": -0.5}, {"lr": 0.5, "k": 2, "mu": 0.2}, {"lr": 0.9, "k": 3, "mu": -0.8}]
    drawn = [
        {"lr": float(rng.uniform(0.1, 0.9)), "k": int(rng.integers(1, 7)), "mu": float(rng.uniform(-0.9, 0.0))}
        for _ in range(4)
    ]
    return [*fixed, *drawn]


def _rival(setting: dict[str, Any], name: str) -> tuple[Method, dict[str, int]]:
    inner = Method("SGD", lr=setting["lr"])
    if name == "descent":
        return inner, {"steps": setting["k"] + 1}
    return Method("Lookahead", inner=inner, k=setting["k"], alpha=1 + setting["mu"]), {"cycles": 1}


@check("T07")
def break_even_outer_step(twin: str, seed: int) -> list[Check]:
    """Rates per gradient at both ends of the interval, and inside it."""
    rows = []
    for name, interval in (("lookahead", break_even.against_lookahead), ("descent", break_even.against_descent)):
        even = Tally("T07", f"as fast as {name} at the edge", twin, RATE)
        faster = Tally("T07", f"faster than {name} inside", twin, STRICT, kind="upper")
        for setting in _settings(seed):
            method, length = _rival(setting, name)
            for lam in LAM:
                rival = _rate(twin, method, lam, **length)
                low, high = (float(end) for end in interval(lam, **setting))
                for alpha in (a for a in (low, high) if a > 0):
                    even.add(rival, _rate(twin, nala({**setting, "alpha": alpha}), lam, cycles=1), setting=f"{lam=}, "
                             f"alpha={alpha:.4g}, {setting}")  # fmt: skip
                inside = max(low, 0.0) + 0.02 * (high - max(low, 0.0))
                measured = _rate(twin, nala({**setting, "alpha": inside}), lam, cycles=1)
                faster.add(rival, measured, setting=f"{lam=}, alpha={inside:.4g}, {setting}")
        rows += [even.check(), faster.check()]
    return rows


@check("T07")
def sufficient_outer_step(twin: str, seed: int) -> list[Check]:
    """alpha = (1+mu) lr is enough on every mode when mu is in [-1, 0] and lr lam <= 1."""
    row = Tally("T07", "alpha = (1+mu) lr suffices", twin, RATE, kind="upper", statement="rate <= Lookahead's")
    for setting in (s for s in _settings(seed) if s["mu"] <= 0):
        alpha = break_even.sufficient(lr=setting["lr"], mu=setting["mu"])
        method, length = _rival(setting, "lookahead")
        for lam in LAM:
            measured = _rate(twin, nala({**setting, "alpha": alpha}), lam, cycles=1)
            row.add(_rate(twin, method, lam, **length), measured, setting=f"{lam=}, {setting}")
    return [row.check()]


@check("T07")
def share_of_the_outer_gradient(twin: str, seed: int) -> list[Check]:
    """Adam inside on c'x: which part of a cycle's move the outer gradient makes, and where it breaks even."""
    share = Tally("T07", "outer gradient's share, Adam inside", twin, F64, statement="alpha|c|/(alpha|c|+(1+mu) k lr)")
    even = Tally("T07", "break-even gradient, Adam inside", twin, F64, statement="|c| = (1+mu) lr / alpha")
    for lr, k, mu, alpha in ((1e-3, 5, -0.5, 1e-3), (0.02, 3, 0.4, 0.1)):
        at: Array = np.array([0.5, 1.0, -7.0, 0.01]) * break_even.adam_break_even(lr=lr, mu=mu, alpha=alpha)
        p, inner = Linear(at), Method("Adam", lr=lr, eps=1e-300)
        t = run(twin, Method("NALA", inner=inner, k=k, mu=mu, alpha=alpha), p.grad, p.start, cycles=1)
        moved, outer = t.slow[1] - t.slow[0], t.slow[1] - t.lookahead[0]
        scale = size(t.slow) / float(np.abs(moved).min())  # the moves are small differences of positions near 1
        predicted = break_even.outer_share(at, lr=lr, k=k, mu=mu, alpha=alpha)
        share.add(predicted, outer / moved, scale=scale, setting=f"{lr=}, {k=}, {mu=}, {alpha=}")
        other = run(twin, Method("Lookahead", inner=inner, k=k, alpha=1 + mu), p.grad, p.start, cycles=1)
        slower = (other.slow[1] - other.slow[0]) / k
        even.add(slower[1], moved[1] / (k + 1), scale=size(t.slow), setting=f"{lr=}, {k=}, {mu=}, {alpha=}")
    return [share.check(), even.check()]
