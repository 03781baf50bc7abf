"""The grade book of a session and its JSON file, which a teacher can mark again from the answers it holds."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from nala_lab.classroom.answers import read
from nala_lab.classroom.bank import find
from nala_lab.classroom.feedback import Feedback, judge
from nala_lab.classroom.sheets import personal

__all__ = ["Book", "collect", "grades"]

FORMAT = 1


class Book:
    """Best points, number of tries and best answer, for each student and exercise. Nothing else about anybody.

    Examples
    --------
    >>> Book().table()
    '| student | exercise | points | tries |\\n|---|---|---|---|'
    """

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], dict[str, Any]] = {}

    def enter(self, student: str, feedback: Feedback, answer: object) -> None:
        """Count one try; an answer that was right before stays right."""
        if feedback.kind == "none" or not feedback.of:
            return
        key = (student, feedback.exercise)
        row = self._rows.setdefault(key, {"points": 0, "of": feedback.of, "tries": 0, "answer": None, "last": ""})
        row["tries"] += 1
        row["last"] = feedback.kind
        if feedback.right or not row["points"]:
            value = read(answer, size=find(feedback.exercise).size)
            row |= {"points": feedback.points, "answer": None if isinstance(value, str) else value.tolist()}

    def tries(self, student: str, exercise: str) -> int:
        """How often this student has tried this exercise in this session."""
        return int(self._rows.get((student, exercise), {}).get("tries", 0))

    def clear(self) -> None:
        """Forget everything."""
        self._rows.clear()

    def as_json(self) -> dict[str, Any]:
        """The book as plain lists and dictionaries."""
        students: dict[str, dict[str, Any]] = {}
        for (student, exercise), row in sorted(self._rows.items()):
            students.setdefault(student, {})[exercise] = dict(row)
        return {"format": FORMAT, "students": students}

    def table(self) -> str:
        """The book as a Markdown table."""
        rows = [f"| {who or '(no name)'} | {what} | {row['points']} of {row['of']} | {row['tries']} |"
                for (who, what), row in sorted(self._rows.items())]  # fmt: skip
        return "\n".join(["| student | exercise | points | tries |", "|---|---|---|---|", *rows])

    def _repr_markdown_(self) -> str:
        return self.table() if self._rows else "No answer was checked yet."

    def __repr__(self) -> str:
        return self._repr_markdown_()

    def export(self, path: Path | str) -> Path:
        """Write the book to a JSON file, whole or not at all, and return its path."""
        target = Path(path)
        partial = target.with_name(target.name + ".partial")
        partial.write_text(json.dumps(self.as_json(), indent=1, allow_nan=False) + "\n", encoding="utf-8")
        os.replace(partial, target)
        return target


_BOOK = Book()


def grades() -> Book:
    """The book in which `check` enters every answer of this session."""
    return _BOOK


def collect(paths: Iterable[Path | str]) -> dict[str, dict[str, int]]:
    """Mark grade files again from the answers in them: student -> exercise -> points.

    What a file says about its points is not believed. Where a student appears twice the better mark counts.

    Raises
    ------
    ValueError
        When a file is not a grade file, with its name.
    """
    marks: dict[str, dict[str, int]] = {}
    for path in map(Path, paths):
        for student, rows in _students(path).items():
            for number, answer in rows.items():
                points = judge(personal(find(number), student), answer).points
                mine = marks.setdefault(student, {})
                mine[number] = max(points, mine.get(number, 0))
    return marks


def _students(path: Path) -> Mapping[str, Mapping[str, Any]]:
    try:
        book = json.loads(path.read_text(encoding="utf-8"))
        if book["format"] != FORMAT:
            raise KeyError("format")
        found = {who: {number: row["answer"] for number, row in rows.items()} for who, rows in book["students"].items()}
        for number in {number for rows in found.values() for number in rows}:
            find(number)
    except (
        OSError,
        UnicodeDecodeError,
        json.JSONDecodeError,
        KeyError,
        TypeError,
        AttributeError,
        LookupError,
    ) as error:
        raise ValueError(
            f"{path.name} is not a grade file of this classroom ({type(error).__name__}: {error})"
        ) from error
    return found
