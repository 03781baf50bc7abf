"""T26: the loss times 2^n with rescaled settings: bit-equal iterates; and without rescaling alpha: other ones."""

from __future__ import annotations

from typing import Any

import numpy as np

from nala_lab.core import Array
from nala_lab.drive import Method, run
from nala_lab.methods import find
from nala_lab.theory import scaling
from nala_lab.verify import Check, Tally, Tolerance, check
from nala_lab.verify.shared import quadratic, rosenbrock
from problems import Problem

EXACT = Tolerance(0.0, 0.0, "bit-equal: multiplying by 2^n commutes with every rounding")
MOVED = Tolerance(0.0, 0.0, "strict: a relative difference of 1e-6 at least, a thousand million roundings")
POWERS = (-3, 1, 20)
RULES: tuple[tuple[str, dict[str, Any]], ...] = (
    ("SGD", {"lr": 5e-4}),
    ("HeavyBall", {"lr": 2e-4, "momentum": 0.8}),
    ("Adam", {"lr": 0.02, "eps": 0.0}),
    ("Adam", {"lr": 0.02, "betas": (0.6, 0.9), "eps": 1e-2}),
    ("AdaBelief", {"lr": 0.02, "eps": 0.0}),
    ("AdaLA", {"lr": 5e-4, "eps": 0.0, "probe": "adam"}),
    ("AdaLA", {"lr": 5e-4, "eps": 0.0, "probe": "adabelief", "denominator": "raw"}),
)


def _walk(twin: str, method: Method, p: Problem, n: int) -> Array:
    """The slow or only iterates on 2^n f."""
    length = {"cycles": 5} if find(method.name).two_loops else {"steps": 15}
    t = run(twin, method, lambda x: 2.0**n * p.grad(x), p.start, **length)
    return np.asarray(t.slow if "cycles" in length else t.x)


def _scaled(name: str, settings: dict[str, Any], n: int) -> Method:
    """The method for 2^n f, its inner rule rescaled too."""
    new = scaling.rescaled(name, settings, n)
    if "inner" in settings:
        inner: Method = settings["inner"]
        new["inner"] = _scaled(inner.name, inner.settings, n)
    return Method(name, **new)


def _methods() -> list[tuple[str, dict[str, Any]]]:
    around = []
    for name, settings in RULES:
        inner = Method(name, **settings)
        around.append(("Lookahead", {"inner": inner, "k": 3, "alpha": 0.4}))
        around.append(("NALA", {"inner": inner, "k": 3, "mu": -0.4, "alpha": 3e-4}))
    return [*RULES, *around]


@check("T26")
def bit_equal(twin: str, seed: int) -> list[Check]:
    """Every rule alone, inside Lookahead and inside NALA, on a quadratic and on Rosenbrock's valley."""
    row = Tally("T26", "iterates on 2^n f, rescaled", twin, EXACT)
    for p in (quadratic(seed, "T26", low=0.5, high=100.0), rosenbrock()):
        for name, settings in _methods():
            plain = _walk(twin, Method(name, **settings), p, 0)
            for n in POWERS:
                row.add(
                    plain, _walk(twin, _scaled(name, settings, n), p, n), setting=f"2^{n} {p.name}, {name} {settings}"
                )
    return [row.check()]


@check("T26")
def alpha_is_not_free_of_scale(twin: str, seed: int) -> list[Check]:
    """NALA over Adam with eps = 0 and the same alpha walks elsewhere on 2^n f: Lookahead over Adam does not."""
    statement = "max |phi_T(2^n f) - phi_T(f)| > 1e-6 max |phi_T|"
    row = Tally("T26", "NALA's alpha left as it was", twin, MOVED, kind="lower", statement=statement)
    inner = Method("Adam", lr=0.02, eps=0.0)
    for p in (quadratic(seed, "T26", low=0.5, high=100.0), rosenbrock()):
        method = Method("NALA", inner=inner, k=3, mu=-0.4, alpha=3e-4)
        plain = _walk(twin, method, p, 0)
        for n in (-6, 3):
            gap = float(np.abs(_walk(twin, method, p, n) - plain).max() / np.abs(plain).max())
            row.add(1e-6, min(gap, 1e6) if np.isfinite(gap) else 1e6, setting=f"2^{n} {p.name}")
    return [row.check()]
