"""Pages made of results: the theorem checks, the ledger, the figures and tables, the lessons, the methods."""

from __future__ import annotations

import html
import json
import re
import shutil
from collections import Counter
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

from PIL import Image

LARGE = 300_000  # bytes of a drawing that its pixels may undercut
Rows = Sequence[dict[str, Any]]


def table(columns: Iterable[str], rows: Iterable[str], caption: str) -> str:
    """A table that scrolls inside itself, as raw HTML in a Markdown page."""
    head = "".join(f'<th scope="col">{html.escape(column)}</th>' for column in columns)
    body = "\n".join(rows)
    return (
        f'<div class="wide" tabindex="0" role="region" aria-label="table">\n<table>\n<caption>{html.escape(caption)}'
        f"</caption>\n<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>\n</div>\n"
    )


def number(value: Any, digits: int = 6) -> str:
    """A value of the checks' JSON: null is NaN, infinities are words."""
    if value is None:
        return "nan"
    return value if isinstance(value, str) else f"{value:.{digits}g}"


def checks_page(rows: Rows) -> str:
    """Every check of `nala-lab verify`: prediction beside measurement, and the verdict that follows."""
    lines = []
    for row in rows:
        good = row["verdict"] == "pass"
        cells = (number(row["predicted"]), number(row["measured"]), number(row["error"], 3),
                 number(row["tolerance"], 3), str(row["cases"]))  # fmt: skip
        numbers = "".join(f'<td class="number">{html.escape(cell)}</td>' for cell in cells)
        why = f"<br><span class='bad'>{html.escape(str(row['message']))}</span>" if row["message"] else ""
        name = html.escape(str(row["name"]))
        says = f"<br><span class='note'>{html.escape(str(row['statement']))}</span>" if row.get("statement") else ""
        lines.append(
            f'<tr{"" if good else " class=failed"}><th scope="row">{html.escape(row["id"])}</th><td>{name}{says}</td>'
            f"<td>{html.escape(row['twin'])}</td>{numbers}"
            f'<td><span class="{"good" if good else "bad"}">{html.escape(row["verdict"])}</span>{why}</td></tr>'
        )
    bad = sum(row["verdict"] != "pass" for row in rows)
    columns = ("id", "check", "twin", "predicted", "measured", "error", "tolerance", "cases", "verdict")
    caption = f"{len(rows)} checks, {bad} failed, {sum(row['cases'] for row in rows)} numbers compared."
    return (
        "# Theorem checks\n\nEach line puts a closed form beside runs of one implementation. Of all the numbers "
        "compared (cases) the one that came closest to failing is shown. The same table: `nala-lab verify`.\n\n"
        + table(columns, lines, caption)
    )


def ledger_page(rows: Rows) -> str:
    """Every claim of both papers with its computed verdict and the evidence."""
    counted = ", ".join(f"{n} {verdict}" for verdict, n in Counter(r["verdict"] for r in rows).most_common())
    lines = []
    for row in rows:
        where = f"{row['paper']}; {row['kind']}; {row['where']}"
        note = f"<br><span class='note'>{html.escape(row['note'])}</span>" if row["note"] else ""
        evidence = "<br>".join(f"{html.escape(e['words'])} <code>{html.escape(e['test'])}</code>"
                               for e in row["evidence"])  # fmt: skip
        lines.append(
            f'<tr id="claim-{row["id"]}"><th scope="row">{row["id"]}</th><td class="claim">'
            f"{html.escape(row['sentence'])}<br><span class='note'>{html.escape(where)}</span>{note}</td>"
            f'<td>{html.escape(row["verdict"])}</td><td class="evidence">{evidence}</td></tr>'
        )
    columns = ("id", "claim", "verdict", "evidence, and how to see it again")
    caption = f"{len(rows)} claims: {counted}. Every verdict is computed from the evidence in its line."
    return (
        "# The ledger\n\nWhat both papers claim, sentence by sentence, with a verdict by rules that were fixed before "
        "the runs. The same ledger: `nala-lab figures --ledger`.\n\n" + table(columns, lines, caption)
    )


def picture(entry: dict[str, Any], pictures: Path, folder: Path) -> str:
    """Put the entry's picture into `pictures` and return its name: the SVG, or the PNG's pixels where they are less."""
    svg = folder / entry["svg"]
    if svg.stat().st_size > LARGE:
        pixels = (pictures / entry["svg"]).with_suffix(".webp")
        Image.open(folder / entry["png"]).save(pixels, lossless=True, quality=100, method=6)  # the same, packed
        if pixels.stat().st_size < svg.stat().st_size:
            return pixels.name
        pixels.unlink()
    return str(shutil.copy(svg, pictures / entry["svg"]).name)


def figure_page(entry: dict[str, Any], pictures: Path, folder: Path) -> str:
    """One figure or table of the papers."""
    text = f"# {entry.get('title') or entry['name']}\n\n"
    if entry.get("error"):
        return f"{text}<p class='bad'>Not drawn: {html.escape(entry['error'])}</p>\n"
    if "svg" in entry:
        alt = html.escape(entry["alt"], quote=True)
        text += (
            f'<figure class="drawing"><img src="../_static/figures/{picture(entry, pictures, folder)}" alt="{alt}">'
            f"<figcaption>{html.escape(entry['caption'])}</figcaption></figure>\n\n"
        )
    if entry.get("table"):
        inner = re.sub(r"\n\s*\n", "\n", entry["table"]["html"])
        text += f'<div class="wide" tabindex="0" role="region" aria-label="table">\n{inner}\n</div>\n'
    return f"{text}\nTo draw it again: `nala-lab figures {entry['name']}`.\n"


def write_results(source: Path, found: Path) -> int:
    """Write the pages of checks, ledger and figures from the JSON in `found`; how many things in them failed."""
    lab, pictures = source / "lab", source / "_static" / "figures"
    lab.mkdir(parents=True, exist_ok=True)
    pictures.mkdir(parents=True, exist_ok=True)
    checks, claims, figures = (_read(found / name) for name in ("checks.json", "ledger.json", "figures.json"))
    (lab / "checks.md").write_text(checks_page(checks), encoding="utf-8")
    (lab / "ledger.md").write_text(ledger_page(claims), encoding="utf-8")
    for entry in figures:
        (lab / f"{entry['name']}.md").write_text(figure_page(entry, pictures, found), encoding="utf-8")
    listed = "\n".join(f"* [{e.get('title') or e['name']}]({e['name']}.md)" for e in figures)
    tree = "\n".join(e["name"] for e in figures)
    (lab / "figures.md").write_text(
        "# Figures and tables\n\nEvery figure and table of both papers, drawn from our own runs, the published numbers "
        f"beside the measured ones.\n\n{listed}\n\n```{{toctree}}\n:hidden:\n\n{tree}\n```\n", encoding="utf-8",
    )  # fmt: skip
    return sum(row["verdict"] != "pass" for row in checks) + sum(bool(e.get("error")) for e in figures)


def _read(path: Path) -> Rows:
    """The rows in a JSON file; a file that is not there, or empty, is a failure of the command that makes it."""
    rows = json.loads(path.read_text(encoding="utf-8")) if path.is_file() else []
    return list(rows["checks"] if isinstance(rows, dict) else rows)


def write_lessons(source: Path, notebooks: Path) -> list[str]:
    """Copy the lessons with their outputs and write their list; the lessons in which a cell ended in an error."""
    folder = source / "lessons"
    folder.mkdir(parents=True, exist_ok=True)
    stems, bad = [], []
    for path in sorted(notebooks.glob("[0-9]*.ipynb")):
        text = path.read_text(encoding="utf-8")
        book = json.loads(text)
        outputs = [out for cell in book["cells"] for out in cell.get("outputs", ())]
        if any(out["output_type"] == "error" for out in outputs):
            bad.append(path.stem)
        (folder / path.name).write_text(text, encoding="utf-8")
        stems.append(path.stem)
    listed = (notebooks / "README.md").read_text(encoding="utf-8")
    tree = "\n".join(stems)
    (folder / "README.md").write_text(f"{listed}\n```{{toctree}}\n:hidden:\n\n{tree}\n```\n", encoding="utf-8")
    return bad
