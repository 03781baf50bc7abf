"""Read what a student typed: numbers come back as an array, anything else as one clear sentence."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["read"]

Real = NDArray[np.float64]
DEEPEST = 4  # brackets around one number that are taken off
OPEN = "There is no answer yet: write yours in place of the dots."
MANY = 10**9  # a longer integer is not repeated in a sentence


def read(answer: object, *, size: int = 0) -> Real | str:
    """Give `answer` as an array of shape () or (size,), or a sentence that says why it cannot be one.

    It never raises, whatever the object is.

    Parameters
    ----------
    answer : what the student gave: a number of any kind (float, int, Fraction, NumPy or sympy number), or a list.
    size : coordinates that the exercise asks for; 0 for one number.

    Examples
    --------
    >>> read(0.25)
    array(0.25)
    >>> read("0.25")
    'Your answer is text: write the number without quotation marks.'
    >>> read((0, 25))
    'Your answer is two numbers, 0 and 25: if you meant 0.25, write it with a point, not with a comma.'
    >>> read([1.0, 2.0], size=3)
    'The exercise asks for a list of 3 numbers, and your answer has 2.'
    """
    try:
        return _read(answer, size)
    except Exception:  # an object may raise anything from its own methods; a student still gets a sentence
        return f"A {type(answer).__name__} cannot be read as a number: give a plain number, such as 0.25."


def _read(answer: Any, size: int) -> Real | str:
    if answer is None or answer is Ellipsis:
        return OPEN
    if isinstance(answer, (str, bytes)):
        return _text(answer)
    if isinstance(answer, (dict, set, frozenset)):
        return f"Your answer is a {type(answer).__name__}: give a plain number, or a list where one is asked for."
    length = _length(answer)
    if size == 0:
        if length == 2 and isinstance(answer, tuple):
            return comma(*answer)
        return _read_one(answer)
    if length is None:
        return f"The exercise asks for a list of {size} numbers, and your answer is a single one."
    if length == 1 and _length(answer[0]) == size:
        return _read(answer[0], size)
    if length != size:
        words = f"The exercise asks for a list of {size} numbers, and your answer has {length}"
        doubled = length == 2 * size and all(isinstance(part, int) for part in answer)
        return words + (": write 0.25 with a point, not with a comma." if doubled else ".")
    parts = [_read_one(part) for part in answer]
    wrong = next((part for part in parts if isinstance(part, str)), None)
    return wrong if wrong is not None else np.array(parts, np.float64)


def comma(left: object, right: object) -> str:
    """What is said when Python read one decimal comma as two numbers."""
    if type(left) is int and type(right) is int and abs(left) < MANY and 0 <= right < MANY:
        given, guess = f", {left} and {right}", f"{left}.{right}"
    else:
        given, guess = "", "0.25"
    return f"Your answer is two numbers{given}: if you meant {guess}, write it with a point, not with a comma."


def _text(answer: str | bytes) -> str:
    if isinstance(answer, str) and re.fullmatch(r"\s*[-+]?\d*,\d+\s*", answer[:40]):
        number = answer.strip().replace(",", ".")
        return f"Your answer is text with a comma: write {number}, with a point and without quotation marks."
    return "Your answer is text: write the number without quotation marks."


def _length(answer: Any) -> int | None:
    """How many parts a list or an array has; None for a single number."""
    return len(answer) if hasattr(answer, "__len__") and getattr(answer, "ndim", True) else None


def _read_one(answer: Any) -> Real | str:
    for _ in range(DEEPEST):  # one number in brackets is that number
        if isinstance(answer, (str, bytes, dict)) or _length(answer) != 1:
            break
        answer = answer[0]
    if isinstance(answer, (bool, np.bool_)):
        return "Your answer is True or False: the exercise asks for a number."
    if isinstance(answer, (str, bytes)):
        return _text(answer)
    if (length := _length(answer)) is not None:
        return f"The exercise asks for one number, not for {length} in a list."
    if isinstance(answer, complex) or getattr(getattr(answer, "dtype", None), "kind", "") == "c":
        return "Your answer is a complex number: the exercise asks for a real one."
    try:
        value = float(answer)
    except OverflowError:
        return "Your answer is too large for a floating-point number."
    if np.isnan(value):
        return "Your answer is NaN, which is no number: a division 0/0 may have made it."
    if np.isinf(value):
        return "Your answer is infinite: the exercise asks for a finite number."
    return np.asarray(value)
