"""The cell magic of the student edition: a cell's answer is shown once the prediction before it is written down.

``%load_ext nala_lab.classroom.hiding`` in a notebook brings ``%%once_predicted NAME``.
"""

from __future__ import annotations

from typing import Any

from nala_lab.classroom.answers import OPEN
from nala_lab.classroom.predicting import Prediction

__all__ = ["WAIT", "load_ipython_extension", "once_predicted"]

WAIT = "*The answer waits for your prediction:* write it above, run that cell, and then this one again."


def load_ipython_extension(shell: Any) -> None:
    """Register the magic; IPython calls this."""

    def magic(line: str, cell: str) -> None:
        once_predicted(shell, line.strip(), cell)

    shell.register_magic_function(magic, "cell", "once_predicted")


def once_predicted(shell: Any, name: str, cell: str) -> None:
    """Run `cell`, and show what it shows only if the prediction called `name` is written down.

    The cell runs in both cases, so that later cells find what it makes. An error in it is shown in both.
    """
    from IPython.display import Markdown, display
    from IPython.utils.capture import capture_output

    given = shell.user_ns.get(name)
    problem = f"{given.note} " if isinstance(given, Prediction) and given.note != OPEN else ""
    if problem and given.written:
        shell.run_cell(cell).raise_error()
        return
    with capture_output():
        result = shell.run_cell(cell)
    result.raise_error()
    display(Markdown(problem + WAIT))
