"""``nala-lab tune TASK``: the same number of trials for every optimizer, on data held out from training."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nala_lab.core import require, require_int
from nala_lab.core.progress import bar as progress_bar
from nala_lab.core.strict_json import require_place, strict_json
from nala_lab.experiments.commands.train import cautions, changes_of, chosen_names, require_store_and_device
from nala_lab.results.records import Record, read_record

if TYPE_CHECKING:
    from nala_lab.experiments.run.sweeping import Cell
    from nala_lab.experiments.run.tuning import Space, Trial, Tuned
    from nala_lab.experiments.tasks import Task

__all__ = ["add_arguments", "main"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``nala-lab tune``."""
    add = parser.add_argument
    parser.description = (
        "Try settings of each optimizer, the same number for all, and print the best of each on data held out from "
        "training. An optimum at the edge of its axis is named. Trials are runs with records; finished ones are read."
    )
    add("task", metavar="TASK", help="a name that `nala-lab train --list` prints")
    add("--optimizer", nargs="+", default=["all"], metavar="NAME",
        help="all (default): those of the task's paper; package.module:factory: one of your own")  # fmt: skip
    add("--trials", type=int, default=5, metavar="N", help="of each optimizer (default: 5)")
    add("--space", type=Path, metavar="FILE", help="TOML file, one table of lists per optimizer; without it, the "
        "published lr times 0.1, 0.32, 1, 3.2 and 10")  # fmt: skip
    add("--seeds", "--seed", nargs="+", type=int, default=[0], metavar="N", help="runs of each trial (default: 0)")
    add("--scale", default="cpu", metavar="SCALE", help="smoke, cpu (default) or paper")
    add("--epochs", type=int, metavar="N", help="passes over the data (default: the scale's)")
    add("--device", default="auto", metavar="DEVICE", help="auto (default), cpu, cuda or mps")
    add("--set", nargs="+", default=[], metavar="NAME=VALUE", dest="changes",
        help="hyperparameters that are not tuned, of every optimizer (k=10) or of one of them (nala.k=10)")  # fmt: skip
    add("--equal", default="grad_evals", metavar="WHAT", help="as of train: grad_evals (default) or timesteps")
    add("--jobs", type=int, default=1, metavar="N", help="runs at the same time (default: 1)")
    add("--threads", type=int, metavar="N", help="of each run (default: the cores of this machine, shared)")
    add("--out", type=Path, default=Path("runs/tune"), metavar="DIR", help="records go to DIR/TASK")
    add("--data-dir", metavar="DIR", help="where the data files are (default: the folders of NALA_LAB_DATA)")
    add("--json", metavar="FILE", help="write every trial and each optimizer's best there as well; - prints them")
    add("--quiet", action="store_true", help="no progress bars")


def main(args: argparse.Namespace) -> int:
    """Run ``nala-lab tune`` and print the table; return 1 when a run could not be done, 130 when stopped.

    Raises ValueError in one sentence, for a name, value or file that is not what it should be, before anything is
    trained.
    """
    from nala_lab.experiments.run.tuning import judge, markdown
    from nala_lab.experiments.tasks import get_task

    require_place("--json", args.json)
    require_store_and_device(args)
    task = get_task(args.task)
    todo = planned(args, task)
    records = _trained(args, [cell for _, _, tried in todo for _, cells in tried for cell in cells])
    if isinstance(records, int):
        return records
    found = []
    for name, space, tried in todo:
        done = [_measured(task, trial, [records[cell.key] for cell in cells]) for trial, cells in tried]
        found.append(judge(name, space, done, task.best, tried[0][1][0].run().settings))
    said = Counter(caution for record in records.values() for caution in cautions(record))
    limits = [f"{many} of {len(records)} runs {caution}." for caution, many in said.items()]
    print("\n" + "\n".join([markdown(found, task), *limits]))
    if args.json is not None:
        told = strict_json(_told(args, todo, found))
        print(told) if args.json == "-" else Path(args.json).write_text(told + "\n", encoding="utf-8")
    return 0


def _told(args: argparse.Namespace, todo: list[Any], found: list[Tuned]) -> dict[str, Any]:
    """What was tried, how and with which result; a trial that diverged has no score.

    The changes are all that were made, those of ``--set`` among them: with the best ones alone a run is the tuned one.
    """
    run = todo[0][2][0][1][0].run()  # of the first trial's first seed
    fixed = changes_of(args.changes, [one.optimizer for one in found])
    optimizers = {one.optimizer: {
        "best": None if one.best is None else {**fixed[one.optimizer], **one.best.changes}, "edges": list(one.edges),
        "points": one.size,
        "trials": [{"changes": {**fixed[one.optimizer], **trial.changes}, "score": trial.score}
                   for trial in one.trials],
    } for one in found}  # fmt: skip
    return {"task": args.task, "scale": args.scale, "epochs": run.scale.epochs, "equal": args.equal,
            "seeds": list(dict.fromkeys(args.seeds)), "optimizers": optimizers}  # fmt: skip


def planned(args: argparse.Namespace, task: Task) -> list[tuple[str, Space, list[tuple[Trial, list[Cell]]]]]:
    """Every optimizer with its space and its trials, each of these with a run for every seed; all are checked."""
    from nala_lab.experiments.run.sweeping import Cell
    from nala_lab.experiments.run.tuning import read_space, space_of, trials

    require_int("--jobs", args.jobs, low=1)
    seeds = list(dict.fromkeys(args.seeds))
    names = chosen_names(args.optimizer, task)
    fixed = changes_of(args.changes, names)
    spaces = read_space(args.space) if args.space else {name: space_of(task, name) for name in names}

    def cells(name: str, trial: Trial) -> list[Cell]:
        changes = {**fixed[name], **trial.changes}
        made = [Cell(task.name, name, seed, args.scale, args.epochs, changes, {"equal": args.equal}, held_out=True)
                for seed in seeds]  # fmt: skip
        made[0].run()  # says what is not allowed, before anything is trained
        return made

    todo = []
    for name in names:
        require("--space", str(args.space), name in spaces, f"a table [{name}]")
        tuned = set(fixed[name]) & set(spaces[name])
        require("--set", sorted(tuned), not tuned, f"settings that the space of {name} does not tune")
        chosen = trials(name, spaces[name], args.trials, task.settings.get(name, {}), seed=seeds[0])
        todo.append((name, spaces[name], [(trial, cells(name, trial)) for trial in chosen]))
    return todo


def _trained(args: argparse.Namespace, cells: list[Cell]) -> dict[str, Record] | int:
    """Train every cell, or read what was trained; the status to return when that cannot be done."""
    from nala_lab.experiments.data.fetch import data_folders
    from nala_lab.experiments.run.sweeping import Worker, in_parallel, shared_threads

    threads = shared_threads(args.jobs) if args.threads is None else args.threads
    worker = Worker(args.out, tuple(data_folders(args.data_dir)), args.device, threads, minutes=None,
                    progress=args.jobs == 1 and not args.quiet)  # fmt: skip
    found: dict[str, Record] = {}
    with progress_bar(total=len(cells), unit="run", desc="tune", show=not args.quiet) as bar:
        for outcome in in_parallel(worker, cells, args.jobs):
            done = worker(outcome.cell, wait=True) if outcome.state == "busy" else outcome
            if done.record is None:
                failed = done.state == "failed"
                advice = "" if failed else "; the same command goes on"
                print(f"nala-lab tune: {done.cell.label}: {done.detail}{advice}", file=sys.stderr)
                return 1 if failed else 130
            found[done.cell.key] = read_record(done.record)
            bar.update()
    return found


def _measured(task: Task, trial: Trial, records: list[Record]) -> Trial:
    """The scores of a trial, printed."""
    from nala_lab.experiments.run.tuning import objective

    scores = [objective(task, record) for record in records]
    done = replace(trial, scores=tuple(x for x in scores if x is not None), seeds=len(scores))
    setting = ", ".join(f"{key}={value}" for key, value in trial.changes.items())
    score = "diverged" if done.score is None else f"{done.score:.4f}"
    print(f"{trial.optimizer} {setting}: {score}", flush=True)
    return done
