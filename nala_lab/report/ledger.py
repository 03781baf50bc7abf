"""Judge the claims of paper_figs' ledger in a process of its own, and show them as a section of the page."""

from __future__ import annotations

import html
import json
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path

from nala_lab.report.results import ClaimRow, Part

__all__ = ["collect", "counted", "table_rows"]


def collect(root: Path, out: Path) -> Part:
    """Judge every claim; `root` is the checkout, `out` a folder for ``LEDGER.md`` and ``ledger.json``."""
    start = time.perf_counter()
    if not (root / "paper_figs" / "ledger.toml").is_file():
        return Part(absent="There is no paper_figs/ledger.toml here, so no claim was judged.")
    command = [sys.executable, "-m", "paper_figs", "--ledger", "--out", str(out)]
    (out / "ledger.json").unlink(missing_ok=True)  # so that what is read below is of this run
    run = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    seconds = time.perf_counter() - start
    try:
        found = json.loads((out / "ledger.json").read_text(encoding="utf-8"))
        rows = tuple(ClaimRow(**row) for row in found)
    except (OSError, ValueError, TypeError) as error:
        said = run.stderr.strip().splitlines()[-1:] or [str(error)]
        return Part(absent=f"The ledger could not be judged: {said[0]}", failed=True, seconds=seconds)
    return Part(rows, seconds=seconds)


def counted(rows: Sequence[ClaimRow]) -> str:
    """Say how many claims have which verdict.

    Examples
    --------
    >>> counted([ClaimRow("N01", "NALA", "theorem", "line 95", "faster", "reproduced", "", [])])
    '1 claims: 1 reproduced'
    """
    verdicts = Counter(row.verdict for row in rows)
    return f"{len(rows)} claims: " + ", ".join(f"{count} {verdict}" for verdict, count in verdicts.most_common())


def table_rows(rows: Sequence[ClaimRow]) -> Iterator[str]:
    """Give the lines of the HTML table: number, claim, verdict, evidence."""
    for row in rows:
        note = f"<br><span class='note'>{html.escape(row.note)}</span>" if row.note else ""
        where = f"<br><span class='note'>{html.escape(f'{row.paper}; {row.kind}; {row.where}')}</span>"
        evidence = "<br>".join(f"{html.escape(e['words'])} <code>{html.escape(e['test'])}</code>" for e in row.evidence)
        yield (
            f'<tr id="claim-{html.escape(row.id)}"><th scope="row">{html.escape(row.id)}</th>'
            f'<td class="claim">{html.escape(row.sentence)}{where}{note}</td><td>{html.escape(row.verdict)}</td>'
            f'<td class="evidence">{evidence}</td></tr>\n'
        )
