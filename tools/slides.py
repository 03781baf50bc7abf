"""Makes slides of the lecture notebooks: one HTML file each in build/slides, which needs no network and no server.

    .venv/bin/python tools/slides.py                     lessons 00 to 03
    .venv/bin/python tools/slides.py notebooks/X.ipynb   one notebook

nbconvert's slides exporter puts the cells into slides as their metadata say (`slideshow`); the template in tools/slides
shows them with arrow keys, formulas as MathML and figures large, each with text beside it. Of the code only loops and
functions are shown, without claims, prints and predictions. `jupyter nbconvert --to slides` works on the same
notebooks and needs the network.
"""

import argparse
import ast
import sys
from pathlib import Path

import nbformat
from nbconvert import SlidesExporter
from traitlets.config import Config

from tools.offline_markdown import render

ROOT = Path(__file__).resolve().parents[1]
LECTURE = ("00_start_here", "01_two_loops", "02_eq5_slow_weights", "03_nala_on_quadratics_and_rosenbrock")
NO_CODE = "slide-no-code"  # tag of a cell whose code stays off the slide
SHORT = 320  # letters that fit on a slide beside a figure
WORDS = "*In words.*"  # the line below a figure, which is its alternative text on a slide


def prepared(notebook: nbformat.NotebookNode) -> nbformat.NotebookNode:
    """The notebook with what is for reading left out: the words below figures, empty outputs, scraps of code."""
    notebook.cells = [cell for cell in notebook.cells if kind(cell) != "skip"]
    beside_text(notebook)
    for cell in notebook.cells:
        if cell.cell_type == "code":
            cell.source = essence(cell.source)
            if not cell.source and NO_CODE not in cell.metadata.get("tags", []):
                cell.metadata["tags"] = [*cell.metadata.get("tags", []), NO_CODE]
        kept = [o for o in cell.get("outputs", []) if not o.get("data", {}).get("text/markdown", "").startswith(WORDS)]
        if cell.cell_type == "code":
            cell.outputs = [o for o in kept if o.get("name") != "stderr"]
    return notebook


def kind(cell: nbformat.NotebookNode) -> str:
    return str(cell.metadata.get("slideshow", {}).get("slide_type", "-"))


def essence(source: str) -> str:
    """The statements that compute, when a loop or a function is among them; else nothing.

    >>> essence("x = 1\\nfor _ in range(3):\\n    x = x / 2  # Eq. (1)\\nprint(x)")
    'x = 1\\nfor _ in range(3):\\n    x = x / 2  # Eq. (1)'
    >>> essence("x = run()\\nclaim(x > 1, 'it is large')")
    ''
    """
    try:
        body = ast.parse(source).body
    except SyntaxError:  # a magic
        return ""
    kept = [node for node in body if not (isinstance(node, ast.Expr | ast.Import | ast.ImportFrom) or _asks(node))]
    if not any(isinstance(node, ast.For | ast.FunctionDef) for node in kept):
        return ""
    lines = source.splitlines()
    return "\n".join("\n".join(lines[node.lineno - 1 : node.end_lineno]) for node in kept)


def _asks(node: ast.stmt) -> bool:
    return any(f"{call}(" in ast.unparse(node) for call in ("predict", "claim", "print"))


def beside_text(notebook: nbformat.NotebookNode) -> None:
    """Put each figure on the slide of the short text before or after it, else below the first sentence about it."""
    cells, made = notebook.cells, []
    for number, cell in enumerate(cells):
        figure = _figure(cell)
        if figure is None:
            made.append(cell)
            continue
        before = made[-1] if made and kind(made[-1]) != "-" else None
        after = cells[number + 1] if number + 1 < len(cells) else None
        if _short(before) and not before.source.startswith("# "):
            _join(cell)
        elif _short(after) and kind(after) == "subslide":
            _join(after)
        else:
            words = nbformat.v4.new_markdown_cell(figure.split(". ")[0].rstrip(".") + ".")
            words.metadata["slideshow"] = {"slide_type": "subslide"}
            made.append(words)
            _join(cell)
        made.append(cell)
    notebook.cells = made


def _figure(cell: nbformat.NotebookNode) -> str | None:
    """The words of the figure that the cell shows; None without a figure."""
    data = [output.get("data", {}) for output in cell.get("outputs", [])]
    if not any("image/png" in one for one in data):
        return None
    said = [one["text/markdown"] for one in data if one.get("text/markdown", "").startswith(WORDS)]
    return said[0].removeprefix(WORDS).strip() if said else "The explorer, as it opens"


def _short(cell: nbformat.NotebookNode | None) -> bool:
    return cell is not None and cell.cell_type == "markdown" and len(cell.source) <= SHORT


def _join(cell: nbformat.NotebookNode) -> None:
    cell.metadata["slideshow"] = {"slide_type": "-"}


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
