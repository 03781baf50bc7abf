"""``nala-lab verify``: run the checks, print the table, exit 1 if one fails and 2 on bad input."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from nala_lab.theory import cards
from nala_lab.verify.report import format_table, to_json
from nala_lab.verify.runner import load_checks, run_checks
from nala_lab.verify.spec import TWINS, available_twins

__all__ = ["add_arguments", "main"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``nala-lab verify`` to `parser`."""
    parser.add_argument("--only", nargs="+", metavar="T01", help="theorems to check; default: all")
    parser.add_argument("--seed", type=int, default=0, help="of the random settings, default 0")
    parser.add_argument("--json", metavar="FILE", help="write the table as JSON to FILE, or to standard output with -")
    parser.add_argument("--list", action="store_true", help="list the theorems and leave")


def _listing() -> str:
    with_check = {entry.id for entry in load_checks()}
    return "\n".join(
        f"{card.id}  {card.kind:<8}  {card.status:<8}  {card.title}: {card.statement}"
        for card in cards().values()
        if card.id in with_check
    )


def main(args: argparse.Namespace) -> int:
    """Run what `args` says; 0 when every check passes, 1 when one fails, 2 when the input is wrong."""
    if args.list:
        print(_listing())
        return 0
    try:
        checks = run_checks(args.only and [name.upper() for name in args.only], args.seed)
        to_stdout = args.json == "-"
        if args.json and not to_stdout:
            Path(args.json).write_text(to_json(checks) + "\n", encoding="utf-8")
    except (ValueError, OSError) as error:
        print(f"nala-lab verify: {error}", file=sys.stderr)
        return 2
    print(to_json(checks) if to_stdout else format_table(checks))
    if len(available_twins()) < len(TWINS) and not to_stdout:
        print("torch is not installed: only the NumPy twin was checked (pip install 'nala-lab[torch]')")
    return 1 if any(row.verdict != "pass" for row in checks) else 0
