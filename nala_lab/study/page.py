"""A study as Markdown, as HTML and as JSON."""

from __future__ import annotations

import base64
import html
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, count
from pathlib import Path
from typing import Any

from nala_lab.study.lines import Section, plain

__all__ = ["Study"]

# The browser itself is told to load nothing and run nothing.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
_NARROW = 500  # pixels: such a picture can be shrunk to the width of a phone, a wider one is scrolled
_CSS = """
:root { color-scheme: light dark; --ink: #1b1f24; --soft: #57606a; --paper: #fff; --line: #d0d7de; --good: #0b6b4f;
  --bad: #b3330e; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6edf3; --soft: #9aa7b4; --paper: #0f1419; --line: #36414c;
  --good: #4fd1a5; --bad: #ff9470; } }
body { margin: 0 auto; padding: 1.5rem 1.2rem 4rem; max-width: 64rem; background: var(--paper); color: var(--ink);
  font: 1.02rem/1.5 system-ui, "Segoe UI", "Helvetica Neue", "DejaVu Sans", sans-serif; }
h2 { margin: 2.2rem 0 0.6rem; padding-bottom: 0.2rem; border-bottom: 2px solid var(--line); font-size: 1.35rem; }
table { border-collapse: collapse; width: 100%; font-size: 0.93rem; font-variant-numeric: tabular-nums; }
th, td { padding: 0.3rem 0.7rem 0.3rem 0; border-bottom: 1px solid var(--line); text-align: left; vertical-align: top; }
th { width: 15rem; } td.verdict { width: 16rem; font-weight: 600; }
.good { color: var(--good); } .bad { color: var(--bad); } .note { color: var(--soft); font-size: 0.92rem; }
td.evidence { overflow-wrap: anywhere; }
img { max-width: 100%; height: auto; background: #fff; border-radius: 6px; }
@media (max-width: 46rem) { tr { display: block; padding: 0.4rem 0; border-bottom: 1px solid var(--line); }
  th, td, td.verdict { display: inline-block; width: auto; padding: 0 0.9rem 0 0; border: 0; }
  td.evidence { display: block; } p.wide { overflow-x: auto; } p.wide img { max-width: none; } }
"""


@dataclass(frozen=True)
class Study:
    """Everything that was found about one method.

    Attributes
    ----------
    name : of the method. about : facts of the run, such as versions. sections : of lines, each with its picture.
    """

    name: str
    sections: tuple[Section, ...]
    about: Mapping[str, str] = field(default_factory=dict)

    def line(self, section: str, what: str) -> Any:
        """The line called `what` of a section, by the section's key.

        Raises
        ------
        KeyError
            When there is none.
        """
        found = [line for each in self.sections if each.key == section for line in each.lines if line.what == what]
        if not found:
            raise KeyError(f"{section}: {what}")
        return found[0]

    @property
    def title(self) -> str:
        """What the page is called."""
        return f"A study of {self.name}"

    def markdown(self, stem: str = "") -> str:
        """The page; pictures are those that `save` writes, called ``stem-section.png``. Without a stem: none."""
        parts = [f"# {_cell(self.title)}", _about(self.about)]
        for section in self.sections:
            rows = ["| | verdict | evidence |", "|---|---|---|"]
            for line in section.lines:
                rows.append(f"| {_cell(line.what)} | **{_cell(line.verdict)}** | {_cell(line.evidence)} |")
            parts += [f"## {section.title}", "\n".join(rows)]
            if section.note:
                parts.append(_cell(section.note))
            if section.picture is not None and stem:
                parts.append(f"![{_cell(section.picture.alt)}]({stem}-{section.key}.png)")
        return "\n\n".join(parts) + "\n"

    def html(self) -> str:
        """The page as one file: pictures are inside, nothing is fetched."""
        body = f"<h1>{html.escape(self.title)}</h1>\n<p class='note'>{html.escape(_about(self.about))}</p>\n"
        return (
            f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
            f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
            f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
            f"<title>{html.escape(self.title)}</title>\n<style>{_CSS}</style>\n</head>\n<body>\n{body}"
            f"{''.join(map(_section, self.sections))}</body>\n</html>\n"
        )

    def _repr_html_(self) -> str:
        return "".join(map(_section, self.sections))

    def json(self) -> str:
        """Every line with its numbers."""
        sections = {
            section.key: [
                {"what": line.what, "verdict": line.verdict, "evidence": line.evidence, "tone": line.tone,
                 "data": plain(line.data)} for line in section.lines
            ]
            for section in self.sections
        }  # fmt: skip
        return json.dumps({"method": self.name, "about": dict(self.about), "sections": sections}, indent=1) + "\n"

    def save(self, folder: Path | str, stem: str = "") -> list[Path]:
        """Write STEM.html, STEM.md, STEM.json and the pictures of the Markdown page into `folder`; give the paths.

        Without a stem it is made of the method's name; another method's page that has it stays, and a number is added.
        """
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        stem = stem or self._stem(folder)
        texts = {"html": self.html(), "md": self.markdown(stem), "json": self.json()}
        paths = []
        for suffix, text in texts.items():
            paths.append(folder / f"{stem}.{suffix}")
            paths[-1].write_text(text, encoding="utf-8")
        for section in self.sections:
            if section.picture is not None:
                paths.append(folder / f"{stem}-{section.key}.png")
                paths[-1].write_bytes(section.picture.png)
        return paths

    def _stem(self, folder: Path) -> str:
        stem = "".join(c if c.isalnum() else "-" for c in self.name).strip("-").lower()[:100] or "study"
        names = chain([stem], (f"{stem}-{number}" for number in count(2)))
        return next(name for name in names if self._may_write(folder / f"{name}.json"))

    def _may_write(self, path: Path) -> bool:
        try:
            return bool(json.loads(path.read_text(encoding="utf-8"))["method"] == self.name)
        except FileNotFoundError:
            return True
        except (OSError, ValueError, KeyError, TypeError):
            return False  # not a page of a study


def _about(facts: Mapping[str, str]) -> str:
    return "; ".join(f"{name} {value}" for name, value in facts.items()) + "."


def _cell(text: str) -> str:
    return text.replace("|", "\\|").replace("*", "\\*").replace("\n", " ").replace("<", "&lt;")


def _section(section: Section) -> str:
    rows = "".join(
        f'<tr><th scope="row">{html.escape(line.what)}</th>'
        f'<td class="verdict {line.tone}">{html.escape(line.verdict)}</td>'
        f'<td class="evidence">{html.escape(line.evidence)}</td></tr>\n'
        for line in section.lines
    )
    image = ""
    if section.picture is not None:
        data = base64.b64encode(section.picture.png).decode()
        alt = html.escape(section.picture.alt)
        wide = ' class="wide"' if int.from_bytes(section.picture.png[16:20], "big") > _NARROW else ""  # of its header
        image = f'<p{wide}><img src="data:image/png;base64,{data}" alt="{alt}"></p>\n'
    note = f'<p class="note">{html.escape(section.note)}</p>\n' if section.note else ""
    return f"<h2>{html.escape(section.title)}</h2>\n<table>\n{rows}</table>\n{note}{image}"


def failed(sections: Sequence[Section]) -> int:
    """How many lines say that something is wrong."""
    return sum(line.tone == "bad" for section in sections for line in section.lines)
