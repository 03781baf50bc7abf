"""Every number of the papers' tables is typed in as printed: counted, and compared with a second transcription."""

from __future__ import annotations

from pathlib import Path

import pytest

from nala_lab.results.records import RecordWriter, read_record
from paper_figs import published
from paper_figs.published import PAPERS, figure, paper, table
from paper_figs.published.loading import read
from paper_figs.published.released import FILES, LATE, Curve, Log, folder_of, of_run, recounted, released

# The second transcription: made from the papers' text by a script that knows nothing of the TOML files. Of each table:
# rows and columns, digit sums of the rows, digit sums of the columns, and of each row the sum of place times digit
# within a cell (places count from 1 over the digits), which sees two digits exchanged.
SECOND = {
    ("nala", 1): ((5, 4), [153, 122, 150, 154, 132], [192, 165, 189, 165], [830, 626, 836, 882, 661]),
    ("nala", 2): ((5, 4), [23, 47, 23, 30, 31], [28, 38, 39, 49], [44, 96, 42, 62, 58]),
    ("nala", 3): ((3, 4), [163, 146, 147], [113, 110, 125, 108], [912, 820, 804]),
    ("nala", 4): ((3, 4), [50, 41, 34], [22, 39, 42, 22], [79, 81, 69]),
    ("nala", 5): ((3, 4), [148, 166, 140], [115, 73, 128, 138], [793, 971, 754]),
    ("nala", 6): ((3, 4), [33, 30, 33], [30, 29, 13, 24], [63, 52, 62]),
    ("nala", 7): ((5, 6), [249, 227, 253, 237, 251], [190, 177, 230, 179, 226, 215], [1377, 1313, 1382, 1429, 1358]),
    ("nala", 8): ((5, 6), [244, 244, 253, 234, 223], [220, 143, 190, 192, 235, 218], [1343, 1294, 1382, 1317, 1189]),
    ("nala", 9): ((3, 6), [231, 263, 206], [118, 105, 106, 103, 130, 138], [1226, 1471, 1104]),
    ("adala", 1): ((3, 3), [14, 6, 1], [2, 19, 0], [53, 14, 1]),
    ("adala", 2): ((10, 3), [65, 79, 61, 58, 54, 69, 69, 52, 57, 69], [202, 216, 215],
                   [133, 191, 118, 121, 103, 159, 160, 99, 112, 155]),
    ("adala", 3): ((10, 3), [51, 68, 52, 65, 64, 61, 70, 62, 50, 49], [225, 199, 168],
                   [114, 185, 102, 152, 160, 140, 175, 147, 112, 112]),
    ("adala", 4): ((10, 2), [30, 41, 40, 37, 49, 38, 59, 41, 31, 46], [208, 204],
                   [69, 119, 119, 104, 119, 109, 169, 123, 65, 113]),
}  # fmt: skip
TEXT = {key: (Path(published.__file__).parent / f"{key}.toml").read_text(encoding="utf-8") for key in PAPERS}


def digits(printed):
    return [int(letter) for letter in printed if letter.isdigit()]


def sums(one):
    cells = [[digits(cell.printed) for cell in row.cells] for row in one.rows]
    rows = [sum(map(sum, row)) for row in cells]
    columns = [sum(map(sum, column)) for column in zip(*cells, strict=True)]
    places = [sum(place * digit for cell in row for place, digit in enumerate(cell, 1)) for row in cells]
    return (len(cells), len(cells[0])), rows, columns, places


def test_every_table_of_both_papers_is_there():
    assert {(key, one.number) for key in PAPERS for one in paper(key).tables} == set(SECOND)
    cells = {key: sum(rows * columns for (k, _), ((rows, columns), *_) in SECOND.items() if k == key) for key in PAPERS}
    assert cells == {"nala": 166, "adala": 89}
    assert {key: sum(len(list(one.cells())) for one in paper(key).tables) for key in PAPERS} == cells


@pytest.mark.parametrize(("key", "number"), SECOND)
def test_cells_and_digits_equal_a_second_transcription(key, number):
    assert sums(table(key, number)) == SECOND[key, number]


def test_two_digits_exchanged_are_seen():
    changed = table("nala", 1).reprinted("NAG", 0, "0.297662913")  # 0.296762913
    (_, rows, columns, places), (_, *want) = sums(changed), SECOND["nala", 1]
    assert [rows, columns] == want[:2] and places != want[2]


@pytest.mark.parametrize("key", PAPERS)
def test_every_cell_has_a_value_or_a_reason(key):
    for one in paper(key).tables:
        assert one.caption and one.line and one.corner
        lines = [row.line for row in one.rows]
        assert lines == list(range(lines[0], lines[0] + len(lines))), "rows stand below each other in the text"
        for cell in one.cells():
            assert (cell.value is None) == (len(cell.readings) != 1)
            assert cell.value is not None or cell.note, f"{cell.place}: no value and no reason"


def test_a_dash_and_a_slip_are_not_numbers():
    steps = table("nala", 2)
    assert steps.cell("SGD", 1).value is None and "not reached" in steps.cell("SGD", 1).note
    assert steps.cell("Adam", 0).value is None and steps.cell("Adam", 0).readings == (100, 1000)
    assert steps.cell("SGD", 3).value == 28400 and steps.cell("SGD", 3).slip
    assert table("nala", 5).cell("Adam", 2).slip and not table("nala", 5).cell("NALA", 2).slip
    assert sum(cell.slip for one in paper("nala").tables for cell in one.cells()) == 6
    assert sum(cell.slip for one in paper("adala").tables for cell in one.cells()) == 0
    assert table("adala", 2).cell("AdaLA", 0).value == 91.66


@pytest.mark.parametrize(
    ("old", "new", "sentence"),
    [
        ('"0.94531250"', '"0.9453125"', "the format"),  # a slip that is not flagged
        ('"1900", "–", "5200"', '"1,900", "–", "5200"', "the format"),  # a flag without a slip
        ('"0.94531250", "0.961694419"', '"0.961694419"', "4 cells"),
        ('{ row = "SGD", column = 3, ', '{ row = "SGD", column = 7, ', "the format|a cell for every slip"),
    ],
)
def test_a_file_that_disagrees_with_itself_is_refused(old, new, sentence):
    assert TEXT["nala"].count(old) == 1
    with pytest.raises(ValueError, match=sentence):
        read(TEXT["nala"].replace(old, new))


def test_unknown_names_are_answered_with_the_known_ones():
    with pytest.raises(ValueError, match="'nala', 'adala'"):
        paper("adam")
    with pytest.raises(ValueError, match=r"table in \[1, 2, 3, 4\]"):
        table("adala", 5)
    with pytest.raises(ValueError, match="'NALA', 'NAG'"):
        table("nala", 1).cell("AdaLA", 0)
    with pytest.raises(ValueError, match="0 <= column < 4"):
        table("nala", 1).cell("NALA", 4)
    with pytest.raises(ValueError, match="figure in"):
        figure("nala", 5)


def test_settings_and_columns_say_what_a_number_is_about():
    sweep = table("nala", 8)
    assert sweep.varied == "mu" and "mu" not in sweep.setting and [float(row.head) for row in sweep.rows][0] == -0.3
    target = table("nala", 4).columns[3]
    assert (target.model, target.dataset, target.target) == ("AlexNet", "CIFAR-100", 0.6)
    for key, number in SECOND:
        for column in table(key, number).columns:
            in_head = column.target is None or f"{column.target:.0%} accuracy" in column.head
            assert in_head and (column.dataset in " ".join(column.head) or column.quantity == "text" or key == "adala")


def test_the_figures_of_both_papers_are_described():
    assert [[one.number for one in paper(key).figures] for key in PAPERS] == [[1, 2, 3, 4], [1, 2, 3, 4]]
    assert [len(figure("nala", n).panels) for n in (1, 2, 3, 4)] == [1, 4, 4, 4]
    assert [len(figure("adala", n).panels) for n in (1, 2, 3, 4)] == [3, 3, 8, 8]
    # The curves of a figure are the rows of the tables that belong to it.
    for shown, numbers in ((2, 1), (3, 3), (4, 5)):
        curves = [row.head for row in table("nala", numbers).rows]
        assert all(list(panel.curves) == curves for panel in figure("nala", shown).panels)
    for shown, numbers in ((1, 2), (2, 3)):
        curves = [row.head for row in table("adala", numbers).rows]
        assert all(list(panel.curves) == curves for panel in figure("adala", shown).panels)


def test_without_the_folder_the_stored_summaries_remain(monkeypatch, tmp_path):
    monkeypatch.delenv("NALA_LAB_DATA", raising=False)
    assert folder_of() is None and len(released().logs) == 4 and len(released().curves) == 51
    monkeypatch.setenv("NALA_LAB_DATA", str(tmp_path))
    with pytest.raises(ValueError, match="a folder with nala_cifar_curves"):
        recounted()


def test_a_run_of_ours_is_summarised_as_the_logs_are(tmp_path):
    header = dict(task="x", optimizer="nala", seed=0, config={}, data={"name": "cifar-10"}, versions={}, platform={})
    rows = {0: (2.3, 0.1), 100: (1.0, 0.5), 300: (0.4, 0.75), 40_000: (0.5, 0.6), 40_100: (0.7, 0.8)}
    for last in (40_000, 40_100):
        with RecordWriter(tmp_path / f"{last}.jsonl", header) as out:
            for step, (loss, accuracy) in rows.items():
                if step <= last:
                    out.row("train", timestep=step, loss=loss, accuracy=accuracy)
            out.finish("finished", totals={})
    with pytest.raises(ValueError, match="rows must satisfy two or more at timestep 40000 or later, got rows=1"):
        of_run(read_record(tmp_path / "40000.jsonl"))
    found = of_run(read_record(tmp_path / "40100.jsonl"))
    assert (found.best_loss, found.best_loss_at, found.best_accuracy, found.best_accuracy_at) == (0.4, 300, 0.8, 40_100)
    assert (found.records, found.late_records) == (5, 2) and found.first == {0.5: 100, 0.6: 300, 0.7: 300, 0.8: 40_100}
    assert (found.late_loss, found.late_accuracy, found.late_sd) == pytest.approx((0.6, 0.7, 0.1 * 2**0.5))


@pytest.mark.data(*FILES)
def test_the_stored_summaries_are_those_of_the_files():
    stored, counted = released(), recounted()
    assert LATE == 40_000 and counted.basis != stored.basis and counted.facts is stored.facts
    for kind, ours, theirs in (("log", stored.logs, counted.logs), ("curve", stored.curves, counted.curves)):

        def key(one: Log | Curve) -> tuple[str, str]:
            return one.model, one.dataset if isinstance(one, Log) else one.optimizer

        assert len(ours) == len(theirs), kind
        for a, b in zip(sorted(ours, key=key), sorted(theirs, key=key), strict=True):
            for name, value in vars(a).items():
                # Perplexities are stored with 6 decimals, means with 9.
                want = pytest.approx(value, abs=5.1e-7) if isinstance(value, float) else value
                assert getattr(b, name) == want, (key(a), name)
