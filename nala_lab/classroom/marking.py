"""What a student and a teacher call: show an exercise, check an answer, read the teacher's sheet."""

from __future__ import annotations

import os
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from nala_lab.classroom.answers import comma
from nala_lab.classroom.bank import find
from nala_lab.classroom.book import grades
from nala_lab.classroom.derivation import Step, derive
from nala_lab.classroom.feedback import Feedback, judge
from nala_lab.classroom.names import named
from nala_lab.classroom.sheets import Personal, personal
from nala_lab.classroom.shown import Shown, six_digits, table

__all__ = ["GRADING", "TeacherSheet", "check", "exercise", "teacher"]

GRADING = "NALA_LAB_GRADING"  # set by a marker such as nbgrader: a wrong answer then stops the cell


def exercise(number: str, student: str | int = "") -> Personal:
    """The exercise with this student's numbers; a notebook shows it as text.

    Raises
    ------
    LookupError
        For an unknown number or a name that is none.

    Examples
    --------
    >>> from nala_lab.classroom import exercise
    >>> exercise("01.1", "ada").data == exercise("01.1", "ada").data
    True
    >>> exercise("01.1", "ada").solution == exercise("01.1", "grace").solution
    np.False_
    """
    return personal(find(number), named(student))


def check(number: str, answer: object, *more: object, student: str | int = "") -> Feedback:
    """Check an answer and enter it in the session's grade book.

    The name may stand third, without its keyword. What else is in `more` is what a decimal comma leaves over.

    Whatever `answer` is, the result is a sentence and never an error. With the environment variable NALA_LAB_GRADING
    set to 1 (for nbgrader, which marks a cell by whether it raises) an answer that is not right raises instead.

    Examples
    --------
    >>> from nala_lab.classroom import check, exercise
    >>> check("01.1", "five", student="ada").message
    'Your answer is text: write the number without quotation marks.'
    >>> bool(check("01.1", float(exercise("01.1", "ada").solution), student="ada"))
    True
    """
    if len(more) > 1 or more and (student != "" or isinstance(more[0], float)):
        # Python reads check("01.1", 0,25, STUDENT) as four values, and so with student=STUDENT
        return _done(Feedback(str(number)[:20], False, "junk", _parted(number, (answer, *more))))
    student = more[0] if more else student  # type: ignore[assignment]  # `named` refuses what is no name
    try:
        sheet = exercise(number, student)
    except LookupError as problem:
        return _done(Feedback(str(number)[:20], False, "unknown", str(problem.args[0])))
    feedback = judge(sheet, answer, grades().hints(sheet.student, sheet.exercise.id))
    split = bool(more) and type(answer) is int and type(student) is int and not sheet.exercise.whole
    if split and not feedback.right:  # check("01.1", 0,25): Python gives 0 as the answer and 25 as the name
        return _done(Feedback(number, False, "junk", comma(answer, student), 0, feedback.of))
    grades().enter(sheet.student, feedback, answer)
    return _done(feedback)


def _parted(number: str, given: tuple[object, ...]) -> str:
    """What is said of several numbers: a list without its brackets, or a decimal comma."""
    try:
        size = np.size(exercise(number).solution)
    except LookupError:
        size = 0
    if size == len(given) > 1 and any(isinstance(part, float) for part in given):
        numbers = ", ".join(f"{part!s:.20}" for part in given)
        return f"The exercise asks for a list of {size} numbers: write [{numbers}]."
    return comma(*given[:2])


def _done(feedback: Feedback) -> Feedback:
    if os.environ.get(GRADING) == "1" and not feedback.right:
        raise AssertionError(str(feedback))
    return feedback


@dataclass(frozen=True, repr=False)
class TeacherSheet(Shown):
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
        words = "It is exact." if exercise.whole else f"An answer counts as right within {exercise.rtol:g} of itself."
        errors = table(
            ("a student who answers", "made this error", "and reads"),
            [(value, name, words) for name, value, words in self.errors],
        )
        solution = f"**Solution: {_text(self.sheet.solution)}.** {words}"
        return "\n".join([str(self.sheet), "", solution, "", *steps, "", errors])


def teacher(number: str, student: str | int = "") -> TeacherSheet:
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


def _text(value: ArrayLike) -> str:
    numbers = six_digits(value)
    return f"[{numbers}]" if "," in numbers else numbers
