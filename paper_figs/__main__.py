"""``python -m paper_figs [--out FOLDER] [NAME ...]``: render pictures as PNG, SVG and PDF, tables as Markdown and
HTML, with a manifest beside them.

``python -m paper_figs --ledger`` judges every claim instead and writes ``LEDGER.md``.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections import Counter
from pathlib import Path
from typing import NoReturn

import matplotlib

matplotlib.use("Agg")  # files only: no window is opened

from tqdm import tqdm  # noqa: E402

from nala_lab.core import require, require_choice  # noqa: E402
from paper_figs import FIGURES, drawing_of  # noqa: E402
from paper_figs.drawing import write  # noqa: E402


def main(arguments: list[str] | None = None) -> int:
    """Render the named figures (all of them by default) and write them into ``figures.json``; 1 when one failed.

    Entries of figures that were not named stay as they are.

    A figure that cannot be drawn, for want of records for instance, does not stop the others: its entry in the
    manifest holds the error.
    """
    parser = argparse.ArgumentParser(prog="nala-lab figures", description=main.__doc__)

    def complain(message: str) -> NoReturn:
        parser.exit(2, f"{parser.prog}: error: {message}\n")  # a sentence, without the usage

    parser.error = complain  # type: ignore[method-assign]
    parser.add_argument("names", nargs="*", help=f"figures to render, of {', '.join(FIGURES)}; default: all")
    parser.add_argument("--out", type=Path, help="folder to write to; default: paper_figs/out, LEDGER.md: paper_figs")
    parser.add_argument("--ledger", action="store_true", help="judge every claim and write LEDGER.md, no figures")
    args = parser.parse_args(arguments)
    try:
        for name in args.names:
            require_choice("figure", name, tuple(FIGURES))
        require("names", args.names, not (args.ledger and args.names), "left out with --ledger")
        return _ledger(args.out) if args.ledger else _figures(args.names or list(FIGURES), args.out)
    except KeyboardInterrupt:  # nala-lab says that it was stopped
        return 130
    except (ValueError, OSError) as error:
        complain(" ".join(str(error).split()))


def _figures(names: list[str], out: Path | None) -> int:
    out = Path(__file__).parent / "out" if out is None else out
    out.mkdir(parents=True, exist_ok=True)
    manifest, names = out / "figures.json", list(dict.fromkeys(names))
    try:
        kept = json.loads(manifest.read_text(encoding="utf-8")) if manifest.exists() else []
        entries = {one["name"]: one for one in kept}
    except (ValueError, KeyError, TypeError) as error:
        raise ValueError(f"{manifest}: is no manifest of figures, and the new one goes there; remove it") from error
    for name in tqdm(names, desc="figures", unit="figure", disable=None):
        try:
            entries[name] = write(name, drawing_of(name), out)
        except Exception as error:  # one broken figure must not hide the others; it is reported and fails the run
            print(f"{name}: {type(error).__name__}: {error}", file=sys.stderr)
            entries[name] = {"name": name, "error": f"{type(error).__name__}: {error}"}
    ordered = [entries[name] for name in FIGURES if name in entries]
    manifest.write_text(json.dumps(ordered, indent=1, ensure_ascii=False), encoding="utf-8")
    drawn = sum("error" not in entries[name] for name in names)
    print(f"wrote {drawn} of {len(names)} figures to {out}")
    return int(drawn < len(names))


def _ledger(out: Path | None) -> int:
    from paper_figs import ledger

    if out is not None:
        out.mkdir(parents=True, exist_ok=True)  # before minutes of work: something may be in the way
    entries = ledger.entries(progress=lambda claims: tqdm(claims, desc="ledger", unit="claim", disable=None))
    page, *_ = ledger.write(entries, out)
    count = Counter(entry.verdict for entry in entries)
    print(f"wrote {page}: {len(entries)} claims; " + ", ".join(f"{verdict} {n}" for verdict, n in count.most_common()))
    return 0


if __name__ == "__main__":
    sys.exit(main())
