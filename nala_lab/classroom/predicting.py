"""Write a number down before a run, and see afterwards how far it was off."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from nala_lab.classroom.answers import OPEN, read
from nala_lab.classroom.shown import Shown
from nala_lab.core import reals, require

__all__ = ["Outcome", "Prediction", "predict"]


@dataclass(frozen=True, repr=False)
class Outcome(Shown):
    """A prediction beside what happened."""

    question: str
    message: str
    difference: float | None

    def _repr_markdown_(self) -> str:
        return f"**{self.question}** {self.message}"

    def __str__(self) -> str:
        return f"{self.question} {self.message}"


@dataclass(frozen=True, repr=False)
class Prediction(Shown):
    """A question and the number that was written down for it, or the sentence that says why it is none.

    `written` is true for words as well.
    """

    question: str
    guess: float | None
    note: str
    written: bool = False

    def _repr_markdown_(self) -> str:
        return f"**Predict: {self.question}** {self.note}"

    def __str__(self) -> str:
        return f"Predict: {self.question} {self.note}"

    def meets(self, measured: float) -> Outcome:
        """Put the number that a run gave beside the prediction.

        Examples
        --------
        >>> print(predict("Error after 10 steps?", 0.5).meets(0.4))
        Error after 10 steps? You said 0.5, the run says 0.4: too large, by a factor of 1.25.
        >>> print(predict("Error after 10 steps?").meets(0.4))
        Error after 10 steps? The run says 0.4.
        """
        told = reals("measured", measured)
        require("measured", measured, told.size == 1, "one number")
        value = float(told.item())
        if self.guess is None:
            said = "" if self.note == OPEN else f"{self.note} "  # words, or why it is no number
            return Outcome(self.question, f"{said}The run says {value:.4g}.", None)
        words = _compare(self.guess, value)
        return Outcome(
            self.question, f"You said {self.guess:.4g}, the run says {value:.4g}: {words}", self.guess - value
        )


def predict(question: str, guess: object = ..., *more: object) -> Prediction:
    """Write down a prediction; the dots mean that there is none yet. Whatever `guess` is, nothing raises.

    Words are a prediction too, of a question that has no number. `more` is what a decimal comma leaves over; the
    answer then speaks of the comma.

    Examples
    --------
    >>> from nala_lab.classroom import predict
    >>> print(predict("Error after 10 steps?", 0.5))
    Predict: Error after 10 steps? Written down: 0.5.
    """
    value = read((guess, *more) if more else guess)
    if not isinstance(value, str):
        return Prediction(question, float(value), f"Written down: {float(value):.4g}.", written=True)
    if isinstance(guess, str) and any(letter.isalpha() for letter in guess):
        return Prediction(question, None, f"Written down: {guess[:200]}.".replace("..", "."), written=True)
    return Prediction(question, None, value)


def _compare(guess: float, value: float) -> str:
    if not np.isfinite(value):
        return "the run left the numbers, so there is nothing to compare."
    if np.isclose(guess, value, rtol=0.02, atol=0):  # what a reader takes off a picture
        return "well predicted."
    if guess == 0 or value == 0:
        return f"off by {abs(guess - value):.3g}."
    if (guess < 0) != (value < 0):
        return "they differ in sign."
    less, more = sorted((abs(guess), abs(value)))
    side = "too large" if abs(guess) == more else "too small"
    factor = f"{more / less:.3g}" if math.isfinite(more / less) else f"10^{math.log10(more) - math.log10(less):.3g}"
    return f"{side}, by a factor of {factor}."
