"""An exam on paper: every student's questions, and a list of numbers and solutions for who marks it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from nala_lab.classroom.bank import exercises as lesson_exercises
from nala_lab.classroom.bank import find
from nala_lab.classroom.names import named
from nala_lab.classroom.sheets import Personal, personal
from nala_lab.classroom.shown import Table, six_digits
from nala_lab.core import require

__all__ = ["Roster", "roster"]


@dataclass(frozen=True, repr=False)
class Roster(Table):
    """The sheets of a class, in the order of the names: student -> sheets."""

    students: dict[str, tuple[Personal, ...]]

    def rows(self) -> list[list[str]]:
        """A head, then a line for each student and exercise: the numbers and the solution."""
        lines = [["student", "exercise", "numbers", "solution"]]
        for student, sheets in self.students.items():
            lines += [[student, s.exercise.id, _numbers(s), six_digits(s.solution)] for s in sheets]
        return lines

    def sheets(self) -> str:
        """The questions alone, as Markdown: a heading for each student, to be printed and handed out."""
        parts = [f"# {student}\n\n" + "\n\n".join(map(str, sheets)) for student, sheets in self.students.items()]
        return "\n\n".join(parts) + "\n"



def roster(names: str | int | Iterable[str | int], exercises: str | Iterable[str]) -> Roster:
    """Every student's numbers and solutions, for an exam on paper.

    Parameters
    ----------
    names : the students; "Ada" and "ada " are one.
    exercises : numbers such as "01.1", or lessons such as "01" for all of theirs.

    Raises
    ------
    LookupError
        For an unknown exercise, or a name that is none.
    ValueError
        When two names are one student.

    Examples
    --------
    >>> from nala_lab.classroom import roster
    >>> print(roster(["Ada"], ["00.2"]))
    | student | exercise | numbers | solution |
    |---|---|---|---|
    | Ada | 00.2 | T = 35, k = 8 | 315 |
    """
    asked = [exercises] if isinstance(exercises, str) else list(exercises)
    chosen = {e.id: e for number in asked for e in (lesson_exercises(number) or (find(number),))}.values()
    listed = [names] if isinstance(names, (str, int)) else list(names)
    folded = [named(name) for name in listed]
    for name, key in zip(listed, folded, strict=True):
        require("names", name, folded.count(key) == 1, "a name that nobody else in the list has, capitals aside")
    return Roster({str(n): tuple(personal(e, key) for e in chosen) for n, key in zip(listed, folded, strict=True)})


def _numbers(sheet: Personal) -> str:
    return ", ".join(f"{name} = {value:g}" for name, value in sheet.data.items())
