"""The probe explorer's numbers: AdaLA step by step, in the reading of Algorithm 3 that is chosen.

AdaLA needs the gradient at a point that it has not reached yet; the paper leaves open which trial step (probe) stands
for it. Here each step is taken by the NumPy twin's own ``step``, so that moments, probe and both gradients are at hand.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from nala_lab.core import Array, require, require_int, require_number
from nala_lab.methods.hyper import DENOMINATORS, PROBES
from nala_lab.reference import AdaBelief, AdaLA, Adam, Oracle, run
from nala_lab.reference.adabelief import belief_denominator
from nala_lab.theory.adala_first_step import adala_first_step
from nala_lab.widgets.models.methods import problem

__all__ = ["DENOMINATORS", "PROBES", "ProbeSettings", "ProbeStep", "ProbeView", "probe_view"]

_FAR = 50  # boxes from the middle: diverged
STRAIGHT = "valley"  # the problem with axis-parallel level sets, for which T17 predicts the first step


@dataclass(frozen=True)
class ProbeSettings:
    """problem, start and AdaLA's options. steps: length of the run. at: the step that is shown, from 1."""

    problem: str = "valley"
    x1: float = -1.2
    x2: float = 1.0
    probe: str = "own"
    lr: float = 0.1
    beta1: float = 0.9
    beta2: float = 0.999
    eps: float = 1e-8
    denominator: str = "hat"
    steps: int = 40
    at: int = 1


@dataclass(frozen=True, eq=False)
class ProbeStep:
    """One step: before, where the probe stood (NaN: none), after; g_t, g_{t+1} and the denominator, (2,) each."""

    before: Array
    probe: Array
    after: Array
    g: Array
    g_next: Array
    denominator: Array

    @property
    def surprise(self) -> Array:
        """|g_t - g_{t+1}|, (2,)."""
        surprise: Array = np.abs(self.g - self.g_next)
        return surprise


@dataclass(frozen=True, eq=False)
class ProbeView:
    """What the picture of the probe explorer shows.

    Attributes
    ----------
    steps : the whole run. now : the step that is shown. path : (at+1, 2). probes : (at, 2).
    surprises, divisors : (n, 2) |g_t - g_{t+1}| and the denominator of the step, per coordinate.
    curves : name -> (gradients spent, f - f*), for AdaLA, AdaBelief and Adam with the same settings.
    """

    settings: ProbeSettings
    steps: tuple[ProbeStep, ...]
    now: ProbeStep
    path: Array
    probes: Array
    surprises: Array
    divisors: Array
    curves: dict[str, tuple[Array, Array]]
    numbers: dict[str, Any]
    message: str


def _method(s: ProbeSettings) -> AdaLA:
    return AdaLA(lr=s.lr, betas=(s.beta1, s.beta2), eps=s.eps, probe=s.probe, denominator=s.denominator)


def _limit(s: ProbeSettings) -> float:
    low, high = np.array(problem(s.problem).box).T
    return _FAR * float(np.abs([low, high, [s.x1, s.x2]]).max())


@lru_cache(maxsize=64)
def _steps(s: ProbeSettings) -> tuple[ProbeStep, ...]:
    method, oracle = _method(s), Oracle(problem(s.problem).grad)
    x, limit, done = np.array([s.x1, s.x2]), _limit(s), []
    state = method.init(x)
    before = np.zeros(2)  # g_0 of the "lagged" reading
    with np.errstate(all="ignore"):  # a step that leaves the numbers ends the run below
        for _ in range(s.steps):
            mark = len(oracle.log)
            after, state = method.step(x, oracle, state)
            spent = oracle.log[mark:]
            g, probed = spent[0].gradient, len(spent) > 1
            g_next = spent[-1].gradient if probed else before
            place = spent[-1].point if probed else np.full(2, np.nan)
            divisor = belief_denominator(state.s, state.t, s.beta2, s.eps, s.denominator)
            done.append(ProbeStep(x, place, after, g, g_next, divisor))
            if not np.all(np.abs(after) <= limit):
                break
            x, before = after, g
    return tuple(done)


@lru_cache(maxsize=64)
def _curves(s: ProbeSettings) -> dict[str, tuple[Array, Array]]:
    p = problem(s.problem)
    common: dict[str, Any] = {"lr": s.lr, "betas": (s.beta1, s.beta2), "eps": s.eps}
    rules = {"AdaLA": _method(s), "AdaBelief": AdaBelief(**common, denominator=s.denominator), "Adam": Adam(**common)}
    found = {}
    budget = 2 * s.steps
    for name, rule in rules.items():
        two = name == "AdaLA" and s.probe != "lagged"
        t = run(rule, p.grad, [s.x1, s.x2], steps=s.steps if two else budget, limit=_limit(s))
        spent = t.evals <= budget  # the implicit reading spends what its fixed point needs
        found[name] = (t.evals[spent], np.asarray(p.value(t.x))[spent] - p.minimum)
    return found


def probe_view(s: ProbeSettings) -> ProbeView:
    """Take `s.steps` steps and stop the picture at step `s.at`.

    Raises
    ------
    ValueError
        For a setting out of its range.

    Examples
    --------
    >>> view = probe_view(ProbeSettings(probe="own"))
    >>> gap = view.numbers["step x1"] - view.numbers["theory x1"]
    >>> abs(gap) < 1e-12
    True
    """
    require_int("steps", s.steps, low=1)
    require_int("at", s.at, low=1)
    require("at", s.at, s.at <= s.steps, f"at <= steps = {s.steps}")
    require_number("eps", s.eps, low=0, open_low=True)
    for name, x in (("x1", s.x1), ("x2", s.x2)):
        require_number(name, x)
    whole = replace(s, at=1)
    steps = _steps(whole)
    at = min(s.at, len(steps))
    now, p = steps[at - 1], problem(s.problem)
    numbers = {"step": at, "f-f*": float(p.value(now.after)) - p.minimum}
    moved = now.after - now.before
    for i, word in enumerate(("x1", "x2")):
        numbers |= {
            f"g_t {word}": float(now.g[i]),
            f"g_t+1 {word}": float(now.g_next[i]),
            f"surprise {word}": float(now.surprise[i]),
            f"denominator {word}": float(now.denominator[i]),
            f"step {word}": float(moved[i]),
        }
    numbers |= _theory(s, at)
    return ProbeView(
        settings=s,
        steps=steps,
        now=now,
        path=np.stack([steps[0].before, *(step.after for step in steps[:at])]),
        probes=np.stack([step.probe for step in steps[:at]]),
        surprises=np.stack([step.surprise for step in steps]),
        divisors=np.stack([step.denominator for step in steps]),
        curves=_curves(whole),
        numbers=numbers,
        message=_reading(s, at, steps, moved),
    )


def _theory(s: ProbeSettings, at: int) -> dict[str, float]:
    """T17: the first step, where the axes are those of the quadratic."""
    if s.problem != STRAIGHT or at != 1:
        return {}
    p: Any = problem(s.problem)
    step = adala_first_step(np.array([s.x1, s.x2]) - p.center, p.eigenvalues, lr=s.lr, betas=(s.beta1, s.beta2),
                            eps=s.eps, probe=s.probe, denominator=s.denominator)  # fmt: skip
    return {"theory x1": float(step[0]), "theory x2": float(step[1])}


def _reading(s: ProbeSettings, at: int, steps: tuple[ProbeStep, ...], moved: Array) -> str:
    if len(steps) < s.steps:
        ended = f"AdaLA with the probe '{s.probe}' is far outside after {len(steps)} steps: it diverges."
        return ended if at >= s.at else f"{ended} Step {at} is shown."
    if s.probe == "lagged":
        return f"Step {at}: no probe is taken; the gradient of the step before stands for g_t+1."
    ratio = float(np.linalg.norm(moved)) / max(
        float(np.linalg.norm(steps[at - 1].probe - steps[at - 1].before)), 1e-300
    )
    return f"Step {at}: the probe looks ahead, and the step that is taken is {ratio:.3g} times as long as the probe."
