"""A run that is stopped anywhere and taken up again writes the record of the run that nobody stopped."""

import os
import shutil
import signal
import threading

import pytest
import torch

from nala_lab.cli import main
from nala_lab.experiments import checkpoint
from nala_lab.experiments.commands.train import cautions
from nala_lab.experiments.run import keeping
from nala_lab.experiments.run import one_run as running
from nala_lab.experiments.run.one_run import Saving
from nala_lab.experiments.run.options import Options
from nala_lab.experiments.run.signals import Stopped, StopRequest
from nala_lab.experiments.tasks.image_workload import ImageWorkload
from nala_lab.methods import METHODS
from nala_lab.results.records import RecordWriter, load_records, read_record
from tests.experiments.runs import left, rows_at, smoke

pytestmark = pytest.mark.usefixtures("tiny")

GO_ON = Saving(resume=True)
COMMAND = ["train", "tiny", "--scale", "smoke", "--optimizer", "nala", "--quiet", "--out"]


def test_a_run_that_cannot_begin_leaves_no_file(tmp_path, capsys):
    assert main([*COMMAND, str(tmp_path), "--accumulate", "1000000"]) == 2
    assert "accumulate must satisfy accumulate <= " in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def content(record):
    """The whole record without the seconds, which are the machine's, and what is made of them."""
    rows = [{key: value for key, value in row.items() if key != "seconds"} for row in record.rows]
    totals = {k: v for k, v in record.footer["totals"].items() if not k.endswith(("second", "seconds", "cores"))}
    return record.header, rows, {**record.footer, "totals": totals}


def stop_after(monkeypatch, gradients, signum=signal.SIGTERM):
    """Let a signal come after so many steps."""
    steps = []

    def after(self, batch):
        steps.append(batch)
        if len(steps) == gradients:
            signal.raise_signal(signum)

    monkeypatch.setattr(ImageWorkload, "after", after)


def stopped(out, monkeypatch, gradients, name="nala", **options):
    """A run that was stopped; the name of its checkpoint."""
    with monkeypatch.context() as patch:
        stop_after(patch, gradients)
        with pytest.raises(Stopped) as stop:
            smoke(out, name, task="tiny", **options)
    assert stop.value.signum == signal.SIGTERM
    (path,) = out.rglob("*.pt")
    return path


def goes_on(folder, monkeypatch, gradients, name="nala", **options):
    """The record of a whole run, which that of a run stopped after so many gradients and taken up again equals."""
    whole = smoke(folder / "whole", name, task="tiny", **options)
    stopped(folder / "cut", monkeypatch, gradients, name, **options)
    again = smoke(folder / "cut", name, task="tiny", saving=GO_ON, **options)
    assert content(again) == content(whole)
    return whole


@pytest.fixture(autouse=True)
def heard():
    """Signals are heard as in a terminal, also under `nohup make test &`, which has them ignored."""
    usual = {"SIGINT": signal.default_int_handler, "SIGHUP": signal.SIG_DFL}  # Windows knows the first only
    numbers = [getattr(signal, name) for name in usual if hasattr(signal, name)]
    before = {number: signal.signal(number, usual[number.name]) for number in numbers}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


def test_a_run_in_parts_names_every_number_of_threads(tmp_path, monkeypatch):
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(1)
        stopped(tmp_path, monkeypatch, 6)
        torch.set_num_threads(2)
        again = smoke(tmp_path, "nala", task="tiny", saving=GO_ON)
    finally:
        torch.set_num_threads(before)
    assert again.header["platform"]["threads"] == 2 and again.footer["threads"] == [1, 2]
    assert "in parts at 1 and 2 threads" in " ".join(cautions(again))


# 15 gradients: 5 an epoch, 6 a cycle of NALA, 2 a step of AdaLA.
@pytest.mark.parametrize("name", ["nala", "adala", "lookahead", "sgd", "yogi"])
@pytest.mark.parametrize("gradients", [1, 5, 6, 8, 14, 15])
def test_a_stop_anywhere_changes_nothing(name, gradients, tmp_path, monkeypatch):
    whole = smoke(tmp_path / "whole", name, task="tiny", seed=3)
    path = stopped(tmp_path / "cut", monkeypatch, gradients, name, seed=3)
    part = read_record(path.with_suffix(".jsonl.partial"))
    assert part.outcome == "unfinished"
    assert part.column("train", "grad_evals").tolist() == rows_at(name, METHODS[name].published, gradients)
    again = smoke(tmp_path / "cut", name, task="tiny", seed=3, saving=GO_ON)
    assert content(again) == content(whole)
    assert left(tmp_path / "cut") == [again.path.name]


def test_a_run_stopped_again_and_again_ends_as_if_never_stopped(tmp_path, monkeypatch):
    options = {"options": Options(accumulate=2, equal="timesteps", deterministic=True, clip=0.7)}
    whole = smoke(tmp_path / "whole", "nala", task="tiny", **options)
    for _ in range(3):
        stopped(tmp_path / "cut", monkeypatch, 2, saving=GO_ON, **options)
    assert content(smoke(tmp_path / "cut", "nala", task="tiny", saving=GO_ON, **options)) == content(whole)


@pytest.mark.parametrize("wrong", [{"epochs": 0}, {"epochs": "1"}, {"minutes": 0}, {"minutes": "5"}])
def test_when_a_run_is_saved_is_checked_before_it_begins(wrong):
    with pytest.raises(ValueError, match=f"{next(iter(wrong))} must satisfy"):
        Saving(**wrong)


@pytest.mark.parametrize("saving", [Saving(epochs=1), Saving(minutes=1e-9)])
def test_saving_disturbs_nothing(saving, tmp_path, monkeypatch):
    whole = smoke(tmp_path / "whole", "nala", task="tiny")
    saved = []
    save = keeping.Keeper.save

    def counted(self, trainer):
        saved.append(trainer.done)
        save(self, trainer)

    monkeypatch.setattr(keeping.Keeper, "save", counted)
    assert content(smoke(tmp_path / "saved", "nala", task="tiny", saving=saving)) == content(whole)
    assert saved == ([5, 10] if saving.epochs else list(range(1, 16)))


def test_ctrl_c_says_how_to_go_on_and_the_command_does(tmp_path, monkeypatch, capsys):
    with monkeypatch.context() as patch:
        stop_after(patch, 7, signal.SIGINT)
        assert main([*COMMAND, str(tmp_path)]) == 130
    said = capsys.readouterr().err
    assert "stopped by SIGINT after 7 of 15 gradients, saved in" in said and "with --resume goes on" in said
    assert main([*COMMAND, str(tmp_path)]) == 2  # neither taken up nor thrown away
    said = capsys.readouterr().err
    assert "stopped before its end; --resume goes on with it, --force begins again" in said and said.count("\n") == 1
    (path,) = tmp_path.rglob("*.pt")
    assert main([*COMMAND, str(tmp_path), "--resume"]) == 0
    assert not path.exists() and len(load_records(tmp_path)) == 1


def test_force_begins_again(tmp_path, monkeypatch):
    whole = smoke(tmp_path / "whole", "nala", task="tiny")
    stopped(tmp_path / "cut", monkeypatch, 4)
    assert content(smoke(tmp_path / "cut", "nala", task="tiny", force=True)) == content(whole)


def test_a_signal_at_the_end_ends_the_command_after_the_record(tmp_path, monkeypatch, capsys):
    def evaluate(self, whole=ImageWorkload.evaluate):
        calls.append(self)
        if len(calls) == 8:  # two measurements at the start and after each of three epochs
            signal.raise_signal(signal.SIGTERM)
        return whole(self)

    calls = []
    monkeypatch.setattr(ImageWorkload, "evaluate", evaluate)
    assert main([*COMMAND, str(tmp_path), "--seeds", "0", "1"]) == 128 + signal.SIGTERM
    assert "had just ended" in capsys.readouterr().err
    assert len(load_records(tmp_path)) == 1 and not list(tmp_path.rglob("*.pt"))


def test_a_second_ctrl_c_interrupts_at_once_and_the_old_handlers_come_back():
    before = signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)
    with StopRequest() as request:
        assert request.name == ""
        signal.raise_signal(signal.SIGINT)
        assert request.name == "SIGINT"
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert (signal.getsignal(signal.SIGINT), signal.getsignal(signal.SIGTERM)) == before


@pytest.mark.skipif(not hasattr(signal, "SIGHUP"), reason="Windows has no SIGHUP")
def test_a_terminal_that_goes_away_saves_the_run_and_nohup_keeps_it_going(tmp_path, monkeypatch):
    with monkeypatch.context() as patch:
        stop_after(patch, 7, signal.SIGHUP)
        assert main([*COMMAND, str(tmp_path)]) == 128 + signal.SIGHUP
    assert file_of(tmp_path).exists()
    before = {signum: signal.signal(signum, signal.SIG_IGN) for signum in (signal.SIGHUP, signal.SIGINT)}
    try:
        with StopRequest() as request:
            for signum in before:
                signal.raise_signal(signum)
        assert request.signum is None  # a background job of a script has its SIGINT ignored
    finally:
        for signum, handler in before.items():
            signal.signal(signum, handler)


def test_a_run_in_another_thread_leaves_the_signals_alone(tmp_path):
    records = []
    thread = threading.Thread(target=lambda: records.append(smoke(tmp_path, "adam", task="tiny")))
    thread.start()
    thread.join()
    assert records[0].outcome == "finished"


# ---- what can go wrong with the file ----


def file_of(out, name="nala"):
    """The name of a run's checkpoint."""
    run = running.plan("tiny", name, seed=0, scale="smoke")
    return run.path(out, run.config(run.workload())).with_suffix(".pt")


@pytest.fixture
def full():
    """full(path): the next checkpoint of that name meets a full disk."""
    if not os.path.exists("/dev/full"):
        pytest.skip("needs the device that is always full")

    def plant(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.with_name(path.name + ".partial").symlink_to("/dev/full")

    return plant


def test_a_full_disk_is_a_warning_and_the_run_goes_on(tmp_path, full, capsys):
    full(file_of(tmp_path))
    record = smoke(tmp_path, "nala", task="tiny", saving=Saving(epochs=2))
    assert record.outcome == "finished"
    said = capsys.readouterr().err
    assert "cannot be written ([Errno 28] No space left on device); the run goes on unsaved" in said
    assert said.count("\n") == 1


def test_a_stop_on_a_full_disk_keeps_the_older_checkpoint(tmp_path, full, monkeypatch, capsys):
    path = stopped(tmp_path, monkeypatch, 4)
    older = path.read_bytes()
    full(path)
    stop_after(monkeypatch, 3)
    assert main([*COMMAND, str(tmp_path), "--resume"]) == 128 + signal.SIGTERM
    said = capsys.readouterr().err
    assert "after 7 of 15 gradients; not saved: " in said and "No space left on device" in said
    assert path.read_bytes() == older


def test_a_record_on_a_full_disk_ends_the_run_and_the_checkpoint_stays(tmp_path, monkeypatch, capsys):
    path = stopped(tmp_path, monkeypatch, 4)
    whole = smoke(tmp_path / "whole", "nala", task="tiny")
    older, row = path.read_bytes(), RecordWriter.row

    def no_room(self, kind, **values):
        if self.rows == 4:
            raise OSError(28, "No space left on device")
        row(self, kind, **values)

    with monkeypatch.context() as patch:
        patch.setattr(RecordWriter, "row", no_room)
        assert main([*COMMAND, str(tmp_path), "--resume"]) == 2
    said = capsys.readouterr().err
    assert "cannot be written ([Errno 28] No space left on device); --resume goes on from the last checkpoint" in said
    assert said.count("\n") == 1 and path.read_bytes() == older
    assert content(smoke(tmp_path, "nala", task="tiny", saving=GO_ON)) == content(whole)


def test_a_disk_that_is_full_from_the_start_is_one_sentence(tmp_path, full, capsys):
    full(file_of(tmp_path).with_suffix(".jsonl"))
    assert main([*COMMAND, str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert "the record cannot be written ([Errno 28] No space left on device)" in said and said.count("\n") == 1


def test_a_folder_that_cannot_be_made_is_one_sentence_before_the_training(tmp_path, capsys):
    (tmp_path / "tiny").write_text("in the way")
    assert main([*COMMAND, str(tmp_path)]) == 2
    said = capsys.readouterr().err
    assert str(tmp_path / "tiny") in said and said.count("\n") == 1


def refused(out, path, capsys):
    """The sentence with which the command refuses a checkpoint, which it leaves as it was."""
    before = path.read_bytes()
    assert main([*COMMAND, str(out), "--resume"]) == 2
    assert path.read_bytes() == before
    said = capsys.readouterr().err
    assert said.count("\n") == 1
    return said


def test_a_checkpoint_of_another_run_is_refused_and_left(tmp_path, monkeypatch, capsys):
    path = stopped(tmp_path / "adam", monkeypatch, 4, "adam")
    mine = file_of(tmp_path / "nala")
    mine.parent.mkdir(parents=True)
    shutil.copy(path, mine)
    assert "belongs to optimizer 'adam', this run has optimizer 'nala'" in refused(tmp_path / "nala", mine, capsys)


@pytest.mark.parametrize("part", ["configuration", "code", "torch"])
def test_a_checkpoint_of_another_version_is_refused_and_left(part, tmp_path, monkeypatch, capsys):
    path = stopped(tmp_path, monkeypatch, 4)
    own = keeping.Keeper.__init__

    def changed(self, path, identity, **options):
        own(self, path, {**identity, part: "another"}, **options)

    monkeypatch.setattr(keeping.Keeper, "__init__", changed)
    assert f"this run has {part} 'another'; it was left as it is" in refused(tmp_path, path, capsys)


def test_a_damaged_checkpoint_is_refused_and_left(tmp_path, monkeypatch, capsys):
    path = stopped(tmp_path, monkeypatch, 4)
    path.write_bytes(path.read_bytes()[:-100])
    assert "cut off, damaged, or no checkpoint at all" in refused(tmp_path, path, capsys)


def test_a_checkpoint_says_what_it_belongs_to(tmp_path, monkeypatch):
    progress = checkpoint.load(stopped(tmp_path, monkeypatch, 4))
    assert progress["identity"]["code"] == running.CODE
    assert progress["run"]["done"] == 4 and len(progress["run"]["rows"]) == 2  # a test row and a training row


def test_what_another_version_of_the_code_trained_is_read_and_said_to_be(tmp_path, monkeypatch, capsys):
    with monkeypatch.context() as patch:
        patch.setattr(running, "CODE", "another")
        smoke(tmp_path, "nala", task="tiny")
    assert main([*COMMAND, str(tmp_path)]) == 0
    assert "was there already; trained by another version of this code; train --force" in capsys.readouterr().out
    assert main([*COMMAND, str(tmp_path), "--force"]) == 0
    assert main([*COMMAND, str(tmp_path)]) == 0
    assert "was there already ->" in capsys.readouterr().out


@pytest.mark.parametrize("name", ["task", "optimizer", "seed", "configuration", "code", "torch"])
def test_a_checkpoint_without_a_part_of_its_identity_is_not_taken_up(name, tmp_path, monkeypatch, capsys):
    """What is not said to be the same is not the same: a checkpoint of an older program lacks what it did not know."""
    path, save = tmp_path / "run.pt", checkpoint.save

    def without(path, *, identity, **rest):
        save(path, identity={key: value for key, value in identity.items() if key != name}, **rest)

    with monkeypatch.context() as patch:
        patch.setattr(checkpoint, "save", without)
        path = stopped(tmp_path, patch, 4)
    before = path.read_bytes()
    assert f"belongs to {name} None, this run has {name} " in refused(tmp_path, path, capsys)
    assert path.read_bytes() == before
