"""Run coqc over the .v files, in a build folder, and ask it which axioms the theorems rest on."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from nala_lab.proofs.sources import Source, digest, in_order

__all__ = ["ALLOWED", "Result", "axioms", "build", "coqc", "foreign", "version"]

# The axioms of Coq's real numbers, and that functions with equal values are equal. No file of ours may declare an
# axiom (sources.FORBIDDEN), so none can carry one of these names.
ALLOWED = (
    "ClassicalDedekindReals.sig_forall_dec",
    "ClassicalDedekindReals.sig_not_dec",
    "FunctionalExtensionality.functional_extensionality_dep",
)
# A hypothesis outside a section becomes an axiom, with a warning (of two names, old and new): here it is an error.
STRICT = "+local-declaration,+declaration-outside-section"
SECONDS = 300  # for one file; the slowest takes some ten
OLDEST, TOO_NEW = (8, 16), (9,)  # From 9 on the library has another name


@dataclass(frozen=True)
class Result:
    """One file: how many theorems, how long it took, and the kernel's message where it was refused."""

    name: str
    theorems: int
    seconds: float
    message: str = ""


def coqc() -> str | None:
    """Path of the compiler, None where Coq is not installed."""
    return shutil.which("coqc")


def version() -> str:
    """The version that coqc states, "8.16.1".

    Raises ValueError outside the versions that the files are written for, and where coqc does not say its version.
    """
    asked = [str(coqc()), "--print-version"]
    done = subprocess.run(asked, capture_output=True, encoding="utf-8", check=False)
    if done.returncode or not done.stdout.split():
        raise ValueError(f"coqc must tell its version, got status {done.returncode}: {' '.join(done.stderr.split())}")
    said = done.stdout.split()[0]
    numbers = tuple(int(part) for part in re.findall(r"\d+", said))
    if not OLDEST <= numbers < TOO_NEW:
        raise ValueError(f"coqc must be of version 8.16 to 8.20, got {said}: the proofs use the library's names there")
    return said


@contextmanager
def _alone(folder: Path) -> Iterator[None]:
    """Two processes that build in one folder take turns."""
    from filelock import FileLock  # here: predictions read the record of the proofs where no lock is installed

    folder.mkdir(parents=True, exist_ok=True)
    with FileLock(folder / ".lock"):
        yield


def _run(folder: Path, name: str) -> tuple[str, str]:
    """Compile one file of `folder`; what coqc printed, and the message when it refused."""
    command = [str(coqc()), "-noglob", "-w", STRICT, "-Q", ".", "NalaLab", f"{name}.v"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, encoding="utf-8", timeout=SECONDS, check=False)
    except subprocess.TimeoutExpired:
        return "", f"no answer within {SECONDS} s"
    failed = done.returncode != 0
    return done.stdout, (" ".join(done.stderr.split()) or f"coqc ended with status {done.returncode}") if failed else ""


def _compile(folder: Path, source: Source, stamp: str) -> Result:
    """Compile one file unless the folder holds it already, compiled from the same text over the same files."""
    began, mark = time.perf_counter(), folder / f"{source.name}.digest"
    count = len(source.theorems)
    if source.forbidden:
        return Result(source.name, count, 0.0, f"{', '.join(source.forbidden)}: nothing may be taken for granted")
    if mark.is_file() and mark.read_text(encoding="utf-8") == stamp and (folder / f"{source.name}.vo").is_file():
        return Result(source.name, count, 0.0)
    mark.unlink(missing_ok=True)
    (folder / f"{source.name}.v").write_text(source.text, encoding="utf-8")
    _, message = _run(folder, source.name)
    if not message:
        mark.write_text(stamp, encoding="utf-8")
    return Result(source.name, count, time.perf_counter() - began, message)


def build(sources: dict[str, Source], folder: Path, done: Callable[[Result], None] = lambda result: None,
          jobs: int | None = None) -> list[Result]:  # fmt: skip
    """Compile all files that are not compiled yet, several at a time; `done` sees each result, in order.

    A file that needs a refused one is refused too, with its name as the reason.
    """
    ordered, compiler = in_order(sources), version()  # another version cannot read what this one has compiled
    with _alone(folder), ThreadPoolExecutor(jobs or os.cpu_count()) as pool:
        waiting: dict[str, Future[Result]] = {}

        def after(source: Source) -> Result:  # what it needs was handed to the pool before it: no deadlock
            refused = [name for name in source.needs if waiting[name].result().message]
            if refused:
                return Result(source.name, len(source.theorems), 0.0, f"needs {', '.join(refused)}")
            return _compile(folder, source, f"{digest(source.name, sources)} {compiler}")

        for source in ordered:
            waiting[source.name] = pool.submit(after, source)
        results = []
        for source in ordered:
            results.append(waiting[source.name].result())
            done(results[-1])
    return results


def axioms(sources: dict[str, Source], folder: Path) -> list[str]:
    """Full names of the axioms behind all theorems together.

    Raises ValueError when coqc cannot say.
    """
    stated = [f"@NalaLab.{source.name}.{theorem}" for source in sources.values() for theorem in source.theorems]
    # Required, not imported, and printed with every name in full.
    text = "\n".join(f"Require NalaLab.{name}." for name in sources)
    text += "\nDefinition everything := (" + ", ".join(stated) + ").\nPrint Assumptions everything.\n"
    with _alone(folder):
        (folder / "Everything.v").write_text(text, encoding="utf-8")
        said, message = _run(folder, "Everything")
    if message:
        raise ValueError(f"coqc could not say which axioms are used: {message}")
    # a name starts its line, its type is indented; whatever else Coq says there is no axiom we know
    return sorted(re.findall(r"^[^\s:]+", said.partition("Axioms:")[2], re.MULTILINE))


def foreign(found: list[str]) -> list[str]:
    """Those of `found` that are not axioms of Coq's real numbers."""
    return [name for name in found if name not in ALLOWED]
