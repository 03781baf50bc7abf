"""T13, T14, T15, T16, T17, T19, T27 on settings drawn over the whole legal range."""

from __future__ import annotations

from typing import Any

import numpy as np

from nala_lab.drive import Method, late_steps, probes, run
from nala_lab.theory import (
    adala_critical,
    adala_cycle,
    adala_first_step,
    adala_linear,
    adam_cycle,
    adam_linear,
    first_step,
    sign_descent,
)
from nala_lab.verify import Check, Tally, Tolerance, check
from nala_lab.verify.drawn_settings import drawn, number, whole
from nala_lab.verify.shared import CENTER, F64, nala, size
from problems import Linear

COUNT = 30
SLOPE = np.array([1.5, -0.02, 3e-4, -12.0, 0.0])
# 1 - beta^t loses up to five digits at beta = 0.99999; 20 steps of ten roundings, 200 * 2^-53 * 1e5 = 2e-9 of a step
LINE = Tolerance(1e-8, 1e-12, "bias corrections lose 1e5 at beta = 0.99999, 20 steps of ten roundings of 2^-53")
# a step is -lr g / D, and D holds g - g' with an error of 2^-52 |g| from the difference: relative 2^-52 |step| / lr.
# The scale of a case carries |step|^2 / lr, so the coefficient is a count of roundings
STEP = Tolerance(1e-8, 1e-12, "a difference of gradients: 2^-52 |step|^2/lr, times 1e3 roundings and corrections")
WALK = Tolerance(1e-8, 1e-9, "60 steps, 5 roundings of 2^-53 each; growth below 1e5")
CYCLE = Tolerance(1e-8, 1e-12, "20 roundings of 2^-53 over 1 - beta2 >= 1e-5")


def _averages() -> dict[str, Any]:
    """lr, both betas and the exponent of eps."""
    decay = number(0, 0.99999)
    return {"lr": number(0, 2), "beta1": decay, "beta2": decay, "log_eps": number(-12, 1)}


def _rates(case: dict[str, Any]) -> dict[str, Any]:
    """lr, betas and eps as the optimizers take them, out of a drawn case."""
    return {"lr": case.pop("lr"), "betas": (case.pop("beta1"), case.pop("beta2")), "eps": 10 ** case.pop("log_eps")}


@check("T13", thorough=True)
def drawn_adam_on_a_line(twin: str, seed: int) -> list[Check]:
    """NALA over Adam in its forms, state kept and reset, five cycles."""
    row = Tally("T13", f"NALA + Adam on c'x, {COUNT} drawn settings", twin, LINE)
    forms = adam_linear.FORMS
    cases = {"k": whole(1, 9), "mu": number(-1, 3), "alpha": number(0, 2), "which": whole(0, len(forms) - 1)}
    for case in drawn(seed, f"T13 {twin}", COUNT, **_averages(), **cases, reset=whole(0, 1)):
        rates, form, how = _rates(case), forms[case.pop("which")], ("keep", "reset")[case.pop("reset")]
        p, method = Linear(SLOPE), nala(case, Method("Adam", **rates, form=form), inner_state=how)
        t = run(twin, method, p.grad, p.start, cycles=5)
        predicted = adam_linear.trajectory(
            SLOPE, 5, **case, lr=rates["lr"], beta2=rates["betas"][1], eps=rates["eps"], form=form, inner_state=how
        )
        row.add(predicted, t.slow - p.start, scale=size(t.slow, t.fast), setting=str(method))
    return [row.check()]


@check("T14", thorough=True)
def drawn_adala_on_a_line(twin: str, seed: int) -> list[Check]:
    """Every reading of AdaLA, and AdaBelief, 20 steps."""
    row = Tally("T14", f"AdaLA, AdaBelief on c'x, {COUNT} drawn settings", twin, LINE)
    names = [*probes(twin), "belief"]
    for case in drawn(seed, f"T14 {twin}", COUNT, **_averages(), which=whole(0, len(names) - 1), raw=whole(0, 1)):
        rates, name, form = _rates(case), names[case["which"]], ("hat", "raw")[case["raw"]]
        method = Method("AdaLA", **rates, probe=name, denominator=form)
        kind = f"adala-{name}" if name in ("lagged", "code") else "adala"
        if name == "belief":
            method, kind = Method("AdaBelief", **rates, denominator=form), "adabelief"
        p = Linear(SLOPE)
        t = run(twin, method, p.grad, p.start, steps=20)
        predicted = adala_linear.trajectory(SLOPE, 20, **rates, denominator=form, method=kind)
        row.add(predicted, t.x - p.start, scale=size(t.x), setting=str(method))
    return [row.check()]


@check("T15", thorough=True)
def drawn_adam_cycles(twin: str, seed: int) -> list[Check]:
    """One step from the two-cycle, wherever there is one."""
    row = Tally("T15", f"two-cycle, {COUNT} drawn settings", twin, CYCLE)
    lam = np.array([0.01, 1.0, 300.0])
    for case in drawn(seed, f"T15 {twin}", COUNT, **_averages()):
        rates = _rates(case)
        reach = rates["lr"] * lam * (1 - rates["betas"][0]) / (2 * (1 + rates["betas"][0]))
        some = lam[reach > 1.01 * rates["eps"]]
        if not len(some):
            continue
        states = [adam_cycle.state(v, lr=rates["lr"], beta1=rates["betas"][0], eps=rates["eps"]) for v in some]
        z = np.array(states).T
        before = {"m": z[1], "v": z[2]}
        x, after = late_steps(twin, Method("Adam", **rates), lambda x, lam=some: lam * x, z[0], before)
        measured, scale = np.stack([x, after["m"], after["v"]]), np.abs(z)
        scale[0] += rates["lr"] * 1e-2  # x + step: both are of the size of lr when A is a small difference
        row.add(z * [[-1.0], [-1.0], [1.0]], measured, scale=scale, setting=str(rates))
    return [row.check()]


@check("T16", thorough=True)
def drawn_sign_descent(twin: str, seed: int) -> list[Check]:
    """Six cycles, each compared until a sign hangs on the last bit."""
    row = Tally("T16", f"slow weights, {COUNT} drawn settings", twin, WALK)
    cases = {"lr": number(1e-3, 2), "k": whole(1, 12), "mu": number(-1, 3), "alpha": number(0, 2)}
    start, lam = np.array([0.3, -1.7, 0.011, 2.9]), np.array([0.05, 1.0, 3.0, 0.4])
    for setting in drawn(seed, f"T16 {twin}", COUNT, **cases):
        predicted = sign_descent.trajectory(start, lam, 6, **setting)
        edge = sign_descent.distance_to_edge(predicted, lr=setting["lr"]).min(axis=1)
        rough = edge < 1e-9 * (1 + np.abs(predicted).max())
        clear = int(np.argmax(np.append(rough, True))) + 1
        inner = Method("Adam", lr=setting["lr"], betas=(0.0, 0.0), eps=0.0)
        t = run(twin, nala(setting, inner), lambda x: lam * x, start, cycles=6)
        # beyond the edge phi may be 0 exactly, where Adam with eps = 0 is 0/0
        scale = size(t.slow[:clear]) + setting["k"] * setting["lr"]
        row.add(predicted[:clear], t.slow[:clear], scale=scale, setting=str(setting))
    return [row.check()]


@check("T17", thorough=True)
def drawn_first_steps(twin: str, seed: int) -> list[Check]:
    """The first step of every reading on a separable quadratic."""
    row = Tally("T17", f"first AdaLA step, {COUNT} drawn settings", twin, STEP)
    names = probes(twin)
    for case in drawn(seed, f"T17 {twin}", COUNT, **_averages(), which=whole(0, len(names) - 1), raw=whole(0, 1)):
        rates, lam = _rates(case), np.array([0.01, 1.0, 40.0])
        rest: dict[str, Any] = {"probe": names[case["which"]], "denominator": ("hat", "raw")[case["raw"]]}
        method, e = Method("AdaLA", **rates, **rest), np.array([1.0, -2.5, 0.3])
        t = run(twin, method, lambda x, lam=lam: lam * (x - CENTER), CENTER + e, steps=1)
        predicted = adala_first_step.adala_first_step(e, lam, **rates, **rest)
        scale = size(t.x) + predicted**2 / max(rates["lr"], 1e-300)
        row.add(predicted, t.x[1] - t.x[0], scale=scale, setting=str(method))
    return [row.check()]


@check("T19", thorough=True)
def drawn_adala_cycles(twin: str, seed: int) -> list[Check]:
    """One step from the two-cycle, 1 % to a factor 100 above the critical curvature."""
    row = Tally("T19", f"two-cycle, {COUNT} drawn settings", twin, CYCLE)
    names = [name for name in adala_cycle.PROBES if name in probes(twin)]
    cases = {"which": whole(0, len(names) - 1), "raw": whole(0, 1), "above": number(1.01, 100)}
    for case in drawn(seed, f"T19 {twin}", COUNT, **_averages() | {"lr": number(1e-6, 2)}, **cases):
        rates = _rates(case)
        rest: dict[str, Any] = {"probe": names[case["which"]], "denominator": ("hat", "raw")[case["raw"]]}
        lam = case["above"] * adala_critical.critical_curvature(**rates, **rest)
        at = adala_cycle.state(lam, **rates, **rest)
        before = {"m": np.array([at.m]), "s": np.array([at.s])}
        before |= {"last": np.array([at.last])} if rest["probe"] == "lagged" else {}
        method = Method("AdaLA", **rates, **rest)
        x, after = late_steps(twin, method, lambda z, lam=lam: lam * z, np.array([at.x]), before)
        measured = np.array([x[0], after["m"][0], after["s"][0]])
        want = np.array([-at.x, -at.m, at.s])
        row.add(want, measured, scale=np.abs(want), setting=f"{lam=}, {method}")
    return [row.check()]


@check("T27", thorough=True)
def drawn_first_adam_steps(twin: str, seed: int) -> list[Check]:
    """The first step of Adam for gradients of 1e-8 to 1e8."""
    row = Tally("T27", f"first Adam step, {COUNT} drawn settings", twin, F64)
    g = np.array([1e-8, -3e-3, 1.0, -1e8])
    for case in drawn(seed, f"T27 {twin}", COUNT, **_averages()):
        rates = _rates(case)
        t = run(twin, Method("Adam", **rates), lambda x: g + 0 * x, np.full(4, CENTER), steps=1)
        predicted = first_step.adam_first_step(g, lr=rates["lr"], eps=rates["eps"])
        # 1 - beta^1 is rounded twice, once in the average and once in the correction
        row.add(predicted, t.x[1] - t.x[0], scale=size(t.x), setting=str(rates))
    return [row.check()]
