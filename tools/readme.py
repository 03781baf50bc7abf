"""Write what the README takes from records: its tables of results and its two pictures.

    python tools/readme.py            # write them
    python tools/readme.py --check    # say whether the tables in the README are those of the records
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from paper_figs import drawing_of
from paper_figs.drawing import Drawing

ROOT = Path(__file__).resolve().parents[1]
PICTURES = ("nala_fig1", "results_cifar10")
TABLES = ("lenet5_as_published", "lenet5_tuned")
BEGIN = "<!-- results: written by tools/readme.py from paper_figs/records; do not edit by hand -->\n"
END = "<!-- end of results -->"


def with_results(readme: str, drawings: Iterable[Drawing]) -> str:
    """Put the drawings' tables between the markers, the lines of each note below it, those of all notes at the end."""
    assert readme.count(BEGIN) == readme.count(END) == 1, f"README.md needs {BEGIN} and {END}, once each"
    before, _, rest = readme.partition(BEGIN)
    _, _, after = rest.partition(END)
    tables = {one.title: one.table for one in drawings if one.table is not None}
    notes = [table.note.split("\n") for table in tables.values()]
    shared = [line for line in notes[0] if all(line in note for note in notes)]
    text = "".join(
        f"**{title}**\n\n{replace(table, note=_listed(line for line in note if line not in shared)).markdown()}\n\n"
        for (title, table), note in zip(tables.items(), notes, strict=True)
    )
    return f"{before}{BEGIN}\n{text}In both tables:\n\n{_listed(shared)}\n\n{END}{after}"


def _listed(lines: Iterable[str]) -> str:
    return "\n".join(f"- {line}" for line in lines)


def main(arguments: list[str]) -> int:
    """Write, or check, and say what was done."""
    parser = argparse.ArgumentParser(prog="tools/readme.py", description=main.__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; say whether the tables are the records'")
    options = parser.parse_args(arguments)
    readme = ROOT / "README.md"
    wanted = with_results(readme.read_text(encoding="utf-8"), map(drawing_of, TABLES))
    if options.check:
        same = wanted == readme.read_text(encoding="utf-8")
        print(f"README.md {'agrees with' if same else 'differs from'} the records")
        return 0 if same else 1
    readme.write_text(wanted, encoding="utf-8")
    folder = ROOT / "paper_figs" / "readme"
    folder.mkdir(exist_ok=True)
    for name, drawing in ((name, drawing_of(name)) for name in PICTURES):
        assert drawing.figure is not None
        drawing.figure.savefig(folder / f"{name}.png", dpi=80, metadata={"Software": None, "Description": drawing.alt})
    print(f"wrote README.md and {len(PICTURES)} pictures")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
