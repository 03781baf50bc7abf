"""``nala-lab figures``: render the figures of paper_figs, or the ledger, in a process of its own."""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from nala_lab.core import require
from nala_lab.report.command import checkout

__all__ = ["add_arguments", "main"]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to `parser`."""
    parser.description = (
        "Renders every figure and table of both papers from committed records, "
        "pictures as PNG, SVG and PDF, tables as Markdown and HTML. "
        "With --ledger it judges every claim of the papers instead and writes LEDGER.md."
    )
    parser.add_argument("names", nargs="*", metavar="NAME", help="figures to render; default: all")
    parser.add_argument("--ledger", action="store_true", help="write LEDGER.md instead of figures")
    parser.add_argument("--out", type=Path, help="folder to write to; default: paper_figs/out; LEDGER.md: paper_figs")
    parser.add_argument("--root", type=Path, help="the checkout with paper_figs; default: where the library lies, or "
                        "the current folder")  # fmt: skip


def main(args: argparse.Namespace) -> int:
    """Run ``python -m paper_figs``; 0 when everything was rendered, 1 when a figure failed, 2 when the input is wrong.

    Raises
    ------
    ValueError
        When there is no paper_figs in the checkout.
    """
    root = (args.root or checkout()).resolve()
    found = (root / "paper_figs" / "__main__.py").is_file()
    require("root", str(root), found, "a checkout with the folder paper_figs", "the records are not installed")
    out = ["--out", str(args.out.resolve())] if args.out else []
    command = [sys.executable, "-m", "paper_figs", *args.names, *(["--ledger"] if args.ledger else []), *out]
    return subprocess.run(command, cwd=root, check=False).returncode
