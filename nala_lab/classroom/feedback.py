"""Say what is right, what is wrong and how to go on: the reading of one answer."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nala_lab.classroom.answers import read
from nala_lab.classroom.sheets import Personal, same

__all__ = ["Feedback", "judge"]

Real = NDArray[np.float64]
CLOSE = 10.0  # tolerances: an answer so near was rounded too early


@dataclass(frozen=True)
class Feedback:
    """What a student reads. `kind` names the case: right, none, junk, close, or the name of a mistake."""

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

    def __repr__(self) -> str:
        return str(self)

    def _repr_markdown_(self) -> str:
        head = "✔ right" if self.right else ("… open" if self.kind == "none" else "✘ not yet")
        score = f" ({self.points} of {self.of})" if self.of else ""
        return f"**{self.exercise} · {head}{score}.** {self.message}"


# What can go wrong anywhere: name, what is said, and the number it leads to. The first that fits is told.
GENERAL: tuple[tuple[str, str, Callable[[Real], Real]], ...] = (
    (
        "sign",
        "The size is right and the sign is wrong: say which direction counts as positive, then look again.",
        lambda v: -v,
    ),
    (
        "percent",
        "This is a hundred times too large: the exercise asks for a plain number, not for percent.",
        lambda v: 100 * v,
    ),
    (
        "fraction",
        "This is a hundred times too small: give the number itself, not a hundredth of it.",
        lambda v: v / 100,
    ),
    (
        "reciprocal",
        "This is the reciprocal of the answer: check which of the two stands on top of the fraction.",
        lambda v: 1 / v,
    ),
    (
        "complement",
        "This is one minus the answer: one of the two numbers is what is lost, the other what is left.",
        lambda v: 1 - v,
    ),
    ("square", "This is the square of the answer: a root is missing, or a factor was used twice.", lambda v: v * v),
    (
        "root",
        "This is the square root of the answer: a factor that acts twice was used once.",
        lambda v: np.sqrt(np.abs(v)),
    ),
    (
        "twice",
        "You are off by a factor of exactly two: look for a half that was lost, or a term counted twice.",
        lambda v: 2 * v,
    ),
    (
        "half",
        "You are off by a factor of exactly one half: look for a term that was counted only once.",
        lambda v: v / 2,
    ),
    ("degrees", "This is the answer in degrees: the lab uses radians.", lambda v: np.degrees(v)),
)
BY_K: tuple[tuple[str, str, Callable[[Real, int], Real]], ...] = (
    ("times k", "You are off by a factor k: this is for a whole cycle of k inner steps.", lambda v, k: v * k),
    ("over k", "You are off by a factor 1/k: a cycle has k inner steps, and all of them count.", lambda v, k: v / k),
    ("times k+1", "You are off by a factor k+1, the number of gradients in a cycle.", lambda v, k: v * (k + 1)),
    ("over k+1", "You are off by a factor 1/(k+1): a cycle has k+1 gradients.", lambda v, k: v / (k + 1)),
)


def judge(sheet: Personal, answer: object) -> Feedback:
    """Judge one answer. It never raises, whatever `answer` is."""
    exercise = sheet.exercise
    value = read(answer, size=exercise.size)
    if isinstance(value, str):
        kind = "none" if answer is None or answer is Ellipsis else "junk"
        return Feedback(exercise.id, False, kind, value, 0, exercise.points)
    if same(value, sheet.solution, exercise.rtol):
        return Feedback(exercise.id, True, "right", _praise(sheet), exercise.points, exercise.points)
    kind, message = _diagnose(sheet, value)
    return Feedback(exercise.id, False, kind, message, 0, exercise.points)


def _praise(sheet: Personal) -> str:
    exact = ", ".join(f"{number:.6g}" for number in np.atleast_1d(sheet.solution))
    return f"To six digits the answer is {exact}."


def _diagnose(sheet: Personal, value: Real) -> tuple[str, str]:
    exercise, solution, rtol = sheet.exercise, sheet.solution, sheet.exercise.rtol
    for mistake, wrong in sheet.wrong:
        if same(value, wrong, rtol):
            return mistake.name, mistake.feedback
    if exercise.whole:
        return _whole(sheet, float(value))
    with np.errstate(all="ignore"):  # a reciprocal of zero matches nothing
        for name, message, change in GENERAL:
            if same(value, change(solution), rtol):
                return name, message
        for name, message, by in BY_K if "k" in sheet.data else ():
            if same(value, by(solution, int(sheet.data["k"])), rtol):
                return name, message
    if same(value, solution, CLOSE * rtol):
        return "close", f"Very close: keep more digits on the way and round only at the end ({exercise.form})."
    return "other", f"This is not the number yet. A first step: {exercise.derivation[0][0]}"


def _whole(sheet: Personal, value: float) -> tuple[str, str]:
    if value != round(value):
        return (
            "not whole",
            "The exercise counts something, so the answer is a whole number: round in the right direction.",
        )
    if abs(value - float(sheet.solution)) == 1:
        return (
            "off by one",
            "You are off by one: put your number and its neighbours into the formula, and see which fits.",
        )
    return "other", f"This is not the number yet. A first step: {sheet.exercise.derivation[0][0]}"
