"""The board shows the rows of the record, and the record does not notice."""

import pytest

from nala_lab.cli import main
from nala_lab.core.records import load_records

event_accumulator = pytest.importorskip("tensorboard.backend.event_processing.event_accumulator")
pytestmark = pytest.mark.filterwarnings("ignore")  # tensorboard's own, of its protocol buffers


def test_every_number_of_the_record_is_on_the_board(tmp_path):
    command = ["train", "lenet5-digits", "--optimizer", "nala", "--scale", "smoke", "--quiet"]
    assert main([*command, "--out", str(tmp_path / "a"), "--tensorboard", str(tmp_path / "board")]) == 0
    assert main([*command, "--out", str(tmp_path / "b")]) == 0
    with_board, without = load_records(tmp_path / "a")[0], load_records(tmp_path / "b")[0]
    assert with_board.header["config"] == without.header["config"]
    (folder,) = (tmp_path / "board" / "lenet5-digits").iterdir()
    assert folder.name == with_board.path.stem
    events = event_accumulator.EventAccumulator(str(folder))
    events.Reload()
    for kind, name in (("train", "loss"), ("test", "accuracy"), ("test", "fast_loss")):
        shown = {event.step: event.value for event in events.Scalars(f"{kind}/{name}")}
        rows = {row["grad_evals"]: row[name] for row in with_board.rows if row["kind"] == kind}
        assert shown.keys() == rows.keys()
        assert all(shown[at] == pytest.approx(rows[at], rel=2**-23) for at in rows)  # a board keeps float32
    assert {"axis/timestep", "axis/seconds"} <= set(events.Tags()["scalars"])
