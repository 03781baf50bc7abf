"""Markdown with formulas, to HTML with MathML: nothing is fetched, nothing is run by the reader's browser."""

from __future__ import annotations

import base64
import html
import mimetypes
import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import mistune
from latex2mathml.converter import convert

__all__ = ["data_uri", "formula", "render"]

# Code first, so that a dollar inside it stays one; then $$...$$, then $...$ as Jupyter reads it.
_MATH = re.compile(
    r"(?P<code>```.*?```|~~~.*?~~~|``.+?``|`[^`\n]+`)|(?P<dollar>\\\$)"
    r"|\$\$(?P<block>.+?)\$\$|\$(?!\s)(?P<inline>[^$]+?)(?<!\s)\$(?!\d)",
    re.DOTALL,
)
# Environments that the converter has under another name only, and row distances, which it does not have.
_RENAMED = ((r"\begin{aligned}", r"\begin{split}"), (r"\end{aligned}", r"\end{split}"),
            (r"\begin{gathered}", r"\begin{matrix}"), (r"\end{gathered}", r"\end{matrix}"))  # fmt: skip
_ROW_DISTANCE = re.compile(r"\\\\\[[\d.]+(pt|em|ex|mm)\]")
# The number of an equation, for which MathML has no place at the margin.
_TAG = re.compile(r"\\tag\{((?:[^{}]|\{[^{}]*\})*)\}")
_MARK = "\ue000{}\ue001"  # private-use characters, which no lesson contains


def data_uri(path: Path) -> str:
    """Give a file as a ``data:`` address, so that the page holds it.

    Raises
    ------
    OSError
        When the file cannot be read.
    """
    kind = mimetypes.guess_type(path.name)[0] or "application/octet-stream"
    return f"data:{kind};base64,{base64.b64encode(path.read_bytes()).decode()}"


def _tag(found: re.Match[str]) -> str:
    """A tag as text in parentheses at a distance; what is between dollars in it stays a formula."""
    parts = found[1].split("$")  # text and formulas by turns
    inside = "".join(rf"\text{{{part}}}" if i % 2 == 0 else part for i, part in enumerate(parts) if part)
    return rf"\qquad({inside})"


def formula(latex: str, *, block: bool = False) -> str:
    r"""Turn LaTeX into MathML; what the converter does not know is shown as it was typed.

    Examples
    --------
    >>> "<mi>&#x003BC;</mi>" in formula(r"\mu")
    True
    >>> print(formula(r"\begin{nothing}"))
    <code class="tex">\begin{nothing}</code>
    """
    text = latex.strip().removeprefix(r"\displaystyle").strip()
    plain = _ROW_DISTANCE.sub(r"\\\\", text)
    plain = _TAG.sub(_tag, plain)
    for theirs, ours in _RENAMED:
        plain = plain.replace(theirs, ours)
    try:
        mathml = str(convert(plain, display="block" if block else "inline"))
    except Exception:  # any error of the converter means the same: show the source
        mathml = "\\"
    # A backslash left over is a command that was not understood.
    return f'<code class="tex">{html.escape(text)}</code>' if "\\" in mathml else mathml


class _Renderer(mistune.HTMLRenderer):
    """HTML with headings moved down, links sent through `link`, and pictures put into the page."""

    def __init__(self, shift: int, link: Callable[[str], str | None], folder: Path | None) -> None:
        super().__init__(escape=False)
        self._shift, self._link, self._folder = shift, link, folder

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        level = min(6, level + self._shift)
        return f"<h{level}>{text}</h{level}>\n"

    def link(self, text: str, url: str, title: str | None = None) -> str:
        target = url if re.match(r"https?://|mailto:|#", url) else self._link(url)
        return f'<a href="{html.escape(target)}">{text}</a>' if target else text

    def image(self, text: str, url: str, title: str | None = None) -> str:
        path = None if self._folder is None or "://" in url else self._folder / url
        if path is None or not path.is_file():
            return f"<em>{text}</em>"
        return f'<img src="{data_uri(path)}" alt="{html.escape(text)}">'


def render(
    text: str,
    *,
    shift: int = 0,
    link: Callable[[str], str | None] = lambda url: None,
    folder: Path | None = None,
) -> str:
    """Turn Markdown into HTML.

    Parameters
    ----------
    text : Markdown with ``$...$`` and ``$$...$$``.
    shift : how many levels headings move down.
    link : gives the target of a relative link; None leaves its text only.
    folder : where pictures are looked up.

    Examples
    --------
    >>> render("# A *b*", shift=2)
    '<h3>A <em>b</em></h3>\\n'
    """
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        if found["code"]:
            return found["code"]
        if found["dollar"]:
            return "$"
        kept.append(formula(found["block"] or found["inline"], block=bool(found["block"])))
        return _MARK.format(len(kept) - 1)

    marked = _MATH.sub(keep, text)
    markdown = mistune.create_markdown(renderer=_Renderer(shift, link, folder), plugins=["table", "strikethrough"])
    body = str(markdown(marked))
    return re.sub(_MARK.format(r"(\d+)"), lambda found: kept[int(found[1])], body)
