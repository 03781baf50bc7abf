"""Nine questions to a NALA program; each answer is a number that is known before the program runs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from nala_lab.classroom.shown import Shown
from nala_lab.classroom.specimen import Program
from nala_lab.theory.quadratic_rate import lookahead_factor, rho
from nala_lab.theory.worst_functions import travel

__all__ = ["QUESTIONS", "SETTING", "Answer", "Question"]

Real = NDArray[np.float64]
SETTING = {"lr": 0.1, "k": 5, "mu": -0.5, "alpha": 0.3}
START, CYCLES = 3.0, 3
CLOSE = 1e-12  # a run here is at most 200 roundings of 1e-16 of numbers below 10


@dataclass(frozen=True, repr=False)
class Answer(Shown):
    """What a question found: the number, the one that was known, and whether they agree."""

    question: str
    measured: float
    expected: float
    passes: bool

    def _repr_markdown_(self) -> str:
        mark = "✔ as it should be" if self.passes else "✘ **not** as it should be"
        return f"`{self.question}`: found {self.measured:.6g}, expected {self.expected:.6g}: {mark}."

    def __str__(self) -> str:
        return self._repr_markdown_().replace("**", "").replace("`", "")


@dataclass(frozen=True)
class Question:
    """A question: its name, what it asks, and how it is put to a program: measured and expected."""

    name: str
    asks: str
    put: Callable[[Program], tuple[float, float]]

    def ask(self, program: Program) -> Answer:
        """Put the question."""
        measured, expected = (float(value) for value in self.put(program))
        if self.name == "loss-falls":
            return Answer(self.name, measured, expected, measured < expected)
        return Answer(self.name, measured, expected, abs(measured - expected) <= CLOSE * max(1.0, abs(expected)))


def _bowl(x: Real) -> Real:
    """Gradient of x^2 / 2."""
    return x.copy()


def _path(program: Program, cycles: int = CYCLES, **changed: float) -> Real:
    return program(_bowl, [START], cycles, **(SETTING | changed))[:, 0]


def _loss(program: Program) -> tuple[float, float]:
    path = _path(program, 30)
    return path[-1] ** 2 / 2, path[0] ** 2 / 200


def _cycle(number: int) -> Callable[[Program], tuple[float, float]]:
    def put(program: Program) -> tuple[float, float]:
        path = _path(program)
        return path[number] / path[number - 1], float(rho(1.0, **SETTING))

    return put


def _still(program: Program) -> tuple[float, float]:
    return _path(program, lr=0.0, alpha=0.0)[-1], START


def _inner_only(program: Program) -> tuple[float, float]:
    inner = (1 - SETTING["lr"]) ** (SETTING["k"] * CYCLES)
    return _path(program, mu=0.0, alpha=0.0)[-1] / START, inner


def _frozen(program: Program) -> tuple[float, float]:
    return _path(program, mu=-1.0, alpha=0.0)[-1], START


def _line(program: Program) -> tuple[float, float]:
    way = START - program(np.ones_like, [START], CYCLES, **SETTING)[-1, 0]
    return way, travel(L=1.0, cycles=CYCLES, **SETTING)


def _asked(program: Program, cycles: int) -> list[float]:
    """The points at which the program asks for a gradient."""
    points: list[float] = []

    def grad(x: Real) -> Real:
        points.append(float(x[0]))
        return x.copy()

    program(grad, [START], cycles, **SETTING)
    return points


def _count(program: Program) -> tuple[float, float]:
    return len(_asked(program, CYCLES)), CYCLES * (SETTING["k"] + 1)


def _place(program: Program) -> tuple[float, float]:
    factor = lookahead_factor(1.0, **{name: SETTING[name] for name in ("lr", "k", "mu")})
    return _asked(program, 1)[-1], START * float(factor)


QUESTIONS: dict[str, Question] = {
    q.name: q
    for q in (
        Question("loss-falls", "is the loss after 30 cycles below a hundredth of the first?", _loss),
        Question("first-cycle", "does the first cycle multiply the error by rho (T01)?", _cycle(1)),
        Question("second-cycle", "and the second one?", _cycle(2)),
        Question("stands-still", "with eta = alpha = 0 nothing may move. Does it?", _still),
        Question("inner-only", "with mu = alpha = 0 it is the inner rule alone. Is it?", _inner_only),
        Question("frozen", "with mu = -1 and alpha = 0 the slow weights ignore the inner loop. Do they?", _frozen),
        Question("straight-line", "on a slope T cycles go T ((1+mu) k eta + alpha) (T22's H). Do they?", _line),
        Question("count", "does it ask for k + 1 gradients in each cycle?", _count),
        Question("place", "is the last gradient of the first cycle taken at y?", _place),
    )
}
"""Every question, by name."""
