"""Equal tuning for every optimizer: the same number of trials, a stated space, and no look at the test set.

The space of an optimizer is a grid of a few settings around its published ones; each gets the same number of points of
its grid, the published point among them, drawn without replacement by a named stream where the grid has more. A trial
is a run like any other, with one record, measured on data that are held out from *training*: for images the last tenth
of the training images, for language the validation text. GANs have no such data; their trials are measured as their
runs are, which is said in the table.

An optimum at the edge of its axis is reported as such: a better setting may lie beyond it, and the comparison is then
not fair to that optimizer. Where the optimizer takes no values beyond it (momentum 0, mu = -1), it is no edge.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any

from nala_lab.core import require, require_int, require_number, stream
from nala_lab.experiments.run.one_run import SHARE
from nala_lab.experiments.run.optimizers import Method
from nala_lab.experiments.run.own import find_method
from nala_lab.experiments.run.spec_file import read_toml, require_axes
from nala_lab.experiments.tasks import Task
from nala_lab.results.records import FINISHED, Record

__all__ = ["AROUND", "Trial", "Tuned", "best_of", "judge", "markdown", "objective", "read_space", "space_of", "trials"]

AROUND = (-1.0, -0.5, 0.0, 0.5, 1.0)
"""Powers of ten by which the published lr is multiplied, where no space is given."""

Space = Mapping[str, Sequence[Any]]


@dataclass(frozen=True)
class Trial:
    """One point of a space.

    Attributes
    ----------
    changes : setting -> value. scores : the objective of each seed; a run that diverged has none.
    """

    optimizer: str
    changes: Mapping[str, Any]
    scores: tuple[float, ...] = ()
    seeds: int = 0

    @property
    def score(self) -> float | None:
        """Mean over the seeds; None when a seed diverged."""
        return fmean(self.scores) if self.scores and len(self.scores) == self.seeds else None


@dataclass(frozen=True)
class Tuned:
    """What tuning one optimizer found.

    Attributes
    ----------
    best : the best trial, or None when every one diverged.
    edges : settings whose best value is the first or the last of its axis, as ``"lr (upper)"``.
    trials, size : points tried, and points of the grid.
    """

    optimizer: str
    best: Trial | None
    edges: tuple[str, ...]
    trials: tuple[Trial, ...]
    size: int


def read_space(path: Path | str) -> dict[str, Space]:
    """Read spaces from a TOML file: ``[nala]`` with ``lr = [0.0003, 0.001, 0.003]`` ...

    Raises ValueError in one sentence, for a file that is not TOML, an unknown optimizer, or an axis that is not a list.
    """
    spaces = read_toml(path)
    for name, space in spaces.items():
        find_method(name)
        require_axes(name, space)
    return spaces


def space_of(task: Task, optimizer: str | Method) -> Space:
    """The default space: the task's published learning rate, and half a power of ten up and down, twice.

    Examples
    --------
    >>> from nala_lab.experiments.tasks import get_task
    >>> space_of(get_task("lenet5-digits"), "sgd")
    {'lr': [0.01, 0.0316, 0.1, 0.316, 1.0]}
    """
    method = find_method(optimizer)
    settings = method.with_settings(task.settings.get(method.name, {}))
    require_number("lr", settings.get("lr"), low=0, open_low=True, hint="--space FILE names another space")
    lr = settings["lr"]
    return {"lr": [float(f"{lr * 10**power:.3g}") if power else lr for power in AROUND]}


def trials(optimizer: str, space: Space, count: int, published: Mapping[str, Any], *, seed: int) -> list[Trial]:
    """Choose `count` points of a grid: the published one where the grid has it, the others without replacement.

    Raises ValueError when the grid has fewer points than `count`, or a value twice in an axis: the optimizers would not
    get equal numbers.

    Parameters
    ----------
    published : the task's changes to the method's settings.
    seed : names the stream that chooses.
    """
    require_int("trials", count, low=1)
    for name, values in space.items():
        twice = [value for i, value in enumerate(values) if value in values[:i]]
        require(f"{optimizer}.{name}", values, not twice, "values that differ", "one tried twice is one trial")
    grid = [dict(zip(space, values, strict=True)) for values in itertools.product(*space.values())]
    rule = f"trials <= {len(grid)}"
    require(
        "trials", count, count <= len(grid), rule, f"the points of {optimizer}'s space; every optimizer gets as many"
    )
    # the defaults of an own optimizer may be tuples, and a TOML file has lists
    known = {name: list(value) if isinstance(value, tuple) else value
             for name, value in find_method(optimizer).with_settings(published).items()}  # fmt: skip
    first = [point for point in grid if all(known.get(name) == value for name, value in point.items())]
    others = [point for point in grid if point not in first]
    order = stream(seed, "tune", optimizer).permutation(len(others))
    chosen = [*first, *(others[i] for i in order)][:count]
    return [Trial(optimizer, point) for point in sorted(chosen, key=grid.index)]


def objective(task: Task, record: Record) -> float | None:
    """What is tuned for, at the end of a run; None for a run that diverged."""
    if record.outcome != FINISHED:
        return None
    name = f"valid_{task.main}" if task.main == "perplexity" else task.main
    return float(record.column("test", name)[-1])


def best_of(found: Sequence[Trial], best: Any = max) -> Trial | None:
    """The trial with the best mean score; the earlier of equals, None when all diverged."""
    scored = [trial for trial in found if trial.score is not None]
    return best(scored, key=lambda trial: trial.score) if scored else None


def judge(optimizer: str, space: Space, found: Sequence[Trial], best: Any = max,
          fixed: Mapping[str, Any] | None = None) -> Tuned:  # fmt: skip
    """Pick the best trial and say on which axes it lies at an edge beyond which a better one may lie.

    `fixed`: the settings of a trial, where those that were not tuned are not the optimizer's own.

    Examples
    --------
    >>> found = [Trial("sgd", {"lr": lr}, (score,), 1) for lr, score in ((0.01, 0.5), (0.1, 0.8), (1.0, 0.9))]
    >>> judge("sgd", {"lr": [0.01, 0.1, 1.0]}, found).edges
    ('lr (upper)',)
    >>> found = [Trial("sgd", {"momentum": m}, (score,), 1) for m, score in ((0.0, 0.9), (0.5, 0.8))]
    >>> judge("sgd", {"momentum": [0.0, 0.5]}, found).edges  # there is nothing below 0
    ()
    """
    chosen = best_of(found, best)
    edges = [] if chosen is None else [
        f"{name} ({side})" for name, values in space.items() for side in ("lower", "upper")
        if _at_edge(chosen, {**(fixed or {}), **chosen.changes}, name, values, side)
    ]  # fmt: skip
    return Tuned(optimizer, chosen, tuple(edges), tuple(found), math.prod(len(values) for values in space.values()))


def _at_edge(chosen: Trial, made: Mapping[str, Any], name: str, values: Sequence[Any], side: str) -> bool:
    """Whether the value is the last of its axis on this side, and the optimizer takes values still further out."""
    if not all(_is_number(value) for value in values) or len(set(values)) < 2:
        return False
    value, sign = chosen.changes[name], 1 if side == "upper" else -1
    if value != (max if side == "upper" else min)(values):
        return False
    # as far beyond as the value's own size asks for: eps may be 1e-16; a whole number may allow the next one only
    steps = (1e-9 * (abs(value) or 1), *([1] if isinstance(value, int) else []))
    return any(_takes(chosen.optimizer, {**made, name: value + sign * step}) for step in steps)


def _takes(optimizer: str, settings: Mapping[str, Any]) -> bool:
    """Whether the optimizer can be made with these settings."""
    method = find_method(optimizer)
    try:
        method.rehearsed(method.with_settings(settings))
    except ValueError:
        return False
    return True


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def markdown(found: Sequence[Tuned], task: Task) -> str:
    """One line an optimizer, and what the columns mean."""
    what = {"accuracy": "held-out accuracy", "perplexity": "validation perplexity"}.get(task.main, task.main)
    lines = [
        f"| optimizer | best setting | {what} | trials | of | diverged | at the edge |",
        "|---|---|---|---|---|---|---|",
    ]
    for tuned in found:
        best = tuned.best
        setting = (
            ", ".join(f"{name}={value}" for name, value in best.changes.items()) if best else "every trial diverged"
        )
        score = f"{best.score:.4f}" if best is not None else ""
        lost = sum(trial.score is None for trial in tuned.trials)
        edge = ", ".join(tuned.edges) or "no"
        lines.append(
            f"| {tuned.optimizer} | {setting} | {score} | {len(tuned.trials)} | {tuned.size} | {lost} | {edge} |"
        )
    note = {"accuracy": f"Measured on one training image in {SHARE}, which was not trained on.",
            "perplexity": "Measured on the validation text."}  # fmt: skip
    said = [note.get(task.main, "Measured as the runs are: this task has no data for validation.")]
    if any(tuned.edges for tuned in found):
        said.append("An optimum at the edge of its axis may lie beyond it; widen the space before comparing.")
    return "\n".join([*lines, "", " ".join(said)])
