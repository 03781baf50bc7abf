"""``nala-lab sweep SPEC``: run a grid of tasks, optimizers, seeds and hyperparameters."""

from __future__ import annotations

import argparse
import sys
from collections import Counter
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from nala_lab.core import require, require_int, require_number
from nala_lab.core.progress import bar as progress_bar
from nala_lab.experiments.commands.train import require_store_and_device

if TYPE_CHECKING:
    from nala_lab.experiments.run.sweeping import Outcome

__all__ = ["add_arguments", "main"]

STOPPED = 130  # 128 + SIGINT, as shells count


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of ``nala-lab sweep``."""
    add = parser.add_argument
    parser.description = (
        "Run every combination in a TOML file, or every run of a table or figure of the papers (nala_table5). What is "
        "finished in the store is skipped, what was saved is taken up, so a sweep that was killed goes on when it is "
        "started again, and two may write the same store."
    )
    add("spec", metavar="SPEC",
        help="TOML file with tasks, optimizers, seeds, scale, epochs, grid; or the name of a sweep that comes with the "
             "lab, which an unknown name lists")  # fmt: skip
    add("--scale", metavar="SCALE", help="instead of the file's: smoke, cpu or paper")
    add("--seeds", "--seed", nargs="+", type=int, metavar="N", help="instead of the file's")
    add("--epochs", type=int, metavar="N", help="instead of the file's")
    add("--out", type=Path, default=Path("runs"), metavar="DIR", help="the store (default: runs)")
    add("--jobs", type=int, default=1, metavar="N", help="runs at the same time (default: 1)")
    add("--backend", default="local", metavar="NAME", help="local processes (default), or a dask cluster")
    add("--address", metavar="ADDRESS", help="of the cluster's scheduler; without it, one is started here")
    add("--threads", type=int, metavar="N", help="of each run (default: the cores of this machine, shared)")
    add("--device", default="auto", metavar="DEVICE", help="auto (default), cpu, cuda or mps")
    add("--checkpoint-minutes", type=float, default=5.0, metavar="M", help="save each run every M minutes (default: 5)")
    add("--data-dir", metavar="DIR", help="where the data files are (default: the folders of NALA_LAB_DATA)")
    add("--dry-run", action="store_true", help="print the runs, what they cost on this machine, and stop")
    add("--quiet", action="store_true", help="no progress bar")


def main(args: argparse.Namespace) -> int:
    """Run ``nala-lab sweep``; return 0 when every run has ended, 1 when one could not be run, 130 when stopped.

    Raises ValueError in one sentence, for a file, name or value that is not what it should be, before anything is
    trained.
    """
    from nala_lab.experiments.commands.committed import find
    from nala_lab.experiments.commands.estimate import told
    from nala_lab.experiments.data.fetch import data_folders
    from nala_lab.experiments.run.sweeping import cells, store, sweep

    require_store_and_device(args)
    require_number("--checkpoint-minutes", args.checkpoint_minutes, low=0, open_low=True)
    if args.threads is not None:
        require_int("--threads", args.threads, low=1)
    away = args.address is None or args.backend == "dask"
    require("--address", args.address, away, "given with --backend dask", "else everything is trained on this machine")
    instead = {key: getattr(args, key) for key in ("scale", "seeds", "epochs") if getattr(args, key) is not None}
    todo, folders = cells({**find(args.spec), **instead}), data_folders(args.data_dir)
    if args.dry_run:
        for line in told(todo, folders=folders, device=args.device, threads=args.threads):
            print(line, flush=True)
        return 0
    root, counts = store(args.out), Counter[str]()  # the files of the code may be edited during a sweep
    outcomes = sweep(todo, args.out, jobs=args.jobs, backend=args.backend, address=args.address,
                     folders=folders, device=args.device, threads=args.threads,
                     minutes=args.checkpoint_minutes)  # fmt: skip
    try:
        _follow(outcomes, counts, len(todo), quiet=args.quiet)
    except ChildProcessError as error:
        print(f"nala-lab sweep: {error}", file=sys.stderr)
        return 1
    ended = ", ".join(f"{counts[state]} {words}" for state, words in _WORDS.items() if counts[state])
    print(f"{len(todo)} runs: {ended or 'none ended'} -> {root}")
    if counts["stopped"] or sum(counts.values()) < len(todo):
        print("stopped; the same command goes on")
        return STOPPED
    return int(counts["failed"] > 0)


def _follow(outcomes: Iterable[Outcome], counts: Counter[str], total: int, *, quiet: bool) -> None:
    """Count what becomes of the runs, and print it as they end."""
    with progress_bar(total=total, unit="run", desc="sweep", show=not quiet) as bar:
        for outcome in outcomes:
            counts[outcome.state] += 1
            bar.update(outcome.state in ("finished", "there"))
            if outcome.state != "there":
                failed = "failed: " if outcome.state == "failed" else ""
                bar.write(f"{outcome.cell.label}: {failed}{outcome.detail or outcome.state}")


_WORDS = {"finished": "trained now", "there": "there already", "failed": "failed", "stopped": "stopped"}
