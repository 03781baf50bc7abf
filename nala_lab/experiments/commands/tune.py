"""``nala-lab tune TASK``: the same number of trials for every optimizer, on data held out from training."""

from __future__ import annotations

import argparse
import sys
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from nala_lab.core import require
from nala_lab.experiments.commands.train import chosen_names

if TYPE_CHECKING:
    from nala_lab.experiments.run.one_run import Run
    from nala_lab.experiments.run.tuning import Space, Trial
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
    add("--out", type=Path, default=Path("runs/tune"), metavar="DIR", help="records go to DIR/TASK")
    add("--data-dir", metavar="DIR", help="where the data files are (default: the folders of NALA_LAB_DATA)")
    add("--quiet", action="store_true", help="no progress bars")


def main(args: argparse.Namespace) -> int:
    """Run ``nala-lab tune`` and print the table.

    Raises
    ------
    ValueError
        In one sentence, for a name, value or file that is not what it should be, before anything is trained.
    """
    from nala_lab.experiments.run.signals import Stopped
    from nala_lab.experiments.run.tuning import judge, markdown
    from nala_lab.experiments.tasks import get_task

    task, found = get_task(args.task), []
    todo = planned(args, task)
    for name, space, tried in todo:
        try:
            done = [_measured(args, task, trial, runs) for trial, runs in tried]
        except Stopped as stop:
            print(f"nala-lab tune: {stop}; the same command goes on", file=sys.stderr)
            return 128 + stop.signum
        found.append(judge(name, space, done, task.best))
    print("\n" + markdown(found, task))
    return 0


def planned(args: argparse.Namespace, task: Task) -> list[tuple[str, Space, list[tuple[Trial, list[Run]]]]]:
    """Every optimizer with its space and its trials, each of these with a run for every seed; all are checked."""
    from nala_lab.experiments.data.fetch import data_folders
    from nala_lab.experiments.run.one_run import find_device, plan
    from nala_lab.experiments.run.tuning import held_out, read_space, space_of, trials

    seeds = list(dict.fromkeys(args.seeds))
    names = chosen_names(args.optimizer, task)
    spaces = read_space(args.space) if args.space else {name: space_of(task, name) for name in names}
    device, folders = find_device(args.device), data_folders(args.data_dir)

    def runs(name: str, trial: Trial) -> list[Run]:
        planned = (plan(task.name, name, seed=seed, scale=args.scale, epochs=args.epochs, changes=trial.changes,
                        device=device, folders=folders) for seed in seeds)  # fmt: skip
        return [held_out(run) for run in planned]

    todo = []
    for name in names:
        require("--space", str(args.space), name in spaces, f"a table [{name}]")
        chosen = trials(name, spaces[name], args.trials, task.settings.get(name, {}), seed=seeds[0])
        todo.append((name, spaces[name], [(trial, runs(name, trial)) for trial in chosen]))
    return todo


def _measured(args: argparse.Namespace, task: Task, trial: Trial, runs: list[Run]) -> Trial:
    """Train a trial on every seed, or read what was trained, and print its score."""
    from nala_lab.experiments.run.one_run import Saving, execute
    from nala_lab.experiments.run.tuning import objective

    records = (execute(run, args.out, progress=not args.quiet, saving=Saving(resume=True))[0] for run in runs)
    scores = [objective(task, record) for record in records]
    done = replace(trial, scores=tuple(x for x in scores if x is not None), seeds=len(scores))
    setting = ", ".join(f"{key}={value}" for key, value in trial.changes.items())
    score = "diverged" if done.score is None else f"{done.score:.4f}"
    print(f"{trial.optimizer} {setting}: {score}", flush=True)
    return done
