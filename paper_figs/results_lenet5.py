"""LeNet-5 on a CPU as two tables: at the NALA paper's settings, and with the same number of tuning trials for each."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nala_lab.methods.table import PAPER_METHODS, label
from nala_lab.results.comparable import BUDGETS, SCALES, Arm, Choice, budgets_of, choose, scale_of
from nala_lab.results.evidence import summary
from nala_lab.results.metrics import METRICS, values_of
from nala_lab.results.records import FINISHED
from paper_figs.beside.runs import RECORDS, records_of
from paper_figs.drawing import Drawing, Table
from paper_figs.results_fashion_mnist import against_nala, correction, in_words, judged, mean_and_spread

__all__ = ["TASKS", "TUNED", "as_published", "as_published_table", "draw_published", "draw_tuned", "longer", "trials",
           "tuned", "tuned_table"]  # fmt: skip

TUNED = RECORDS.parent / "tuned"
TASKS = {"lenet5-fashion-mnist": "Fashion-MNIST", "lenet5-cifar10": "CIFAR-10"}
METRIC_NAME = "test accuracy"
METRIC = METRICS[METRIC_NAME]


def as_published(task: str, equal: str, folder: Path = RECORDS) -> Choice:
    """Choose the runs at the task's published settings and one of the two budgets."""
    return choose(records_of(folder / task), [Arm(name, name) for name in PAPER_METHODS], equal=equal)


def trials(task: str, folder: Path = TUNED) -> Mapping[str, Any]:
    """Read what ``nala-lab tune --json`` kept of a task."""
    found: Mapping[str, Any] = json.loads((folder / task / "trials.json").read_text(encoding="utf-8"))
    return found


def tuned(task: str, folder: Path = TUNED) -> Choice:
    """Choose the runs at the best trial's setting of each optimizer, at seeds that tuning has not seen."""
    found = trials(task, folder)
    arms = [Arm(name, name, one["best"]) for name, one in found["optimizers"].items() if one["best"]]
    seen = set(found["seeds"])
    return choose([record for record in records_of(folder / task) if record.seed not in seen], arms)


def _accuracy(choice: Choice, name: str) -> str:
    runs = choice.by_arm.get(name, ())
    lost = sum(run.outcome != FINISHED for run in runs)
    values = values_of(runs, METRIC)
    words = mean_and_spread(summary(values) if values else None, 100, 2)
    return f"{words}, {lost} of {len(runs)} diverged" if lost and values else words


def _gaps(choice: Choice) -> dict[str, str]:
    found = judged(choice.by_arm)
    return {name: against_nala(found.get(name), len(found)) for name in choice.by_arm}


def as_published_table(folder: Path = RECORDS) -> Table:
    """Make the table at the published settings, NALA beside the others at both budgets."""
    rows, said = [], []
    for task, data in TASKS.items():
        at = {equal: as_published(task, equal, folder) for equal in reversed(BUDGETS)}
        gaps = {equal: _gaps(choice) for equal, choice in at.items()}
        for name in PAPER_METHODS:
            values = {equal: _accuracy(choice, name) for equal, choice in at.items()}
            runs = {tuple(run.path for run in choice.by_arm.get(name, ())) for choice in at.values()}
            both = len(runs) > 1  # other runs at the other budget
            accuracy = "; ".join(f"{value} (equal {equal})" if both else value for equal, value in values.items()
                                 if both or equal == BUDGETS[-1])  # fmt: skip
            rows.append((data, label(name), accuracy, *(gaps[equal].get(name, "–") for equal in at)))
        verdicts = " ".join(in_words(choice.by_arm).strip() for choice in at.values())
        sizes = {equal: _size(choice) for equal, choice in at.items()}
        size = " and ".join(f"{size} (equal {equal})" for equal, size in sizes.items())
        size = sizes[BUDGETS[0]] if len(set(sizes.values())) == 1 else size
        said.append(f"{data}, {size}: {verdicts}{longer(task, at[BUDGETS[0]], folder)}")
    heads = ("data", "optimizer", "test accuracy (%)", *(f"NALA minus it at equal {e}" for e in reversed(BUDGETS)))
    note = (f"{' '.join(said)} A method without look-ahead gradients makes the same run at either budget; NALA "
            "gets (k+1)/k as many gradients at equal timesteps, the papers' budget. "
            + _reading(at[BUDGETS[-1]]))  # fmt: skip
    return Table(heads, tuple(rows), note)


def longer(task: str, shown: Choice, folder: Path = RECORDS) -> str:
    """Tell the runs at the published settings that are longer than those shown: see `choose`, scale."""
    if not shown.scale:
        return ""
    told, epochs = [], 0
    for name in PAPER_METHODS:
        for run in filter(Arm(name, name).means, records_of(folder / task)):
            if SCALES.index(scale_of(run)) > SCALES.index(shown.scale) and shown.budget in budgets_of(run):
                test, batch = (values_of([run], METRICS[of]) for of in (METRIC_NAME, "batch accuracy"))
                numbers = [f"{100 * value:.2f}" for value in (*test, *batch)]
                told.append(f"{label(name)} {' and '.join(numbers) or 'diverged'}")
                epochs = max(epochs, run.header["config"]["epochs"])
    waiting = (f" So far at {epochs} epochs and equal {shown.budget}, test accuracy and, as the paper counts, the best "
               f"mini-batch; no comparison until every optimizer has two seeds: {'; '.join(told)}.")  # fmt: skip
    return waiting if told else ""


def tuned_table(folder: Path = TUNED) -> Table:
    """Make the table of the tuned comparison, with the settings that won and the edges they stand at."""
    rows, said = [], []
    for task, data in TASKS.items():
        choice, found = tuned(task, folder), trials(task, folder)
        gaps, counts = _gaps(choice), {len(one["trials"]) for one in found["optimizers"].values()}
        for name, one in found["optimizers"].items():
            best = one["best"] or {}
            setting = ", ".join(f"{key} {_short(value)}" for key, value in best.items()) or "every trial diverged"
            edge = f" (at the edge: {', '.join(one['edges'])})" if one["edges"] else ""
            rows.append((data, label(name), setting + edge, _accuracy(choice, name), gaps.get(name, "–")))
        (count,) = counts
        said.append(f"{data}, {count} trials each with one seed on a held-out tenth of the training images, then, "
                    f"at seeds that tuning has not seen, {_size(choice)}: {in_words(choice.by_arm).strip()}"
                    )  # fmt: skip
    heads = ("data", "optimizer", "best of its trials", "test accuracy (%)", "NALA minus it")
    return Table(heads, tuple(rows), f"{' '.join(said)} {_reading(choice)}")


def _short(value: Any) -> str:
    return f"({', '.join(map(str, value))})" if isinstance(value, list) else f"{value:g}"


def _size(choice: Choice) -> str:
    first = choice.records[0].header["config"]
    seeds = {len(group) for group in choice.by_arm.values()}
    return f"{first['epochs']} epochs, batch {first['batch_size']}, {' to '.join(map(str, sorted(seeds)))} seeds"


def _reading(choice: Choice) -> str:
    return (f"Mean ± sample standard deviation over seeds, slow weights, all test images; differences in points, "
            f"paired by seed, with Student's 95 % interval. {correction(judged(choice.by_arm))}")  # fmt: skip


def draw_published(folder: Path = RECORDS) -> Drawing:
    """Give the table at the published settings as a drawing without a picture."""
    return _drawing("LeNet-5 at the NALA paper's settings", as_published_table(folder))


def draw_tuned(folder: Path = TUNED) -> Drawing:
    """Give the table of the tuned comparison as a drawing without a picture."""
    return _drawing("LeNet-5 with the same number of tuning trials for each optimizer", tuned_table(folder))


def _drawing(title: str, table: Table) -> Drawing:
    return Drawing(figure=None, title=title, caption=table.note, table=table)
