"""Every exercise by its number; a lesson's file is read when one of its exercises is asked for."""

from __future__ import annotations

import re
from functools import cache
from importlib import import_module

from nala_lab.classroom.sheets import Exercise

__all__ = ["LESSONS", "exercises", "find"]

LESSONS = ("00", "01", "02", "03", "04", "05", "06", "07", "08", "09", "10", "11", "22")


@cache
def exercises(lesson: str) -> tuple[Exercise, ...]:
    """All exercises of a lesson, in order; empty for a lesson without any.

    Examples
    --------
    >>> from nala_lab.classroom import exercises
    >>> [exercise.id for exercise in exercises("01")][:2]
    ['01.1', '01.2']
    """
    if lesson not in LESSONS:
        return ()
    found: tuple[Exercise, ...] = import_module(f"nala_lab.classroom.lessons.l{lesson}").EXERCISES
    return found


def find(number: object) -> Exercise:
    """The exercise with this number, such as "03.2".

    Raises
    ------
    LookupError
        For any other object, with the numbers that the lesson has.
    """
    if not isinstance(number, str) or not re.fullmatch(r"\d\d\.\d", number):
        raise LookupError("An exercise is named by its lesson and its number, as text: '03.2'.")
    lesson = exercises(number[:2])
    for exercise in lesson:
        if exercise.id == number:
            return exercise
    listed = ", ".join(exercise.id for exercise in lesson)
    raise LookupError(
        f"There is no exercise {number}: " + (f"the lesson has {listed}." if listed else "no such lesson.")
    )
