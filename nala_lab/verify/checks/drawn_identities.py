"""T12, T25, T26 on settings drawn over the whole legal range, any inner rule."""

from __future__ import annotations

from typing import Any

import numpy as np

from nala_lab.core import stream
from nala_lab.drive import Method, run
from nala_lab.theory import eq5, scaling
from nala_lab.verify import Check, Tally, Tolerance, check
from nala_lab.verify.drawn_settings import drawn, number, whole
from nala_lab.verify.shared import IDENTITY, quadratic, rosenbrock, size

COUNT, CYCLES = 30, 5
EXACT = Tolerance(0.0, 0.0, "bit-equal: multiplying by 2^n commutes with every rounding")
# Rule -> part of the drawn lr, short enough for Rosenbrock's valley not to overflow, and which drawn numbers it has.
RULES: dict[str, tuple[float, tuple[str, ...]]] = {
    "SGD": (1e-2, ()), "HeavyBall": (1e-3, ("momentum",)), "Adam": (1.0, ("betas", "eps")),
    "AdaBelief": (1.0, ("betas", "eps")), "AdaLA": (1.0, ("betas", "eps", "probe")),
}  # fmt: skip
NO_EPS = {"AdaBelief", "AdaLA"}  # of which T26 speaks at eps = 0 only


def _inner(case: dict[str, Any], *, eps_is_zero: bool = False) -> Method:
    """An inner rule out of a drawn case, with those of the drawn numbers that it has."""
    name = list(RULES)[case.pop("rule")]
    part, has = RULES[name]
    beta1, beta2, eps = case.pop("beta1"), case.pop("beta2"), 10 ** case.pop("log_eps")
    offered = {"momentum": beta1, "betas": (beta1, beta2), "probe": "adam",
               "eps": 0.0 if eps_is_zero and name in NO_EPS else eps}  # fmt: skip
    return Method(name, lr=part * case.pop("lr"), **{key: offered[key] for key in has})


def _settings(rules: int = len(RULES), **more: Any) -> dict[str, Any]:
    decay = number(0, 0.999)
    return {
        "rule": whole(0, rules - 1), "lr": number(0, 0.1), "beta1": decay, "beta2": decay, "log_eps": number(-8, 0),
        "k": whole(1, 9), "mu": number(-1, 3), "alpha": number(0, 1e-3), **more,
    }  # fmt: skip


@check("T12", thorough=True)
def drawn_unrolled_form(twin: str, seed: int) -> list[Check]:
    """Eq. (5) along noisy runs, the outer gradient fresh or on the last mini-batch."""
    row = Tally("T12", f"phi_t unrolled, {COUNT} drawn settings", twin, IDENTITY)
    p = quadratic(seed, "T12 drawn")
    for case in drawn(seed, f"T12 {twin}", COUNT, **_settings(last=whole(0, 1), which=whole(0, 10**6))):
        rng, batch = stream(seed, "T12 drawn", case.pop("which")), ("fresh", "last")[case.pop("last")]
        inner = _inner(case)
        method = Method("NALA", inner=inner, **case, outer_batch=batch)
        t = run(twin, method, lambda x, g: p.grad(x) + g.normal(size=x.shape), p.start, cycles=CYCLES, rng=rng)
        predicted = eq5.unroll(t.fast[:, -1], p.start, t.outer_grad, case["mu"], case["alpha"])
        reach = (1 + abs(case["mu"])) * sum(abs(case["mu"]) ** j for j in range(CYCLES))
        scale = reach * size(t.slow, t.fast, case["alpha"] * t.outer_grad)
        row.add(predicted, t.slow[1:], scale=scale, setting=str(method))
    return [row.check()]


@check("T25", thorough=True)
def drawn_reductions(twin: str, seed: int) -> list[Check]:
    """alpha = 0 is Lookahead; mu = -1 is descent on phi; mu = alpha = 0 is the inner rule alone."""
    row = Tally("T25", f"three reductions, {COUNT} drawn settings", twin, IDENTITY)
    p = quadratic(seed, "T25 drawn")
    for case in drawn(seed, f"T25 {twin}", COUNT, **_settings()):
        inner, k, mu, alpha = _inner(case), case["k"], case["mu"], 1e3 * case["alpha"]

        def two_loops(name: str, inner: Method = inner, k: int = k, **rest: float) -> Any:
            return run(twin, Method(name, inner=inner, k=k, **rest), p.grad, p.start, cycles=CYCLES)

        alone = run(twin, inner, p.grad, p.start, steps=CYCLES * k).x[::k]
        descent = run(twin, Method("SGD", lr=alpha), p.grad, p.start, steps=CYCLES).x
        # the two mixes round differently, and steps of lr |g| / sqrt(eps) make 1e-16 into anything in a few cycles: the
        # two runs are compared over one cycle, and NALA's synchronisations with its own inner results after that
        nala = two_loops("NALA", mu=mu, alpha=0.0)
        mixed = nala.slow[:-1] + (1 + mu) * (nala.fast[:, -1] - nala.slow[:-1])
        pairs = {
            "alpha=0, first cycle": (two_loops("Lookahead", alpha=1 + mu).slow[:2], nala.slow[:2]),
            "alpha=0, every synchronisation": (mixed, nala.slow[1:]),
            "mu=-1": (descent, two_loops("NALA", mu=-1.0, alpha=alpha).slow),
            "mu=alpha=0": (alone, two_loops("NALA", mu=0.0, alpha=0.0).slow),
        }
        for name, (want, got) in pairs.items():
            # theta and phi are mixed with weights 1 + mu and mu, whose roundings are of that size
            scale = (1 + 2 * abs(mu)) ** 2 * size(want, got, nala.fast)
            row.add(want, got, scale=scale, setting=f"{name}, {inner}, {case}")
    return [row.check()]


@check("T26", thorough=True)
def drawn_scales(twin: str, seed: int) -> list[Check]:
    """Loss times 2^n, n from -40 to 40: bit-equal when rescaled, inside NALA and inside Lookahead."""
    row = Tally("T26", f"iterates on 2^n f, {COUNT} drawn settings", twin, EXACT)
    problems = (quadratic(seed, "T26 drawn"), rosenbrock())
    for case in drawn(seed, f"T26 {twin}", COUNT, **_settings(n=whole(-40, 40), which=whole(0, 1))):
        n, p = case.pop("n"), problems[case.pop("which")]
        inner = _inner(case, eps_is_zero=True)
        scaled = Method(inner.name, **scaling.rescaled(inner.name, inner.settings, n))
        for name, own in (("NALA", case), ("Lookahead", {"k": case["k"], "alpha": 1 + case["mu"] / 2})):
            plain = run(twin, Method(name, inner=inner, **own), p.grad, p.start, cycles=CYCLES)
            method = Method(name, inner=scaled, **scaling.rescaled(name, own, n))
            t = run(twin, method, lambda x, p=p, n=n: 2.0**n * p.grad(x), p.start, cycles=CYCLES)
            alike = plain.outcome == t.outcome == "out of budget"  # a run that ends early has fewer rows
            if alike or plain.slow.shape == t.slow.shape:
                finite = np.isfinite(plain.slow)
                row.add(plain.slow[finite], t.slow[finite], setting=f"2^{n} {p.name}, {name}, {inner}, {own}")
            else:
                row.add(len(plain.slow), len(t.slow), setting=f"length, 2^{n} {p.name}, {name}, {inner}, {own}")
    return [row.check()]
