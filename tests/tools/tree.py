"""The files of this checkout, as the layout tests see them."""

import subprocess
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ("nala_lab", "problems", "paper_figs")


@cache
def files() -> tuple[Path, ...]:
    """Every file that git tracks or would track: ignored ones (.venv, build) are none of our business."""
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        check=True,
        capture_output=True,
        text=True,
    ).stdout.split("\0")
    return tuple(path for name in listed if name and (path := ROOT / name).is_file())


def python_files(*folders: str) -> list[Path]:
    """The .py files, all of them or those below the named folders."""
    found = [path for path in files() if path.suffix == ".py"]
    return [p for p in found if not folders or p.relative_to(ROOT).parts[0] in folders]


def name(path: Path) -> str:
    """The path as a message shows it: relative to the root."""
    return path.relative_to(ROOT).as_posix()
