"""The audit's questions, one line a group; of a NumPy rule, that there is nothing to ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nala_lab.study.lines import BAD, GOOD, Line, Section
from nala_lab.study.sizes import Sizes
from nala_lab.study.studied import Studied

__all__ = ["contract"]

_GROUPS = {"contract": "contract of torch.optim", "state": "saving and loading", "algorithm": "its own algorithm"}
_SHOWN = 3  # bad items written out in a line


def contract(one: Studied, sizes: Sizes, tell: Callable[[str], None]) -> Section:
    """The section; `tell` is told the name of each question."""
    title = "The contract"
    if one.target is None:
        why = "the audit asks torch optimizers; a NumPy rule has no groups, hooks or saved state"
        return Section("contract", title, (Line("audit", "not asked", why),))
    rows = _asked(one, sizes, tell)
    lines = []
    for group, title_of in _GROUPS.items():
        own = [row for row in rows if row.group == group]
        if own:
            lines.append(_line(title_of, own))
    return Section("contract", title, tuple(lines), "nala-lab audit has the whole table, each question in a process.")


def _asked(one: Studied, sizes: Sizes, tell: Callable[[str], None]) -> list[Any]:
    from nala_lab.audit import Subject, ask, load_items
    from nala_lab.audit.examining import ELSEWHERE

    subject = Subject(one.target, one.options, inner=one.inner)
    rows = []
    for item in load_items(sizes.questions):
        if item.name != ELSEWHERE and subject.kind in item.kinds:
            tell(item.name)
            rows.append(ask(subject, item))
    return rows


def _line(what: str, rows: list[Any]) -> Line:
    from nala_lab.audit import summary

    bad = [row for row in rows if row.bad]
    data = {row.item: [row.verdict, row.text] for row in rows}
    if not bad:
        asked = sum(row.verdict == "pass" for row in rows)
        return Line(what, summary(rows), f"{asked} questions passed", GOOD if asked else "plain", data)
    more = f"; and {len(bad) - _SHOWN} more" if len(bad) > _SHOWN else ""
    said = "; ".join(f"{row.item}: {row.text}" for row in bad[:_SHOWN])
    return Line(what, summary(rows), said + more, BAD, data)
