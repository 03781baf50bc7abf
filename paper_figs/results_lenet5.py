"""LeNet-5 and the released network on a CPU: at the NALA paper's settings, and LeNet-5 with equally many tuning trials.

Each line of a note is a statement of its own: the README makes a list of them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from nala_lab.methods.table import PAPER_METHODS, label
from nala_lab.results.comparable import BUDGETS, SCALES, Arm, Choice, budgets_of, choose, scale_of
from nala_lab.results.evidence import Judgement, summary
from nala_lab.results.metrics import METRICS, values_of
from nala_lab.results.records import FINISHED
from paper_figs.beside.runs import RECORDS, full_size, records_of
from paper_figs.beside.values import NOT_RUN
from paper_figs.drawing import Drawing, Table
from paper_figs.published import table as published
from paper_figs.results_images import TASKS, against_nala, correction, in_words, judged, mean_and_spread

__all__ = ["PUBLISHED", "RELEASED", "TUNED", "as_published", "as_published_table", "draw_published", "draw_tuned",
           "longer", "trials", "tuned", "tuned_table"]  # fmt: skip

TUNED = RECORDS.parent / "tuned"
RELEASED = "tflenet-cifar10"  # the network that the paper's program calls LeNet
PUBLISHED = {
    "lenet5-cifar10": "CIFAR-10", RELEASED: "CIFAR-10, released network", "lenet5-cifar100": "CIFAR-100, a part",
    "lenet5-fashion-mnist": "Fashion-MNIST",
}  # fmt: skip
# task -> optimizer -> cell, best mini-batch
PRINTED = {task: published("nala", 1).column(3 if "cifar100" in task else 1) for task in PUBLISHED if "cifar" in task}
NO_PAIRS = "no comparison; that takes two seeds of NALA and of another optimizer."
SHOWN = {name: METRICS[name] for name in ("batch accuracy", "test accuracy")}  # the paper's metric, and ours


def as_published(task: str, equal: str, folder: Path = RECORDS) -> Choice:
    """Choose the runs at the task's published settings, no others in their place, and one of the two budgets.

    Of RELEASED, the runs at the paper's length only.
    """
    arms = [Arm(name, name) for name in PAPER_METHODS]
    runs = [run for run in records_of(folder / task) if any(arm.means(run) for arm in arms)
            and (task != RELEASED or scale_of(run) == "paper")]  # fmt: skip
    return choose(runs, arms, equal=equal)


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


def _accuracy(choice: Choice, name: str, metric: str = "test accuracy") -> str:
    runs = choice.by_arm.get(name, ())
    if not runs:
        return NOT_RUN
    lost = sum(run.outcome != FINISHED for run in runs)
    values = values_of(runs, SHOWN[metric])
    words = mean_and_spread(summary(values) if values else None, 100, 2)
    return f"{words}, {lost} of {len(runs)} diverged" if lost and values else words


def _gaps(choice: Choice, found: Mapping[str, Judgement]) -> dict[str, str]:
    return {name: against_nala(found.get(name), len(found)) for name in choice.by_arm}


def as_published_table(folder: Path = RECORDS) -> Table:
    """Make the table at the published settings: printed numbers, the paper's metric, test accuracy, both budgets."""
    rows, said, tables = [], [], []
    for task, data in PUBLISHED.items():
        at = {equal: as_published(task, equal, folder) for equal in reversed(BUDGETS)}
        shown = {equal: choice for equal, choice in at.items() if "nala" in choice.by_arm}
        if not shown:
            continue
        scale = max((choice.scale for choice in shown.values()), key=SCALES.index)
        shown = {equal: choice for equal, choice in shown.items() if choice.scale == scale}
        found = {equal: judged(choice.by_arm) for equal, choice in shown.items()}
        gaps = {equal: _gaps(choice, found[equal]) for equal, choice in shown.items()}
        tables += found.values()
        for name in [name for name in PAPER_METHODS if any(name in choice.by_arm for choice in shown.values())]:
            cells = [_at_each_budget(shown, name, metric) for metric in SHOWN]
            against = [gaps[equal].get(name, "–") if equal in gaps else "not yet run at this length" for equal in at]
            rows.append((data, label(name), _printed(task, name), *cells, *against))
        sizes = {equal: _size(choice) for equal, choice in shown.items()}
        size = " and ".join(f"{size} (equal {equal})" for equal, size in sizes.items())
        size = size if len(set(sizes.values())) > 1 else next(iter(sizes.values()))
        verdicts = " ".join(filter(None, (in_words(choice.by_arm).strip() for choice in shown.values()))) or NO_PAIRS
        said.append(f"{data}, {size}: {verdicts}{longer(task, at[BUDGETS[0]], folder)}")
    heads = ("data", "optimizer", "best mini-batch, NALA Table 1 (%)", "best mini-batch, ours (%)",
             "test accuracy, ours (%)", *(f"NALA minus it at equal {equal}" for equal in at))  # fmt: skip
    reading = (
        "Best mini-batch: the paper's metric, the highest accuracy of the logged single training mini-batches.",
        "A method without look-ahead gradients makes the same run at either budget; NALA gets (k+1)/k as many "
        "gradients at equal timesteps, the papers' budget.",
    )
    return Table(heads, tuple(rows), "\n".join([*said, *reading, *_reading(tables)]))


def _printed(task: str, name: str) -> str:
    cell = PRINTED.get(task, {}).get(label(name))
    return f"{100 * cell.value:.2f}" if cell is not None and cell.value is not None else "–"


def _at_each_budget(shown: Mapping[str, Choice], name: str, metric: str) -> str:
    """Mean and spread; twice, where the method made other runs at the other budget."""
    values = {equal: _accuracy(choice, name, metric) for equal, choice in shown.items()}
    if len({tuple(run.path for run in choice.by_arm.get(name, ())) for choice in shown.values()}) == 1:
        return next(iter(values.values()))
    return "; ".join(f"{value} (equal {equal})" for equal, value in values.items())


def longer(task: str, shown: Choice, folder: Path = RECORDS) -> str:
    """Tell the runs at the published settings that are longer than those shown: see `choose`, scale."""
    if not shown.scale:
        return ""
    told, epochs = [], 0
    for name in PAPER_METHODS:
        for run in filter(Arm(name, name).means, records_of(folder / task)):
            if SCALES.index(scale_of(run)) > SCALES.index(shown.scale) and shown.budget in budgets_of(run):
                test, batch = (values_of([run], SHOWN[of]) for of in reversed(SHOWN))
                numbers = [f"{100 * value:.2f}" for value in (*test, *batch)]
                told.append(f"{label(name)} {' and '.join(numbers) or 'diverged'}")
                epochs = max(epochs, run.header["config"]["epochs"])
    waiting = (f" So far at {epochs} epochs and equal {shown.budget}, test accuracy and, as the paper counts, the best "
               f"mini-batch; no comparison until every optimizer has two seeds: {'; '.join(told)}.")  # fmt: skip
    return waiting if told else ""


def tuned_table(folder: Path = TUNED) -> Table:
    """Make the table of the tuned comparison, with the settings that won and the edges they stand at."""
    rows, said, tables = [], [], []
    for task, data in TASKS.items():
        choice, found = tuned(task, folder), trials(task, folder)
        tables.append(judged(choice.by_arm))
        gaps, counts = _gaps(choice, tables[-1]), {len(one["trials"]) for one in found["optimizers"].values()}
        for name, one in found["optimizers"].items():
            best = one["best"] or {}
            setting = ", ".join(f"{key} {_short(value)}" for key, value in best.items()) or "every trial diverged"
            edge = f" (at the edge: {', '.join(one['edges'])})" if one["edges"] else ""
            ended = _accuracy(choice, name) if best else "diverged"
            rows.append((data, label(name), setting + edge, ended, gaps.get(name, "–")))
        (count,) = counts
        said.append(f"{data}, {count} trials each with one seed on a held-out tenth of the training images, then, "
                    f"at seeds that tuning has not seen, {_size(choice)}: {in_words(choice.by_arm).strip() or NO_PAIRS}"
                    )  # fmt: skip
    heads = ("data", "optimizer", "best of its trials", "test accuracy (%)", "NALA minus it")
    return Table(heads, tuple(rows), "\n".join([*said, *_reading(tables)]))


def _short(value: Any) -> str:
    return f"({', '.join(map(str, value))})" if isinstance(value, list) else f"{value:g}"


def _size(choice: Choice) -> str:
    first = choice.records[0].header["config"]
    seeds = {len(group) for group in choice.by_arm.values()}
    all_ = full_size(choice.records[0].task)["train"]
    images = first["data"].get("train", all_)
    part = f", {images:,} of {all_:,} training images" if images < all_ else ""
    kind = "" if first.get("precision", "float32") == "float32" else f", {first['precision']}"
    ends = dict.fromkeys((min(seeds), max(seeds)))
    count = f"{' to '.join(map(str, ends))} seed{'s' * (max(seeds) > 1)}"
    return f"{first['epochs']} epochs, batch {first['batch_size']}{part}{kind}, {count}"


def _reading(tables: Sequence[Mapping[str, Judgement]]) -> tuple[str, str]:
    return ("Mean ± sample standard deviation over seeds, slow weights, all test images; differences in points, paired "
            "by seed, with Student's 95 % interval.", correction(*tables))  # fmt: skip


def draw_published(folder: Path = RECORDS) -> Drawing:
    """Give the table at the published settings as a drawing without a picture."""
    return _drawing("LeNet-5 at the NALA paper's settings", as_published_table(folder))


def draw_tuned(folder: Path = TUNED) -> Drawing:
    """Give the table of the tuned comparison as a drawing without a picture."""
    return _drawing("LeNet-5 with the same number of tuning trials for each optimizer", tuned_table(folder))


def _drawing(title: str, table: Table) -> Drawing:
    return Drawing(figure=None, title=title, caption=table.note, table=table)
