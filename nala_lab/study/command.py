"""``nala-lab study package.module:factory``: exit 0 when nothing is wrong, 1 when a line says so, 2 on bad input."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from nala_lab.core import require
from nala_lab.study import FULL, SMOKE, study
from nala_lab.study.page import failed
from nala_lab.study.subject import AROUND

__all__ = ["add_arguments", "main"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``nala-lab study`` to `parser`."""
    parser.add_argument("target", metavar="package.module:factory",
                        help="a torch optimizer, a class of rules, or a function (theta, grad)")  # fmt: skip
    parser.add_argument("--options", default="{}", metavar="JSON", help="""its keyword arguments, '{"lr": 0.1}'""")
    parser.add_argument("--name", help="what the page calls it")
    parser.add_argument("--inner", default="momentum", choices=AROUND, help="what to wrap")
    parser.add_argument(
        "--out", default="studies", type=Path, metavar="FOLDER", help="where to write (default: studies)"
    )
    parser.add_argument("--smoke", action="store_true", help="small sizes: seconds, and numbers of no worth")
    parser.add_argument("--quiet", action="store_true", help="no progress bar")


def main(args: argparse.Namespace) -> int:
    """Run what `args` says.

    Raises
    ------
    ValueError
        When the input is wrong; the command line turns it into one sentence and status 2.
    """
    try:
        options = json.loads(args.options)
    except json.JSONDecodeError:
        options = None
    require("--options", args.options, isinstance(options, dict), "a JSON object", """such as '{"lr": 0.1}'""")
    there = next(place for place in (args.out, *args.out.parents) if place.exists())
    fits = there.is_dir() and os.access(there, os.W_OK)
    require("--out", str(args.out), fits, "a folder that can be written", "said before minutes of work")
    sizes = SMOKE if args.smoke else FULL
    page = study(args.target, name=args.name, options=options, inner=args.inner, sizes=sizes, progress=not args.quiet)
    for section in page.sections:
        print(f"\n{section.title}")
        for line in section.lines:
            print(f"  {line.what:<28} {line.verdict}")
    paths = page.save(args.out)
    print(f"\n{paths[0]} and {len(paths) - 1} files beside it")
    return int(failed(page.sections) > 0)
