"""``nala-lab``: one command with subcommands, each in a module of its own that is imported when it is asked for."""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.util import find_spec
from typing import Any, NoReturn

from nala_lab import __version__

__all__ = ["COMMANDS", "main"]

# name -> (module with add_arguments(parser) and main(args) -> exit status, extra it needs, what it does);
# of `figures` the package that is run
COMMANDS = {
    "verify": ("nala_lab.verify.command", "all", "check every theorem against a run of each twin"),
    "prove": ("nala_lab.proofs.command", "all", "have a proof kernel (Coq) check the theorems"),
    "figures": ("paper_figs", "all", "render figures and tables of both papers, or the ledger"),
    "audit": ("nala_lab.audit.command", "torch", "test any torch optimizer against the contract and the papers"),
    "study": ("nala_lab.study.command", "all", "point the whole lab at one method, yours or ours: one page"),
    "train": ("nala_lab.experiments.commands.train", "experiments", "train a task of the papers with any optimizer"),
    "tune": ("nala_lab.experiments.commands.tune", "experiments", "give every optimizer the same number of trials"),
    "sweep": ("nala_lab.experiments.commands.sweep", "experiments", "train a grid of tasks, optimizers and settings"),
}
SWITCHES = {"distributed": "extras", "tensorboard": "extras"}  # package of one option -> the extra that brings it
BAD_INPUT = 2
INTERRUPTED, READ_ENOUGH = 130, 141  # 128 + SIGINT, 128 + SIGPIPE, as shells count


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit status.

    What a user can get wrong (a value, a file, a missing package) ends in one sentence on standard error and status 2.

    Parameters
    ----------
    argv : arguments without the program's name; None means those of the process.

    Examples
    --------
    >>> main(["--version"])
    nala-lab 0.1.0
    0
    """
    argv = sys.argv[1:] if argv is None else list(argv)
    for stream in (sys.stdout, sys.stderr):  # a table must not be lost to a terminal that cannot show its signs
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="replace")
    try:
        return _dispatch(argv)
    except SystemExit as stop:  # argparse's own way out: 0 after --help, 2 after a bad option
        return stop.code if isinstance(stop.code, int) else BAD_INPUT


def _dispatch(argv: list[str]) -> int:
    name = next((word for word in argv if word in COMMANDS), None)
    parser = _Parser(prog="nala-lab", description="A laboratory for optimizers that look ahead.")
    parser.add_argument("--version", action="version", version=f"nala-lab {__version__}")
    commands = parser.add_subparsers(dest="command", metavar="COMMAND")
    subparsers = {command: commands.add_parser(command, help=COMMANDS[command][2]) for command in COMMANDS}
    try:
        if name is None or name == "figures" != argv[0]:
            parser.parse_args(argv)  # --help, --version, or an unknown command
            parser.print_help()
            return 0
        if name == "figures":  # in a process of its own: the library never imports that package
            for package in ("matplotlib", "tqdm"):  # what it imports besides NumPy
                if find_spec(package) is None:
                    raise ModuleNotFoundError(name=package)
            words = argv[argv.index(name) + 1 :]  # -P: a random.py where the user stands is not imported
            return subprocess.run([sys.executable, "-P", "-m", COMMANDS[name][0], *words]).returncode
        command = import_module(COMMANDS[name][0])
        command.add_arguments(subparsers[name])
        arguments, unknown = parser.parse_known_args(argv)
        if unknown:
            subparsers[name].error(f"unrecognized arguments: {' '.join(unknown)}")
        try:
            status = int(command.main(arguments))
        except SystemExit as stop:  # a method of the user's own may be part of a script that ends Python
            return _complain(name, f"it was ended by SystemExit({stop.code!r})")
        sys.stdout.flush()
        return status
    except BrokenPipeError:  # whoever reads has read enough, as `head` does
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # Python flushes once more at its end
        return READ_ENOUGH
    except ModuleNotFoundError as error:
        missing = (error.name or "").partition(".")[0]
        if missing == "nala_lab":
            raise  # a hole in the lab itself, not a missing package
        extra = SWITCHES.get(missing, COMMANDS[str(name)][1])
        return _complain(name, f"{missing} is not installed: pip install 'nala-lab[{extra}]'")
    except (ValueError, OSError) as error:
        return _complain(name, " ".join(str(error).split()))
    except KeyboardInterrupt:
        print(f"nala-lab {name}: stopped", file=sys.stderr)
        return INTERRUPTED


class _Gathered(argparse.Action):
    """A list may be given in parts: of ``--set lr=0.1 --set k=3`` argparse by itself keeps the last part only."""

    def __call__(self, parser: argparse.ArgumentParser, namespace: argparse.Namespace, values: Any,
                 option_string: str | None = None) -> None:  # fmt: skip
        before = getattr(namespace, self.dest, self.default)
        more = self.nargs == "+" and before is not self.default
        setattr(namespace, self.dest, [*before, *values] if more else values)


class _Parser(argparse.ArgumentParser):
    """argparse prints the whole usage before an error; one sentence is enough, and --help is named in it."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.register("action", None, _Gathered)

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_INPUT, f"{self.prog}: error: {message} (see {self.prog} --help)\n")


def _complain(name: str | None, sentence: str) -> int:
    print(f"nala-lab {name}: error: {sentence}", file=sys.stderr)
    return BAD_INPUT


if __name__ == "__main__":
    sys.exit(main())
