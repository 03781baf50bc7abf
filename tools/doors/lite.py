"""The browser edition."""

from pathlib import Path


def prepare(root: Path, work: Path) -> tuple[list[str], str]:
    return [], "no browser edition yet"


def build(work: Path, out: Path) -> list[str]:
    return []
