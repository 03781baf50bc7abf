"""The command line: lazy subcommands, and one sentence for whatever a user can get wrong."""

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from nala_lab import __version__
from nala_lab.cli import BAD_INPUT, COMMANDS, SWITCHES, main


def sentence(capsys, *argv):
    """Standard error of a call that must fail: one line, no usage, no traceback."""
    assert main(list(argv)) == BAD_INPUT
    out, err = capsys.readouterr()
    assert err.count("\n") == 1 and err.endswith("\n") and "Traceback" not in err and "usage" not in err
    assert not out
    return err


def test_alone_it_prints_help_that_names_every_command(capsys):
    assert main([]) == 0
    out = capsys.readouterr().out
    assert all(f"\n    {name} " in out for name in COMMANDS)


def test_help_and_version_end_well(capsys):
    assert main(["--help"]) == 0 and main(["train", "--help"]) == 0 and main(["--version"]) == 0
    out = capsys.readouterr().out
    assert "--optimizer" in out and out.endswith(f"nala-lab {__version__}\n")


BAD_CALLS = {
    "command": (["trian"], "'trian'", "'train'"),
    "option": (["train", "--epoch-count", "3"], "--epoch-count", "see nala-lab train --help"),
    "tune device": (["tune", "lenet5-digits", "--device", "gpu"], "device='gpu'", "'cpu'"),
    "sweep device": (["sweep", "nala_table5", "--device", "gpu", "--dry-run"], "device='gpu'", "'cpu'"),
    "type": (["train", "--epochs", "2.5"], "--epochs", "'2.5'"),
    "task": (["train", "cifar"], "task='cifar'", "'lenet5-fashion-mnist'"),
    "optimizer": (["train", "--optimizer", "nalla"], "optimizer='nalla'", "'nala'"),
    "scale": (["train", "--scale", "huge"], "scale='huge'", "'smoke'"),
    "device": (["train", "--device", "abacus"], "device='abacus'", "'cpu'"),
    "epochs": (["train", "--epochs", "0"], "integer epochs >= 1", "epochs=0"),
    "seed": (["train", "--seeds", "0", "-3"], "integer seed >= 0", "seed=-3"),
    "k": (["train", "--optimizer", "nala", "--set", "k=2.5"], "integer k >= 1", "k=2.5"),
    "mu": (["train", "--optimizer", "nala", "--set", "mu=NaN"], "mu=nan"),
    "lr": (["train", "--optimizer", "sgd", "--set", "lr=-1"], "lr=-1"),
    "inf": (["train", "--optimizer", "nag", "--set", "lr=inf"], "lr=inf"),
    "setting": (["train", "--optimizer", "adam", "--set", "k=3"], "hyperparameter='k'", "'betas'"),
    "fixed": (["train", "--optimizer", "nala", "--set", "outer_batch=same"], "{'fresh', 'last'}"),
    "pair": (["train", "--set", "lr"], "NAME=VALUE"),
}


@pytest.mark.parametrize("name", BAD_CALLS)
def test_bad_input_is_one_sentence_with_the_value_and_the_rule(capsys, tmp_path, name):
    argv, *words = BAD_CALLS[name]
    out = ["--out", str(tmp_path / "out")] if argv[0] in ("train", "tune", "sweep") else []
    text = sentence(capsys, *argv, *out)
    assert all(word in text for word in words), text
    assert not (tmp_path / "out").exists()  # nothing was trained, nothing was written


def test_a_data_folder_without_the_files_is_one_sentence(capsys, tmp_path):
    text = sentence(capsys, "train", "lenet5-fashion-mnist", "--data-dir", str(tmp_path))
    assert "train-images-idx3-ubyte" in text and str(tmp_path) in text
    assert "name no folder, in --data-dir and NALA_LAB_DATA, to download them" in text


def test_a_corrupt_data_file_is_one_sentence_with_both_checksums(capsys, tmp_path, monkeypatch):
    for name in ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1"):
        (tmp_path / f"{name}-ubyte").write_bytes(b"not the data")
    monkeypatch.setenv("NALA_LAB_DATA", str(tmp_path))
    text = sentence(capsys, "train", "lenet5-fashion-mnist")
    assert "train-images-idx3-ubyte: corrupt: expected sha256 c59f468a" in text and "found " in text


def test_an_output_folder_that_is_a_file_is_one_sentence(capsys, tmp_path):
    (tmp_path / "taken").write_text("")
    assert "--out" in sentence(capsys, "train", "--scale", "smoke", "--out", str(tmp_path / "taken"))
    assert "--out" in sentence(capsys, "tune", "lenet5-digits", "--out", str(tmp_path / "taken"))
    for out in (tmp_path / "taken", tmp_path / "taken" / "below"):
        said = sentence(capsys, "study", "nala_lab.reference:SGD", "--out", str(out))  # before minutes of work
        assert "--out must satisfy a folder that can be written" in said


def test_a_method_that_ends_python_is_no_success(capsys, tmp_path, monkeypatch):
    (tmp_path / "ends.py").write_text("import sys\ndef made(params): sys.exit(0)\n")
    monkeypatch.syspath_prepend(tmp_path)
    assert "SystemExit(0)" in sentence(capsys, "study", "ends:made", "--smoke", "--out", str(tmp_path / "out"))


def in_a_clean_process(code):
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)


def test_a_missing_package_is_one_sentence_that_says_what_to_install():
    code = (
        "import sys; sys.modules['torch'] = None  # importing it now fails as if it were not there\n"
        "from nala_lab.cli import main; sys.exit(main(['train']))"
    )
    done = in_a_clean_process(code)
    assert done.returncode == BAD_INPUT
    assert done.stderr == "nala-lab train: error: torch is not installed: pip install 'nala-lab[experiments]'\n"


def test_figures_says_which_package_is_missing(capsys, monkeypatch):
    monkeypatch.setattr("nala_lab.cli.find_spec", lambda name: None if name == "tqdm" else name)
    assert "tqdm is not installed: pip install 'nala-lab[all]'" in sentence(capsys, "figures", "nala_fig1")


def test_a_package_of_one_option_is_in_the_extra_that_is_named(monkeypatch, capsys):
    def needs(args):
        raise ModuleNotFoundError(name="distributed.client")

    monkeypatch.setattr("nala_lab.experiments.commands.sweep.main", needs)
    assert main(["sweep", "nala_table1"]) == BAD_INPUT
    assert capsys.readouterr().err.endswith("distributed is not installed: pip install 'nala-lab[extras]'\n")
    project = Path(__file__).parents[1] / "pyproject.toml"
    extras = tomllib.loads(project.read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert all(any(need.startswith(package) for need in extras[extra]) for package, extra in SWITCHES.items())


def test_an_interrupt_is_no_traceback(capsys, monkeypatch):
    def interrupted(args):
        raise KeyboardInterrupt

    monkeypatch.setattr("nala_lab.experiments.commands.train.main", interrupted)
    assert main(["train"]) == 130
    assert capsys.readouterr().err == "nala-lab train: stopped\n"


def test_an_optimizer_is_known_under_the_spelling_of_its_paper(tmp_path, capsys):
    pytest.importorskip("torch")
    command = ["train", "--optimizer", "AdaLA", "--scale", "smoke", "--quiet", "--out", str(tmp_path)]
    assert main(command) == 0
    assert [path.name[:6] for path in tmp_path.rglob("*.jsonl")] == ["adala-"]


def test_a_list_that_is_given_in_parts_is_the_whole_list(monkeypatch):
    seen = []
    monkeypatch.setattr("nala_lab.experiments.commands.train.main", lambda args: seen.append(args) or 0)
    for argv in ("--set lr=0.1 k=3 --seeds 0 1 --optimizer nala adam", "--set lr=0.1 --seeds 0 --optimizer nala "
                 "--set k=3 --seed 1 --optimizer adam", ""):  # fmt: skip
        assert main(["train", *argv.split()]) == 0
    lists = [(args.changes, args.seeds, args.optimizer) for args in seen]
    assert lists == [(["lr=0.1", "k=3"], [0, 1], ["nala", "adam"])] * 2 + [([], [0], ["all"])]


def test_figures_are_drawn_in_a_process_of_its_own_and_a_wrong_name_is_one_sentence(capfd, monkeypatch, tmp_path):
    (tmp_path / "random.py").write_text("raise SystemExit('a file of the user')")
    monkeypatch.chdir(tmp_path)
    for word, wrong in (("fig99", "figure must satisfy"), ("--nope", "unrecognized arguments")):
        assert main(["figures", word]) == BAD_INPUT
        said = capfd.readouterr().err.strip()
        assert "\n" not in said and said.startswith(f"nala-lab figures: error: {wrong}") and word in said


def test_words_before_a_command_are_not_dropped(capsys):
    assert main(["nosuch", "figures", "--help"]) == 2 and "nosuch" in capsys.readouterr().err
    assert main(["--version", "figures"]) == 0 and capsys.readouterr().out.startswith("nala-lab ")


def test_figures_hands_on_its_words_and_its_status(monkeypatch):
    seen = []
    monkeypatch.setattr(
        "nala_lab.cli.subprocess.run", lambda command: seen.append(command) or subprocess.CompletedProcess(command, 1)
    )
    assert main(["figures", "--ledger", "--out", "x"]) == 1
    assert seen == [[sys.executable, "-P", "-m", "paper_figs", "--ledger", "--out", "x"]]


LOUD = """
import sys, types
from nala_lab import cli
def main(args):
    print("line\\n" * 10**6)
    return 0
sys.modules["loud"] = types.SimpleNamespace(add_arguments=lambda parser: None, main=main)
cli.COMMANDS["verify"] = ("loud", "all", "")
sys.exit(cli.main(["verify"]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has another error for it")
def test_a_reader_who_has_read_enough_gets_no_complaint():
    """``nala-lab ... | head``."""
    loud = subprocess.Popen([sys.executable, "-c", LOUD], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert loud.stdout.readline() == "line\n"
    loud.stdout.close()
    assert (loud.stderr.read(), loud.wait()) == ("", 141)
    loud.stderr.close()
