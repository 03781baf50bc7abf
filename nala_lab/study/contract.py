"""The audit's questions, one line a group; of a NumPy rule, that there is nothing to ask."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nala_lab.study.lines import BAD, GOOD, Line, Section
from nala_lab.study.sizes import Sizes
from nala_lab.study.subject import Studied

__all__ = ["contract"]

_GROUPS = {"contract": "contract of torch.optim", "state": "saving and loading", "algorithm": "its own algorithm"}
_TIMEOUT = 20.0  # seconds for a question
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
    """Rows of the audit: of a named target in processes of their own, where a crash or a hang is a row too."""
    from nala_lab.audit import Subject, ask, audit, load_items
    from nala_lab.audit.examining import ELSEWHERE

    subject = Subject(one.target, one.options, inner=one.inner)
    items = [item for item in load_items(sizes.questions) if item.name != ELSEWHERE and subject.kind in item.kinds]
    if isinstance(one.target, str):
        names = [item.name for item in items]
        found = audit(one.target, options=one.options, inner=one.inner, only=names, timeout=_TIMEOUT)
    else:
        found = (ask(subject, item) for item in items)
    rows = []
    for row in found:
        tell(row.item)
        rows.append(row)
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
