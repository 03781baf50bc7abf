"""Ask the questions: one of them here, or each in a process of its own.

A server process imports torch and the target once, and forks for each question, so that a crash or a hang is a row of
the table and the next question starts from the same clean state.
"""

from __future__ import annotations

import json
import os
import select
import subprocess
import sys
import warnings
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict
from typing import Any

from nala_lab.audit.rig import matrices_only
from nala_lab.audit.spec import Item, NotApplicable, Row, load_items
from nala_lab.core import require_number

__all__ = ["TIMEOUT", "ask", "audit"]

TIMEOUT = 60.0  # seconds for one question; the slowest starts a Python process and imports torch in it
_START = 120.0  # seconds for the server to import torch and the target


def ask(subject: Any, one: Item) -> Row:
    """Answer one question in this process; whatever the optimizer raises is a row."""
    try:
        if subject.kind not in one.kinds:
            return Row(one.name, one.group, "not applicable", "", f"asked of {', '.join(one.kinds)}")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            with matrices_only(subject.matrices):
                answer = one.check(subject)
    except NotApplicable as why:
        return Row(one.name, one.group, "not applicable", "", str(why))
    except Exception as error:  # the audited code may raise anything
        said = " ".join(str(error).split())[:160]
        return Row(one.name, one.group, "crash", "", f"{type(error).__name__}: {said}")
    evidence = answer.evidence if isinstance(answer.evidence, str | int) else float(answer.evidence)
    return Row(one.name, one.group, "pass" if answer.ok else "fail", evidence, answer.text)


def audit(
    target: str,
    *,
    options: Mapping[str, Any] | None = None,
    kind: str | None = None,
    inner: str = "momentum",
    only: Iterable[str] | None = None,
    timeout: float = TIMEOUT,
    mutant: str | None = None,
) -> Iterator[Row]:
    """Audit ``"package.module:factory"``: yield a row for each item of its kind, asked in a process of its own.

    Parameters
    ----------
    target : a torch optimizer class, or a function that returns an optimizer; called with parameters, or with an
        inner optimizer where its first argument is named like one.
    options : keyword arguments of the factory. kind : see KINDS; None detects it. inner : what wrappers wrap.
    only : names of items. timeout : seconds for one question. mutant : a bug of the museum to plant first.

    Raises
    ------
    ValueError
        When the target cannot be imported or made, or a name is unknown.
    """
    require_number("timeout", timeout, low=0, open_low=True)
    items = load_items(None if only is None else list(only))
    job = {"target": target, "options": dict(options or {}), "kind": kind, "inner": inner, "mutant": mutant}
    with subprocess.Popen(
        [sys.executable, "-m", "nala_lab.audit.server", json.dumps({**job, "timeout": timeout})],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join([p for p in sys.path if p] + [os.getcwd()])},
    ) as server:
        assert server.stdin is not None and server.stdout is not None
        try:
            hello = json.loads(_line(server, _START))
            if "error" in hello:
                raise ValueError(_sentence(target, hello["error"]))
            for one in items:
                if only is None and hello["kind"] not in one.kinds:
                    continue
                server.stdin.write(one.name + "\n")
                server.stdin.flush()
                answer = json.loads(_line(server, timeout + _START))
                if "error" in answer:
                    yield Row(one.name, one.group, "crash", "", "the audit's own server process ended")
                    return
                yield Row(**answer)
        finally:
            server.kill()


def _sentence(target: str, error: str) -> str:
    kind, _, said = error.partition(": ")
    ours = kind == "ValueError" and said.split(" ", 1)[0] in ("target", "old")
    return said if ours else f"target must satisfy an optimizer that can be made, got target={target!r} ({error})"


def _line(server: subprocess.Popen[str], seconds: float) -> str:
    assert server.stdout is not None
    ready, _, _ = select.select([server.stdout], [], [], seconds)
    line = server.stdout.readline() if ready else ""
    return line or json.dumps({"error": "importing it ended or stopped the process" if ready else "importing it hangs"})


def row_text(row: Row) -> str:
    """One row as a JSON line."""
    return json.dumps(asdict(row))
