"""The report as one HTML file: everything is inside, nothing is fetched, nothing runs."""

from __future__ import annotations

import base64
import html
import io
import math
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from nala_lab.report.css import style_sheet
from nala_lab.report.ledger import counted, table_rows
from nala_lab.report.markdown import data_uri, render
from nala_lab.report.notebook import notebook_html
from nala_lab.report.results import CheckRow, FigureEntry, Lesson, Part, Results

__all__ = ["lesson_page", "report_page", "worst_of_each"]

# The browser itself is told to load nothing and run nothing.
_POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"


def _shell(title: str, body: str) -> str:
    return (
        f'<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        f'<meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{html.escape(title)}</title>\n<style>\n{style_sheet()}</style>\n</head>\n"
        f"<body>\n{body}</body>\n</html>\n"
    )


def _table(columns: Sequence[str], rows: Iterable[str], caption: str) -> str:
    head = "".join(f'<th scope="col">{html.escape(column)}</th>' for column in columns)
    return (
        f'<div class="wide"><table>\n<caption>{html.escape(caption)}</caption>\n<thead><tr>{head}</tr></thead>\n'
        f"<tbody>\n{''.join(rows)}</tbody>\n</table></div>\n"
    )


def _verdict(passed: bool, words: tuple[str, str] = ("pass", "FAIL")) -> str:
    return f'<span class="{"good" if passed else "bad"}">{words[0] if passed else words[1]}</span>'


def _inline(text: str) -> str:
    return render(text).strip().removeprefix("<p>").removesuffix("</p>") if "$" in text else html.escape(text)


def _check_cells(check: CheckRow) -> str:
    numbers = (check.predicted, check.measured, f"{check.error:.3g}", f"{check.tolerance:.3g}", f"{check.cases}")
    cells = "".join(f'<td class="number">{html.escape(cell)}</td>' for cell in numbers)
    why = f"<br><span class='bad'>{html.escape(check.message)}</span>" if check.message else ""
    return f"<td>{html.escape(check.twin)}</td>{cells}<td>{_verdict(check.passed)}{why}</td></tr>\n"


def _check_rows(checks: Sequence[CheckRow]) -> list[str]:
    """One row for each check; the twins of one statement stand together and share its cell."""
    groups: dict[tuple[str, str, str], list[CheckRow]] = {}
    for check in checks:
        groups.setdefault((check.id, check.name, check.statement), []).append(check)
    rows = []
    for (number, name, statement), twins in groups.items():
        words = f"{html.escape(name)}<br><span class='note'>{_inline(statement)}</span>"
        span = f' rowspan="{len(twins)}"' if len(twins) > 1 else ""
        head = f'<th scope="rowgroup"{span}>{html.escape(number)}</th><td{span}>{words}</td>'
        for i, check in enumerate(twins):
            mark = "" if check.passed else ' class="failed"'
            rows.append(f"<tr{mark}>{head if i == 0 else ''}{_check_cells(check)}")
    return rows


def worst_of_each(checks: Sequence[CheckRow]) -> list[CheckRow]:
    """Give the check with the largest error over tolerance for each theorem and twin; NaN is the largest."""
    worst: dict[tuple[str, str], CheckRow] = {}

    def ratio(check: CheckRow) -> float:
        value = check.error / check.tolerance
        return math.inf if math.isnan(value) else value

    for check in checks:
        key = (check.id, check.twin)
        if key not in worst or ratio(check) > ratio(worst[key]):
            worst[key] = check
    return list(worst.values())


def _check_picture(checks: Sequence[CheckRow]) -> str:
    import matplotlib.pyplot as plt

    from nala_lab.plots import RC, check_errors

    with plt.rc_context(RC):
        worst = worst_of_each(checks)
        names = [f"{check.id} ({check.twin})" for check in worst]
        ax = check_errors(None, names, [c.error for c in worst], [c.tolerance for c in worst])
        stream = io.BytesIO()
        ax.figure.savefig(stream, format="png")
        plt.close(ax.figure)
    data = base64.b64encode(stream.getvalue()).decode()
    alt = f"Error over tolerance of {len(worst)} theorems on a logarithmic axis; the table above holds the numbers."
    words = "Error over tolerance, the worst check of each theorem and twin: left of the line at 1 passes."
    return f'<figure><img src="data:image/png;base64,{data}" alt="{alt}"><figcaption>{words}</figcaption></figure>\n'


def _absent(part: Part) -> str:
    return f'<p class="{"bad" if part.failed else "note"}">{html.escape(part.absent)}</p>\n' if part.absent else ""


def _checks(part: Part) -> str:
    body = '<h2 id="checks">Theorem checks</h2>\n' + _absent(part)
    if part.items:
        columns = ("id", "check", "twin", "predicted", "measured", "error", "tolerance", "cases",
                   "verdict")  # fmt: skip
        caption = (
            "Each line: a closed form beside runs of one implementation. Of all the numbers compared (cases), the one "
            "that came closest to failing is shown."
        )
        body += _table(columns, _check_rows(part.items), caption)
        drawable = [c for c in part.items if c.tolerance > 0]  # exact ones have no scale
        body += _check_picture(drawable) if drawable else ""
    return body


def _figure(entry: FigureEntry) -> str:
    head = f'<h3 id="{entry.name}">{html.escape(entry.title or entry.name)}</h3>\n'
    if entry.error:
        return f'{head}<p class="bad">Not drawn: {html.escape(entry.error)}</p>\n'
    body = head
    if entry.png is not None and entry.svg is not None:
        smaller = min(entry.svg, entry.png, key=lambda path: path.stat().st_size)
        body += (
            f'<figure><img src="{data_uri(smaller)}" alt="{html.escape(entry.alt)}">'
            f"<figcaption>{html.escape(entry.caption)}</figcaption></figure>\n"
        )
    return body + (f'<div class="wide">{entry.table["html"]}</div>\n' if entry.table else "")


def _ledger(part: Part) -> str:
    body = '<h2 id="ledger">Ledger</h2>\n' + _absent(part)
    if part.items:
        columns = ("", "claim", "verdict", "evidence, and how to see it again")
        caption = f"{counted(part.items)}. Every verdict is computed from the evidence in its line."
        body += _table(columns, table_rows(part.items), caption)
    return body


def _lesson(lesson: Lesson, known: set[str], folder: Path) -> str:
    import nbformat

    state = _verdict(lesson.passed, ("ran", "FAILED"))
    head = f"{_inline(lesson.title)} ({html.escape(lesson.name)}, {lesson.seconds:.0f} s, {state})"
    body = "" if lesson.passed else f'<p class="bad">{html.escape(lesson.error)}</p>\n'
    if lesson.path is not None:
        link = _links(known, "#lesson-{}")
        body += notebook_html(nbformat.read(lesson.path, 4), shift=2, link=link, folder=folder)
    opened = "" if lesson.passed else " open"
    return f'<details id="lesson-{lesson.name}"{opened}><summary>{head}</summary>\n{body}</details>\n'


def _links(known: set[str], pattern: str) -> Callable[[str], str | None]:
    def link(url: str) -> str | None:
        stem = Path(url.partition("#")[0]).stem
        return pattern.format(stem) if stem in known else None

    return link


def lesson_page(lesson: Lesson, known: set[str], folder: Path) -> str:
    """Give one executed notebook as a page of its own; links to other lessons go to their pages beside it."""
    import nbformat

    assert lesson.path is not None
    link = _links(known, "{}.html")
    body = notebook_html(nbformat.read(lesson.path, 4), shift=0, link=link, folder=folder)
    return _shell(lesson.title, body)


def _count(part: Part, noun: str, good: str) -> str:
    if not part.items:
        return f"{noun}: " + ("could not run" if part.failed else "none")
    bad = sum(not item.passed for item in part.items)
    return f"{noun}: {len(part.items) - bad} of {len(part.items)} {good}"


def _summary(results: Results) -> str:
    counts = (
        _count(results.checks, "Checks", "passed"),
        _count(results.lessons, "notebooks", "ran without an error"),
        _count(results.figures, "figures", "drawn"),
        _count(results.ledger, "claims", "judged"),
    )
    word = _verdict(results.passed, ("All good.", "Something failed."))
    mark = "" if results.passed else " failed"
    facts = "; ".join(f"{html.escape(key)} {html.escape(value)}" for key, value in results.facts.items())
    return f'<p class="summary{mark}">{word} {"; ".join(counts)}.</p>\n<p class="facts">{facts}.</p>\n'


def report_page(results: Results, folder: Path) -> str:
    """Give the whole report.

    Parameters
    ----------
    results : what was collected.
    folder : the notebooks' folder, where pictures named in their text are looked up.
    """
    training = [f for f in results.figures.items if f.name.startswith("results")]
    others = [f for f in results.figures.items if not f.name.startswith("results")]
    known = {lesson.name for lesson in results.lessons.items}
    sections = (
        "<header><h1>nala_lab: report</h1>\n" + _summary(results) + "</header>\n"
        '<nav aria-label="Contents"><a href="#checks">Theorem checks</a> · <a href="#training">Training runs</a> · '
        '<a href="#figures">Figures</a> · <a href="#ledger">Ledger</a> · '
        '<a href="#notebooks">Notebooks</a></nav>\n<main>\n',
        _checks(results.checks),
        '<h2 id="training">Training runs</h2>\n',
        "".join(map(_figure, training)) or '<p class="note">No figure of training runs was rendered.</p>\n',
        '<h2 id="figures">Figures</h2>\n' + _absent(results.figures),
        "".join(map(_figure, others)),
        _ledger(results.ledger),
        '<h2 id="notebooks">Notebooks</h2>\n' + _absent(results.lessons),
        "".join(_lesson(lesson, known, folder) for lesson in results.lessons.items) + "</main>\n",
    )
    return _shell("nala_lab: report", "".join(sections))
