"""Windows has no fcntl, no fork and no folder that can be opened; test_source.py looks for their names."""

import os
import subprocess
import sys

import pytest

from nala_lab.experiments.run import sweeping
from nala_lab.experiments.run.signals import StopRequest
from tests.tools.test_source import MODULES
from tests.tools.tree import ROOT, files, name

# What every process of a test does first: Python reads sitecustomize, so the workers and servers that it starts do too.
# SIGKILL stays, because subprocess itself sends it here; those of test_source.py are looked for.
BLOCK = f"""
import os, signal, sys
import psutil  # its half for Linux asks for `resource`, the one for Windows does not
for module in {sorted(MODULES)!r}:
    sys.modules[module] = None
for function in ("fork", "forkpty", "getuid", "geteuid", "killpg", "setsid"):
    delattr(os, function)
for number in ("SIGALRM", "SIGCHLD", "SIGHUP", "SIGPIPE", "SIGQUIT", "SIGUSR1", "SIGUSR2"):
    delattr(signal, number)
real = os.open
def no_folder(path, *more, **named):
    if os.path.isdir(path):
        raise PermissionError(13, "Permission denied", str(path))
    return real(path, *more, **named)
os.open = no_folder
"""
SPEC = 'tasks = ["lenet5-digits"]\noptimizers = ["nala", "sgd"]\nseeds = [0]\nscale = "smoke"\nepochs = 1\n'


def run(folder, *arguments):
    """What `nala-lab ARGUMENTS` prints where the Unix names are blocked."""
    (folder / "sitecustomize.py").write_text(BLOCK, encoding="utf-8")
    path = os.pathsep.join([str(folder), str(ROOT)])
    done = subprocess.run(
        [sys.executable, "-m", "nala_lab.cli", *arguments], cwd=folder, capture_output=True, encoding="utf-8",
        env={**os.environ, "PYTHONPATH": path, "OMP_NUM_THREADS": "1"},
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_an_audit_gives_the_same_rows_without_forks(tmp_path):
    names = ["state-layout", "scheduler-lr", "zero-grad"]
    with pytest.raises(AssertionError):  # status 1: the table has rows that are bad
        run(tmp_path, "audit", "tests.audit.odd:Terrible", "--only", *names, "--timeout", "4", "--json", "rows.json")
    said = (tmp_path / "rows.json").read_text(encoding="utf-8")
    assert '"exit status 7"' in said and '"> 4 s"' in said and '"pass"' in said


def test_a_training_run_is_finished_without_them(tmp_path):
    said = run(tmp_path, "train", "lenet5-digits", "--optimizer", "nala", "--scale", "smoke", "--epochs", "1", "--out",
               "out", "--quiet")  # fmt: skip
    assert "finished" in said and list((tmp_path / "out").rglob("*.jsonl"))


@pytest.mark.slow
@pytest.mark.parametrize("jobs", ["1", "2"])
def test_a_sweep_is_finished_without_them(tmp_path, jobs):
    (tmp_path / "sweep.toml").write_text(SPEC, encoding="utf-8")
    assert "2 runs: 2 trained now" in run(tmp_path, "sweep", "sweep.toml", "--out", "out", "--jobs", jobs)


def test_blocking_is_seen_by_this_test(tmp_path):
    (tmp_path / "sitecustomize.py").write_text(BLOCK, encoding="utf-8")
    for code in ("import fcntl", "import os; os.fork()", "import os; os.open('.', os.O_RDONLY)"):
        done = subprocess.run([sys.executable, "-c", code], env={**os.environ, "PYTHONPATH": str(tmp_path)},
                              capture_output=True)  # fmt: skip
        assert done.returncode == 1, code


@pytest.mark.parametrize("can_ask", [True, False])
def test_a_signal_is_passed_on_only_where_it_asks(monkeypatch, can_ask):
    """os.kill ends a process on Windows, and the run that it has not saved."""
    child = type("Child", (), {"pid": 12345})
    sent = []
    monkeypatch.setattr(sweeping, "_CAN_ASK", can_ask)
    monkeypatch.setattr(sweeping.multiprocessing, "active_children", lambda: [child])
    monkeypatch.setattr(sweeping.os, "kill", lambda pid, signum: sent.append(pid))
    request = sweeping._ForAll()
    assert isinstance(request, StopRequest)
    request._note(sweeping.signal.SIGTERM, None)
    assert sent == ([12345] if can_ask else []) and request.signum == sweeping.signal.SIGTERM


TAKEN = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in range(1, 10))}


def refused(names):
    """Names of files that Windows cannot write, or that are one file there."""
    parts = {one: [part.lower() for part in one.split("/")] for one in names}
    for one, path in parts.items():
        if set(one) & set('\\:*?"<>|') or any(part[-1] in ". " or part.split(".")[0] in TAKEN for part in path):
            yield one
        if len(one) > 150 or sum("/".join(path) == other.lower() for other in names) > 1:  # 260 with the folder
            yield one


def test_every_committed_file_can_be_checked_out_and_has_unix_line_ends():
    assert list(refused(["a/aux.py", "b:c", "d?", "A/x", "a/X", "e.", "f" * 151, "fine/con_tent.py"])) == [
        "a/aux.py", "b:c", "d?", "A/x", "a/X", "e.", "f" * 151]  # fmt: skip
    names = [name(path) for path in files()]
    assert len(names) > 300 and not list(refused(names))
    attributes = (ROOT / ".gitattributes").read_text(encoding="utf-8")
    assert "* text=auto eol=lf" in attributes.splitlines()
    text = [one for one in files() if one.suffix in (".py", ".md", ".toml", ".json")]
    assert not [one for one in text if b"\r\n" in one.read_bytes()]
