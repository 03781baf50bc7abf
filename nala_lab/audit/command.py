"""``nala-lab audit package.module:factory``: exit 0 when clean, 1 when a row is bad, 2 on bad input."""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any

from nala_lab.audit.asking import TIMEOUT, audit
from nala_lab.audit.museum import MUTANTS
from nala_lab.audit.report import format_row, format_table, summary, to_json
from nala_lab.audit.spec import KINDS, Row, load_items
from nala_lab.core import require, require_choice
from nala_lab.core.strict_json import require_place

__all__ = ["add_arguments", "main"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``nala-lab audit`` to `parser`."""
    parser.add_argument("target", nargs="?", metavar="package.module:factory", help="such as torch.optim:Adam")
    parser.add_argument("--options", default="{}", metavar="JSON", help="""its keyword arguments, '{"k": 7}'""")
    parser.add_argument("--kind", choices=KINDS, help="what it is meant to be; default: detected")
    parser.add_argument("--inner", default="momentum", choices=("sgd", "momentum", "adam"), help="what to wrap")
    parser.add_argument("--only", nargs="+", metavar="ITEM", help="items to ask; default: all")
    parser.add_argument("--json", metavar="FILE", help="write the table as JSON to FILE, or to standard output with -")
    parser.add_argument("--timeout", type=float, default=TIMEOUT, metavar="SECONDS", help="for one item")
    parser.add_argument("--list", action="store_true", help="list the items and leave")
    parser.add_argument("--museum", nargs="?", const="", metavar="BUG", help="list the bugs, or audit with one planted")


def _options(text: str) -> dict[str, Any]:
    try:
        options = json.loads(text)
    except json.JSONDecodeError:
        options = None
    require("--options", text, isinstance(options, dict), "a JSON object", """such as '{"k": 7}'""")
    return dict(options or {})


def _listing() -> str:
    return "\n".join(f"{one.name:<19} {one.group:<9}  {one.asks}" for one in load_items())


def main(args: argparse.Namespace) -> int:
    """Run what `args` says.

    Raises ValueError when the input is wrong; the command line turns it into one sentence and status 2.
    """
    if args.list:
        print(_listing())
        return 0
    if args.museum == "":
        print("\n".join(f"{one.name:<27} {one.bug}" for one in MUTANTS.values()))
        return 0
    require_place("--json", args.json)
    subject = _subject(args)
    quiet, rows = args.json == "-", list[Row]()
    for row in audit(**subject, only=args.only, timeout=args.timeout):
        rows.append(row)
        if not quiet:
            print(format_row(row) if len(rows) > 1 else format_table(rows).rpartition("\n")[0], flush=True)
    if args.json:
        text = to_json(subject, rows)
        print(text) if quiet else Path(args.json).write_text(text + "\n", encoding="utf-8")
    if not quiet:
        print(summary(rows))
    return int(any(row.bad for row in rows))


def _subject(args: argparse.Namespace) -> dict[str, Any]:
    if args.museum:
        require_choice("--museum", args.museum, MUTANTS)
        for name, value in {"target": args.target, "--kind": args.kind, "--options": _options(args.options)}.items():
            require(name, value, not value, "left out with --museum", "a bug is planted in an optimizer of its own")
        one = MUTANTS[args.museum]
        return {"target": one.target, "options": dict(one.options), "kind": None, "inner": one.inner,
                "mutant": one.name}  # fmt: skip
    require("target", args.target, bool(args.target), "package.module:factory", "such as torch.optim:Adam")
    return {"target": args.target, "options": _options(args.options), "kind": args.kind, "inner": args.inner}
