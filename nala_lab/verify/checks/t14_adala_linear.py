"""T14: AdaLA, in every reading of its probe, and AdaBelief on a linear objective."""

from __future__ import annotations

from itertools import product
from typing import Any

from nala_lab.core import stream
from nala_lab.drive import Method, probes, run
from nala_lab.theory import adala_linear
from nala_lab.verify import Check, Tally, Tolerance, check
from nala_lab.verify.shared import size
from problems import Linear

STEPS = 20
SLOPE = [1.5, -0.02, 3e-4, -12.0]
# 1 - beta^t loses up to three digits at beta2 = .999, and g - m loses |g| 2^-53 against sqrt(eps/(1-beta2)) >= 3e-3
LINE = Tolerance(1e-9, 1e-13, "bias corrections lose 1e3, 20 steps of ten roundings")


def _predict(setting: dict[str, Any], denominator: str, method: str) -> Any:
    return adala_linear.trajectory(SLOPE, STEPS, denominator=denominator, method=method, **setting)


def _compare(row: Tally, twin: str, method: Method, predicted: Any) -> None:
    p = Linear(SLOPE)
    t = run(twin, method, p.grad, p.start, steps=STEPS)
    row.add(predicted, t.x - p.start, scale=size(t.x), setting=str(method))


def _settings(seed: int) -> list[dict[str, Any]]:
    rng = stream(seed, "T14")
    fixed = [{"lr": 1e-3, "betas": (0.9, 0.999), "eps": 1e-8}, {"lr": 0.2, "betas": (0.5, 0.8), "eps": 0.1}]
    drawn = {
        "lr": float(rng.uniform(0, 0.1)),
        "betas": (float(rng.uniform(0, 0.95)), float(rng.uniform(0, 0.999))),
        "eps": float(10 ** rng.uniform(-8, -1)),
    }
    return [*fixed, drawn]


@check("T14")
def adala_on_a_line(twin: str, seed: int) -> list[Check]:
    """Every probe; the two that do not look ahead have their own formula."""
    rows = {form: Tally("T14", f"AdaLA, all probes, {form}", twin, LINE) for form in adala_linear.DENOMINATORS}
    for setting, (form, row) in product(_settings(seed), rows.items()):
        seen = {name: _predict(setting, form, f"adala-{name}") for name in ("lagged", "code")}
        unseen = _predict(setting, form, "adala")
        for probe in probes(twin):
            for batch in ("next",) if probe == "lagged" else ("next", "same"):
                method = Method("AdaLA", **setting, probe=probe, probe_batch=batch, denominator=form)
                _compare(row, twin, method, seen.get(probe, unseen))
    return [row.check() for row in rows.values()]


@check("T14")
def adabelief_on_a_line(twin: str, seed: int) -> list[Check]:
    """AdaBelief takes its own momentum lag for a surprise, so its step starts small."""
    statement = "s_t = eps (1-beta2^t)/(1-beta2) + (1-beta2) c^2 sum beta2^(t-i) beta1^(2i)"
    row = Tally("T14", f"AdaBelief, {', '.join(adala_linear.DENOMINATORS)}", twin, LINE, statement=statement)
    for setting, form in product(_settings(seed), adala_linear.DENOMINATORS):
        method = Method("AdaBelief", **setting, denominator=form)
        _compare(row, twin, method, _predict(setting, form, "adabelief"))
    return [row.check()]
