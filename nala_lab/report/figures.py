"""Render the figures of paper_figs in a process of its own: the library never imports that package."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

from nala_lab.report.results import FigureEntry, Part

__all__ = ["collect", "read_manifest"]


def read_manifest(folder: Path) -> tuple[FigureEntry, ...]:
    """Read ``figures.json``, which ``python -m paper_figs`` leaves beside the figures."""
    entries = []
    for found in json.loads((folder / "figures.json").read_text(encoding="utf-8")):
        files = {key: folder / found.pop(key) for key in ("png", "svg", "pdf") if key in found}
        entries.append(FigureEntry(**found, **files))
    return tuple(entries)


def collect(root: Path, out: Path) -> Part:
    """Render every figure into `out`.

    Parameters
    ----------
    root : the checkout, which holds ``paper_figs``.
    out : folder for the figures and their manifest.
    """
    start = time.perf_counter()
    if not (root / "paper_figs").is_dir():
        return Part(absent="There is no folder paper_figs here, so no figure was rendered.")
    command = [sys.executable, "-m", "paper_figs", "--out", str(out)]
    (out / "figures.json").unlink(missing_ok=True)  # so that what is read below is of this run
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    try:
        entries = read_manifest(out)
    except (OSError, ValueError, TypeError) as error:
        said = run.stderr.strip().splitlines()[-1:] or [str(error)]
        return Part(absent=f"The figures could not be rendered: {said[0]}", failed=True, seconds=seconds)
    return Part(entries, absent="" if entries else "paper_figs lists no figure.", seconds=seconds)
