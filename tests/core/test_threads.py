"""The same list from threads and, where there are none, one by one."""

import threading

import pytest

from nala_lab.core import threads
from nala_lab.theory.maps import rate_map


def test_a_browser_starts_no_thread(monkeypatch):
    def refuse(self):
        raise RuntimeError("can't start new thread")

    monkeypatch.setattr(threading.Thread, "start", refuse)
    with pytest.raises(RuntimeError, match="start new thread"):
        threads.in_threads(abs, [-1, 2], 2)
    monkeypatch.setattr(threads.sys, "platform", "emscripten")
    assert threads.in_threads(abs, [-1, 2], 2) == [1, 2]
    assert rate_map(("mu", [-0.5, 0.0]), ("lr", [0.1, 0.2]), lam=1.0).rate.shape == (2, 2)
