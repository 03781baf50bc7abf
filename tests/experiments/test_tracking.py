"""The board shows the rows of the record, and the record does not notice."""

import pytest

from nala_lab.cli import main
from nala_lab.results.records import load_records
from tests.experiments.test_resume import stop_after

event_accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
pytestmark = pytest.mark.filterwarnings("ignore")  # tensorboard's own, of its protocol buffers
COMMAND = ["train", "lenet5-digits", "--scale", "smoke", "--quiet", "--optimizer"]


def board(out, name=None):
    """What the one run below `out` has on its board; `name` is that of its folder."""
    (folder,) = (out / "board" / "lenet5-digits").iterdir()
    assert name in (None, folder.name)
    events = event_accumulator.EventAccumulator(str(folder))
    events.Reload()
    return events


def test_every_number_of_the_record_is_on_the_board(tmp_path):
    command = [*COMMAND, "nala"]
    assert main([*command, "--out", str(tmp_path / "a"), "--tensorboard", str(tmp_path / "board")]) == 0
    assert main([*command, "--out", str(tmp_path / "b")]) == 0
    with_board, without = load_records(tmp_path / "a")[0], load_records(tmp_path / "b")[0]
    assert with_board.header["config"] == without.header["config"]
    events = board(tmp_path, with_board.path.stem)
    for kind, name in (("train", "loss"), ("test", "accuracy"), ("test", "fast_loss")):
        shown = {event.step: event.value for event in events.Scalars(f"{kind}/{name}")}
        rows = {row["grad_evals"]: row[name] for row in with_board.rows if row["kind"] == kind}
        assert shown.keys() == rows.keys()
        assert all(shown[at] == pytest.approx(rows[at], rel=2**-23) for at in rows)  # a board keeps float32
    assert {"axis/timestep", "axis/seconds"} <= set(events.Tags()["scalars"])


def test_a_run_that_is_stopped_leaves_its_rows_on_the_board(tmp_path, monkeypatch):
    stop_after(monkeypatch, 5)
    assert main([*COMMAND, "adam", "--out", str(tmp_path), "--tensorboard", str(tmp_path / "board")]) == 143
    assert [event.step for event in board(tmp_path).Scalars("train/loss")] == [0, 2, 4]


def test_a_board_that_cannot_be_written_is_one_sentence(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert main([*COMMAND, "adam", "--out", str(tmp_path / "out"), "--tensorboard", str(tmp_path / "file")]) == 2
    said = capsys.readouterr().err
    assert str(tmp_path / "file") in said and said.count("\n") == 1 and not list(tmp_path.rglob("*.partial"))


def test_a_run_that_was_stopped_twice_leaves_the_board_of_one_that_was_not(tmp_path, monkeypatch):
    """Each try writes its rows anew; the points of an earlier one must not stand there twice."""
    command = [*COMMAND, "adam", "--resume"]

    def points(out):
        events = board(out)
        return {tag: [(one.step, one.value) for one in events.Scalars(tag)]
                for tag in events.Tags()["scalars"] if "seconds" not in tag}  # fmt: skip

    whole, cut = tmp_path / "whole", tmp_path / "cut"
    assert main([*command, "--out", str(whole), "--tensorboard", str(whole / "board")]) == 0
    for gradients in (5, 3):
        with monkeypatch.context() as patch:
            stop_after(patch, gradients)
            assert main([*command, "--out", str(cut), "--tensorboard", str(cut / "board")]) == 143
    assert main([*command, "--out", str(cut), "--tensorboard", str(cut / "board")]) == 0
    assert points(cut) == points(whole)
