"""The trajectory explorer's numbers: two methods from one start, stopped after a number of gradients.

A gradient evaluation is the unit of time on both sides, so that a method with two loops is compared at equal cost.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

import numpy as np

from nala_lab.core import Array, OneLoop, TwoLoop, require, require_int, require_number, stream
from nala_lab.methods import find, looks_ahead, most_gradients, numpy_twin
from nala_lab.reference import run
from nala_lab.widgets.planes import first_alpha, first_lr, problem, shared_settings, start

__all__ = ["Side", "TrajectorySettings", "TrajectoryView", "suited", "trajectory_view"]

_GAP = np.full((1, 2), np.nan)  # lifts the pen between two cycles
_FAR = 50  # boxes away from the middle: beyond that a run counts as diverged, long before numbers overflow


@dataclass(frozen=True)
class TrajectorySettings:
    """Everything that decides the picture; lr and start of both sides, k, mu, alpha, inner of a method with two loops.

    mu of NALA; Lookahead's slow step is 1 + mu, so that the two share their inner loop and their averaging. beta1 is
    also the momentum of heavy ball and NAG. noise: standard deviation of the normal noise on each gradient entry.
    gradients: length of the run. at: gradients spent so far, from 0 to `gradients`.
    """

    problem: str = "rosenbrock"
    moved: bool = False
    left: str = "Adam"
    right: str = "NALA"
    x1: float = -1.2
    x2: float = 1.0
    lr_left: float = 0.07
    lr_right: float = 0.07
    inner: str = "Adam"
    k: int = 5
    mu: float = -0.5
    alpha: float = 3e-4
    beta1: float = 0.9
    beta2: float = 0.999
    noise: float = 0.0
    seed: int = 0
    gradients: int = 120
    at: int = 120


def suited(chosen: dict[str, Any]) -> dict[str, Any]:
    """Give the start, the step sizes and the outer step that suit the chosen problem and methods.

    Examples
    --------
    >>> suited({"problem": "bowl", "left": "SGD"})["lr_left"]
    0.04
    """
    full = vars(TrajectorySettings()) | chosen
    where = full["problem"], full["moved"]
    rates = {f"lr_{side}": first_lr(full[side], full["inner"], *where) for side in ("left", "right")}
    return {**start(*where), "alpha": first_alpha(*where), "at": full["gradients"], **rates}


@dataclass(frozen=True, eq=False)
class Side:
    """One method's run, up to the gradient that is shown. Rows of NaN lift the pen.

    Attributes
    ----------
    name, two_loops, looks_ahead : the method, and whether it spends gradients at y_t or at probes.
    path : (n, 2) slow weights phi_t, or the iterates of one loop. fast : (m, 2) fast weights, cycle after cycle.
    ahead : (c, 2) y_t. inward, outward : (3c, 2) segments phi_{t-1} to y_t, and y_t to phi_t (the outer step).
    chord : (3c, 2) segments phi_{t-1} to theta_{t,k}. probes : (p, 2) where AdaLA took its second gradients.
    here : (2,) the point that the last shown gradient led to. where : cycle and inner step, in words.
    evals, gaps : (r,) gradients spent and f - f* at each row of the whole run. outcome : as the run says.
    """

    name: str
    two_loops: bool
    looks_ahead: bool
    path: Array
    fast: Array
    ahead: Array
    inward: Array
    outward: Array
    chord: Array
    probes: Array
    here: Array
    where: str
    evals: Array
    gaps: Array
    gap: float
    distance: float
    outcome: str
    diverged_after: int


@dataclass(frozen=True, eq=False)
class TrajectoryView:
    """What the picture of the trajectory explorer shows."""

    settings: TrajectorySettings
    start: Array
    sides: tuple[Side, Side]
    message: str

    @property
    def numbers(self) -> dict[str, Any]:
        """Place, f - f* and distance of both sides, at the gradient that is shown."""
        shown: dict[str, Any] = {"gradients": self.settings.at}
        for word, side in zip(("left", "right"), self.sides, strict=True):
            shown |= {
                f"{word} x1": float(side.here[0]),
                f"{word} x2": float(side.here[1]),
                f"{word} f-f*": side.gap,
                f"{word} distance": side.distance,
            }
        return shown


def trajectory_view(s: TrajectorySettings) -> TrajectoryView:
    """Run both methods and stop the picture after ``s.at`` gradients.

    Raises
    ------
    ValueError
        For a setting out of its range. A run that diverges is a result: the message says so.

    Examples
    --------
    >>> view = trajectory_view(TrajectorySettings(at=12))
    >>> view.sides[1].where, len(view.sides[1].path), len(view.sides[0].path)
    ('cycle 3, at its start', 3, 13)
    """
    require_int("gradients", s.gradients, low=1)
    require_int("at", s.at, low=0)
    require("at", s.at, s.at <= s.gradients, f"at <= gradients = {s.gradients}")
    require_number("noise", s.noise, low=0)
    for name, x in (("x1", s.x1), ("x2", s.x2)):
        require_number(name, x)
    first = problem(s.problem, s.moved).value([s.x1, s.x2])
    require("x1, x2", (s.x1, s.x2), bool(np.isfinite(first)), "a start where f is finite")
    whole = replace(s, at=0)  # stepping forth and back runs nothing again
    sides = tuple(_side(_run(whole, side), s, side) for side in ("left", "right"))
    told = [_divergence(word, side) for word, side in zip(("Left", "Right"), sides, strict=True)]
    message = " ".join(filter(None, told)) or _reading(sides)
    return TrajectoryView(s, np.array([s.x1, s.x2]), (sides[0], sides[1]), message)


@lru_cache(maxsize=64)
def _run(s: TrajectorySettings, side: str) -> Any:
    p = problem(s.problem, s.moved)
    name, settings = getattr(s, side), shared_settings(getattr(s, side), s, getattr(s, f"lr_{side}"))
    method, word = numpy_twin(name, **settings), "cycles" if find(name).two_loops else "steps"
    length: dict[str, Any] = {word: -(-s.gradients // most_gradients(name, settings))}
    low, high = np.array(p.box).T
    limit = _FAR * float(np.abs([low, high, [s.x1, s.x2]]).max())
    if s.noise == 0:
        return run(method, p.grad, [s.x1, s.x2], limit=limit, **length)
    rng = stream(s.seed, "trajectory explorer", side)

    def noisy(x: Array, rng: np.random.Generator) -> Array:
        return p.grad(x) + s.noise * rng.standard_normal(x.shape)

    return run(method, noisy, [s.x1, s.x2], rng=rng, limit=limit, **length)


def _side(t: Any, s: TrajectorySettings, side: str) -> Side:
    p = problem(s.problem, s.moved)
    name, rows = getattr(s, side), int(np.searchsorted(t.evals, s.at, side="right"))
    ahead = looks_ahead(name, shared_settings(name, s, getattr(s, f"lr_{side}")))
    parts = _two_loops(t, s.at, rows, ahead) if isinstance(t, TwoLoop) else _one_loop(t, rows)
    points = t.slow if isinstance(t, TwoLoop) else t.x
    here = parts["here"]
    away = np.linalg.norm(np.atleast_2d(p.minimizers) - here, axis=-1)
    return Side(name=name, two_loops=isinstance(t, TwoLoop), looks_ahead=ahead, evals=t.evals,
                gaps=np.asarray(p.value(points)) - p.minimum, gap=float(p.value(here)) - p.minimum,
                distance=float(away.min()) if away.size else float("nan"), outcome=t.outcome,
                diverged_after=0 if t.diverged_at is None else int(t.evals[t.diverged_at]), **parts)  # fmt: skip


def _one_loop(t: OneLoop, rows: int) -> dict[str, Any]:
    none = np.empty((0, 2))
    return {
        "path": t.x[:rows],
        "fast": none, "ahead": none, "inward": none, "outward": none, "chord": none,
        "probes": none if t.probes is None else t.probes[: rows - 1],
        "here": t.x[rows - 1],
        "where": f"step {rows - 1}",
    }  # fmt: skip


def _two_loops(t: TwoLoop, at: int, rows: int, ahead: bool) -> dict[str, Any]:
    done = rows - 1  # whole cycles
    inside = min(at - int(t.evals[done]), t.k) if done < len(t.fast) else 0
    loops = [row for cycle in t.fast[:done] for row in (cycle, _GAP)]
    if inside:
        loops.append(t.fast[done, : inside + 1])
    arrived = done + (ahead and inside == t.k)  # y_t is known one gradient before phi_t
    ends = t.lookahead[:arrived]
    return {
        "path": t.slow[:rows],
        "fast": np.concatenate(loops) if loops else np.empty((0, 2)),
        "ahead": ends if ahead else np.empty((0, 2)),
        "inward": _segments(t.slow[:arrived], ends),
        "outward": _segments(t.lookahead[:done], t.slow[1 : done + 1]) if ahead else np.empty((0, 2)),
        "chord": _segments(t.slow[:arrived], t.fast[:arrived, -1]),
        "probes": np.empty((0, 2)),
        "here": t.fast[done, inside] if inside else t.slow[done],
        "where": f"cycle {done + 1}, {f'inner step {inside} of {t.k}' if inside else 'at its start'}",
    }


def _segments(start: Array, end: Array) -> Array:
    """(3n, 2) from (n, 2) starts and ends, with the pen lifted between them."""
    lifted = np.stack([start, end, np.full_like(end, np.nan)], axis=1)
    return np.asarray(lifted.reshape(-1, 2))


def _divergence(word: str, side: Side) -> str:
    if side.outcome != "diverged":
        return ""
    return f"{word}: {side.name} diverges with these settings; it is far outside after {side.diverged_after} gradients."


def _reading(sides: tuple[Side, ...]) -> str:
    if sides[0].here.tolist() == sides[1].here.tolist():
        return "Both stand at the same point."
    better = min(sides, key=lambda side: side.gap)
    place = "; ".join(f"{side.name}: {side.where}" for side in sides)
    same = "left" if better is sides[0] else "right"
    return f"{place}. The {same} one ({better.name}) is lower now."
