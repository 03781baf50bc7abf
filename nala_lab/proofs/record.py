"""The committed record of what the kernel has checked, and whether it still speaks of the files that are here."""

from __future__ import annotations

import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from nala_lab.proofs.sources import FOLDER, Source, digest, read

__all__ = ["RECORD", "differences", "kernel_checked", "make", "valid", "write"]

RECORD = FOLDER / "proved.json"


def make(sources: dict[str, Source], axioms: Sequence[str], version: str) -> dict[str, Any]:
    """Write down what a compilation of all of `sources` has shown."""
    return {
        "coq": version,
        "axioms": sorted(axioms),
        "files": {
            name: {"sha256": digest(name, sources), "theorems": list(source.theorems)}
            for name, source in sources.items()
        },
    }


def write(record: dict[str, Any], path: Path = RECORD) -> None:
    """Put `record` where the ledger and the tables look for it."""
    path.write_text(json.dumps(record, indent=1) + "\n", encoding="utf-8")


def load(path: Path = RECORD) -> dict[str, Any]:
    """The record, or an empty one where nothing was ever recorded."""
    if not path.is_file():
        return {"coq": "", "axioms": [], "files": {}}
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def valid(record: dict[str, Any], sources: dict[str, Source]) -> dict[str, tuple[str, ...]]:
    """File -> theorems, for those files that are as they were when the kernel read them, and all they rest on."""
    return {
        name: tuple(entry["theorems"])
        for name, entry in record["files"].items()
        if name in sources and digest(name, sources) == entry["sha256"]
    }


def differences(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    """What a new compilation says otherwise than the record; the version of Coq alone is no difference."""
    names = sorted({*old["files"], *new["files"]})
    changed = [name for name in names if old["files"].get(name) != new["files"].get(name)]
    return changed + (["the axioms"] if old["axioms"] != new["axioms"] else [])


@cache
def _valid_here() -> dict[str, tuple[str, ...]]:
    sources = read()
    return valid(load(), sources)


def kernel_checked(id: str) -> tuple[str, ...]:
    """Theorems about ``id`` that the kernel has checked, as ``"T12_eq5.eq5"``; empty once a file has changed since.

    Examples
    --------
    >>> from nala_lab.proofs import kernel_checked
    >>> kernel_checked("T12")[0], kernel_checked("T99")
    ('T12_eq5.eq5', ())
    """
    found = [(name, theorems) for name, theorems in _valid_here().items() if Source(name, "").about == id]
    return tuple(f"{name}.{theorem}" for name, theorems in found for theorem in theorems)
