"""The bug museum: one-line bugs of our own optimizers, each seen somewhere in public, and how to plant one.

A bug is an edit of one file of ``nala_lab/optim``, old text to new text. The old text must occur exactly once: when the
source changes, the bug no longer fits and says so, instead of planting nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import import_module
from importlib.abc import MetaPathFinder
from importlib.machinery import ModuleSpec, SourceFileLoader
from importlib.util import spec_from_file_location
from pathlib import Path
from types import CodeType, ModuleType
from typing import Any

import nala_lab
from nala_lab.audit.museum.adaptive_bugs import ADAPTIVE
from nala_lab.audit.museum.cycle_bugs import TWO_LOOPS
from nala_lab.audit.museum.mutant import Mutant, swapped
from nala_lab.audit.museum.state_bugs import PERSISTENCE
from nala_lab.core import require_choice

__all__ = ["MUTANTS", "Mutant", "edited", "plant", "planted"]

MUTANTS: dict[str, Mutant] = {one.name: one for one in (*TWO_LOOPS, *PERSISTENCE, *ADAPTIVE)}
_PACKAGE = "nala_lab.optim"
_FOLDER = Path(str(nala_lab.__file__)).parent / "optim"


def edited(mutant: Mutant) -> dict[str, str]:
    """The whole text of each file that the bug changes, by module name.

    Raises ValueError when the old text does not occur exactly once.
    """
    texts: dict[str, str] = {}
    for file, old, new in mutant.edits:
        text = texts.get(file) or (_FOLDER / f"{file}.py").read_text(encoding="utf-8")
        texts[file] = swapped(text, old, new, f"optim/{file}.py", mutant.name)
    return {f"{_PACKAGE}.{file}": text for file, text in texts.items()}


class _Loader(SourceFileLoader):
    def __init__(self, name: str, path: str, text: str) -> None:
        super().__init__(name, path)
        self._text = text

    def get_code(self, fullname: str) -> CodeType:
        return compile(self._text, self.path, "exec", dont_inherit=True)


class _Finder(MetaPathFinder):
    def __init__(self, texts: Mapping[str, str]) -> None:
        self._texts = texts

    def find_spec(self, fullname: str, path: Any, target: ModuleType | None = None) -> ModuleSpec | None:
        if fullname not in self._texts:
            return None
        file = str(_FOLDER / f"{fullname.rpartition('.')[2]}.py")
        return spec_from_file_location(fullname, file, loader=_Loader(fullname, file, self._texts[fullname]))


def _drop() -> dict[str, ModuleType]:
    names = [name for name in sys.modules if name == _PACKAGE or name.startswith(f"{_PACKAGE}.")]
    return {name: sys.modules.pop(name) for name in names}


def plant(name: str) -> None:
    """Import ``nala_lab.optim`` with the bug `name` in it, for the rest of this process.

    Raises ValueError for an unknown name, and when the source no longer holds the text that the bug replaces.
    """
    require_choice("mutant", name, MUTANTS)
    finder = _Finder(edited(MUTANTS[name]))
    _drop()
    sys.meta_path.insert(0, finder)
    try:
        import_module(_PACKAGE)
    finally:
        sys.meta_path.remove(finder)


@contextmanager
def planted(name: str) -> Iterator[Mutant]:
    """The same for a ``with`` block; afterwards the unbroken package is back.

    Examples
    --------
    >>> from nala_lab.audit.museum import planted
    >>> with planted("sync-late") as bug:
    ...     bug.bug
    'synchronised after k + 1 inner steps'
    """
    import_module(_PACKAGE)
    kept = _drop()
    sys.modules.update(kept)
    try:
        plant(name)
        yield MUTANTS[name]
    finally:
        _drop()
        sys.modules.update(kept)
        setattr(nala_lab, "optim", kept[_PACKAGE])  # noqa: B010 - mypy knows no such attribute
