"""What the site adds to Sphinx: docstrings read as they were written, and a button on each lesson that can be run."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from docstring_text import readable, with_equations
from docutils import nodes
from sphinx import addnodes


def process_docstring(app: Any, what: str, name: str, obj: Any, options: Any, lines: list[str]) -> None:
    """Hand autodoc the docstring in its readable form, with the equations of a file that has no page of its own."""
    page = Path(app.srcdir, "api", f"{getattr(obj, '__module__', '')}.rst")
    shown = what not in ("class", "function") or page.is_file()
    lines[:] = readable(lines if shown else with_equations(lines, obj))


def words_are_no_links(app: Any, doctree: Any) -> None:
    """A word like `alpha` in the list of parameters is that parameter, not the attribute of some class."""
    for node in list(doctree.findall(addnodes.pending_xref)):
        parent = node.parent
        while parent is not None and not isinstance(parent, nodes.field):
            parent = parent.parent
        if parent is not None and node.get("refdomain") == "py" and "." not in node.get("reftarget", ""):
            node.replace_self(node.children)


def numbered_as_written(app: Any, doctree: Any) -> None:
    """Sphinx puts a formula with rows into `split`, where TeX allows no tag of its own."""
    for node in doctree.findall(nodes.math_block):
        text = node.astext()
        if r"\tag" in text and r"\\" in text and not text.lstrip().startswith(r"\begin"):
            node["nowrap"] = True
            node.children = [nodes.Text(rf"\begin{{equation}}{text}\end{{equation}}")]


def only_pages_that_exist(app: Any, env: Any) -> None:
    """viewcode lists modules that have no source to show, as builtins; their link would be dead."""
    shown = getattr(env, "_viewcode_modules", {})
    for name in [name for name, entry in shown.items() if not entry]:
        del shown[name]


def run_button(app: Any, page: str, template: str, context: dict[str, Any], doctree: Any) -> None:
    """Put "Run this lesson" above a lesson that the browser edition holds."""
    names = Path(app.srcdir) / "in_the_browser.txt"
    stem = page.removeprefix("lessons/")
    if doctree is None or not names.is_file() or stem not in names.read_text(encoding="utf-8").split():
        return
    target = f"../lite/lab/index.html?path={stem}.ipynb"
    words = "Run this lesson in the browser"
    context["body"] = f'<p><a class="run-lesson" href="{target}">{words}</a></p>\n{context["body"]}'


def setup(app: Any) -> dict[str, bool]:
    """What Sphinx calls when it loads this file as an extension."""
    app.connect("autodoc-process-docstring", process_docstring, priority=400)
    app.connect("doctree-read", words_are_no_links)
    app.connect("doctree-read", numbered_as_written)
    app.connect("env-updated", only_pages_that_exist)
    app.connect("html-page-context", run_button)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
