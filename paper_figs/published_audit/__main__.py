"""``python -m paper_figs.published_audit [--data] [--full] [ID ...]``: print the findings as a table."""

from __future__ import annotations

import argparse
import json
import sys
import textwrap

from paper_figs.published_audit import AUDIT, Finding, material, run


def in_full(finding: Finding) -> str:
    """Word one finding with its numbers."""
    lines = [
        f"{finding.id}: {finding.verdict}",
        *textwrap.wrap(finding.statement, 110, initial_indent="  ", subsequent_indent="  "),
        *(f"  see {place}" for place in finding.where),
        f"  from {finding.basis}",
        textwrap.indent(json.dumps(finding.numbers, indent=1, ensure_ascii=False, default=float), "  "),
    ]
    return "\n".join(lines + ([f"  note: {finding.note}"] if finding.note else []))


def main(arguments: list[str] | None = None) -> int:
    """Print the named findings in full, or all of them in one line each."""
    parser = argparse.ArgumentParser(prog="python -m paper_figs.published_audit", description=main.__doc__)
    parser.add_argument("names", nargs="*", metavar="ID", help="findings to print in full; default: a line for each")
    parser.add_argument("--full", action="store_true", help="print every finding in full")
    parser.add_argument("--data", action="store_true", help="read the released logs from a folder of NALA_LAB_DATA")
    args = parser.parse_args(arguments)
    try:
        source = material(data=args.data)
        findings = [run(name, source) for name in args.names or AUDIT]
    except ValueError as error:
        parser.error(str(error))
    if args.full or args.names:
        print("\n\n".join(in_full(finding) for finding in findings))
    else:
        width = max(len(finding.id) for finding in findings)
        for finding in findings:
            print(f"{finding.id:<{width}}  {finding.verdict:<9}  {textwrap.shorten(finding.statement, 110)}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
