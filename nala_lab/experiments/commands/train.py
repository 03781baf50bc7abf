"""``nala-lab train``: train optimizers on a task, write records, print the table.

torch is imported when a run starts, so that ``nala-lab train --help`` works without it.
"""

from __future__ import annotations

import argparse
import json
import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nala_lab.core import require, require_int, require_number
from nala_lab.methods.table import METHODS, label
from nala_lab.results.records import DIVERGED, Record
from nala_lab.results.tables import BASELINE, markdown_comparison, markdown_table, results_table

if TYPE_CHECKING:
    from nala_lab.experiments.run.one_run import Run
    from nala_lab.experiments.tasks import Task

__all__ = ["add_arguments", "cautions", "changes_of", "chosen_names", "main", "require_store_and_device"]

PROBE_EVERY = 50  # cycles


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``nala-lab train``."""
    add = parser.add_argument
    parser.description = (
        "Train the tasks of the NALA and AdaLA papers and write one JSON-lines record per run. Finished runs of the "
        "same configuration are not trained again. Ctrl-C saves and stops; --resume goes on."
    )
    add("task", nargs="?", default="lenet5-digits", metavar="TASK",
        help="a name that --list prints (default: lenet5-digits, which needs no download)")  # fmt: skip
    add("--list", action="store_true", help="print the tasks with their optimizers and sizes, and stop")
    add("--optimizer", nargs="+", default=["all"], metavar="NAME",
        help="all (default): those of the task's paper; package.module:factory: one of your own, see "
             "nala_lab.experiments.run.own")  # fmt: skip
    add("--seeds", "--seed", nargs="+", type=int, default=[0], metavar="N",
        help="one run per optimizer and seed (default: 0)")  # fmt: skip
    add("--scale", default="cpu", metavar="SCALE",
        help="smoke (seconds), cpu (a reduced run; default) or paper (the published protocol)")  # fmt: skip
    add("--epochs", type=int, metavar="N", help="passes over the data (default: the scale's)")
    add("--device", default="auto", metavar="DEVICE", help="auto (default), cpu, cuda or mps")
    add("--set", nargs="+", default=[], metavar="NAME=VALUE", dest="changes",
        help="hyperparameters instead of the published ones, of every optimizer (lr=0.01) or of one of them "
             "(nala.k=10 nala.inner.eps=1e-6)")  # fmt: skip
    add("--equal", default="grad_evals", metavar="WHAT",
        help="what every optimizer gets the same number of: grad_evals (default) or timesteps, as the papers "
             "count, for which NALA gets (k+1)/k and AdaLA 2 times the mini-batches")  # fmt: skip
    add("--precision", default="float32", metavar="TYPE", help="of the forward pass: float32 (default) or bf16")
    add("--compile", action="store_true", help="compile the network with torch.compile")
    add("--deterministic", action="store_true", help="deterministic algorithms only")
    add("--channels-last", action=argparse.BooleanOptionalAction,
        help="lay images out pixel by pixel (default: where that is faster)")  # fmt: skip
    add("--accumulate", type=int, default=1, metavar="N", help="average the gradients of N mini-batches to one")
    add("--clip", type=float, metavar="X", help="largest norm of a gradient (default: the task's; 0: any)")
    add("--probe", choices=("look-ahead",), metavar="WHAT",
        help="look-ahead: rows that say whether looking ahead helps here: the loss at nine mu, the best mu, the "
             "gradients' noise")  # fmt: skip
    add("--probe-every", type=int, metavar="N", help=f"probe one cycle in N (default: {PROBE_EVERY})")
    add("--curvature-every", type=int, metavar="N",
        help="the largest curvatures, of one cycle in N; its cost is printed (default: never)")  # fmt: skip
    add("--checkpoint-every", type=int, metavar="N", help="save every N epochs")
    add("--checkpoint-minutes", type=float, metavar="M", help="save every M minutes")
    add("--resume", action="store_true", help="go on with the runs that were saved, begin the others")
    add("--out", type=Path, default=Path("runs"), metavar="DIR", help="records go to DIR/TASK (default: runs)")
    add("--data-dir", metavar="DIR",
        help="where the data files are (default: the folders of NALA_LAB_DATA; without either, data are "
             "downloaded, and generated at smoke scale)")  # fmt: skip
    add("--tensorboard", type=Path, metavar="DIR", help="show the rows in TensorBoard as well, under DIR")
    add("--force", action="store_true", help="train again what is finished, from the beginning")
    add("--quiet", action="store_true", help="no progress bar")


def main(args: argparse.Namespace) -> int:
    """Run ``nala-lab train``; return the exit status (0 also when a run diverged: that is a result).

    Raises ValueError in one sentence, for a name, value or file that is not what it should be, before anything is
    trained.
    """
    from nala_lab.experiments.run.one_run import Saving, execute
    from nala_lab.experiments.run.parallel import joined
    from nala_lab.experiments.run.signals import Stopped
    from nala_lab.experiments.tasks import TASKS, get_task

    if args.list:
        print("\n".join(_described(task) for task in TASKS.values()))
        waiting = [name for name, facts in METHODS.items() if "waits for the validation loss" in facts.traits]
        others = ", ".join(name for name in METHODS if name not in waiting)
        print(f"\nEvery task takes any of {others}; or package.module:factory, one of your own. Those on text take "
              f"{', '.join(waiting)} too.")  # fmt: skip
        return 0
    require_store_and_device(args)
    if args.tensorboard is not None:
        import_module("tensorboard")  # before anything is trained; the command line says how to install it
    if args.checkpoint_every is not None:
        require_int("--checkpoint-every", args.checkpoint_every, low=1)
    if args.checkpoint_minutes is not None:
        require_number("--checkpoint-minutes", args.checkpoint_minutes, low=0, open_low=True)
    saving = Saving(args.checkpoint_every, args.checkpoint_minutes, args.resume)
    records, task = [], get_task(args.task)
    with joined(args.device) as team:
        for run in planned(args):
            try:
                record, trained = execute(run, args.out, force=args.force, progress=not args.quiet, saving=saving,
                                          team=team, board=args.tensorboard)  # fmt: skip
            except Stopped as stop:
                print(f"nala-lab train: {stop}", file=sys.stderr)
                return 128 + stop.signum  # as shells count
            if team.chief:
                print("\n".join([_line(record, trained, task), *_costs(record)]), flush=True)
            records.append(record)
        if team.chief:
            print("\n" + report(records, task), flush=True)
    return 0


def planned(args: argparse.Namespace) -> list[Run]:
    """Every run that the options ask for, checked, in order."""
    from nala_lab.experiments.data.fetch import data_folders
    from nala_lab.experiments.run.one_run import find_device, plan
    from nala_lab.experiments.run.options import Options
    from nala_lab.experiments.tasks import get_task

    require("--probe-every", args.probe_every, args.probe or args.probe_every is None, "given with --probe look-ahead")
    options = Options(precision=args.precision, compile=args.compile, deterministic=args.deterministic,
                      accumulate=args.accumulate, clip=args.clip, equal=args.equal,
                      channels_last=args.channels_last,
                      probe_every=PROBE_EVERY if args.probe and args.probe_every is None else args.probe_every,
                      curvature_every=args.curvature_every)  # fmt: skip
    names = chosen_names(args.optimizer, get_task(args.task))
    changes = changes_of(args.changes, names)
    device, folders = find_device(args.device), data_folders(args.data_dir)
    return [
        plan(args.task, name, seed=seed, scale=args.scale, epochs=args.epochs, changes=changes[name], device=device,
             folders=folders, options=options)
        for seed in dict.fromkeys(args.seeds)
        for name in names
    ]  # fmt: skip


def chosen_names(given: list[str], task: Task) -> list[str]:
    """What ``--optimizer`` names, each once; package.module:factory is a name as it is written."""
    names = [name if ":" in name else name.lower() for name in given]
    return list(dict.fromkeys(task.methods if names == ["all"] else names))


def report(records: list[Record], task: Task) -> str:
    """The final table, the paired comparison with NALA's inner optimizer Adam, and what the columns mean."""
    if task.main != "accuracy":
        return _plain_report(records, task)
    parts = [markdown_table(results_table(records))]
    if {BASELINE} < {record.optimizer for record in records}:
        parts.append(markdown_comparison(records))
    parts.append("Mean ± standard deviation over seeds, at the last epoch; the paper's metric is the best logged "
                 "single training mini-batch. Intervals are of one pair alone; verdicts are corrected for the number "
                 "of pairs (Holm), and undecided is not equal.")  # fmt: skip
    return "\n\n".join(parts)


def _plain_report(records: list[Record], task: Task) -> str:
    """One line a run, for tasks whose main metric is not an accuracy."""
    lines = [f"| optimizer | seed | {task.main}, last | {task.main}, best epoch | gradients | timesteps |",
             "|---|---|---|---|---|---|"]  # fmt: skip
    for record in records:
        values = record.column("test", task.main)[1:].tolist()
        grad_evals, timesteps = (record.number(record.totals, name) for name in ("grad_evals", "timesteps"))
        last, best = (f"{values[-1]:.4f}", f"{task.best(values):.4f}") if values else ("", "")
        ended = last if record.outcome != DIVERGED else f"{last} (diverged)".strip()
        lines.append(f"| {label(record.optimizer)} | {record.seed} | {ended} | {best} | {grad_evals:,.0f} | "
                     f"{timesteps:,.0f} |")  # fmt: skip
    return "\n".join([*lines, "", "On held-out data, slow weights."])


def require_store_and_device(args: argparse.Namespace) -> None:
    """Raise ValueError for an ``--out`` that is no folder, or a ``--device`` that is not there, before any work."""
    from nala_lab.experiments.run.one_run import find_device

    require("--out", str(args.out), not args.out.exists() or args.out.is_dir(), "the name of a folder")
    find_device(args.device)


def cautions(record: Record) -> list[str]:
    """What has to be known before a record is believed: generated data, other code, several numbers of threads."""
    from nala_lab.experiments.run.one_run import CODE

    said = ["on GENERATED data, not the real ones: --data-dir says where these are"] if record.generated else []
    if record.header.get("code_sha256") != CODE:
        said.append("trained by another version of this code; train --force, or another --out, trains it again")
    if parts := (record.footer or {}).get("threads"):
        said.append(f"trained in parts at {' and '.join(map(str, parts))} threads: sums differ in the last bit")
    return said


def _line(record: Record, trained: bool, task: Task) -> str:
    footer: dict[str, Any] = record.footer or {}
    end = record.outcome
    if end == DIVERGED:
        end = f"diverged at gradient {footer.get('diverged_at')} ({footer.get('diverged_because', '')})"
    value = record.column("test", task.main)[-1]
    shown = f"accuracy {100 * value:.2f} %" if task.main == "accuracy" else f"{task.main} {value:.4g}"
    rates = [f"{record.number(record.totals, name):,.0f} {name.removesuffix('_per_second')}/s"
             for name in record.totals if name.endswith("_per_second")]  # fmt: skip
    if record.machine == "shared":
        rates.append(f"beside {record.totals['other_cores']:g} busy cores of other processes")
    note = "; ".join([", ".join(rates) if trained else "was there already", *cautions(record)])
    return f"{record.optimizer:10s} seed {record.seed}: {end}, test {shown}, {note} -> {record.path}"


def _costs(record: Record) -> list[str]:
    """What was measured by the way, and what it cost beside the training."""
    lines, seconds = [], record.number(record.totals, "seconds")
    for kind in ("probe", "curvature"):
        costs = record.column(kind, "cost_seconds")
        if len(costs):
            share = f", {costs.sum() / seconds:.1%} of the training time" if seconds else ""
            lines.append(f"    {kind}: {len(costs)} cycles measured in {costs.sum():.2f} s{share}")
    return lines


def _described(task: Task) -> str:
    sizes = []
    for name, scale in task.scales.items():
        part = f" of {scale.batches} mini-batches" if scale.batches else ""
        part += f", {scale.train:,} training examples" if scale.train else ""
        epochs = "1 epoch" if scale.epochs == 1 else f"{scale.epochs} epochs"
        sizes.append(f"{name}: {epochs}{part}, batch {scale.batch_size}")
    return f"{task.name}\n    {task.model_name} on {task.data}; {task.source}\n    {', '.join(task.methods)}\n    " + (
        "; ".join(sizes)
    )


def changes_of(pairs: list[str], optimizers: list[str]) -> dict[str, dict[str, Any]]:
    """Settings of each optimizer from ``NAME=VALUE`` (of all) and ``OPTIMIZER.NAME=VALUE``, which counts for more.

    Raises ValueError for a pair without a value.

    Examples
    --------
    >>> changes_of(["lr=0.01", "nala.k=3", "nala.inner.eps=1e-6"], ["nala", "adam"])
    {'nala': {'lr': 0.01, 'k': 3, 'inner.eps': 1e-06}, 'adam': {'lr': 0.01}}
    """
    of_all: dict[str, Any] = {}
    of_one: dict[str, dict[str, Any]] = {name: {} for name in optimizers}
    for pair in pairs:
        name, equals, text = pair.partition("=")
        require("--set", pair, bool(name and equals and text), "NAME=VALUE or OPTIMIZER.NAME=VALUE")
        owners = [one for one in optimizers if name.startswith(f"{one.replace(':', '.')}.")]
        owner = max(owners, key=len, default=None)  # of nala and nala.mine:Mine the longer one is meant
        place, name = (of_all, name) if owner is None else (of_one[owner], name[len(owner) + 1 :])
        try:
            # numbers, lists, and JSON's NaN, which validation then refuses; "False" as text would count as true
            place[name] = json.loads({"True": "true", "False": "false", "None": "null"}.get(text, text))
        except ValueError:
            place[name] = float(text) if text.lower() in ("nan", "inf", "-inf") else text
    return {name: {**of_all, **own} for name, own in of_one.items()}
