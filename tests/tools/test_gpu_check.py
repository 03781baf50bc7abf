"""The GPU check says when it was skipped, and its rehearsal on the CPU passes."""

import subprocess
import sys
from pathlib import Path

import pytest
import torch

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments):
    command = [sys.executable, str(ROOT / "tools" / "gpu_check.py"), *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True)


@pytest.mark.skipif(torch.cuda.is_available(), reason="there is a GPU here")
def test_without_a_gpu_it_says_that_it_was_skipped():
    done = run()
    assert done.returncode == 0 and done.stdout.startswith("SKIPPED: no CUDA device here")


@pytest.mark.slow
def test_the_rehearsal_on_the_cpu_passes_every_check():
    done = run("--device", "cpu")
    assert done.returncode == 0, done.stdout
    checks = ("parity", "moved", "together", "bf16", "fp16", "compile", "resnet18")
    assert all(f"| {check} |" in done.stdout for check in checks) and "all passed" in done.stdout
