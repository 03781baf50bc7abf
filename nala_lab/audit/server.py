"""The process behind an audit: it imports once, and forks, where it can, for each question that it reads."""

from __future__ import annotations

import json
import os
import select
import signal
import sys
import time
from collections.abc import Callable, Mapping
from typing import Any

import torch

from nala_lab.audit.asking import FORKS, ask, crash, hang, row_text
from nala_lab.audit.museum import plant
from nala_lab.audit.spec import Item, Row, load_items
from nala_lab.audit.subject import Subject

__all__ = ["forked", "main", "subject_of"]


def subject_of(job: Mapping[str, Any]) -> Subject:
    """The subject of a job, with its mutant planted first."""
    if job.get("mutant"):
        plant(job["mutant"])
    subject = Subject(job["target"], job["options"], job["kind"], job["inner"])
    subject.mutant = job.get("mutant")
    return subject


def forked(one: Item, work: Callable[[], Row], seconds: float) -> Row:
    """Run `work` in a forked child; a death is the row "crash", silence for too long is the row "hang"."""
    read_end, write_end = os.pipe()
    child = os.fork()
    if child == 0:
        os.close(read_end)
        with os.fdopen(write_end, "w", encoding="utf-8") as pipe:
            pipe.write(row_text(work()))
        os._exit(0)
    os.close(write_end)
    text, deadline = b"", time.monotonic() + seconds
    while True:
        ready, _, _ = select.select([read_end], [], [], max(0.0, deadline - time.monotonic()))
        piece = os.read(read_end, 65536) if ready else b""
        if not piece:
            break
        text += piece
    hung = not ready
    if hung:
        os.kill(child, signal.SIGKILL)
    os.close(read_end)
    _, status = os.waitpid(child, 0)
    if hung:
        return hang(one, seconds)
    code = os.waitstatus_to_exitcode(status)
    if code or not text:
        return crash(one, code)
    return Row(**json.loads(text))


def main(job: Mapping[str, Any]) -> None:
    """Say hello or what is wrong, then answer one row for each name read."""
    answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what the audited code prints is not an answer
    torch.set_num_threads(1)
    try:
        subject = subject_of(job)
        hello = {"kind": subject.kind, "needs_closure": subject.needs_closure}
    except Exception as error:  # of the target's own, too; the caller turns it into one sentence
        hello = {"error": " ".join(f"{type(error).__name__}: {error}".split())}
    print(json.dumps(hello), file=answers, flush=True)
    for name in sys.stdin:
        (one,) = load_items([name.strip()])
        # Without forks the caller gives every question a server of its own, and watches it.
        row = forked(one, lambda one=one: ask(subject, one), job["timeout"]) if FORKS else ask(subject, one)  # type: ignore[misc]
        print(row_text(row), file=answers, flush=True)


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
