import json
from pathlib import Path

import pytest

from nala_lab.cli import main
from nala_lab.drive import method as spec
from nala_lab.verify import command, runner
from nala_lab.verify.runner import Entry


def verify(*words):
    return main(["verify", *words])


def test_the_table_and_the_exit_status_of_a_pass(capsys):
    assert verify("--only", "t27", "T03") == 0
    out = capsys.readouterr().out
    assert out.splitlines()[-1].startswith("6 checks, 0 failed; ")
    assert {line[:3] for line in out.splitlines()[2:-1]} == {"T03", "T27"}


def test_a_failure_gives_status_one(capsys, monkeypatch):
    def broken(twin, seed):
        raise RuntimeError("planted")

    monkeypatch.setattr(runner, "load_checks", lambda: [Entry("T01", "broken", ("numpy",), broken)])
    assert verify() == 1
    assert "RuntimeError: planted" in capsys.readouterr().out


def test_json_goes_to_a_file_or_to_standard_output(tmp_path, capsys):
    target = tmp_path / "checks.json"
    assert verify("--only", "T27", "--json", str(target)) == 0
    assert json.loads(target.read_text())["failed"] == 0
    assert "verdict" in capsys.readouterr().out
    assert verify("--only", "T27", "--json", "-") == 0
    assert json.loads(capsys.readouterr().out) == json.loads(target.read_text())


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--only", "T99"), "nala-lab verify: error: only must satisfy one or more of "),
        (("--seed", "-3"), "nala-lab verify: error: seed must satisfy integer seed >= 0, got seed=-3"),
        (("--only", "T27", "--json", "no/such/x.json"), "nala-lab verify: error: --json must satisfy a file in"),
    ],
)
def test_bad_input_is_one_sentence_and_status_two(words, sentence, capsys):
    assert verify(*words) == 2
    captured = capsys.readouterr()
    assert captured.err.startswith(sentence) and captured.err.count("\n") == 1 and not captured.out


def test_a_table_is_not_lost_to_a_file_that_cannot_be_written(capsys, monkeypatch):
    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    assert verify("--only", "T27", "--json", "checks.json") == 2
    said = capsys.readouterr()
    assert "0 failed" in said.out and said.err == "nala-lab verify: error: [Errno 28] No space left on device\n"


def test_the_list_names_every_theorem_that_has_a_check(capsys):
    assert verify("--list") == 0
    ids = [line[:3] for line in capsys.readouterr().out.splitlines()]
    assert ids == sorted({entry.id for entry in runner.load_checks()})


def test_without_torch_the_numpy_twin_is_checked_and_said_to_be_alone(capsys, monkeypatch):
    for module in (command, runner):
        monkeypatch.setattr(module, "available_twins", lambda: spec.TWINS[:1])
    assert verify("--only", "T27") == 0
    out = capsys.readouterr().out
    assert "torch is not installed" in out and " torch " not in out.split("torch is not")[0]
