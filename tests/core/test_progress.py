"""The progress bar is seen on a terminal and in a notebook, and nowhere else."""

import sys
import types

import pytest

from nala_lab.core import progress


class Shell:
    kernel = object()


def shown(**options):
    made = progress.bar(range(2), **options)
    hidden = made.disable
    list(made)
    return not hidden


def test_a_pipe_shows_none_unless_it_is_asked_for(capsys):
    assert not shown() and not shown(show=False)
    assert shown(always=True) and "2/2" in capsys.readouterr().err


@pytest.mark.parametrize(("shell", "seen"), [(Shell(), True), (types.SimpleNamespace(), False), (None, False)])
def test_a_notebook_is_told_by_its_kernel(monkeypatch, shell, seen):
    """A terminal's IPython has a shell and no kernel; tqdm alone takes a notebook for a pipe and hides its bar."""
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: shell))
    assert progress.in_notebook() is seen


def test_in_a_notebook_the_bar_is_there(monkeypatch, capsys):
    monkeypatch.setattr(progress, "in_notebook", lambda: True)
    assert shown() and not shown(show=False)
