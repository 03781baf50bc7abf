"""Find the bug: a NALA program with one wrong line, questions to put to it, and an accusation to make."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

from nala_lab.classroom.questions import QUESTIONS, SETTING, START, Answer, _bowl
from nala_lab.classroom.shown import Shown, table
from nala_lab.classroom.specimen import SUSPECTS, Program, nala, planted
from nala_lab.core import require_choice

if TYPE_CHECKING:
    from matplotlib.axes import Axes

__all__ = ["CASES", "Case", "Verdict", "questions", "suspects"]

CASES = {"A": "zero-slot", "B": "one-more", "C": "early-gradient", "D": "shared-memory", "E": "wrong-sign"}
"""Letter -> who did it. Reading this is reading the last page first."""


@dataclass(frozen=True, repr=False)
class Verdict(Shown):
    """What an accusation leads to."""

    case: str
    accused: str
    right: bool
    message: str

    def __bool__(self) -> bool:
        return self.right

    def _repr_markdown_(self) -> str:
        return f"**Case {self.case}, {self.accused}: {'✔ right' if self.right else '✘ not proved'}.** {self.message}"

    def __str__(self) -> str:
        return self._repr_markdown_().replace("**", "")


@dataclass
class Case:
    """One case. It remembers which questions were asked.

    Examples
    --------
    >>> from nala_lab.classroom import Case
    >>> case = Case("B")
    >>> print(case.run("count"))
    count: found 21, expected 18: ✘ not as it should be.
    >>> bool(case.accuse("zero-slot")), bool(case.accuse("one-more"))
    (False, True)
    """

    letter: str
    asked: dict[str, Answer] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_choice("letter", self.letter, CASES)

    @property
    def _program(self) -> Program:
        return planted(CASES[self.letter])

    def plot(self, ax: Axes | None = None, cycles: int = 8) -> Axes:
        """Draw the size of the slow weights of the sound program and of the case, on x^2 / 2 from 3."""
        from nala_lab import plots

        axes = plots.axes_or_new(ax, figsize=(7.6, 4.0))
        looks = ((nala, "predicted", "-", "sound"), (self._program, "fail", "--", f"case {self.letter}"))
        for program, role, dash, name in looks:
            path = np.abs(program(_bowl, [START], cycles, **SETTING)[:, 0])
            axes.semilogy(range(cycles + 1), path, dash, color=plots.ROLES[role], marker="o", ms=7, label=name)
        axes.set(xlabel="cycle", ylabel=r"$|\phi_t|$ (logarithmic; minimum at 0)")
        axes.legend()
        return axes

    def alt(self) -> str:
        """The picture in words."""
        own, sound = (p(_bowl, [START], 8, **SETTING)[:, 0] for p in (self._program, nala))
        return (
            f"Size of the slow weight against the cycle, logarithmic, from 3. The sound program stands at "
            f"{sound[1]:.2f} after one cycle and at {sound[4]:.2f} after four; the case at {abs(own[1]):.2f} and "
            f"{abs(own[4]):.2f}."
        )

    def run(self, question: str) -> Answer:
        """Put one question to the case.

        Raises
        ------
        ValueError
            For an unknown question, listing the known ones.
        """
        require_choice("question", question, QUESTIONS)
        self.asked[question] = QUESTIONS[question].ask(self._program)
        return self.asked[question]

    def accuse(self, name: str) -> Verdict:
        """Say who did it, and hear whether the questions that were asked prove it.

        Raises
        ------
        ValueError
            For a name that is not among the suspects.
        """
        require_choice("name", name, SUSPECTS)
        contradiction = next((q for q in self.asked if _passes(name, q) != self.asked[q].passes), None)
        if contradiction is not None:
            would, does = ("pass", "fails") if _passes(name, contradiction) else ("fail", "passes")
            words = f"With `{name}` the question `{contradiction}` would {would}, and here it {does}."
        elif name != CASES[self.letter]:
            words = self._not_yet(name)
        elif others := [other for other in SUSPECTS if other != name and self._fits(other)]:
            also = f"Your questions fit {_listed(others)} as well"
            words = f"{also}: this was partly luck. Which question tells them apart?"
        else:
            words = f"Proved with {len(self.asked)} questions: nobody else fits all the answers. Now read `story()`."
        return Verdict(self.letter, name, name == CASES[self.letter], words)

    def _fits(self, name: str) -> bool:
        return all(_passes(name, q) == answer.passes for q, answer in self.asked.items())

    def _not_yet(self, name: str) -> str:
        telling = [q for q in QUESTIONS if _passes(name, q) != _passes(CASES[self.letter], q)]
        if not self.asked:
            return f"You have asked nothing yet. `{telling[-1]}` would be a question about that."
        return f"What you asked does not exclude it, but it does not prove it: `{telling[-1]}` would tell."

    def story(self) -> str:
        """The line that was changed and where the bug was seen, as Markdown."""
        bug = SUSPECTS[CASES[self.letter]]
        assert bug.line is not None  # no case is sound
        failing = [q for q in QUESTIONS if not _passes(bug.name, q)]
        return (
            f"**{bug.name}**: {bug.what}.\n\n```diff\n-{bug.line[0]}\n+{bug.line[1]}\n```\n\n{bug.seen}\n\n"
            f"Questions that see it: {_listed(failing)}."
        )


@cache
def _passes(name: str, question: str) -> bool:
    return QUESTIONS[question].ask(planted(name)).passes


def _listed(names: list[str]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def questions() -> str:
    """All questions as a Markdown table."""
    return table(("question", "what it asks"), [(f"`{q.name}`", q.asks) for q in QUESTIONS.values()])


def suspects() -> str:
    """All suspects as a Markdown table."""
    return table(("suspect", "what it does"), [(f"`{s.name}`", s.what) for s in SUSPECTS.values()])
