"""Mark the grade files of a class again: every file that can be read counts, every other one is a line in a list."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from glob import glob
from pathlib import Path

from nala_lab.classroom.bank import find
from nala_lab.classroom.book import stored
from nala_lab.classroom.feedback import judge
from nala_lab.classroom.names import DEMO, named
from nala_lab.classroom.sheets import personal
from nala_lab.classroom.shown import Table

__all__ = ["Marks", "collect"]


@dataclass(repr=False)
class Marks(Table):
    """What `collect` found.

    Attributes
    ----------
    marks : student -> exercise -> points, the best of all files.
    unread : file and reason, for each file (or row of one) that could not be marked.
    remarks : file and what a teacher should look at, such as answers under the name that the lessons come with, or
        points in a file that its answers do not earn.
    """

    marks: dict[str, dict[str, int]] = field(default_factory=dict)
    unread: list[tuple[str, str]] = field(default_factory=list)
    remarks: list[tuple[str, str]] = field(default_factory=list)

    @property
    def exercises(self) -> list[str]:
        """Every exercise that somebody answered, in order."""
        return sorted({number for mine in self.marks.values() for number in mine})

    def rows(self) -> list[list[str]]:
        """A head, then a line for each student: points by exercise (blank: no answer) and their sum."""
        lines = [["student", *self.exercises, "sum"]]
        for student, mine in sorted(self.marks.items()):
            points = [str(mine.get(number, "")) for number in self.exercises]
            lines.append([student or "(no name)", *points, str(sum(mine.values()))])
        return lines

    def _repr_markdown_(self) -> str:
        notes = [f"* {name}: {text}." for name, text in self.unread + self.remarks]
        return "\n".join([super()._repr_markdown_(), "", *notes])


def collect(paths: Path | str | Iterable[Path | str]) -> Marks:
    """Mark grade files again from the answers in them.

    What a file says about its points is not believed, but points that its answers do not earn are remarked. Names are
    read as `exercise` reads them, so "Ada" and "ada " are one student; where a student appears twice the better mark
    counts. No file stops the others.

    Parameters
    ----------
    paths : files, folders (every file in them and below with .json in its name) and patterns as ``hand-ins/*.json``.

    Examples
    --------
    >>> from nala_lab.classroom import collect
    >>> collect(["nobody.json"]).unread
    [('nobody.json', 'there is no such file')]
    """
    found = Marks()
    for path in map(Path, [paths] if isinstance(paths, (str, Path)) else paths):
        told = len(found.unread)
        try:
            files = _files(path, lambda error: found.unread.append((_said(error.filename), _why(error))))
        except OSError as error:  # a name that is too long, a folder that may not be entered
            found.unread.append((_said(path), _why(error)))
            continue
        if not files and len(found.unread) == told:
            found.unread.append((_said(path), "no .json file is there"))
        for file in files:
            _mark(file, found)
    return found


def _said(path: Path | str) -> str:
    """A path that can be printed: names from other systems need not be UTF-8."""
    return os.fsencode(path).decode("utf-8", "replace")


def _why(error: OSError) -> str:
    return f"it cannot be read ({error.strerror})"


def _files(path: Path, refused: Callable[[OSError], None]) -> list[Path]:
    if path.is_dir():
        below = [Path(folder, name) for folder, _, names in os.walk(path, onerror=refused) for name in names]
        return sorted(file for file in below if ".json" in file.name.lower())  # A.JSON; mail's a.json.txt
    if not path.exists() and any(sign in str(path) for sign in "*?["):
        return sorted(map(Path, glob(str(path), recursive=True)))
    return [path]


def _mark(file: Path, found: Marks) -> None:
    try:
        students = stored(file)
    except ValueError as reason:
        found.unread.append((_said(file), str(reason).split(": ", 1)[1]))
        return
    lost, nameless = [], set()
    for name, rows in students.items():
        for number, row in rows.items():
            try:
                student = named(name)
                points = judge(personal(find(number), student), row["answer"]).points
            except LookupError as reason:
                found.unread.append((_said(file), str(reason.args[0]).rstrip(".")))
                continue
            nameless |= {student} & {"", DEMO}
            mine = found.marks.setdefault(student, {})
            mine[number] = max(points, mine.get(number, 0))
            if row.get("points") and not points:
                lost.append(f"{number} of {student or 'no name'}")
    if lost:
        words = "earned points when it was written and none now: another version of the lab, another name, or a change"
        found.remarks.append((_said(file), f"{', '.join(lost)} {words}"))
    if nameless:
        words = "answers without a name" if nameless == {""} else f"answers under {DEMO!r}, the name in the lessons"
        found.remarks.append((_said(file), f"{words}: ask whose they are"))
