"""``nala-lab prove``: compile the theorems, print a line a file, the axioms and the version, and compare the record."""

from __future__ import annotations

import argparse
import os
import sys
import time
from pathlib import Path

from nala_lab.core import require_int
from nala_lab.proofs import compiling
from nala_lab.proofs.record import RECORD, differences, load, make, write
from nala_lab.proofs.sources import read

__all__ = ["REQUIRED", "add_arguments", "main"]

REQUIRED = "NALA_LAB_COQ_REQUIRED"
ABSENT = "Coq is not installed: the theorems are not compiled here (Debian: apt-get install coq)."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of ``nala-lab prove`` to `parser`."""
    parser.add_argument("--build", type=Path, default=Path("build/proofs"), metavar="FOLDER", help="where to compile")
    parser.add_argument("--record", action="store_true", help="write what was checked to proved.json (committed)")
    parser.add_argument("--jobs", type=int, default=None, help="files at a time; default: one for each core")


def _line(result: compiling.Result) -> str:
    took = f"{result.seconds:5.1f} s" if result.seconds else "as before"
    told = f"REFUSED: {result.message}" if result.message else took
    return f"{result.name:<22} {result.theorems:>2} theorems  {told}"


def main(args: argparse.Namespace) -> int:
    """Compile; 0 when all is proved and the record says so, 1 when not, 2 where Coq is required and is not here."""
    if compiling.coqc() is None:
        print(ABSENT)
        return 2 if os.environ.get(REQUIRED) == "1" else 0
    if args.jobs is not None:
        require_int("--jobs", args.jobs, low=1)
    sources, version, began = read(), compiling.version(), time.perf_counter()
    results = compiling.build(sources, args.build, lambda result: print(_line(result), flush=True), args.jobs)
    refused = [result for result in results if result.message]
    theorems = sum(result.theorems for result in results)
    counted = f"Coq {version}: {theorems} theorems in {len(results)} files, {len(refused)} refused"
    if refused:
        print(counted)
        return 1
    found = compiling.axioms(sources, args.build)
    print("axioms:", ", ".join(found) or "none")
    print(f"{counted}, {time.perf_counter() - began:.0f} s")
    if foreign := compiling.foreign(found):
        print(f"REFUSED: {', '.join(foreign)} is no axiom of Coq's real numbers", file=sys.stderr)
        return 1
    record = make(sources, found, version)
    if args.record:
        write(record)
        print(f"written: {RECORD.name}")
    elif changed := differences(load(), record):
        print(f"the record is out of date ({', '.join(changed)}): run nala-lab prove --record", file=sys.stderr)
        return 1
    return 0
