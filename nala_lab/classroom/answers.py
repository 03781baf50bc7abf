"""Read what a student typed: numbers come back as an array, anything else as one clear sentence."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["read"]

Real = NDArray[np.float64]


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
    >>> read([1.0, 2.0], size=3)
    'The exercise asks for a list of 3 numbers, and your answer has 2.'
    """
    try:
        return _read(answer, size)
    except Exception:  # an object may raise anything from its own methods; a student still gets a sentence
        return f"A {type(answer).__name__} cannot be read as a number: give a plain number, such as 0.25."


def _read(answer: Any, size: int) -> Real | str:
    if answer is None or answer is Ellipsis:
        return "There is no answer yet: write yours in place of the dots."
    if isinstance(answer, (str, bytes)):
        return "Your answer is text: write the number without quotation marks."
    if isinstance(answer, (dict, set, frozenset)):
        return f"Your answer is a {type(answer).__name__}: give a plain number, or a list where one is asked for."
    length = len(answer) if hasattr(answer, "__len__") and getattr(answer, "ndim", 1) else None
    if size == 0:
        return _read_one(answer) if length is None else f"The exercise asks for one number, not for {length} in a list."
    if length is None:
        return f"The exercise asks for a list of {size} numbers, and your answer is a single one."
    if length != size:
        return f"The exercise asks for a list of {size} numbers, and your answer has {length}."
    parts = [_read_one(part) for part in answer]
    wrong = next((part for part in parts if isinstance(part, str)), None)
    return wrong if wrong is not None else np.array(parts, np.float64)


def _read_one(answer: Any) -> Real | str:
    if isinstance(answer, (bool, np.bool_)):
        return "Your answer is True or False: the exercise asks for a number."
    if isinstance(answer, (str, bytes)):
        return "Your answer is text: write the number without quotation marks."
    if isinstance(answer, (complex, np.complexfloating)) or np.iscomplexobj(answer):
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
