"""Ask the questions: one of them here, or each in a process of its own.

A server process imports torch and the target once, and forks for each question, so that a crash or a hang is a row of
the table and the next question starts from the same clean state. Where a process cannot fork (Windows), every question
has a server of its own: the same rows, some seconds for each.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import warnings
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict
from typing import Any

from nala_lab.audit.museum import MUTANTS
from nala_lab.audit.rig import draws_put_back, matrices_only
from nala_lab.audit.spec import KINDS, Item, NotApplicable, Row, load_items
from nala_lab.audit.subject import INNERS
from nala_lab.core import require, require_choice, require_number

__all__ = ["FORKS", "TIMEOUT", "ask", "audit", "crash", "hang"]

TIMEOUT = 60.0  # seconds for one question; the slowest starts a Python process and imports torch in it
_START = 120.0  # seconds for the server to import torch and the target
FORKS = hasattr(os, "fork")
_HANGS, _ENDED = "importing it hangs", "importing it ended or stopped the process"


def ask(subject: Any, one: Item) -> Row:
    """Answer one question in this process; whatever the optimizer raises is a row."""
    try:
        if subject.kind not in one.kinds:
            return Row(one.name, one.group, "not applicable", "", f"asked of {', '.join(one.kinds)}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with matrices_only(subject.matrices), draws_put_back():
                answer = one.check(subject)
    except NotApplicable as why:
        return Row(one.name, one.group, "not applicable", "", str(why))
    except Exception as error:  # the audited code may raise anything
        said = " ".join(str(error).split())[:160]
        return Row(one.name, one.group, "crash", "", f"{type(error).__name__}: {said}")
    evidence = answer.evidence if isinstance(answer.evidence, str | int) else float(answer.evidence)
    return Row(one.name, one.group, "pass" if answer.ok else "fail", evidence, answer.text)


def audit(target: str, *, options: Mapping[str, Any] | None = None, kind: str | None = None, inner: str = "momentum",
          only: Iterable[str] | None = None, timeout: float = TIMEOUT,
          mutant: str | None = None) -> Iterator[Row]:  # fmt: skip
    """Audit ``"package.module:factory"``: yield a row for each item of its kind, asked in a process of its own.

    Parameters
    ----------
    target : text that names a torch optimizer class, or a function that returns an optimizer; called with parameters,
        or with an inner optimizer where its first argument is named like one.
    options : keyword arguments of the factory that JSON can hold. kind : see KINDS; None detects it.
    inner : what wrappers wrap. only : names of items. timeout : seconds for one question.
    mutant : a bug of the museum to plant first.

    Raises
    ------
    ValueError
        When the target cannot be imported or made, the options cannot be sent to another process, or a name is unknown.
    """
    require_number("timeout", timeout, low=0, open_low=True)
    here = "the questions are asked in other processes; examine() asks in this one"
    require("target", target, isinstance(target, str), "a text, package.module:factory", here)
    require("options", options, _sendable(options), "a mapping that JSON can hold", here)
    for name, value, known in (("kind", kind, KINDS), ("inner", inner, INNERS), ("mutant", mutant, MUTANTS)):
        if value is not None or name == "inner":
            require_choice(name, value, known)
    items = load_items(None if only is None else list(only))
    job = {"target": target, "options": dict(options or {}), "kind": kind, "inner": inner, "mutant": mutant,
           "timeout": timeout}  # fmt: skip
    while items:
        with _server(job) as server:
            said = _line(server, _START)
            hello = json.loads(said or json.dumps({"error": _HANGS if said is None else _ENDED}))
            if "error" in hello:
                raise ValueError(_sentence(target, hello["error"]))
            if only is None:
                items = [one for one in items if hello["kind"] in one.kinds]
            now, items = (items, []) if FORKS else (items[:1], items[1:])
            for one in now:
                yield _answer(server, one, timeout)


def _sendable(options: Any) -> bool:
    try:
        return json.dumps(options) is not None and isinstance(options, Mapping | None)
    except (TypeError, ValueError):
        return False


@contextmanager
def _server(job: Mapping[str, Any]) -> Iterator[subprocess.Popen[str]]:
    command = [sys.executable, "-m", "nala_lab.audit.server", json.dumps(job)]
    where = {**os.environ, "PYTHONPATH": os.pathsep.join([p for p in sys.path if p] + [os.getcwd()])}
    pipe, silent = subprocess.PIPE, subprocess.DEVNULL
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=silent, encoding="utf-8", env=where) as server:
        try:
            yield server
        finally:
            server.kill()


def _answer(server: subprocess.Popen[str], one: Item, seconds: float) -> Row:
    """Ask one question; a server that forks guards itself, one that does not is the process that crashes or hangs."""
    assert server.stdin is not None
    server.stdin.write(one.name + "\n")
    server.stdin.flush()
    said = _line(server, seconds + _START if FORKS else seconds)
    if said:
        return Row(**json.loads(said))
    if said is None:
        return hang(one, seconds)
    return crash(one, server.wait())


def hang(one: Item, seconds: float) -> Row:
    """The row of a process that was silent for too long."""
    return Row(one.name, one.group, "hang", f"> {seconds:g} s", "no answer in time; the process was killed")


def crash(one: Item, code: int) -> Row:
    """The row of a process that ended before it answered."""
    how = f"signal {-code}" if code < 0 else f"exit status {code}"
    return Row(one.name, one.group, "crash", how, f"the process ended with {how}")


def _sentence(target: str, error: str) -> str:
    kind, _, said = error.partition(": ")
    ours = kind == "ValueError" and said.split(" ", 1)[0] in ("target", "old")
    return said if ours else f"target must satisfy an optimizer that can be made, got target={target!r} ({error})"


def _line(server: subprocess.Popen[str], seconds: float) -> str | None:
    """The next line; "" when the process has ended, None when it is silent."""
    said: list[str] = []
    # A thread, because Windows has no select for pipes; it ends with the process at the latest.
    reader = threading.Thread(target=lambda: said.append(server.stdout.readline()), daemon=True)  # type: ignore[union-attr]
    reader.start()
    reader.join(seconds)
    return said[0] if said else None


def row_text(row: Row) -> str:
    """One row as a JSON line."""
    return json.dumps(asdict(row))
