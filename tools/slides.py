"""Makes slides of the lecture notebooks: one HTML file each in build/slides, which needs no network and no server.

    .venv/bin/python tools/slides.py                     lessons 00 to 03
    .venv/bin/python tools/slides.py notebooks/X.ipynb   one notebook

nbconvert's slides exporter puts the cells into slides as their metadata say (`slideshow`); the template in tools/slides
shows them with arrow keys, formulas as MathML and figures large. Cells that draw a figure, and long ones, come without
code. `jupyter nbconvert --to slides` works on the same notebooks and needs the network.
"""

import argparse
import sys
from pathlib import Path

import nbformat
from nbconvert import SlidesExporter
from traitlets.config import Config

from tools.offline_markdown import render

ROOT = Path(__file__).resolve().parents[1]
LECTURE = ("00_start_here", "01_two_loops", "02_eq5_slow_weights", "03_nala_on_quadratics_and_rosenbrock")
NO_CODE = "slide-no-code"  # tag of a cell whose code stays off the slide
WORDS = "*In words.*"  # the line below a figure, which is its alternative text on a slide


def prepared(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook with what is for reading left out: the words below figures, empty outputs."""
    for cell in notebook.cells:
        kept = [o for o in cell.get("outputs", []) if not o.get("data", {}).get("text/markdown", "").startswith(WORDS)]
        if cell.cell_type == "code":
            cell.outputs = [o for o in kept if o.get("name") != "stderr"]
    return notebook


def exporter() -> SlidesExporter:
    config = Config()
    config.TagRemovePreprocessor.enabled = True
    config.TagRemovePreprocessor.remove_input_tags = {NO_CODE}
    config.SlidesExporter.exclude_input_prompt = config.SlidesExporter.exclude_output_prompt = True
    made = SlidesExporter(
        config=config, template_name="slides", extra_template_basedirs=[str(ROOT / "tools")]
    )
    made.register_filter("markdown2html", render)
    return made


def slides(notebook: Path) -> str:
    """The slides of an executed notebook as one HTML text."""
    folder = ROOT / "tools" / "slides"
    parts = {f"slides_{kind}": (folder / f"slides.{kind}").read_text(encoding="utf-8") for kind in ("css", "js")}
    text, _ = exporter().from_notebook_node(
        prepared(nbformat.read(notebook, as_version=4)), resources=parts | {"metadata": {"name": notebook.stem}}
    )
    return str(text)


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="slides.py", description=__doc__.splitlines()[0])
    parser.add_argument("notebooks", nargs="*", type=Path, metavar="LESSON.ipynb", help="default: lessons 00 to 03")
    parser.add_argument("--out", type=Path, default=ROOT / "build" / "slides", help="folder (default: build/slides)")
    options = parser.parse_args(arguments)
    options.out.mkdir(parents=True, exist_ok=True)
    for notebook in options.notebooks or [ROOT / "notebooks" / f"{name}.ipynb" for name in LECTURE]:
        target = options.out / f"{notebook.stem}.html"
        target.write_text(slides(notebook), encoding="utf-8")
        print(f"wrote {target.name}: {target.stat().st_size / 1000:.0f} kB")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
