"""The training runs: LeNet-5 on Fashion-MNIST with five optimizers at the NALA paper's settings, from records."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

from nala_lab.core import Array, require, tables
from nala_lab.core.evidence import Summary
from nala_lab.core.records import FINISHED, Record, load_records
from nala_lab.core.tables import compare
from nala_lab.plots import RC, caption, final_values, label, training_curves
from paper_figs.drawing import Drawing, Table

__all__ = ["FOLDER", "against_nala", "by_optimizer", "curves", "draw", "finals", "in_words", "results_table"]

FOLDER = Path(__file__).parent / "records" / "lenet5-fashion-mnist"
Runs = Mapping[str, Sequence[Record]]


def by_optimizer(records: Sequence[Record]) -> dict[str, list[Record]]:
    """Sort runs by optimizer, and those of one optimizer by seed.

    Raises
    ------
    ValueError
        When one optimizer has two configurations or one seed twice: they must not be averaged.
    """
    runs: dict[str, list[Record]] = defaultdict(list)
    for record in sorted(records, key=lambda r: (r.optimizer, r.seed)):
        runs[record.optimizer].append(record)
    for name, group in runs.items():
        # The configuration names the run; a seed inside it would differ from run to run by intention.
        configs = {str({k: v for k, v in r.header["config"].items() if k != "seed"}) for r in group}
        require("records", sorted(configs), len(configs) == 1, f"one configuration of {name}")
        seeds = [r.seed for r in group]
        require("records", seeds, len(seeds) == len(set(seeds)), f"each seed of {name} once")
    return dict(runs)


def finals(runs: Runs, column: str = "accuracy") -> dict[str, Array]:
    """Give the last test value of each finished run, optimizer -> (seeds,); diverged runs are left out."""
    return {
        name: np.array([r.column("test", column)[-1] for r in group if r.outcome == FINISHED])
        for name, group in runs.items()
    }


def curves(runs: Runs, column: str = "accuracy", x: str = "grad_evals") -> dict[str, tuple[Array, Array]]:
    """Give optimizer -> (x (rows,), values (seeds, rows)) of the test rows of finished runs."""
    out = {}
    for name, group in runs.items():
        done = [r for r in group if r.outcome == FINISHED]
        if done:
            out[name] = (done[0].column("test", x), np.stack([r.column("test", column) for r in done]))
    return out


def _words(s: Summary | None, scale: float, digits: int) -> str:
    if s is None:
        return "diverged"
    spread = f" ± {s.sd * scale:.{digits}f}" if s.n > 1 else ""
    return f"{s.mean * scale:.{digits}f}{spread}"


def against_nala(runs: Runs, name: str) -> str:
    """Say how far NALA's final accuracy lies above that of `name`, seed by seed, with the 95 % interval and verdict.

    The rule (Student's t on paired differences, 95 %, no correction for several comparisons) was fixed before the runs.
    """
    gap = None if name == "nala" else compare([r for group in runs.values() for r in group], "nala", name)
    if gap is None or gap.n < 2:  # one pair has no spread
        return "–"
    return f"{100 * gap.gap:+.2f} [{100 * gap.low:+.2f}, {100 * gap.high:+.2f}], {gap.verdict}"


def in_words(runs: Runs) -> str:
    """Say in a sentence which optimizers NALA is separated from, computed from the records."""
    records = [r for group in runs.values() for r in group]
    gaps = {name: compare(records, "nala", name) for name in runs if name != "nala"}
    groups: dict[str, list[str]] = defaultdict(list)
    for name, gap in gaps.items():
        if gap is not None and gap.n > 1:
            separated = gap.low > 0 or gap.high < 0
            groups[("above" if gap.gap > 0 else "below") if separated else "not separated from"].append(label(name))
    said = [f"{where} {' and '.join(names)}" for where, names in sorted(groups.items())]
    return f"At equal gradients NALA's test accuracy is {', '.join(said)}. " if said else ""


def results_table(runs: Runs) -> Table:
    """Make the table: final test accuracy and loss, the paper's own metric, cost, runs; best first."""
    found = tables.results_table(r for group in runs.values() for r in group)
    rows = []
    for row in sorted(found, key=lambda row: -row.test_accuracy.mean if row.test_accuracy else np.inf):
        rows.append((
            label(row.optimizer), _words(row.test_accuracy, 100, 2), _words(row.test_loss, 1, 4),
            _words(row.batch_accuracy, 100, 2), _words(row.batch_loss, 1, 4), against_nala(runs, row.optimizer),
            f"{row.timesteps}", f"{len(row.seeds)} of {len(runs[row.optimizer])}",
        ))  # fmt: skip
    columns = ("optimizer", "test accuracy (%)", "test loss (nats)", "best training mini-batch accuracy (%)",
               "best training mini-batch loss (nats)", "NALA's test accuracy minus this one's (points)", "timesteps",
               "finished runs")  # fmt: skip
    spent = max(row.grad_evals for row in found)
    note = in_words(runs) + (
        f"Mean ± sample standard deviation over the seeds, after {spent} gradients each; test values of the slow "
        "weights (for NAG, Adam and SGD: the weights) on all test images. The mini-batch columns are the NALA paper's "
        "metric: the best of the logged single training mini-batches. A timestep is a step as the paper counts, "
        "without the look-ahead gradient. Differences are paired by seed, with Student's 95 % interval; separated: the "
        "interval leaves out 0."
    )
    return Table(columns, tuple(rows), note)


def draw(folder: Path = FOLDER) -> Drawing:
    """Draw test loss against gradients, and the final test accuracy of every seed.

    Raises
    ------
    RecordError
        When the folder holds no records.
    """
    runs = by_optimizer(load_records(folder))
    table = results_table(runs)
    group = next(iter(runs.values()))
    epochs = int(group[0].column("test", "epoch")[-1])
    batch = group[0].header["config"].get("batch_size", "?")
    percent = {name: 100 * values for name, values in finals(runs).items() if len(values)}
    shown = {name: (x[1:], y[:, 1:]) for name, (x, y) in curves(runs, "loss").items()}
    with plt.rc_context(RC):
        figure, (left, right) = plt.subplots(1, 2, figsize=(14.5, 5.8))
        training_curves(left, shown, xlabel="gradient evaluations", ylabel="test loss (nats)")
        final_values(right, percent, xlabel="final test accuracy (%)", higher_is_better=True)
        right.set_ylabel("")
        left.set_title("Test loss after each epoch")
        right.set_title("Final test accuracy, each seed")
    best = "; ".join(f"{row[0]} {row[1]}" for row in table.rows)
    text = caption(
        task="LeNet-5 on Fashion-MNIST", scale=f"{epochs} epochs, batch {batch}", seeds=len(group),
        metric="test loss of the slow weights (nats) from the first epoch on", xaxis="gradient evaluations",
        spread="lowest to highest seed",
    )  # fmt: skip
    return Drawing(
        figure=figure,
        title="LeNet-5 on Fashion-MNIST: five optimizers at the NALA paper's settings",
        caption=text + " Right: final test accuracy, one marker a seed, tick: mean, line: one standard deviation.",
        alt=f"Left: test loss falling with gradient evaluations, one line for each optimizer. Right: final test "
        f"accuracy in percent by optimizer, best on top: {best}.",
        table=table,
    )
