"""``nala-lab report``: run everything that can be checked and write one page about it."""

from __future__ import annotations

import argparse
import platform
import subprocess
import sys
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

import nala_lab
from nala_lab.core import require
from nala_lab.report import checks, figures, ledger, lessons
from nala_lab.report.page import lesson_page, report_page
from nala_lab.report.results import Part, Results

__all__ = ["PARTS", "add_arguments", "build", "checkout", "main"]

PARTS = ("checks", "notebooks", "figures", "ledger")
_VERSIONS = ("numpy", "scipy", "sympy", "matplotlib", "torch")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the command's options to `parser`."""
    parser.description = (
        "Runs every theorem check, executes every notebook, renders every figure and writes index.html, a page that "
        "needs no server and no network. The exit status is 1 when anything failed; the page is written all the same."
    )
    parser.add_argument("--only", choices=PARTS, action="append", help="this part only; may be given twice")
    parser.add_argument("--out", type=Path, help="folder of the report; default: build/report in the checkout")
    parser.add_argument("--root", type=Path, help="the checkout with notebooks and paper_figs; default: where the "
                        "library lies, or the current folder")  # fmt: skip


def checkout() -> Path:
    """The folder that holds the library, when the notebooks are beside it (an editable install), else here."""
    beside = Path(nala_lab.__file__).resolve().parents[1]
    return beside if (beside / "notebooks").is_dir() or (beside / "paper_figs").is_dir() else Path.cwd()


def _commit(root: Path) -> str:
    def git(*words: str) -> str:
        return subprocess.run(["git", *words], cwd=root, capture_output=True, text=True, check=True).stdout.strip()

    try:
        changed = " with uncommitted changes" if git("status", "--porcelain") else ""
        return git("rev-parse", "--short=12", "HEAD") + changed
    except (OSError, subprocess.CalledProcessError):
        return "unknown (no git history here)"


def _facts(root: Path, parts: dict[str, Part]) -> dict[str, str]:
    """What a reader needs to judge or repeat the report: date, commit, versions, times."""
    facts = {"made": datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"), "commit": _commit(root),
             "nala_lab": nala_lab.__version__, "Python": platform.python_version()}  # fmt: skip
    for package in _VERSIONS:
        try:
            facts[package] = version(package)
        except PackageNotFoundError:
            facts[package] = "absent"
    facts["on"] = f"{platform.system()} {platform.machine()}"
    return facts | {f"{name} took": f"{part.seconds:.0f} s" for name, part in parts.items() if part.seconds}


def build(root: Path, out: Path, only: tuple[str, ...] = PARTS) -> Results:
    """Collect the parts named in `only`, write the pages, and return what was found.

    Parameters
    ----------
    root : the checkout.
    out : folder for ``index.html``; ``figures`` lie in it, executed notebooks in ``notebooks`` beside it.
    only : names of PARTS.
    """
    left_out = Part(absent="Left out of this report (--only).")
    books = out.parent / "notebooks"
    collectors = {
        "checks": checks.collect,
        "figures": lambda: figures.collect(root, out / "figures"),
        "ledger": lambda: ledger.collect(root, out / "ledger"),
        "notebooks": lambda: lessons.collect(root / "notebooks", books),
    }
    parts = {}
    for name, collect in collectors.items():
        if name in only:
            print(f"report: {name}", flush=True)
        parts[name] = collect() if name in only else left_out
    results = Results(checks=parts["checks"], lessons=parts["notebooks"], figures=parts["figures"],
                      facts=_facts(root, parts), ledger=parts["ledger"])  # fmt: skip
    out.mkdir(parents=True, exist_ok=True)
    (out / "index.html").write_text(report_page(results, root / "notebooks"), encoding="utf-8")
    known = {lesson.name for lesson in results.lessons.items}
    for lesson in results.lessons.items:
        if lesson.path is not None:
            page = lesson_page(lesson, known, root / "notebooks")
            lesson.path.with_suffix(".html").write_text(page, encoding="utf-8")
    return results


def _complain(results: Results) -> None:
    for check in results.checks.items:
        if not check.passed:
            print(f"failed: check {check.id} ({check.twin}): {check.name}", file=sys.stderr)
    for item in (*results.lessons.items, *results.figures.items):
        if not item.passed:
            print(f"failed: {item.name}: {item.error}", file=sys.stderr)
    for part in (results.checks, results.lessons, results.figures, results.ledger):
        if part.absent:
            print(part.absent, file=sys.stderr)


def main(args: argparse.Namespace) -> int:
    """Write the report; 0 when all that ran is good, else 1.

    Raises
    ------
    ValueError
        When ``--root`` is not a folder.
    """
    root = (args.root or checkout()).resolve()
    require("root", str(root), root.is_dir(), "an existing folder")
    out = (args.out or root / "build" / "report").resolve()
    results = build(root, out, tuple(args.only or PARTS))
    _complain(results)
    size = (out / "index.html").stat().st_size / 1e6
    print(f"wrote {out / 'index.html'} ({size:.1f} MB): {'all good' if results.passed else 'something failed'}")
    return 0 if results.passed else 1
