"""The grade book of a session and its JSON file, which a teacher can mark again from the answers it holds."""

from __future__ import annotations

import base64
import html
import json
import math
import os
import re
from collections import Counter
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from nala_lab.classroom.answers import read
from nala_lab.classroom.bank import find
from nala_lab.classroom.feedback import Feedback
from nala_lab.classroom.shown import Shown, in_table, table

__all__ = ["Book", "grades", "stored"]

FORMAT = 1
LARGEST = 4_000_000  # bytes: a grade file of a whole class with every exercise has a tenth of it


class Link(str):
    """HTML that a notebook shows as a link."""

    def _repr_html_(self) -> str:
        return str(self)


class Book(Shown):
    """Best points, number of tries and best answer, for each student and exercise. Nothing else about anybody.

    Examples
    --------
    >>> Book().table()
    '| student | exercise | points | tries |\\n|---|---|---|---|'
    """

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], dict[str, Any]] = {}
        self._hints: Counter[tuple[str, str]] = Counter()

    def enter(self, student: str, feedback: Feedback, answer: object) -> None:
        """Count one try; an answer that was right before stays right."""
        if feedback.kind == "none" or not feedback.of:
            return
        key = (student, feedback.exercise)
        row = self._rows.setdefault(key, {"points": 0, "of": feedback.of, "tries": 0, "answer": None, "last": ""})
        row["tries"] += 1
        row["last"] = feedback.kind
        self._hints[key] += feedback.kind == "other"
        if feedback.right or not row["points"]:
            value = read(answer, size=find(feedback.exercise).size)
            row |= {"points": feedback.points, "answer": None if isinstance(value, str) else value.tolist()}

    def hints(self, student: str, exercise: str) -> int:
        """How many hints this student was given for this exercise in this session."""
        return self._hints[student, exercise]

    def clear(self) -> None:
        """Forget everything."""
        self._rows.clear()
        self._hints.clear()

    def as_json(self) -> dict[str, Any]:
        """The book as plain lists and dictionaries."""
        students: dict[str, dict[str, Any]] = {}
        for (student, exercise), row in sorted(self._rows.items()):
            students.setdefault(student, {})[exercise] = dict(row)
        return {"format": FORMAT, "students": students}

    def table(self) -> str:
        """The book as a Markdown table."""
        rows = [(in_table(who) or "(no name)", what, f"{row['points']} of {row['of']}", str(row["tries"]))
                for (who, what), row in sorted(self._rows.items())]  # fmt: skip
        return table(("student", "exercise", "points", "tries"), rows)

    def _repr_markdown_(self) -> str:
        if not self._rows:
            return "No answer was checked yet."
        return f'{self.table()}\n\n`grades().export("{self.name}")` writes this for your teacher.'

    @property
    def name(self) -> str:
        """A file name with the lessons and the students in it: ``01-ada.json``.

        Letters that a file system could refuse become a line.
        """
        lessons = sorted({exercise[:2] for _, exercise in self._rows})
        students = sorted({student or "no-name" for student, _ in self._rows})
        words = [*lessons, *(students if len(students) < 4 else ["class"])] or ["grades"]
        return re.sub(r"[^\w-]+", "-", "-".join(words))[:80] + ".json"

    def export(self, path: Path | str | None = None) -> Path:
        """Write the book to a JSON file, whole or not at all, and return its path; without one, to `name` here.

        A grade file that is there already is added to: of two rows for one exercise the one with more points stays,
        so that marks of an earlier lesson, or of before a restart, are never lost.

        Raises
        ------
        ValueError
            When another kind of file has that name, which stays as it is; when there is nothing to write.
        """
        target = Path(path if path is not None else self.name)
        content = self.as_json()
        if not self._rows and not target.exists():
            raise ValueError("no answer was checked since this notebook started: run the check cells, then export")
        if target.exists():
            for student, rows in stored(target).items():
                mine = content["students"].setdefault(student, {})
                mine |= {number: _better(mine.get(number), row) for number, row in rows.items()}
        target.parent.mkdir(parents=True, exist_ok=True)
        partial = target.with_name(target.name + ".partial")
        partial.write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        os.replace(partial, target)
        return target

    def download(self) -> Link:
        """A link that saves the file of `export` out of a browser tab, whose folder is not on your disk."""
        path = self.export()
        data = base64.b64encode(path.read_bytes()).decode()
        name = html.escape(path.name)
        return Link(f'<a download="{name}" href="data:application/json;base64,{data}">Save {name}</a>')


def _better(now: Mapping[str, Any] | None, before: Mapping[str, Any]) -> dict[str, Any]:
    """Of two rows for one exercise the one with more points, the later one of two equals; the larger count of tries."""
    if now is None:
        return dict(before)
    best = now if now["points"] >= _count(before, "points") else before
    return dict(best) | {"tries": max(now["tries"], _count(before, "tries"))}


def _count(row: Mapping[str, Any], name: str) -> int:
    return row[name] if type(row.get(name)) is int else 0


def _number(text: str) -> float:
    """A number of a file; NaN, Infinity and 1e999 are none."""
    if not math.isfinite(float(text)):
        raise ValueError(f"it holds {text}")
    return float(text)


def stored(path: Path) -> dict[str, dict[str, dict[str, Any]]]:
    """The rows of a grade file: student -> exercise -> row. UTF-8 with or without its mark, UTF-16 and UTF-32 are read.

    Raises
    ------
    ValueError
        When it is no grade file, with its name and the reason.
    """
    try:
        if not path.exists():
            raise ValueError("there is no such file")
        if not path.is_file():
            raise ValueError("it is a folder" if path.is_dir() else "it is no plain file")
        if path.stat().st_size > LARGEST:
            raise ValueError(f"it has more than {LARGEST:,} bytes")
        book = json.loads(path.read_bytes(), parse_constant=_number, parse_float=_number)
        if not isinstance(book, dict) or book.get("format") != FORMAT:
            raise ValueError(f"it is no object with format {FORMAT}")
        students = book.get("students")
        if not isinstance(students, dict) or not all(isinstance(rows, dict) for rows in students.values()):
            raise ValueError("it lists no students")
        if not all(isinstance(row, dict) and "answer" in row for rows in students.values() for row in rows.values()):
            raise ValueError("an exercise in it has no answer")
    except RecursionError:
        raise ValueError(f"{path.name} is not a grade file: its brackets are nested too deeply") from None
    except (OSError, ValueError) as reason:
        told = "it is empty or no JSON" if isinstance(reason, (json.JSONDecodeError, UnicodeError)) else reason
        raise ValueError(f"{path.name} is not a grade file: {told}") from None
    return students


_BOOK = Book()


def grades() -> Book:
    """The book in which `check` enters every answer of this session."""
    return _BOOK
