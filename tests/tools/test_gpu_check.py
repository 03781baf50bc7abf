"""The GPU check says when it was skipped, and its rehearsal on the CPU passes."""

import importlib.util
import subprocess
import sys
from pathlib import Path

import numpy as np
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
    checks = ("parity", "moved", "together", "bf16", "fp16", "compile", "loop", "resumed", "resnet18")
    assert all(f"| {check} |" in done.stdout for check in checks) and "all passed, 3 skipped" in done.stdout
    assert "FAILED" not in done.stdout


@pytest.fixture
def tool():
    spec = importlib.util.spec_from_file_location("gpu_check", ROOT / "tools" / "gpu_check.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_a_check_that_breaks_is_a_line_and_the_others_are_made(tool, monkeypatch, capsys):
    def first(device):
        yield tool.Row("first", "a", True, "fine")
        raise RuntimeError("no driver | at all\nand more")

    def second(device):
        yield tool.Row("second", "b", None, "nothing to be seen")

    monkeypatch.setattr(tool, "CHECKS", (first, second))
    monkeypatch.setattr(sys, "argv", ["gpu_check.py", "--device", "cpu"])
    assert tool.main() == 1
    out = capsys.readouterr().out
    assert "| first | a | passed |" in out and "| second | b | skipped |" in out and out.endswith("\n1 failed\n")
    assert "| first | - | FAILED | RuntimeError: no driver / at all and more |" in out


def test_a_failure_that_numpy_found_is_counted(tool, monkeypatch, capsys):
    row = tool.Row("first", "a", np.bool_(False), "too far off")
    monkeypatch.setattr(tool, "CHECKS", (lambda device: iter([row]),))
    monkeypatch.setattr(sys, "argv", ["gpu_check.py", "--device", "cpu"])
    assert tool.main() == 1
    assert capsys.readouterr().out.endswith("| first | a | FAILED | too far off |\n\n1 failed\n")


def test_runs_of_the_loop_that_break_or_diverge_fail(tool, monkeypatch):
    def broken(run, folder, **options):
        raise RuntimeError("out of memory")

    monkeypatch.setattr(tool, "execute", broken)
    rows = list(tool.loop("cpu"))
    assert len(rows) == len(tool.LOOP) and not any(row.passed for row in rows)


def test_a_resumed_run_is_compared_to_the_last_digit(tool, monkeypatch):
    assert [row.passed for row in tool.resumed("cpu")] == [True, True]
    whole, calls = tool.execute, []

    def execute(run, folder, **options):
        calls.append(folder)
        record, trained = whole(run, folder, **options)
        if len(calls) % 3 == 0:  # the one that was taken up
            record.rows[-1]["loss"] += 1e-9
        return record, trained

    monkeypatch.setattr(tool, "execute", execute)
    assert [row.passed for row in tool.resumed("cpu")] == [False, False]
