"""Tests of one group run in one process: one JupyterLab, one build of the browser edition serve all of them."""

import subprocess
import sys

TEST = """import os, pathlib, pytest
@pytest.mark.xdist_group("one")
@pytest.mark.parametrize("n", range(6))
def test_writes_its_worker(n):
    pathlib.Path(f"{n}-{os.environ['PYTEST_XDIST_WORKER']}").touch()
"""


def test_a_group_stays_in_one_process(tmp_path):
    (tmp_path / "test_a.py").write_text(TEST, encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-n", "2", "--dist", "loadgroup"]
    done = subprocess.run([*command, "test_a.py"], cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout
    files = [path.name for path in tmp_path.glob("?-gw?")]
    assert len(files) == 6 and len({name[2:] for name in files}) == 1, files
