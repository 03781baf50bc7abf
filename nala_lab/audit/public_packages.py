"""Audits of public packages: what was asked, of which versions, and the committed answers.

``python -m nala_lab.audit.public_packages`` asks again, of the packages that are installed, and keeps the committed
answers for the others.
"""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from nala_lab.audit.asking import audit
from nala_lab.audit.report import summary, to_json
from nala_lab.audit.spec import Row

__all__ = ["SUBJECTS", "published", "rows_of"]

FILE = Path(__file__).parent / "results" / "public_packages.json"
# target, options, what it is wrapped around
SUBJECTS: tuple[tuple[str, dict[str, Any], str], ...] = (
    ("pytorch_optimizer:Lookahead", {}, "momentum"),
    ("pytorch_optimizer:Lookahead", {"pullback_momentum": "reset"}, "adam"),
    ("pytorch_optimizer:Lookahead", {"pullback_momentum": "pullback"}, "adam"),
    ("torch_optimizer:Lookahead", {}, "momentum"),
    ("pytorch_optimizer:AdaBelief", {}, "momentum"),
    ("torch_optimizer:AdaBelief", {}, "momentum"),
    ("schedulefree:AdamWScheduleFree", {}, "momentum"),
    ("pytorch_optimizer:ScheduleFreeWrapper", {}, "momentum"),
    ("torch.optim:SGD", {}, "momentum"),
    ("torch.optim:Adam", {}, "momentum"),
    ("nala_lab.optim:Lookahead", {}, "momentum"),
    ("nala_lab.optim:Lookahead", {"inner_state": "reset"}, "adam"),
    ("nala_lab.optim:Lookahead", {"inner_state": "pullback"}, "adam"),
    ("nala_lab.optim:NALA", {}, "momentum"),
    ("nala_lab.optim:NALA", {"outer_batch": "same"}, "adam"),
    ("nala_lab.optim:AdaLA", {}, "momentum"),
    ("nala_lab.optim:AdaBelief", {}, "momentum"),
)


def published() -> list[dict[str, Any]]:
    """The committed audits, in the order of SUBJECTS: target, options, inner, versions, rows.

    Examples
    --------
    >>> published()[0]["target"]
    'pytorch_optimizer:Lookahead'
    """
    audits: list[dict[str, Any]] = json.loads(FILE.read_text(encoding="utf-8"))
    return audits


def rows_of(one: dict[str, Any]) -> list[Row]:
    """The rows of a committed audit."""
    return [Row(**row) for row in one["rows"]]


def main() -> None:
    """Ask again and write the file."""
    known = {_key(one["target"], one["options"]): one for one in published()} if FILE.is_file() else {}
    audits = []
    for target, options, inner in SUBJECTS:
        if find_spec(target.partition(":")[0].partition(".")[0]) is not None:
            rows = list(audit(target, options=options, inner=inner))
            audits.append(json.loads(to_json({"target": target, "options": options, "inner": inner}, rows)))
        elif _key(target, options) in known:
            audits.append(known[_key(target, options)])
        else:
            print(target, options, "not installed, and never asked", flush=True)
            continue
        print(target, options, summary(rows_of(audits[-1])), flush=True)
    lines = ",\n".join(json.dumps(one, separators=(",", ":")) for one in audits)
    FILE.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


def _key(target: str, options: dict[str, Any]) -> str:
    return json.dumps([target, options])


if __name__ == "__main__":
    main()
