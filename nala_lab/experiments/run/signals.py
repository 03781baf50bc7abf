"""Ctrl-C, SIGTERM and a terminal that goes away ask a run to stop: it finishes its step, saves, says how to go on."""

from __future__ import annotations

import signal
import threading
from types import FrameType
from typing import Any

__all__ = ["Stopped", "StopRequest"]

# SIGHUP, where there is one: the terminal was closed, or the connection to it broke.
WATCHED = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))


class Stopped(Exception):  # noqa: N818 - it is no error: someone asked for it
    """A run was asked to stop and has been saved; `signum` is the signal that asked."""

    def __init__(self, sentence: str, signum: int) -> None:
        super().__init__(sentence)
        self.signum = signum


class StopRequest:
    """A context in which WATCHED signals are noted instead of obeyed; Ctrl-C after one of them interrupts at once.

    What whoever started the process had ignored stays so: SIGHUP under nohup, SIGINT of a script's background job. So
    does what a program around Python handles itself (R or Julia): Python could not put it back.
    Python lets the main thread only handle signals; in another thread the context does nothing. A context inside
    another one begins with what that one has heard.

    Attributes
    ----------
    signum : the signal that came, or None.
    """

    def __init__(self) -> None:
        self.signum: int | None = None
        self._before: dict[int, Any] = {}

    def __enter__(self) -> StopRequest:
        if threading.current_thread() is threading.main_thread():
            self._before = {number: signal.signal(number, self._note) for number in WATCHED
                            if signal.getsignal(number) not in (signal.SIG_IGN, None)}  # fmt: skip
        for handler in self._before.values():
            around = getattr(handler, "__self__", None)
            if isinstance(around, StopRequest):
                self.signum = self.signum or around.signum
        return self

    def __exit__(self, *error: object) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    @property
    def name(self) -> str:
        """The signal's name, or an empty string."""
        return "" if self.signum is None else signal.Signals(self.signum).name

    def _note(self, signum: int, frame: FrameType | None) -> None:
        if self.signum is not None and signum == signal.SIGINT:
            raise KeyboardInterrupt
        self.signum = self.signum or signum
