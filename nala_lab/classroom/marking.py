"""What a student and a teacher call: show an exercise, check an answer, read the teacher's sheet."""

from __future__ import annotations

import os
import unicodedata
from dataclasses import dataclass

import numpy as np

from nala_lab.classroom.bank import find
from nala_lab.classroom.book import grades
from nala_lab.classroom.derivation import Step, derive
from nala_lab.classroom.feedback import Feedback, judge
from nala_lab.classroom.sheets import Personal, personal

__all__ = ["GRADING", "TeacherSheet", "check", "exercise", "teacher"]

GRADING = "NALA_LAB_GRADING"  # set by a marker such as nbgrader: a wrong answer then stops the cell
LONGEST_NAME = 200


def named(student: object) -> str:
    """The student's string as it decides the numbers: capitals, blanks around it and accents' encoding do not count.

    Raises
    ------
    LookupError
        When it is not text, or longer than a name can be.

    Examples
    --------
    >>> named("  Ada ") == named("ada")
    True
    """
    if not isinstance(student, str) or len(student) > LONGEST_NAME:
        raise LookupError(f"student is a name or a number as text, of at most {LONGEST_NAME} characters.")
    return unicodedata.normalize("NFC", student).strip().casefold()


def exercise(number: str, student: str = "") -> Personal:
    """The exercise with this student's numbers; a notebook shows it as text.

    Raises
    ------
    LookupError
        For an unknown number or a name that is not text.

    Examples
    --------
    >>> from nala_lab.classroom import exercise
    >>> exercise("01.1", "ada").data == exercise("01.1", "ada").data
    True
    >>> exercise("01.1", "ada").solution == exercise("01.1", "grace").solution
    np.False_
    """
    return personal(find(number), named(student))


def check(number: str, answer: object, student: str = "") -> Feedback:
    """Check an answer and enter it in the session's grade book.

    Whatever `answer` is, the result is a sentence and never an error. With the environment variable NALA_LAB_GRADING
    set to 1 (for nbgrader, which marks a cell by whether it raises) an answer that is not right raises instead.

    Examples
    --------
    >>> from nala_lab.classroom import exercise
    >>> from nala_lab.classroom import check
    >>> check("01.1", "five", student="ada").message
    'Your answer is text: write the number without quotation marks.'
    >>> bool(check("01.1", float(exercise("01.1", "ada").solution), student="ada"))
    True
    """
    try:
        sheet = exercise(number, student)
    except LookupError as problem:
        return _done(Feedback(str(number)[:20], False, "unknown", str(problem.args[0])))
    feedback = judge(sheet, answer)
    grades().enter(sheet.student, feedback, answer)
    return _done(feedback)


def _done(feedback: Feedback) -> Feedback:
    if os.environ.get(GRADING) == "1" and not feedback.right:
        raise AssertionError(str(feedback))
    return feedback


@dataclass(frozen=True, repr=False)
class TeacherSheet:
    """An exercise with its derivation and its typical errors, for one student's numbers."""

    sheet: Personal
    steps: tuple[Step, ...]

    @property
    def errors(self) -> list[tuple[str, str, str]]:
        """Name, number and feedback of each typical error."""
        return [(m.name, _text(value), m.feedback) for m, value in self.sheet.wrong]

    def _repr_markdown_(self) -> str:
        exercise = self.sheet.exercise
        steps = [
            f"{i}. {step.sentence} $\\displaystyle {step.latex}$ ≈ {step.value:.6g}"
            for i, step in enumerate(self.steps, 1)
        ]
        errors = [f"| {value} | {name} | {words} |" for name, value, words in self.errors]
        words = (
            f"An answer counts as right within {exercise.rtol:g} of itself." if not exercise.whole else "It is exact."
        )
        return "\n".join(
            [
                str(self.sheet),
                "",
                f"**Solution: {_text(self.sheet.solution)}.** {words}",
                "",
                *steps,
                "",
                "| a student who answers | made this error | and reads |",
                "|---|---|---|",
                *errors,
            ]
        )

    def __str__(self) -> str:
        return self._repr_markdown_()

    def __repr__(self) -> str:
        return str(self)


def teacher(number: str, student: str = "") -> TeacherSheet:
    """The teacher's sheet: derivation in LaTeX, solution and typical errors, for this student's numbers.

    Raises
    ------
    LookupError
        As `exercise`.

    Examples
    --------
    >>> from nala_lab.classroom import teacher
    >>> print(teacher("01.1", "ada").steps[0].latex)
    R = \\left(1 - \\lambda \\eta\\right)^{k}
    """
    sheet = exercise(number, student)
    return TeacherSheet(sheet, tuple(derive(sheet.exercise, sheet.data)))


def _text(value: object) -> str:
    numbers = [f"{number:.6g}" for number in np.atleast_1d(np.asarray(value, np.float64))]
    return numbers[0] if len(numbers) == 1 else "[" + ", ".join(numbers) + "]"
