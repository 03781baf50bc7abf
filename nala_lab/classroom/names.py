"""A student's name, as it decides the numbers and stands in a grade file."""

from __future__ import annotations

import unicodedata

import numpy as np

__all__ = ["DEMO", "named"]

LONGEST = 200
DEMO = "demo"  # the name that the lessons come with: who marks finds it where nobody wrote a name


def named(student: object) -> str:
    """The student's name as it decides the numbers, whatever it was typed or pasted with.

    Capitals, blanks around it, their number inside it, marks that nobody sees (such as the one that some editors put
    before a file's first name) and the encoding of accents do not count. A whole number is a name like its digits.

    Raises
    ------
    LookupError
        When it is neither text nor a whole number, or longer than a name can be.

    Examples
    --------
    >>> named("  Ada ") == named("ada"), named(4711) == named("4711")
    (True, True)
    """
    if isinstance(student, (int, np.integer)) and not isinstance(student, bool):
        student = str(student) if abs(int(student)) < 10**LONGEST else None
    if not isinstance(student, str) or len(student) > LONGEST or not _can_be_written(student):
        raise LookupError(f"student is a name or a whole number, of at most {LONGEST} characters.")
    seen = "".join(letter for letter in student if unicodedata.category(letter) != "Cf")
    return " ".join(unicodedata.normalize("NFC", seen).split()).casefold()


def _can_be_written(text: str) -> bool:
    """False for half a character, which no file can hold."""
    return not any("\ud800" <= letter <= "\udfff" for letter in text)
