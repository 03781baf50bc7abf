"""Builds the site: reference, lessons, checks, ledger, figures and the browser edition in one static folder.

    python -m tools.site               build/site, and the same as one file, build/nala_lab-site.zip

The status is 1 when a check, figure, claim, lesson or link failed; the folder is written all the same.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import nala_lab
from tools.doors import api, lab_pages, links, lite, methods

ROOT = Path(__file__).resolve().parents[1]
SITE = ROOT / "build" / "site"
MOST = 45  # MB that the site may have without Pyodide
AS_IT_STANDS = re.compile(r"(<(?:pre|textarea|script|style)\b.*?</(?:pre|textarea|script|style)>)", re.DOTALL)
COMMENT = re.compile(r"<!--(?!\[).*?-->", re.DOTALL)
VIEWPORT = re.compile(r'<meta name="viewport"[^>]*>')
BUTTON = re.compile(rb'<p><a class="run-lesson".*?</p>\n?')
FORWARD = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>nala_lab</title>
<meta http-equiv="refresh" content="0; url={version}/index.html"></head>
<body><p><a href="{version}/index.html">nala_lab {version}</a></p></body></html>
"""


def processes(found: Path) -> dict[str, list[str]]:
    """What is computed anew for the site, each in a process of its own."""
    python, lab = sys.executable, [sys.executable, "-m", "nala_lab.cli"]
    return {
        "a check": [*lab, "verify", "--json", str(found / "checks.json")],
        "a figure": [python, "-m", "paper_figs", "--out", str(found)],
        "the ledger": [python, "-m", "paper_figs", "--ledger", "--out", str(found)],
        "a lesson": [python, "tools/notebooks.py", "--check"],
    }


def compute(found: Path) -> list[str]:
    """Run the checks beside the figures and the rest; one sentence for each that failed."""
    shutil.rmtree(found, ignore_errors=True)  # what is shown is of this run
    found.mkdir(parents=True)
    alone = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    (first, *rest) = processes(found).items()
    running = subprocess.Popen(first[1], cwd=ROOT, env=alone, stdout=subprocess.DEVNULL)
    said = []
    for what, command in rest:
        done = subprocess.run(command, cwd=ROOT, env=alone, capture_output=True, text=True, check=False)
        if done.returncode:
            said.append(f"{what} failed: {(done.stderr or done.stdout).strip() or command}")
    if running.wait():
        said.append(f"{first[0]} failed: see the page of checks")
    return said


def write_source(source: Path, found: Path) -> list[str]:
    """Lay out what Sphinx reads: docs/, and the pages that are generated; what failed on the way."""
    shutil.rmtree(source, ignore_errors=True)
    shutil.copytree(ROOT / "docs", source, ignore=shutil.ignore_patterns("__pycache__"))
    import mathjax  # of the extra `site`; all else here works without it

    es5 = Path(mathjax.__file__).parent / "static" / "mathjax" / "es5"
    local = source / "_static" / "mathjax"
    fonts = Path("output", "chtml", "fonts", "woff-v2")
    shutil.copytree(es5 / fonts, local / fonts)
    shutil.copy(es5 / "tex-chtml-full.js", local)  # with every extension of TeX inside
    names = api.write(source)
    methods.write(source / "methods")
    bad = lab_pages.write_results(source, found)
    print(f"site: {names} public names")
    said = [f"{bad} checks or figures failed"] if bad else []
    return said + [f"lesson {name} holds an error" for name in lab_pages.write_lessons(source, ROOT / "notebooks")]


def render(source: Path, out: Path) -> list[str]:
    """Run Sphinx; a warning is a failure."""
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-j", "auto", "-W", "--keep-going", "-q",
               "-d", str(source.parent / "site-doctrees"), str(source), str(out)]  # fmt: skip
    alone = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    return ["Sphinx warned: see above"] if subprocess.run(command, env=alone, check=False).returncode else []


def close_up(page: str) -> str:
    """The page without comments, empty lines and indents, a tenth of what the theme's templates write.

    Sphinx, the theme and MyST each state the width of the page: the first says it for all.
    """
    if first := VIEWPORT.search(page):
        page = page[: first.end()] + VIEWPORT.sub("", page[first.end() :])
    parts = AS_IT_STANDS.split(page)
    return "".join(part if i % 2 else re.sub(r"\s*\n\s*", "\n", COMMENT.sub("", part)) for i, part in enumerate(parts))


def tidy(site: Path) -> None:
    """Take away what Sphinx and the theme leave and no reader needs."""
    (site / "_static" / "webpack-macros.html").unlink(missing_ok=True)  # the theme's own template, no page
    for path in site.rglob("*.map"):  # for those who debug the theme
        path.unlink()
    for path in site.rglob("*.html"):
        path.write_text(close_up(path.read_text(encoding="utf-8")), encoding="utf-8")


def pack(site: Path, target: Path) -> None:
    """The site without the browser edition as one file that can be mailed; the same bytes from the same site."""
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(site.rglob("*")):
            parts = path.relative_to(site).parts
            if path.is_file() and "lite" not in parts:
                entry = zipfile.ZipInfo("/".join((target.stem, *parts)), (1980, 1, 1, 0, 0, 0))
                entry.compress_type = zipfile.ZIP_DEFLATED
                data = path.read_bytes()
                # the edition is not in the file, and a button that leads nowhere is not either
                archive.writestr(entry, BUTTON.sub(b"", data) if path.suffix == ".html" else data)


def size(folder: Path) -> float:
    """MB of all files below `folder`, those of Pyodide left out; the lab's own wheel counts."""
    files = (p for p in folder.rglob("*") if p.is_file())
    own = (p for p in files if "pyodide" not in p.relative_to(folder).parts or p.name.startswith("nala_lab-"))
    return sum(p.stat().st_size for p in own) / 1e6


def too_large(out: Path) -> list[str]:
    """A sentence when the site has more than MOST."""
    return [f"the site has {size(out):.1f} MB without Pyodide, more than {MOST}"] if size(out) > MOST else []


def build(out: Path) -> list[str]:
    """Build everything into `out`; what failed, one sentence each."""
    work, site = out.parent, out / nala_lab.__version__
    clock, start = [], time.perf_counter()

    def lap(what: str) -> None:
        clock.append(f"{what} {time.perf_counter() - start - sum(float(c.split()[-1]) for c in clock):.1f}")

    shutil.rmtree(out, ignore_errors=True)
    said = compute(work / "site-results")
    lap("results")
    source = work / "site-source"
    said += write_source(source, work / "site-results")
    runnable, why = lite.prepare(ROOT, work)
    print(f"site: {why}")
    (source / "in_the_browser.txt").write_text(" ".join(runnable), encoding="utf-8")
    lap("source")
    said += render(source, site)
    tidy(site)
    shutil.rmtree(out / "jupyter_execute", ignore_errors=True)  # a second copy of the lessons' pictures, linked nowhere
    lap("Sphinx")
    if runnable:
        said += lite.build(ROOT, work, site / "lite", runnable, pyodide=Path(os.environ[lite.FOLDER]))
        lap("browser")
    (out / "index.html").write_text(FORWARD.format(version=nala_lab.__version__), encoding="utf-8")
    said += links.faults(out) + too_large(out)
    pack(out, work / "nala_lab-site.zip")
    lap("links and zip")
    print("site: seconds:", ", ".join(clock))
    return said


def may_replace(out: Path) -> bool:
    """Whether nothing but a site of before is lost when all of `out` is written anew."""
    index = out / "index.html"
    ours = index.is_file() and index.read_bytes().startswith(FORWARD.partition("content=")[0].encode())
    return out == SITE or ours or not out.exists() or out.is_dir() and not any(out.iterdir())


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.site", description=__doc__.splitlines()[0])
    parser.add_argument("--out", type=Path, default=SITE, help="folder of the site, written anew")
    out = parser.parse_args(arguments).out.resolve()
    if not may_replace(out):
        parser.error(f"--out must be a new or empty folder, or one that holds a site, got {str(out)!r}")
    said = build(out)
    print("\n".join(f"site: {sentence}" for sentence in said), file=sys.stderr)
    verdict = "something failed" if said else "all good"
    print(f"wrote {out} ({size(out):.1f} MB without Pyodide) and one file to mail: {verdict}")
    return 1 if said else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
