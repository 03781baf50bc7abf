"""The .v files: what each one needs, states and must not contain."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

__all__ = ["FOLDER", "Source", "digest", "in_order", "read"]

FOLDER = Path(__file__).parent
NAMED = re.compile(r"^\s*(?:Theorem|Corollary)\s+(\w+)", re.MULTILINE)
NEEDS = re.compile(r"^From NalaLab Require Import ([\w\s]+)\.$", re.MULTILINE)
COMMENT = re.compile(r"\(\*.*?\*\)", re.DOTALL)  # ours are never nested; a nested one leaves text that coqc refuses
# What would let something pass unproved: a gap, an assumption, a check switched off, another program's code.
FORBIDDEN = re.compile(
    r"\b(Admitted|admit|give_up|Axioms?|Parameters?|Conjecture|Abort All|bypass_check|Declare ML|Load|"
    r"Unset\s+(?:Guard|Positivity|Universe)\s+Checking|type_in_type|Extract\w*)\b"
)


@dataclass(frozen=True)
class Source:
    """One file: its name without ``.v``, its text, the files of ours it needs, and the theorems it states."""

    name: str
    text: str

    @property
    def needs(self) -> tuple[str, ...]:
        """Names of the files it imports.

        Examples
        --------
        >>> Source("B", "From NalaLab Require Import Algorithm1 Powers.").needs
        ('Algorithm1', 'Powers')
        """
        return tuple(name for found in NEEDS.findall(self.text) for name in found.split())

    @property
    def theorems(self) -> tuple[str, ...]:
        """Names of its theorems; lemmas are steps on the way and are not listed."""
        return tuple(NAMED.findall(COMMENT.sub("", self.text)))

    @property
    def about(self) -> str:
        """The theorem's number in the lab, "T12" of ``T12_eq5``; empty for a file of tools.

        Examples
        --------
        >>> Source("T12_eq5", "").about, Source("Powers", "").about
        ('T12', '')
        """
        number = re.match(r"[TV]\d\d(?=_)", self.name)
        return number[0] if number else ""

    @property
    def forbidden(self) -> tuple[str, ...]:
        """Words in it that would let something pass unproved.

        Examples
        --------
        >>> Source("Bad", "Lemma x : False. (* Admitted is a word here *) Admitted.").forbidden
        ('Admitted',)
        """
        return tuple(found[0] for found in FORBIDDEN.finditer(COMMENT.sub("", self.text)))


def read(folder: Path = FOLDER) -> dict[str, Source]:
    """Every .v file of `folder`, by name."""
    paths = sorted(folder.glob("*.v"))
    return {path.stem: Source(path.stem, path.read_text(encoding="utf-8")) for path in paths}


def in_order(sources: dict[str, Source], wanted: Iterable[str] | None = None) -> list[Source]:
    """Return the wanted files (all of them by default) and what they need, needed ones first.

    Raises ValueError when a file needs one that is not there, or itself.

    Examples
    --------
    >>> both = {"A": Source("A", "From NalaLab Require Import B."), "B": Source("B", "")}
    >>> [source.name for source in in_order(both)]
    ['B', 'A']
    """
    done: dict[str, Source] = {}

    def visit(name: str, path: tuple[str, ...]) -> None:
        if name in done:
            return
        if name not in sources or name in path:
            raise ValueError(f"a proof must need files that are there and not itself, got {' -> '.join([*path, name])}")
        for other in sources[name].needs:
            visit(other, (*path, name))
        done[name] = sources[name]

    for name in sources if wanted is None else wanted:
        visit(name, ())
    return list(done.values())


def digest(name: str, sources: dict[str, Source]) -> str:
    """SHA-256 of the file and of every file it rests on: it changes when a proof or anything below it does."""
    total = hashlib.sha256()
    for source in in_order(sources, [name]):
        total.update(f"{source.name}\0{source.text}\0".encode())
    return total.hexdigest()
