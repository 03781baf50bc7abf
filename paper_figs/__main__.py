"""``python -m paper_figs [--out FOLDER] [NAME ...]``: render figures as PNG and SVG, with a manifest beside them."""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import matplotlib

matplotlib.use("Agg")  # files only: no window is opened

from tqdm import tqdm  # noqa: E402

from nala_lab.core import require_choice  # noqa: E402
from paper_figs import FIGURES, drawing_of  # noqa: E402
from paper_figs.drawing import write  # noqa: E402


def main(arguments: list[str] | None = None) -> int:
    """Render the named figures (all of them by default) and write ``figures.json``; 1 when one failed.

    A figure that cannot be drawn, for want of records for instance, does not stop the others: its entry in the
    manifest holds the error.
    """
    parser = argparse.ArgumentParser(prog="python -m paper_figs", description=main.__doc__)
    parser.add_argument("names", nargs="*", help=f"figures to render, of {', '.join(FIGURES)}; default: all")
    parser.add_argument("--out", type=Path, default=Path(__file__).parent / "out", help="folder to write to")
    args = parser.parse_args(arguments)
    try:
        for name in args.names:
            require_choice("figure", name, tuple(FIGURES))
    except ValueError as error:
        parser.error(str(error))
    args.out.mkdir(parents=True, exist_ok=True)
    entries = []
    for name in tqdm(args.names or list(FIGURES), desc="figures", unit="figure", disable=None):
        try:
            entries.append(write(name, drawing_of(name), args.out))
        except Exception as error:  # one broken figure must not hide the others; it is reported and fails the run
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
            entries.append({"name": name, "error": f"{type(error).__name__}: {error}"})
    (args.out / "figures.json").write_text(json.dumps(entries, indent=1, ensure_ascii=False), encoding="utf-8")
    return int(any("error" in entry for entry in entries))


if __name__ == "__main__":
    sys.exit(main())
