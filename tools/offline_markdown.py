"""Markdown with formulas, to HTML with MathML: nothing is fetched, nothing is run by the reader's browser."""

from __future__ import annotations

import html
import re
from typing import Any

import mistune
from latex2mathml.converter import convert

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


def _tag(found: re.Match[str]) -> str:
    """A tag as text in parentheses at a distance; what is between dollars in it stays a formula."""
    parts = found[1].split("$")  # text and formulas by turns
    inside = "".join(rf"\text{{{part}}}" if i % 2 == 0 else part for i, part in enumerate(parts) if part)
    return rf"\qquad({inside})"


def formula(latex: str, *, block: bool = False) -> str:
    """Turn LaTeX into MathML; what the converter does not know is shown as it was typed."""
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
    """HTML in which a relative link is its text, and a picture its words: a slide stands alone."""

    def __init__(self) -> None:
        super().__init__(escape=False)

    def heading(self, text: str, level: int, **attrs: Any) -> str:
        return f"<h{level}>{text}</h{level}>\n"

    def link(self, text: str, url: str, title: str | None = None) -> str:
        return f'<a href="{html.escape(url)}">{text}</a>' if re.match(r"https?://|mailto:|#", url) else text

    def image(self, text: str, url: str, title: str | None = None) -> str:
        return f"<em>{text}</em>"


def render(text: str) -> str:
    """Markdown with ``$...$`` and ``$$...$$`` as HTML."""
    kept: list[str] = []

    def keep(found: re.Match[str]) -> str:
        if found["code"]:
            return found["code"]
        if found["dollar"]:
            return "$"
        kept.append(formula(found["block"] or found["inline"], block=bool(found["block"])))
        return _MARK.format(len(kept) - 1)

    marked = _MATH.sub(keep, text)
    body = str(mistune.create_markdown(renderer=_Renderer(), plugins=["table", "strikethrough"])(marked))
    return re.sub(_MARK.format(r"(\d+)"), lambda found: kept[int(found[1])], body)
