"""``nala-lab verify``: run the checks, print the table, exit 1 if one fails and 2 on bad input."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from nala_lab.core import require
from nala_lab.core.strict_json import require_place
from nala_lab.drive import TWINS, available_twins
from nala_lab.theory import cards
from nala_lab.verify import drawn_settings as drawing
from nala_lab.verify.report import format_table, to_json
from nala_lab.verify.runner import load_checks, run_checks
from nala_lab.verify.tally import Check

__all__ = ["add_arguments", "main"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``nala-lab verify`` to `parser`."""
    parser.add_argument("--only", nargs="+", metavar="T01", help="theorems to check; default: all")
    parser.add_argument(
        "--all", action="store_true",
        help="also hundreds of settings drawn over the whole legal range, and long Monte Carlo runs (2 minutes)",
    )  # fmt: skip
    parser.add_argument("--seed", type=int, default=0, help="of the random settings, default 0")
    parser.add_argument("--json", metavar="FILE", help="write the table as JSON to FILE, or to standard output with -")
    parser.add_argument("--list", action="store_true", help="list the theorems and leave")


def _listing() -> str:
    with_check = {entry.id for entry in load_checks()}
    return "\n".join(
        f"{card.id}  {card.kind:<8}  {card.evidence:<22}  {card.title}: {card.statement}"
        for card in cards().values()
        if card.id in with_check
    )


@contextmanager
def _progress(wanted: bool) -> Iterator[Callable[[Check], None] | None]:
    """Count the rows as they come, on standard error; a bar where tqdm is installed and a terminal is there."""
    if not wanted:
        yield None
        return
    try:
        from tqdm import tqdm
    except ModuleNotFoundError:
        yield lambda row: print(f"{row.id} {row.name} ({row.twin}): {row.verdict}", file=sys.stderr)
        return
    with tqdm(desc="verify", unit="row", disable=None) as bar:  # disable=None: silent when it is not a terminal

        def done(row: Check) -> None:
            bar.set_postfix_str(f"{row.id} {row.twin}", refresh=False)
            bar.update()

        yield done


def _run(args: argparse.Namespace) -> list[Check]:
    only = args.only and [name.upper() for name in args.only]
    hint = "hypothesis draws the settings: pip install 'nala-lab[dev]'"
    require("--all", args.all, not args.all or drawing.available(), "left out without hypothesis", hint)
    with _progress(args.all) as done:
        return run_checks(only, args.seed, thorough=args.all, done=done)


def main(args: argparse.Namespace) -> int:
    """Run what `args` says; 0 when every check passes, 1 when one fails.

    Raises ValueError when the input is wrong; the command line turns it into one sentence and status 2.
    """
    if args.list:
        print(_listing())
        return 0
    require_place("--json", args.json)
    checks = _run(args)
    to_stdout = args.json == "-"
    print(to_json(checks) if to_stdout else format_table(checks), flush=True)
    if args.json and not to_stdout:  # last: a disk that is full does not take the table with it
        Path(args.json).write_text(to_json(checks) + "\n", encoding="utf-8")
    if len(available_twins()) < len(TWINS) and not to_stdout:
        print("torch is not installed: only the NumPy twin was checked (pip install 'nala-lab[torch]')")
    return 1 if any(row.verdict != "pass" for row in checks) else 0
