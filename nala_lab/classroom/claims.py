"""What a lesson's text says, as a line that can fail: it stops a test, and it answers a student who tries numbers."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import ArrayLike

from nala_lab.core import reals, require

__all__ = ["agree", "at_most", "by_chance", "claim"]

RARE = 4.5  # standard errors: a right prediction misses one comparison by more in 150 000
CELL = "# %%"  # begins a cell in a lesson's .py file
_SAID: set[tuple[int, str]] = set()


def claim(condition: ArrayLike, text: str) -> None:
    """Say that `condition` holds, in the words of the lesson: `text` begins small and has no full stop.

    A claim is made for the numbers of the lesson. While every cell that has run is the lesson's own, word for word, a
    false claim is an error. After a change it is an answer: one sentence, and the notebook goes on. Which cells are
    the lesson's own is read from the .py files beside the notebook; where there are none, nothing stops.

    Raises
    ------
    ValueError
        For what has no truth of its own, and would always pass: text, a generator, a set, a function, an empty list.
    AssertionError
        When the condition is false, or NaN, and the cells are the lesson's own, or outside a notebook.

    Examples
    --------
    >>> from nala_lab.classroom import claim
    >>> claim(2 > 1, "two is more than one")
    >>> claim([True, False], "both are true")
    Traceback (most recent call last):
    AssertionError: The text says: both are true. That is not so.
    """
    told = np.asarray(condition)
    sayable = told.size > 0 and told.dtype.kind in "biufcO"
    sayable = sayable and (told.dtype.kind != "O" or all(hasattr(type(each), "__bool__") for each in told.flat))
    kind = type(condition).__name__
    require("condition", kind, sayable, "a value or an array, not empty", "write all(...) around a generator or a set")
    if np.all(told) and not (told.dtype.kind == "f" and np.isnan(told).any()):
        return
    cells = _cells_that_ran()
    if _is_the_lesson(cells, Path.cwd()):
        raise AssertionError(f"The text says: {text}. That is not so.")
    if (len(cells or ()), text) in _SAID:
        return  # once in a cell, also when a loop comes by again
    _SAID.add((len(cells or ()), text))
    print(f"The text says: {text}. That was claimed for the lesson's own numbers; with yours it does not hold.")


def agree(a: ArrayLike, b: ArrayLike, digits: int = 9, *, each: bool = False) -> bool:
    """Say whether two computations of the same numbers agree to so many digits of the largest of them.

    Why not exactly: every operation of float64 is rounded in the 16th digit, and another order of operations rounds
    otherwise. A run of a thousand steps loses three digits of its largest number to that, seldom six; a formula that is
    wrong differs in the first three. So nine digits tell the two apart, and fewer are asked where a picture or a
    printed table has fewer. With `each` every number is compared by its own size. Of no numbers at all it says False.

    Examples
    --------
    >>> from nala_lab.classroom import agree
    >>> agree(0.1 + 0.2, 0.3), agree([1.0, 1e-12], [1.0, 0.0]), agree([1.0, 1e-12], [1.0, 0.0], each=True)
    (True, True, False)
    """
    number = np.complex128 if np.iscomplexobj(a) or np.iscomplexobj(b) else np.float64
    left, right = np.broadcast_arrays(np.asarray(a, number), np.asarray(b, number))
    if left.size == 0 or not np.all(np.isfinite(left) & np.isfinite(right)):
        return False
    size = np.maximum(np.abs(left), np.abs(right))
    return bool(np.all(np.abs(left - right) <= 10.0**-digits * (size if each else size.max(initial=0.0))))


def at_most(a: ArrayLike, b: ArrayLike) -> bool:
    """Say that a <= b everywhere, where equal numbers may differ by rounding (see `agree`).

    Raises ValueError for complex numbers.

    Examples
    --------
    >>> from nala_lab.classroom import at_most
    >>> at_most(0.1 + 0.2, 0.3), at_most(0.31, 0.3)
    (True, False)
    """
    left, right = reals("a", a), reals("b", b)
    largest = np.max(np.abs(right), initial=0.0, where=np.isfinite(right))  # an infinite bound is no leave for others
    return bool(np.all(left <= right + 1e-9 * largest))


def by_chance(misses: ArrayLike) -> bool:
    """Say whether misses, in standard errors, are so small that chance explains them: below 4.5, once in 150 000 not.

    Raises ValueError for complex numbers.

    Examples
    --------
    >>> from nala_lab.classroom import by_chance
    >>> by_chance([-1.2, 0.3]), by_chance([0.1, 6.0])
    (True, False)
    """
    return bool(np.all(np.abs(reals("misses", misses)) < RARE))


def _cells_that_ran() -> list[str] | None:
    """The code of this notebook's session, cell by cell; None outside a notebook."""
    try:
        from IPython import get_ipython
    except ImportError:
        return None
    shell = get_ipython()
    return None if shell is None else list(shell.history_manager.input_hist_raw)


def _is_the_lesson(cells: list[str] | None, folder: Path) -> bool:
    """Whether every cell stands word for word in a lesson's .py file in `folder`; outside a notebook it does."""
    if cells is None:
        return True
    own = {""}
    for script in folder.glob("[0-9][0-9]_*.py"):
        for part in f"\n{script.read_text(encoding='utf-8')}".split(f"\n{CELL}"):
            own.add(part.partition("\n")[2].strip())
    return all(cell.strip() in own for cell in cells)
