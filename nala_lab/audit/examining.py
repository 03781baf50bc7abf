"""Ask in this process: quick, and enough where nothing crashes the interpreter. For tests and lessons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from contextlib import nullcontext
from typing import Any

from nala_lab.audit.asking import ask
from nala_lab.audit.museum import MUTANTS, planted
from nala_lab.audit.rig import draws_put_back
from nala_lab.audit.spec import Row, load_items
from nala_lab.audit.subject import Subject
from nala_lab.core import require_choice

__all__ = ["ELSEWHERE", "examine", "examine_bug"]

ELSEWHERE = "fresh-process"  # starts an interpreter of its own, which takes seconds


def examine(target: str, options: Mapping[str, Any] | None = None, *, inner: str = "momentum",
            only: Iterable[str] | None = None, mutant: str | None = None) -> list[Row]:  # fmt: skip
    """Rows of every item of the kind of `target`, or of those in `only`, asked here; not the one that takes seconds.

    Examples
    --------
    >>> from nala_lab.audit import examine
    >>> [row.verdict for row in examine("torch.optim:Adam", only=["first-step", "linear-objective"])]
    ['pass', 'pass']
    """
    with planted(mutant) if mutant else nullcontext(), draws_put_back():
        subject = Subject(target, options, inner=inner)
        subject.mutant = mutant
        if not mutant:  # a planted bug may well stop every step: that is what the rows are to find
            _ = subject.needs_closure  # says in a sentence where there is nothing to examine
        items = [one for one in load_items(only) if one.name != ELSEWHERE and subject.kind in one.kinds]
        return [ask(subject, one) for one in items]


def examine_bug(name: str, only: Iterable[str] | None = None) -> list[Row]:
    """The same with a bug of the museum planted, of the optimizer that shows it.

    Raises ValueError for a bug that is not there.

    Examples
    --------
    >>> from nala_lab.audit import examine_bug
    >>> [(row.item, row.verdict) for row in examine_bug("zero-slot", ["nala-first-slow"])]
    [('nala-first-slow', 'fail')]
    """
    require_choice("name", name, MUTANTS)
    one = MUTANTS[name]
    return examine(one.target, one.options, inner=one.inner, only=only, mutant=name)
