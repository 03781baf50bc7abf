"""The lab's docstrings as text that Sphinx reads the way a person does: formulas stay formulas."""

from __future__ import annotations

import inspect
import re
import sys
from typing import Any

from tools.doors.equations import NotRead, typeset

__all__ = ["blocks", "equation", "is_code", "readable", "with_equations"]

_CODE = re.compile(r"``.+?``|`[^`]+`_*|:\w+:`[^`]+`")
_SECTION = re.compile(r"-{3,}\s*$")


def _escaped(line: str) -> str:
    """Bars, stars and trailing underscores outside code are characters of a formula, not markup."""
    parts, end = [], 0
    for found in _CODE.finditer(line):
        parts += [_outside(line[end : found.start()]), found[0]]
        end = found.end()
    return "".join([*parts, _outside(line[end:])])


def _outside(text: str) -> str:
    emphasis = re.split(r"(?<![\w*)\]])(\*[a-z][a-z ]*[a-z]\*)(?![\w*])", text)  # words between stars stay words
    text = "".join(re.sub(r"(?<![*\\])\*(?!\*)", r"\\*", t) if i % 2 == 0 else t for i, t in enumerate(emphasis))
    return re.sub(r"(\w)_(?!\w)", r"\1\\_", text.replace("|", r"\|"))


def blocks(lines: list[str]) -> list[list[str]]:
    """Paragraphs, each with a blank line at its end; what is indented by four is a paragraph of its own."""
    blocks: list[list[str]] = []
    for i, line in enumerate(lines):
        before = lines[i - 1] if i else ""
        if not line.strip():
            continue
        deep, was = line.startswith("    "), before.startswith("    ")
        if not before.strip() or deep != was:
            blocks.append([])
        blocks[-1].append(line)
    return [[*block, ""] for block in blocks]


def is_code(block: list[str]) -> bool:
    """Whether an indented block is a program, or markup already."""
    return any(line.lstrip().startswith((">>>", "..", "| ", "- ", "* ")) for line in block)


def equation(block: list[str]) -> list[str]:
    """An indented block as a displayed formula; nothing when it is not an equation to the last sign."""
    try:
        tex = typeset([line for line in block if line.strip()])
    except NotRead:
        return []
    return [".. math::", "   :no-wrap:", "", *(f"   {line}" for line in tex.splitlines()), ""]


def _prose(lines: list[str]) -> list[str]:
    """The part before the sections: an indented paragraph is an equation, or else a table as it stands."""
    out: list[str] = []
    literal = False
    for block in blocks(lines):
        announced = len(out) > 1 and out[-2].endswith("::")
        if block[0].startswith("    ") and not announced and not is_code(block):
            set_as = equation(block)
            out += set_as or (block if literal else ["::", "", *block])
            literal = not set_as
        else:
            literal = announced and literal
            out += block if announced or is_code(block) else map(_escaped, block)
    return out


def _sections(lines: list[str]) -> list[str]:
    """Parameters and what follows. The lab writes `name : words`; numpydoc would take the words for a type."""
    out: list[str] = []
    section, in_example = "", False
    for i, line in enumerate(lines):
        if i + 1 < len(lines) and _SECTION.match(lines[i + 1]):
            section, in_example = line.strip(), False
        in_example = (in_example and bool(line.strip())) or line.lstrip().startswith(">>>")
        item = re.match(r"([\w*]+(?:, [\w*]+)*) : (.*)", line)
        if section == "Attributes" and (line.strip() == section or _SECTION.match(line)):
            out += ["Fields", "------"] if line.strip() == section else []
        elif in_example or _SECTION.match(line):
            out.append(line)
        elif item and section in ("Parameters", "Attributes"):
            name = item[1] if section == "Parameters" else f"``{item[1]}``"
            out += [name, "    " + _escaped(item[2])]
        elif section == "Parameters" and line.strip() and not re.match(r"\s|[\w*, ]+$|-", line) and line != section:
            out.append("    " + _escaped(line))  # a sentence that goes on at the margin
        else:
            out.append(_escaped(line))
    return out


def readable(lines: list[str]) -> list[str]:
    """A docstring in which formulas stay as they stand: indented ones line by line, those in a sentence unmarked."""
    first = next((i for i, line in enumerate(lines) if _SECTION.match(line)), len(lines) + 1) - 1
    return _prose(lines[:first]) + _sections(lines[first:])


def with_equations(lines: list[str], obj: Any) -> list[str]:
    """The docstring of `obj`, below its first paragraph what its file says above all, if equations are in that.

    Where a file has functions they are what its equations are about, not the classes of their results.
    """
    module = sys.modules.get(getattr(obj, "__module__", ""))
    names = getattr(module, "__all__", ())
    functions = [name for name in names if inspect.isfunction(getattr(module, name))]
    text = (inspect.getdoc(module) or "").splitlines() if obj.__name__ in (functions or names) else []
    if not any(block[0].startswith("    ") and equation(block) for block in blocks(text)):
        return lines
    end = lines.index("") if "" in lines else len(lines)
    return [*lines[:end], "", *text, *lines[end:]]
