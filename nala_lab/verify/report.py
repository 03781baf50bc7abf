"""The verification table as text and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict

from nala_lab.core.strict_json import strict_json
from nala_lab.theory import cards
from nala_lab.verify.tally import Check

__all__ = ["format_table", "summary", "to_json"]

HEADER = ("id", "check", "twin", "kind", "proof", "cases", "predicted", "measured", "error", "tolerance", "verdict")
RIGHT = (False, False, False, False, False, True, True, True, True, True, False)


def _cells(row: Check) -> tuple[str, ...]:
    numbers = (f"{row.predicted:.6g}", f"{row.measured:.6g}", f"{row.error:.1e}", f"{row.tolerance:.1e}")
    return (row.id, row.name, row.twin, row.kind, _proof(row.id), str(row.cases), *numbers, row.verdict)


def _proof(id: str) -> str:
    """How sure the theorem is: its card's status, "kernel" where a proof kernel has checked it."""
    card = cards().get(id)
    return "" if card is None else card.evidence.removeprefix("proved, ").removesuffix("-checked")


def _failure(row: Check) -> str:
    reason = row.message or f"error is {row.ratio:.3g} times the tolerance at {row.setting}"
    return f"    {row.id} {row.name} ({row.twin}): {reason}"


def summary(checks: Sequence[Check]) -> str:
    """One sentence: how many passed, and how close the closest was.

    Examples
    --------
    >>> summary([])
    '0 checks, 0 failed'
    """
    failed = [row for row in checks if row.verdict != "pass"]
    text = f"{len(checks)} checks, {len(failed)} failed"
    passed = [row for row in checks if row.verdict == "pass"]
    if passed:
        closest = max(passed, key=lambda row: row.ratio)
        text += f"; {sum(row.cases for row in checks)} numbers compared"
        text += f", largest error {closest.ratio:.2g} of its tolerance ({closest.id} {closest.name}, {closest.twin})"
    return text


def format_table(checks: Sequence[Check]) -> str:
    """Aligned text: one line per row, the case nearest to its tolerance shown; then failures in words; then a summary.

    Examples
    --------
    >>> from nala_lab.verify import Check, format_table
    >>> print(format_table([Check.failed("T27", "first step", "torch", "ValueError: no")]).splitlines()[-1])
    1 checks, 1 failed
    """
    table = [HEADER, *(_cells(row) for row in checks)]
    widths = [max(len(line[i]) for line in table) for i in range(len(HEADER))]
    lines = [
        "  ".join(cell.rjust(w) if right else cell.ljust(w) for cell, w, right in zip(line, widths, RIGHT, strict=True))
        for line in table
    ]
    lines.insert(1, "  ".join("-" * w for w in widths))
    lines += [_failure(row) for row in checks if row.verdict != "pass"]
    return "\n".join(line.rstrip() for line in [*lines, summary(checks)])


def to_json(checks: Sequence[Check]) -> str:
    """All rows with every field, the verdict and the ratio, as `strict_json` writes them.

    Examples
    --------
    >>> from nala_lab.verify import Check, to_json
    >>> import json
    >>> json.loads(to_json([Check.failed("T27", "first step", "torch", "no")]))["checks"][0]["verdict"]
    'fail'
    """
    rows = [asdict(row) | {"ratio": row.ratio, "verdict": row.verdict} for row in checks]
    failed = sum(row.verdict != "pass" for row in checks)
    return strict_json({"passed": len(checks) - failed, "failed": failed, "checks": rows})
