"""The training runs: LeNet-5 on two data sets at the NALA paper's settings, from records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from nala_lab.core import Array
from nala_lab.plots import RC, caption, final_values, label, training_curves
from nala_lab.results import tables
from nala_lab.results.comparable import budget_of, comparable
from nala_lab.results.evidence import (
    BETTER,
    EQUIVALENT,
    EXCLUDED,
    UNDECIDED,
    WORSE,
    Judgement,
    Summary,
    decide,
    judge_table,
)
from nala_lab.results.metrics import ANY_PHASE, METRICS, at_phase_0, matched, values_of
from nala_lab.results.records import FINISHED, Record
from paper_figs.beside.runs import RECORDS, load_task
from paper_figs.drawing import Drawing, Table

__all__ = ["TASKS", "against_nala", "by_optimizer", "correction", "curves", "draw", "finals", "in_words", "judged",
           "mean_and_spread", "results_table"]  # fmt: skip

TASKS = {"lenet5-cifar10": "CIFAR-10", "lenet5-fashion-mnist": "Fashion-MNIST"}
METRIC = METRICS["test accuracy"]
RULE = METRIC.rule
POINTS = 100 * RULE.threshold
Runs = Mapping[str, Sequence[Record]]


def by_optimizer(records: Sequence[Record]) -> dict[str, list[Record]]:
    """Sort the runs that may stand side by side, at the papers' budget where they are, by optimizer, then by seed."""
    runs: dict[str, list[Record]] = defaultdict(list)
    for record in comparable(records, "timesteps"):
        runs[record.optimizer].append(record)
    return dict(sorted(runs.items()))


def finals(runs: Runs) -> dict[str, Array]:
    """Give the last test accuracy of each finished run, optimizer -> (seeds,); diverged runs are left out."""
    return {name: np.array(values_of(group, METRIC)) for name, group in runs.items()}


def curves(runs: Runs, column: str = "accuracy", x: str = "grad_evals") -> dict[str, tuple[Array, Array]]:
    """Give optimizer -> (x (rows,), values (seeds, rows)) of the test rows of finished runs."""
    out = {}
    for name, group in runs.items():
        done = [r for r in group if r.outcome == FINISHED]
        if done:
            out[name] = (done[0].column("test", x), np.stack([r.column("test", column) for r in done]))
    return out


def mean_and_spread(s: Summary | None, scale: float, digits: int) -> str:
    """Write a mean with its sample standard deviation."""
    if s is None:
        return "diverged"
    spread = f" ± {s.sd * scale:.{digits}f}" if s.n > 1 else ""
    return f"{s.mean * scale:.{digits}f}{spread}"


def judged(runs: Runs) -> dict[str, Judgement]:
    """Judge NALA's final accuracy against each other optimizer's with two common seeds, all of them as one table."""
    found = {name: matched(runs.get("nala", ()), group, METRIC) for name, group in runs.items() if name != "nala"}
    pairs = {name: (one.a, one.b) for name, one in found.items() if len(one.a) > 1}  # one pair has no spread
    return judge_table(pairs, RULE) if pairs else {}


def against_nala(gap: Judgement | None, comparisons: int) -> str:
    """Write NALA's accuracy minus another's in points, with interval and verdict."""
    if gap is None:
        return "–"
    said = {BETTER: "NALA better", WORSE: "NALA worse", EQUIVALENT: f"equivalent within {POINTS:g}",
            UNDECIDED: decide(gap, RULE, "better", comparisons=comparisons).words}  # fmt: skip
    return f"{100 * gap.gap:+.2f} [{100 * gap.low:+.2f}, {100 * gap.high:+.2f}], {said[gap.verdict]}"


def in_words(runs: Runs) -> str:
    """Say in a sentence which optimizers NALA is separated from, and what they all got the same number of."""
    words = {BETTER: "above", WORSE: "below", EQUIVALENT: f"within {POINTS:g} points of",
             UNDECIDED: "undecided against"}  # fmt: skip
    groups: dict[str, list[str]] = defaultdict(list)
    found = judged(runs)
    for name, gap in found.items():
        excluded = decide(gap, RULE, "better", comparisons=len(found)).outcome == EXCLUDED
        groups["not above" if gap.verdict == UNDECIDED and excluded else words[gap.verdict]].append(label(name))
    said = [f"{where} {' and '.join([*([', '.join(names[:-1])] if names[1:] else []), names[-1]])}"
            for where, names in sorted(groups.items())]  # fmt: skip
    return f"At equal {budget_of(runs['nala'])} NALA's test accuracy is {', '.join(said)}. " if said else ""


def correction(*tables: Mapping[str, Judgement]) -> str:
    """Say by which rule and correction the verdicts of these tables were reached."""
    counts = [len(found) for found in tables if found]
    if not counts:
        return "There are too few common seeds for a verdict."
    all_ = f"{counts[0]} comparison{'s' * (counts[0] > 1)} with NALA"
    all_ = all_ if len(tables) == 1 else "the comparisons with NALA on one data set at one budget"
    return (
        f"Verdicts are those of the ledger's rule, fixed before the runs: paired t-tests over common seeds with Holm's "
        f"correction for {all_}, family-wise error rate {100 * RULE.error_rate:g} %; what is shown to be within "
        f"{POINTS:g} points is called equivalent. Undecided is not equal; the smallest difference that counts is "
        f"{POINTS:g} points, and so many seeds show it "
        "with a chance of 80 %; a larger one takes fewer."
    )


def results_table(runs: Runs) -> Table:
    """Make the table: final test accuracy and loss, the paper's own metric, cost, runs; best first."""
    found = tables.results_table(r for group in runs.values() for r in group)
    gaps, rows = judged(runs), []
    for row in sorted(found, key=lambda row: -row.test_accuracy.mean if row.test_accuracy else np.inf):
        rows.append((
            label(row.optimizer), mean_and_spread(row.test_accuracy, 100, 2), mean_and_spread(row.test_loss, 1, 4),
            mean_and_spread(row.batch_accuracy, 100, 2), mean_and_spread(row.batch_loss, 1, 4),
            against_nala(gaps.get(row.optimizer), len(gaps)), f"{row.timesteps}",
            f"{len(row.seeds)} of {len(runs[row.optimizer])}",
        ))  # fmt: skip
    columns = ("optimizer", "test accuracy (%)", "test loss (nats)", "best training mini-batch accuracy (%)",
               "best training mini-batch loss (nats)", "NALA's test accuracy minus this one's (points)", "timesteps",
               "finished runs")  # fmt: skip
    budget = budget_of(run for group in runs.values() for run in group)
    spent = max(row.timesteps if budget == "timesteps" else row.grad_evals for row in found)
    clock = "" if at_phase_0(record for group in runs.values() for record in group) else f" ({ANY_PHASE})"
    note = in_words(runs) + (
        f"Mean ± sample standard deviation over the seeds, after {spent} {budget} each; test values of the slow "
        "weights (for NAG, Adam and SGD: the weights) on all test images. The mini-batch columns are the NALA paper's "
        f"metric: the best of the logged single training mini-batches{clock}. A timestep is a step as the paper "
        "counts, without the look-ahead gradient. Differences are paired by seed; in brackets Student's 95 % interval "
        f"of that comparison alone. {correction(gaps)}"
    )
    return Table(columns, tuple(rows), note)


def draw(task: str, folder: Path = RECORDS) -> Drawing:
    """Draw test loss against gradients, and the final test accuracy of every seed, of one of TASKS.

    Raises RecordError when the folder holds no records of it, or those of another task.
    """
    records = load_task(folder / task)
    runs = by_optimizer(records)
    left_out = len(records) - sum(map(len, runs.values()))
    table = results_table(runs)
    whole = next((run for group in runs.values() for run in group if run.outcome == FINISHED), records[0])
    epochs, batch = int(whole.column("test", "epoch")[-1]), whole.header["config"].get("batch_size", "?")
    percent = {name: 100 * values for name, values in finals(runs).items() if len(values)}
    shown = {name: (x[1:], y[:, 1:]) for name, (x, y) in curves(runs, "loss").items()}
    counts = sorted({len(y) for _, y in shown.values()})
    seeds = f"{counts[0]} to {counts[-1]}" if len(counts) > 1 else sum(counts)
    with plt.rc_context(RC):
        figure, (left, right) = plt.subplots(1, 2, figsize=(10.0, 5.0))
        training_curves(left, shown, xlabel="gradient evaluations", ylabel="test loss (nats)")
        final_values(right, percent, xlabel="final test accuracy (%)", higher_is_better=True)
        right.set_ylabel("")
        left.set_title("Test loss after each epoch")
        right.set_title("Final test accuracy, each seed")
    best = "; ".join(f"{row[0]} {row[1]}" for row in table.rows)
    text = caption(
        task=f"LeNet-5 on {TASKS[task]}", scale=f"{epochs} epochs, batch {batch}", seeds=seeds,
        metric="test loss of the slow weights (nats) from the first epoch on", xaxis="gradient evaluations",
        spread="lowest to highest seed",
    )  # fmt: skip
    return Drawing(
        figure=figure,
        title=f"LeNet-5 on {TASKS[task]}: {len(runs)} optimizer{'s' * (len(runs) > 1)} at the NALA paper's settings",
        caption=text
        + " Right: final test accuracy, one marker a seed, tick: mean, line: one standard deviation. "
        + f"Every optimizer got the same number of {budget_of(r for group in runs.values() for r in group)}. "
        + correction(judged(runs))
        + (f" Not shown: runs of another protocol or setting, {left_out}." if left_out else ""),
        alt=f"Left: test loss falling with gradient evaluations, one line for each optimizer. Right: final test "
        f"accuracy in percent by optimizer, best on top: {best}.",
        table=table,
    )
