"""Starts commands of the lab as processes that can be killed: ``python -m tests.experiments.commands``.

Everything is imported once; each line of standard input, a JSON list of arguments, is run in a fork of its own: a fork
starts with no state of a run, as a fresh process does. Its process id is answered, and then how it ended.
"""

import contextlib
import json
import os
import subprocess
import sys
import time

from tests.tools.tree import ROOT


class Commands:
    """The process that starts the commands, one after the other."""

    def __init__(self):
        command = [sys.executable, "-W", "error", "-m", "tests.experiments.commands"]
        self.process = subprocess.Popen(
            command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True,
            env={**os.environ, "OMP_NUM_THREADS": "1"},
        )  # fmt: skip

    def run(self, argv, signum=None, when=lambda: True, patience=0.0):
        """The exit status of a command that gets a signal `patience` seconds after `when()`; -n: ended by signal n."""
        print(json.dumps([str(word) for word in argv]), file=self.process.stdin, flush=True)
        pid = int(self.process.stdout.readline())
        if signum is not None:
            with contextlib.suppress(ProcessLookupError):  # it has ended by itself
                while not when():
                    os.kill(pid, 0)
                    time.sleep(0.005)
                time.sleep(patience)
                os.kill(pid, signum)
        return int(self.process.stdout.readline())

    def __enter__(self):
        return self

    def __exit__(self, *error):
        self.process.stdin.close()
        self.process.wait()
        self.process.stdout.close()


def main():
    import sklearn.datasets  # noqa: F401 - what every command would import
    import torch

    import nala_lab.experiments.run  # noqa: F401
    from nala_lab.cli import main as command

    torch.set_num_threads(1)
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            with open(os.devnull, "w") as nowhere:
                os.dup2(nowhere.fileno(), 1)  # standard output belongs to the answers
            os._exit(command(json.loads(line)))
        print(pid, flush=True)
        _, status = os.waitpid(pid, 0)
        print(os.waitstatus_to_exitcode(status), flush=True)


if __name__ == "__main__":
    main()
