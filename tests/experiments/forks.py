"""Lives that can be killed: a process imports everything once, and each line it is sent is lived in a fork of it.

A fork starts with no state of a run, as a fresh process does, without importing torch again. The answer to a line is
the process id of the fork, and then how it ended.
"""

import os
import subprocess
import sys

from tests.tools.tree import ROOT


class Forks:
    """The parent's side: ``python -m MODULE ARGUMENTS`` with a `serve` in it."""

    def __init__(self, module, *arguments):
        command = [sys.executable, "-W", "error", "-m", module, *map(str, arguments)]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip

    def start(self, line):
        """Begin a life; its process id."""
        print(line, file=self.process.stdin, flush=True)
        return int(self.process.stdout.readline())

    def ended(self):
        """Wait for the end of the life; its exit status, or -n when signal n ended it."""
        return int(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def serve(life):
    """The child's side: ``life(line)`` in a fork for every line of standard input; what it returns is its status."""
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            with open(os.devnull, "w") as nowhere:
                os.dup2(nowhere.fileno(), 1)  # standard output belongs to the answers
            os._exit(life(line) or 0)
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)
