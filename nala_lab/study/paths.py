"""Paths on Rosenbrock's valley and Himmelblau's four hollows, with the best of a row of learning rates each."""

from __future__ import annotations

from typing import Any

import numpy as np

from nala_lab.core import Array
from nala_lab.reference import SGD, Adam
from nala_lab.study.lines import Line, Section, drawn, short
from nala_lab.study.sizes import Sizes
from nala_lab.study.subject import Studied, studied
from problems import Himmelblau, Problem, Rosenbrock

__all__ = ["paths"]

_FACTORS = tuple(10.0 ** (i / 2) for i in range(-8, 9))  # of its own lr
_BESIDE = {"gradient descent": SGD(0.01), "Adam": Adam(0.01)}


def paths(one: Studied, sizes: Sizes) -> Section:
    """The section: the value reached on each landscape, beside gradient descent and Adam with as many tries."""
    lines, runs = [], []
    for problem in (Rosenbrock(), Himmelblau()):
        value, factor, rows = _best(one, problem, sizes)
        beside = {name: _best(studied(rule), problem, sizes)[0] for name, rule in _BESIDE.items()}
        runs.append((problem, rows))
        lines.append(_line(one, problem, value, factor, beside, rows))
    span = f"{_FACTORS[0]:g} to {_FACTORS[-1]:g}"
    note = (f"{sizes.path} gradients from the usual start; the best of {len(_FACTORS)} learning rates, {span} "
            f"times the own one, by the value at the end; so for the two beside it.")  # fmt: skip
    return Section("paths", "Two landscapes", tuple(lines), note, _picture(one, runs))


def _best(one: Studied, problem: Problem, sizes: Sizes) -> tuple[float, float, Array | None]:
    """(least f - f* at the end, factor of lr, rows) over the learning rates that can be had."""
    best: tuple[float, float, Array | None] = (np.inf, np.nan, None)
    for factor in _FACTORS:
        changed = one.times_lr(factor)
        if changed is None:
            continue
        rows = changed.run(problem.grad, problem.start, sizes.path).x
        value = float(problem.value(rows[-1])) - problem.minimum
        if value < best[0]:
            best = (value, factor, rows)
    return best


def _line(one: Studied, problem: Problem, value: float, factor: float, beside: dict[str, float], rows: Any) -> Line:
    told = ", ".join(f"{name} {short(v)}" for name, v in beside.items())
    data = {"value": value, "lr_factor": factor, **beside}
    if rows is None:
        return Line(problem.name, "every run left the numbers", f"f - f*: {told}", data=data)
    lr = f"lr = {one.lr * factor:.3g}" if one.lr is not None else "as it is, it has no lr to change"
    ends = ", ".join(f"{x:.3f}" for x in rows[-1])
    return Line(problem.name, f"f - f* = {short(value)}", f"{lr}, ends at ({ends}); {told}", data=data)


def _picture(one: Studied, runs: list[tuple[Problem, Any]]) -> Any:
    from nala_lab.plots import landscape

    def draw(axes: Any) -> None:
        for ax, (problem, rows) in zip(axes, runs, strict=True):
            known = {"minimum": problem.minimum, "minimizers": problem.minimizers}
            landscape(ax, problem.value, problem.box, resolution=101, **known)
            if rows is not None:
                ax.plot(*rows.T, ".-", color=one.colour, ms=3, lw=0.8, label=one.name)
                ax.plot(*rows[0], "o", mfc="white", mec=one.colour, label="start")
            ax.set_title(problem.name)
        axes[0].legend(loc="lower right")

    alt = f"Paths of {one.name} over the level sets of Rosenbrock's and Himmelblau's functions."
    return drawn(draw, alt, columns=2)
