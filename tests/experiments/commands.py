"""Starts commands of the lab as processes that can be killed: ``python -m tests.experiments.commands``."""

import contextlib
import json
import os
import time

from tests.experiments.forks import Forks, serve


class Commands(Forks):
    """The process that starts the commands, one after the other."""

    def __init__(self):
        super().__init__("tests.experiments.commands")

    def run(self, argv, signum=None, when=lambda: True, patience=0.0):
        """The exit status of a command that gets a signal `patience` seconds after `when()`; -n: ended by signal n."""
        pid = self.start(json.dumps([str(word) for word in argv]))
        if signum is not None:
            with contextlib.suppress(ProcessLookupError):  # it has ended by itself
                while not when():
                    os.kill(pid, 0)
                    time.sleep(0.005)
                time.sleep(patience)
                os.kill(pid, signum)
        return self.ended()


def main():
    import sklearn.datasets  # noqa: F401 - what every command would import
    import torch

    import nala_lab.experiments.run.one_run  # noqa: F401
    from nala_lab.cli import main as command

    torch.set_num_threads(1)
    serve(lambda line: command(json.loads(line)))


if __name__ == "__main__":
    main()
