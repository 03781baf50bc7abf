"""``nala-lab train``: train optimizers on a task, write records, print the table.

torch is imported when a run starts, so that ``nala-lab train --help`` works without it.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from nala_lab.core import require
from nala_lab.core.records import DIVERGED, Record
from nala_lab.core.tables import markdown_comparison, markdown_table, results_table
from nala_lab.registry import OPTIMIZERS

__all__ = ["add_arguments", "main"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``nala-lab train``."""
    parser.description = (
        "Train LeNet-5 at the NALA paper's settings and write one JSON-lines record per run. Finished runs of the "
        "same configuration are not trained again."
    )
    parser.add_argument("task", nargs="?", default="lenet5-digits", metavar="TASK",
                        help="lenet5-digits (no download; default) or lenet5-fashion-mnist")  # fmt: skip
    parser.add_argument("--optimizer", nargs="+", default=["all"], metavar="NAME",
                        help=f"{', '.join(OPTIMIZERS).lower()}; all (default): the paper's five")  # fmt: skip
    parser.add_argument("--seeds", "--seed", nargs="+", type=int, default=[0], metavar="N",
                        help="one run per optimizer and seed (default: 0)")  # fmt: skip
    parser.add_argument("--epochs", type=int, metavar="N", help="passes over the data (default: the scale's)")
    parser.add_argument("--scale", default="cpu", metavar="SCALE",
                        help="smoke (seconds, a part of the data) or cpu (minutes, all of it; default)")  # fmt: skip
    parser.add_argument("--device", default="auto", metavar="DEVICE", help="auto (default), cpu, cuda or mps")
    parser.add_argument("--set", nargs="+", default=[], metavar="NAME=VALUE", dest="changes",
                        help="hyperparameters instead of the published ones, e.g. --set k=10 mu=-0.3")  # fmt: skip
    parser.add_argument("--out", type=Path, default=Path("runs"), metavar="DIR",
                        help="records go to DIR/TASK (default: runs)")  # fmt: skip
    parser.add_argument("--data-dir", metavar="DIR",
                        help="where the original data files are (default: the folders of NALA_LAB_DATA; without "
                             "either, Fashion-MNIST is downloaded)")  # fmt: skip
    parser.add_argument("--force", action="store_true", help="train again what is finished")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def main(args: argparse.Namespace) -> int:
    """Run ``nala-lab train``; return the exit status (0 also when a run diverged: that is a result).

    Raises
    ------
    ValueError
        In one sentence, for a name, value or file that is not what it should be, before anything is trained.
    """
    from nala_lab.experiments.fetch import data_folders
    from nala_lab.experiments.methods import PAPER_METHODS, get_method
    from nala_lab.experiments.run import execute, find_device, plan, task_data

    names = list(PAPER_METHODS) if args.optimizer == ["all"] else [name.lower() for name in args.optimizer]
    changes = _parse_changes(args.changes)
    for name in names:  # before the data are looked for
        get_method(name).with_settings(changes)
    require("--out", str(args.out), not args.out.exists() or args.out.is_dir(), "the name of a folder")
    data = task_data(args.task, args.scale, folders=data_folders(args.data_dir), device=find_device(args.device))
    runs = [
        plan(args.task, name, seed=seed, data=data, scale=args.scale, epochs=args.epochs, changes=changes)
        for seed in dict.fromkeys(args.seeds)
        for name in dict.fromkeys(names)
    ]
    records = []
    for run in runs:
        record, trained = execute(run, args.out, force=args.force, progress=not args.quiet)
        print(_line(record, trained), flush=True)
        records.append(record)
    print("\n" + report(records), flush=True)
    return 0


def report(records: list[Record]) -> str:
    """The final table, the paired comparison with NALA's inner optimizer Adam, and what the columns mean."""
    parts = [markdown_table(results_table(records))]
    if {"adam"} < {record.optimizer for record in records}:
        parts.append(markdown_comparison(records, "adam"))
    parts.append("Mean ± standard deviation over seeds, at the last epoch; the paper's metric is the best logged "
                 "single training mini-batch. Intervals are not corrected for the number of pairs.")  # fmt: skip
    return "\n\n".join(parts)


def _line(record: Record, trained: bool) -> str:
    footer: dict[str, Any] = record.footer or {}
    end = f"diverged at mini-batch {footer.get('diverged_at')}" if record.outcome == DIVERGED else record.outcome
    accuracy = record.column("test", "accuracy")[-1]
    rate = footer["totals"]["images_per_second"]
    note = f"{rate:,.0f} images/s" if trained else "was there already"
    return (f"{record.optimizer:10s} seed {record.seed}: {end}, test accuracy {100 * accuracy:.2f} %, "
            f"{note} -> {record.path}")  # fmt: skip


def _parse_changes(pairs: list[str]) -> dict[str, Any]:
    changes = {}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        require("--set", pair, bool(name and equals and text), "NAME=VALUE")
        try:
            changes[name] = json.loads(text)  # numbers, lists, and JSON's NaN, which validation then refuses
        except ValueError:
            changes[name] = float(text) if text.lower() in ("nan", "inf", "-inf") else text
    return changes
