"""An executed notebook as HTML that needs no network: highlighted code, MathML, pictures inside the page."""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from functools import cache
from pathlib import Path
from typing import Any

from nala_lab.report.markdown import formula, render

__all__ = ["code_css", "notebook_html"]

_ANSI = re.compile(r"\x1b\[[0-9;]*m")
# What an HTML output must not have to be shown as it is: anything that runs, loads or restyles.
_ACTIVE = re.compile(
    r"<\s*(script|style|link|iframe|object|embed|form|input|button)|\son\w+\s*=|src\s*=\s*.?http", re.IGNORECASE
)
WIDGET = "application/vnd.jupyter.widget-view+json"


@cache
def _formatter(style: str) -> Any:
    from pygments.formatters import HtmlFormatter

    return HtmlFormatter(nowrap=True, style=style)


def code_css(style: str) -> str:
    """Give the CSS rules of a pygments style, below ``.code``."""
    return str(_formatter(style).get_style_defs(".code"))


def _code(source: str) -> str:
    from pygments import highlight
    from pygments.lexers import PythonLexer

    return f'<pre class="code" tabindex="0">{highlight(source, PythonLexer(), _formatter("default"))}</pre>\n'


def _latex(text: str) -> str:
    parts = re.findall(r"\$\$(.+?)\$\$|\$(.+?)\$", text, re.DOTALL) or [(text, "")]
    return "".join(formula(block or inline, block=True) for block, inline in parts)


def _picture(data: str, alt: str) -> str:
    words = html.escape(alt or "Figure drawn by the cell above; the text around it says what it shows.")
    return f'<img src="data:{data}" alt="{words}">\n'


def _rich(output: Any, markdown: Callable[[str], str]) -> str:
    data, meta = output["data"], output.get("metadata", {})
    if "image/png" in data:
        packed = data["image/png"].replace("\n", "")
        return _picture(f"image/png;base64,{packed}", meta.get("image/png", {}).get("alt", ""))
    if WIDGET in data:
        return '<p class="note">An interactive control stands here when the notebook is open in JupyterLab.</p>\n'
    if "text/markdown" in data:
        return markdown(data["text/markdown"])
    if "text/latex" in data:
        return _latex(data["text/latex"])
    if "text/html" in data and not _ACTIVE.search(data["text/html"]):
        return f'<div class="rich">{data["text/html"]}</div>\n'
    return f'<pre class="out" tabindex="0">{html.escape(data.get("text/plain", ""))}</pre>\n'


def _stream(text: str) -> str:
    # A progress bar writes one line over the other; what stays on a screen is the last of them.
    lines = (line.rsplit("\r", 1)[-1] for line in _ANSI.sub("", text).replace("\r\n", "\n").split("\n"))
    shown = "\n".join(lines).strip("\n")
    return f'<pre class="out" tabindex="0">{html.escape(shown)}</pre>\n' if shown.strip() else ""


def _joined(outputs: list[Any]) -> list[Any]:
    """The outputs with all that was printed to one stream in one piece, at the place of its first."""
    streams: dict[str, dict[str, Any]] = {}
    joined: list[Any] = []
    for output in outputs:
        if output["output_type"] != "stream":
            joined.append(output)
        elif output["name"] in streams:
            streams[output["name"]]["text"] += output["text"]
        else:
            streams[output["name"]] = dict(output)
            joined.append(streams[output["name"]])
    return joined


def _output(output: Any, markdown: Callable[[str], str]) -> str:
    if output["output_type"] == "error":
        trace = _ANSI.sub("", "\n".join(output["traceback"]))
        return f'<pre class="out bad" tabindex="0">{html.escape(trace)}</pre>\n'
    if output["output_type"] == "stream":
        return _stream(output["text"])
    return _rich(output, markdown)


def notebook_html(
    notebook: Any, *, shift: int, link: Callable[[str], str | None], folder: Path | None = None
) -> str:
    """Turn an executed notebook into an HTML fragment.

    Parameters
    ----------
    notebook : as ``nbformat.read`` gives it.
    shift : how many levels its headings move down.
    link : gives the target of a relative link; None leaves its text only.
    folder : where pictures named in Markdown cells are looked up.
    """

    def markdown(text: str) -> str:
        return render(text, shift=shift, link=link, folder=folder)

    parts = []
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            parts.append(markdown(cell.source))
        elif cell.cell_type == "code" and cell.source.strip():
            parts.append(_code(cell.source))
            parts.extend(_output(output, markdown) for output in _joined(cell.outputs))
    return "".join(parts)
