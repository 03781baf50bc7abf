"""Say what is right, what is wrong and how to go on: the reading of one answer."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nala_lab.classroom.answers import read
from nala_lab.classroom.sheets import EQUAL, Exercise, Personal, same
from nala_lab.classroom.shown import Shown, six_digits

__all__ = ["Feedback", "judge"]

Real = NDArray[np.float64]
CLOSE = 3.0  # tolerances: so near comes only who rounded too early, for every known error lies farther off


@dataclass(frozen=True, repr=False)
class Feedback(Shown):
    """What a student reads. `kind` names the case: right, none, junk, close, other, or the name of a mistake."""

    exercise: str
    right: bool
    kind: str
    message: str
    points: int = 0
    of: int = 0

    def __bool__(self) -> bool:
        return self.right

    def __str__(self) -> str:
        return f"{self.exercise}: {'right' if self.right else 'not yet'}. {self.message}"

    def _repr_markdown_(self) -> str:
        head = "✔ right" if self.right else ("… open" if self.kind == "none" else "✘ not yet")
        score = f" ({self.points} of {self.of})" if self.of else ""
        return f"**{self.exercise} · {head}{score}.** {self.message}"


def judge(sheet: Personal, answer: object, hints: int = 0) -> Feedback:
    """Judge one answer; after `hints` hints the next one is given. It never raises, whatever `answer` is."""
    exercise = sheet.exercise
    value = read(answer, size=exercise.size)
    if isinstance(value, str):
        kind = "none" if answer is None or answer is Ellipsis else "junk"
        return Feedback(exercise.id, False, kind, value, 0, exercise.points)
    if same(value, sheet.solution, exercise.rtol) and _each(value, sheet.solution, exercise.rtol):
        praise = f"To six digits the answer is {six_digits(sheet.solution)}."
        return Feedback(exercise.id, True, "right", praise, exercise.points, exercise.points)
    kind, message = _diagnose(sheet, value, hints)
    return Feedback(exercise.id, False, kind, message, 0, exercise.points)


def _diagnose(sheet: Personal, value: Real, hints: int) -> tuple[str, str]:
    exercise = sheet.exercise
    for mistake, wrong in sheet.wrong:
        if same(value, wrong, exercise.rtol):
            return mistake.name, mistake.feedback
    if exercise.whole and np.any(value != np.round(value)):
        close = np.all(np.abs(value - sheet.solution) < 1)
        end = ": round in the right direction." if close else ", and yours is not near it yet."
        return "not whole", f"The exercise counts something, so the answer is a whole number{end}"
    for error in sheet.near:
        if same(value, error.value, exercise.rtol):
            return error.name, error.words
    if exercise.whole and np.all(np.abs(value - sheet.solution) == 1):
        words = "You are off by one: put your number and its neighbours into the formula, and see which fits."
        return "off by one", words
    early = not exercise.whole and same(value, _two_digits(sheet.solution), EQUAL)  # a count has no digits to keep
    if early or same(value, sheet.solution, CLOSE * exercise.rtol):
        return "close", f"Very close: keep more digits on the way and round only at the end ({exercise.form})."
    return "other", f"This is not the number yet. {_hint(exercise, hints)}"


def _each(value: Real, solution: Real, rtol: float) -> bool:
    """Whether every coordinate has its own digits; one that is zero but for rounding has none."""
    return bool(np.all(np.abs(value - solution) <= rtol * np.abs(solution) + EQUAL * np.max(np.abs(solution))))


def _two_digits(value: Real) -> Real:
    """The number as who rounds much too early has it."""
    return np.vectorize(lambda x: float(f"{x:.2g}"))(value)


def _hint(exercise: Exercise, given: int) -> str:
    """The first step in words, then the next ones, then the equations; after the last one they begin again."""
    steps = exercise.derivation
    hints = [f"A first step: {steps[0][0]}", *(f"A next step: {words}" for words, _ in steps[1:])]
    hints += [f"Written down: `{equation}`." for _, equation in steps[:-1] or steps]
    return hints[given % len(hints)]
