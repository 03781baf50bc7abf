"""What JupyterLab brings and no lesson uses, taken out of the browser edition: half of its size."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

OLD_FONTS = (".eot", ".svg", ".ttf", ".woff")  # an icon font in formats for browsers that cannot run Pyodide either
# Programs for diagrams, each by a text that only its file holds, and the extensions that would ask for them.
DIAGRAMS = (b"generating flowcharts", b"elk.layered", b"vega-embed-style", b"vega-bindings", b"schema/vega/")
DISABLED = ["@jupyterlab/mermaid-extension", "@jupyterlab/vega5-extension"]


def reached(chunks: dict[str, bytes]) -> set[str]:
    """Names of the chunks that a page can come to ask for; those without a number are where it begins."""
    asked, ways = set(), [name for name in chunks if not name.isdigit()]
    while ways:
        name = ways.pop()
        if name not in asked:
            asked.add(name)
            ways += [number.decode() for number in re.findall(rb"\.e\((\d+)\)", chunks.get(name, b""))]
    return asked


def drop_diagrams(build: Path) -> None:
    """Remove the programs of DIAGRAMS from JupyterLab's chunks, and the chunks that only they ask for."""
    files = {path.name.split(".")[0]: path for path in build.rglob("*.js")}
    chunks = {name: path.read_bytes() for name, path in files.items()}
    kept = {n: data for n, data in chunks.items() if not n.isdigit() or not any(word in data for word in DIAGRAMS)}
    for name in (reached(chunks) - reached(kept)) | (chunks.keys() - kept.keys()):
        if name in files:
            files[name].unlink()


def slim(out: Path) -> None:
    """Take out of the built edition what no lesson uses."""
    build = out / "build"
    for path in build.glob("fa-*"):
        if path.suffix in OLD_FONTS:
            path.unlink()
    drop_diagrams(build)
    shutil.copyfile(out / "static" / "favicons" / "favicon.ico", out / "lab" / "favicon.ico")  # a tenth of the other
