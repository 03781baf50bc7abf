"""What an exercise is: a text with numbers drawn for each student, a solution, and wrong answers with their words."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from nala_lab.classroom.neighbours import Error, method_errors, slips
from nala_lab.classroom.shown import Shown
from nala_lab.core import stream

__all__ = ["Data", "Exercise", "Mistake", "Personal", "draws", "personal", "same"]

Real = NDArray[np.float64]
TRIES = 2000  # draws before an exercise is called impossible; a good one needs a handful
APART = 4.0  # tolerances between two numbers of a sheet: an answer, or one that was rounded early, meets only one
EQUAL = 1e-9  # two errors that lead to the same number: float64 computes either to a few roundings


class Data(Mapping[str, float]):
    """The numbers of one sheet: ``d.lam``, ``d["lam"]``, and ``d("lr k", mu=0.0)`` for a call's keywords.

    Examples
    --------
    >>> d = Data(lr=0.1, k=5, mu=-0.5)
    >>> d.k, d("lr k", mu=0.0)
    (5, {'lr': 0.1, 'k': 5, 'mu': 0.0})
    """

    def __init__(self, **numbers: float) -> None:
        self._numbers = numbers

    def __getitem__(self, name: str) -> float:
        return self._numbers[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._numbers:
            raise AttributeError(f"the sheet has no number {name!r}; it has {', '.join(self._numbers)}")
        return self._numbers[name]

    def __call__(self, names: str = "", **changed: Any) -> dict[str, Any]:
        """The named numbers as keywords, with some of them replaced or added."""
        return {name: self._numbers[name] for name in names.split()} | changed


@dataclass(frozen=True)
class Mistake:
    """One way to go wrong: its name, what the student is told, and the number it leads to."""

    name: str
    feedback: str
    wrong: Callable[[Data], ArrayLike]


@dataclass(frozen=True)
class Exercise:
    """One exercise of a lesson.

    ``[lam]`` in `prompt` is replaced by the student's number. `derivation` is a chain of (sentence, equation); an
    equation is Python, such as ``B = (1+mu)*r**k - mu``, and may use what stands above it. sympy prints it, and its
    last value must be the solution.

    An answer is right within ``0.5 * 10^(1-digits)`` of itself: that much is lost by rounding to so many significant
    digits. A `whole` answer is a count and must be exact. `size` is the number of coordinates, 0 for one number.
    """

    id: str
    title: str
    prompt: str
    draw: Callable[[np.random.Generator], Data]
    solution: Callable[[Data], ArrayLike]
    mistakes: tuple[Mistake, ...]
    derivation: tuple[tuple[str, str], ...]
    digits: int = 3
    whole: bool = False
    size: int = 0
    points: int = 1

    @property
    def rtol(self) -> float:
        """The tolerance, relative to the largest coordinate of the right answer."""
        return 1e-9 if self.whole else 0.5 * 10.0 ** (1 - self.digits)

    @property
    def form(self) -> str:
        """How an answer is to be written, in words."""
        if self.whole:
            return "a whole number"
        one = f"{self.digits} significant digits"
        return f"a list of {self.size} numbers, {one} each" if self.size else f"one number, {one}"


@dataclass(frozen=True, repr=False)
class Personal(Shown):
    """An exercise with one student's numbers in it; what is shown of it has no solution."""

    exercise: Exercise
    student: str
    data: Data
    solution: Real
    wrong: tuple[tuple[Mistake, Real], ...]
    near: tuple[Error, ...] = ()

    @property
    def prompt(self) -> str:
        """The text with this student's numbers."""
        return re.sub(r"\[(\w+)\]", self._number, self.exercise.prompt)

    def _number(self, found: re.Match[str]) -> str:
        name = found.group(1)
        if name not in self.data:
            return found.group(0)
        digits, _, power = f"{self.data[name]:g}".partition("e")  # 1e-06 would be read as 1 e - 06 in a formula
        return (rf"{digits} \cdot 10^{{{int(power)}}}" if power else digits).removeprefix(r"1 \cdot ")

    def _repr_markdown_(self) -> str:
        exercise = self.exercise
        return f"**Exercise {exercise.id} · {exercise.title}.** {self.prompt}\n\n*Answer: {exercise.form}.*"


def draws(**choices: Sequence[float]) -> Callable[[np.random.Generator], Data]:
    """Make an exercise's `draw`: each number is picked from its list, independently.

    Examples
    --------
    >>> import numpy as np
    >>> draws(k=(3, 5), mu=(-0.5,))(np.random.default_rng(0)).mu
    -0.5
    """

    def draw(rng: np.random.Generator) -> Data:
        return Data(**{name: values[int(rng.integers(len(values)))] for name, values in choices.items()})

    return draw


def same(a: Real, b: Real, rtol: float) -> bool:
    """Say whether two answers agree within `rtol` of the larger one's largest coordinate."""
    return bool(np.max(np.abs(a - b)) <= rtol * max(np.max(np.abs(a)), np.max(np.abs(b))))


@lru_cache(maxsize=1024)
def personal(exercise: Exercise, student: str) -> Personal:
    """Draw `student`'s numbers: the first set for which the solution, all wrong answers and the numbers are apart.

    The wrong answers are the exercise's own mistakes, the errors of method that `neighbours` knows, and its slips.
    The same name gives the same numbers everywhere; capitals and blanks around it do not matter.

    Raises
    ------
    RuntimeError
        When no draw separates them: the exercise is badly made.
    """
    rng = stream(0, "classroom", exercise.id, student)
    for _ in range(TRIES):
        data = exercise.draw(rng)
        try:
            values = _values(exercise, data)
        except ValueError:
            continue  # theory has no answer for this setting, such as a cycle that does not exist there
        if not _all_apart(values, exercise.rtol):
            continue
        if any(same(values[0], np.float64(number), APART * exercise.rtol) for number in data.values()):
            continue  # a number of the text, typed back, would be right
        # An error that leads to the solution is none: the number does not matter here. A count may meet by chance.
        possible = method_errors(exercise.solution, data)
        errors = tuple(e for e in possible if exercise.whole or not same(e.value, values[0], EQUAL))
        small = tuple(slips(data, values[0]))
        if _told_apart(values, errors, small, exercise.rtol):
            wrong = tuple(zip(exercise.mistakes, values[1:], strict=True))
            return Personal(exercise, student, data, values[0], wrong, errors + small)
    raise RuntimeError(f"exercise {exercise.id}: {TRIES} draws, and two of its answers cannot be told apart")


def _values(exercise: Exercise, data: Data) -> list[Real]:
    """The solution and the wrong answers."""
    with np.errstate(all="ignore"):  # a draw at which one of them overflows is dropped later
        return [np.asarray(f(data), np.float64) for f in (exercise.solution, *(m.wrong for m in exercise.mistakes))]


def _all_apart(values: list[Real], rtol: float) -> bool:
    usable = all(np.all(np.isfinite(v)) and np.any(v != 0) for v in values)
    return usable and not any(same(a, b, APART * rtol) for i, a in enumerate(values) for b in values[:i])


def _told_apart(values: list[Real], errors: tuple[Error, ...], small: tuple[Error, ...], rtol: float) -> bool:
    """No error meets the solution, and two errors of method are apart unless they are one number by two names."""
    if any(same(values[0], error.value, APART * rtol) for error in errors + small):
        return False
    named = values[1:] + [error.value for error in errors]
    pairs = ((a, b) for i, b in enumerate(named) if i >= len(values) - 1 for a in named[:i])
    return not any(same(a, b, APART * rtol) and not same(a, b, EQUAL) for a, b in pairs)
