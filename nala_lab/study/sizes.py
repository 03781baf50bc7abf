"""How much a study computes. FULL takes half a minute to two minutes on two cores, SMOKE a few seconds."""

from __future__ import annotations

from dataclasses import dataclass, fields, replace

__all__ = ["FULL", "SMOKE", "Sizes", "fitted"]


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """Numbers of the experiments of a study.

    Attributes
    ----------
    rounds : pairs of timings. members, noisy : runs and gradients under noise. path : gradients on the two landscapes.
    curve, long : curvatures at which the factor of a nonlinear method is measured, and the gradients of each.
    trials, seeds, training : of the small network; the last is the gradients of a run.
    questions : names of the audit's items; None asks all.
    """

    rounds: int = 40
    curve: int = 30
    long: int = 800
    members: int = 1000
    noisy: int = 800
    path: int = 500
    trials: int = 7
    seeds: int = 5
    training: int = 800
    questions: tuple[str, ...] | None = None


FULL = Sizes()
SMOKE = Sizes(rounds=5, curve=6, long=60, members=100, noisy=60, path=60, trials=2, seeds=2, training=40,
              questions=("first-step", "copy", "sync-steps"))  # fmt: skip

_GRADIENTS = 75_000  # that FULL asks of the method, about
_SECONDS = 90.0  # to be spent on them at most; the audit and the pictures take the rest of the three minutes


def fitted(sizes: Sizes, seconds_per_gradient: float) -> Sizes:
    """Give sizes that a slow method gets through in time: lengths of runs are cut, never trials or seeds.

    Examples
    --------
    >>> fitted(FULL, 1e-4) == FULL, fitted(FULL, 1e-2).training, fitted(FULL, 1e-2).seeds
    (True, 96, 5)
    """
    share = _SECONDS / (_GRADIENTS * max(seconds_per_gradient, 1e-9))
    if share >= 1:
        return sizes
    cut = {f.name: max(20, round(getattr(sizes, f.name) * share)) for f in fields(sizes)
           if f.name in ("long", "noisy", "path", "training")}  # fmt: skip
    return replace(sizes, **cut)
