"""The table of an audit, as text and as JSON."""

from __future__ import annotations

import platform
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from importlib import metadata
from typing import Any

from nala_lab.audit.spec import VERDICTS, Row
from nala_lab.core.strict_json import strict_json

__all__ = ["format_row", "format_table", "summary", "to_json"]

_WIDTHS = (19, 14, 10)


def _number(evidence: float | int | str) -> str:
    return evidence if isinstance(evidence, str) else f"{evidence:.3g}"


def format_row(row: Row) -> str:
    """One line: item, verdict, evidence, explanation.

    >>> from nala_lab.audit import Row, format_row
    >>> print(format_row(Row("sync-steps", "algorithm", "fail", 7, "k=7: mixed after [1, 8, 15]")))
    sync-steps          FAIL           7          k=7: mixed after [1, 8, 15]
    """
    verdict = row.verdict.upper() if row.bad else row.verdict
    return f"{row.item:<{_WIDTHS[0]}} {verdict:<{_WIDTHS[1]}} {_number(row.evidence):<{_WIDTHS[2]}} {row.text}"


def summary(rows: Sequence[Row]) -> str:
    """How many rows have which verdict.

    >>> from nala_lab.audit import Row, summary
    >>> summary([Row("a", "state", "pass", 0, ""), Row("b", "state", "hang", "", "")])
    '1 pass, 1 hang'
    """
    count = Counter(row.verdict for row in rows)
    return ", ".join(f"{count[verdict]} {verdict}" for verdict in VERDICTS if count[verdict])


def format_table(rows: Sequence[Row]) -> str:
    """Header, rows, and the count of verdicts."""
    titles = ("item", "verdict", "evidence", "what was seen")
    head = " ".join(f"{title:<{width}}" for title, width in zip(titles, (*_WIDTHS, 0), strict=True)).rstrip()
    return "\n".join([head, *(format_row(row) for row in rows), summary(rows)])


def to_json(subject: Mapping[str, Any], rows: Sequence[Row]) -> str:
    """Everything as one object of `strict_json`: what was audited, the versions, the rows."""
    top = str(subject["target"]).partition(":")[0].partition(".")[0]  # a package is mostly called as its distribution
    versions = {name: found for name in dict.fromkeys(("torch", top)) if (found := _version(name))}
    head = {**subject, "versions": {"python": platform.python_version(), **versions}}
    return strict_json({**head, "rows": [asdict(row) for row in rows]})


def _version(name: str) -> str:
    try:
        return metadata.version(name)
    except metadata.PackageNotFoundError:
        return ""
