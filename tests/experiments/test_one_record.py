"""Same seeds, same record, whatever the machine offers: identical bytes apart from the times."""

import os
import re
import subprocess
import sys
from contextlib import contextmanager

import pytest

from tests.tools.tree import ROOT

pytestmark = pytest.mark.slow
COMMAND = "import sys; from nala_lab.cli import main; sys.exit(main())"
TIMES = re.compile(rb'"(seconds|images_per_second|other_cores)":[^,}]*')


def records(folder, *more, **environment):
    """What ``nala-lab train`` leaves of two runs, without the times, by file."""
    folder.mkdir()
    kept = {key: os.environ[key] for key in ("PATH", "NALA_LAB_DATA") if key in os.environ}
    env = {**kept, "PYTHONPATH": str(ROOT), "OMP_NUM_THREADS": "1", **environment}
    words = ["train", "lenet5-digits", "--optimizer", "nala", "adala", "--scale", "smoke", "--quiet"]
    done = subprocess.run([sys.executable, "-c", COMMAND, *words, *more, "--out", str(folder / "o")], cwd=folder,
                          env=env, capture_output=True, text=True)  # fmt: skip
    assert done.returncode == 0, done.stderr[-2000:]
    return {path.name: TIMES.sub(b"", path.read_bytes()) for path in sorted((folder / "o").rglob("*.jsonl"))}


@contextmanager
def ten_busy_processes():
    busy = [subprocess.Popen([sys.executable, "-c", "while True: pass"]) for _ in range(10)]
    try:
        yield
    finally:
        for process in busy:
            process.kill()
            process.wait()


def test_every_environment_leaves_the_same_record(tmp_path):
    """With a compiler and without one, without a home, with one that cannot be written, at load 10."""
    locked, home = tmp_path / "locked", str(tmp_path)
    locked.mkdir(mode=0o500)
    plain = records(tmp_path / "plain", HOME=home)
    assert len(plain) == 2 and all(b'"loss"' in record for record in plain.values())
    assert records(tmp_path / "no compiler, no home", PATH="/nowhere") == plain
    assert records(tmp_path / "read only", HOME=str(locked)) == plain and not list(locked.iterdir())
    with ten_busy_processes():
        assert records(tmp_path / "busy", HOME=home) == plain
    other = records(tmp_path / "another seed", "--seeds", "1", HOME=home)  # the rows differ, not only the header
    assert not {x.partition(b"\n")[2] for x in other.values()} & {x.partition(b"\n")[2] for x in plain.values()}
