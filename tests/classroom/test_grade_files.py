"""Grade files: marks survive a second lesson and a restart, and one bad file of thirty is a line in a list."""

import base64
import json
import os
import re
from pathlib import Path

import pytest

from nala_lab.classroom import check, collect, exercise, grades, roster
from nala_lab.classroom.book import LARGEST

RIGHT = float(exercise("01.1", "ada").solution)


@pytest.fixture
def good(tmp_path):
    """Ada's file with one right answer."""
    check("01.1", RIGHT, "Ada")
    path = grades().export(tmp_path / "good.json")
    grades().clear()
    return path


def test_the_grade_file_holds_marks_and_the_name_and_nothing_else(tmp_path):
    check("01.1", "five", student="ada")
    check("01.1", RIGHT, student="Ada")
    check("01.1", 0.0, student="ada")
    check("01.2", ..., student="ada")  # not yet answered: no try
    path = grades().export(tmp_path / "ada.json")
    book = json.loads(path.read_text())
    assert book == {"format": 1, "students": {"ada": {"01.1": {
        "points": 1, "of": 1, "tries": 3, "answer": RIGHT, "last": "other"}}}}  # fmt: skip
    assert [p.name for p in tmp_path.iterdir()] == ["ada.json"]  # no partial file is left
    assert "| ada | 01.1 | 1 of 1 | 3 |" in grades().table()


def test_a_vector_and_a_wrong_answer_can_be_exported(tmp_path):
    check("00.1", exercise("00.1", "b").solution, student="b")
    check("01.1", float("nan"), student="b")
    check("01.1", 123.0, student="b")
    book = json.loads(grades().export(tmp_path / "b.json").read_text())["students"]["b"]
    assert len(book["00.1"]["answer"]) == 2 and book["01.1"]["answer"] == 123.0 and book["01.1"]["points"] == 0


def test_the_link_holds_the_grade_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check("01.1", RIGHT, student="Ada")
    name, data = re.fullmatch(r'<a download="(.*)" href="data:application/json;base64,(.*)">Save \1</a>',
                              grades().download()._repr_html_()).groups()  # fmt: skip
    assert base64.b64decode(data) == (tmp_path / name).read_bytes() and b'"points": 1' in base64.b64decode(data)


def test_marks_are_computed_again_from_the_answers(tmp_path):
    check("01.1", RIGHT, student="ada")
    check("01.2", 5.0, student="ada")
    path = grades().export(tmp_path / "ada.json")
    forged = json.loads(path.read_text())
    forged["students"]["ada"]["01.2"]["points"] = 1
    (tmp_path / "forged.json").write_text(json.dumps(forged))
    assert collect([tmp_path / "forged.json"]).marks == {"ada": {"01.1": 1, "01.2": 0}}
    grades().clear()
    check("01.2", float(exercise("01.2", "ada").solution), student="ada")
    second = grades().export(tmp_path / "second.json")
    assert collect([path, second]).marks == {"ada": {"01.1": 1, "01.2": 1}}


def test_an_export_that_fails_leaves_the_old_file(tmp_path, monkeypatch):
    check("01.2", 5.0, student="ada")
    path = grades().export(tmp_path / "g.json")
    before = path.read_text()
    check("01.1", RIGHT, student="ada")
    monkeypatch.setattr("nala_lab.classroom.book.os.replace", lambda *_: (_ for _ in ()).throw(OSError("full")))
    with pytest.raises(OSError, match="full"):
        grades().export(path)
    assert path.read_text() == before


def test_a_second_lesson_and_a_restart_keep_the_marks(good):
    check("01.1", 5.0, "ada")  # after a restart: the book is new, and this try is wrong
    check("02.1", float(exercise("02.1", "ada").solution), "ada")
    grades().export(good)
    grades().clear()
    grades().export(good)  # an empty book
    rows = json.loads(good.read_text())["students"]["ada"]
    assert (rows["01.1"]["points"], rows["01.1"]["answer"], rows["02.1"]["points"]) == (1, RIGHT, 1)
    assert collect(good).marks == {"ada": {"01.1": 1, "02.1": 1}}


def test_a_later_right_answer_replaces_an_earlier_wrong_one(tmp_path):
    check("01.1", 5.0, "ada")
    path = grades().export(tmp_path / "term" / "a.json")  # a folder that is made
    grades().clear()
    check("01.1", RIGHT, "ada")
    grades().export(path)
    assert collect(path).marks == {"ada": {"01.1": 1}}


def test_an_empty_book_writes_no_empty_file_for_the_teacher(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(ValueError, match="no answer was checked since this notebook started"):
        grades().export()
    assert not list(tmp_path.iterdir())


def test_another_kind_of_file_is_not_written_over(tmp_path):
    (tmp_path / "thesis.json").write_text("[1, 2]")
    check("01.1", RIGHT, "ada")
    for name in ("thesis.json", "."):
        with pytest.raises(ValueError, match="is not a grade file"):
            grades().export(tmp_path / name)
    assert (tmp_path / "thesis.json").read_text() == "[1, 2]"


NAMES = [("Ada", "01-ada.json"), ("../é|x", "01--é-x.json"), ("", "01-no-name.json"), (4711, "01-4711.json"),
         ("a" * 200, None)]  # fmt: skip


@pytest.mark.parametrize(("student", "name"), NAMES)
def test_a_file_is_named_by_lesson_and_student(student, name, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    check("01.1", 5.0, student)
    written = grades().export()
    assert written.name == (name or written.name) == grades().name and len(written.name) <= 85
    assert f'export("{written.name}")' in repr(grades()) and written.parent.resolve() == tmp_path


BROKEN = {
    "empty": b"", "no object": b"[]", "null": b"null", "no format": b"{}", "other": b'{"format": 2, "students": {}}',
    "no students": b'{"format": 1, "students": []}', "no rows": b'{"format": 1, "students": {"a": 3}}',
    "no answer": b'{"format": 1, "students": {"a": {"01.1": {"points": 1}}}}', "zero": b"\x00", "deep": b"[" * 100_000,
    "deep answer": b'{"format": 1, "students": {"a": {"01.1": {"answer": ' + b"[" * 90_000 + b"]" * 90_000 + b"}}}}",
    "huge": b" " * (LARGEST + 1), "long number": b"[" + b"9" * 5000 + b"]", "latin": b'{"name": "\xe9"}',
    "nan": b'{"format": 1, "students": {"a": {"01.1": {"answer": NaN}}}}', "archive": b"PK\x03\x04\xff\xfe",
    "beyond": b'{"format": 1, "students": {"a": {"01.1": {"answer": 1e999}}}}',
}  # fmt: skip


@pytest.mark.parametrize("content", BROKEN.values(), ids=BROKEN)
def test_a_bad_file_is_one_line_and_stops_nobody(tmp_path, good, content):
    (tmp_path / "bad.json").write_bytes(content)
    found = collect([tmp_path / "bad.json", good])
    assert found.marks == {"ada": {"01.1": 1}}
    ((name, reason),) = found.unread
    assert name.endswith("bad.json") and reason and "\n" not in reason and f"{reason}." in str(found)


def test_what_is_no_file_is_a_line(tmp_path, good):
    (tmp_path / "folder.json").mkdir()
    os.mkfifo(tmp_path / "pipe.json")
    found = collect([*(tmp_path / name for name in ("nobody.json", "folder.json", "pipe.json", "*.txt")), good])
    assert [reason for _, reason in found.unread] == ["there is no such file", "no .json file is there",
                                                      "it is no plain file", "no .json file is there"]  # fmt: skip
    assert found.marks == {"ada": {"01.1": 1}}


def test_what_cannot_be_looked_into_stops_nobody(tmp_path, good, monkeypatch):
    (tmp_path / "closed").mkdir()
    listed = os.scandir  # whoever runs the tests may enter every folder, as root does

    def scandir(path):
        if str(path).endswith("closed"):
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    found = collect(["x" * 300, tmp_path])
    assert found.marks == {"ada": {"01.1": 1}}
    (long, said), (closed, why) = found.unread
    assert long == "x" * 300 and said == "it cannot be read (File name too long)"
    assert closed.endswith("closed") and why == "it cannot be read (Permission denied)"


def test_a_name_of_another_system_can_be_printed(tmp_path):
    Path(os.fsdecode(bytes(tmp_path) + b"/m\xfcller.json")).write_text("no json")
    str(collect(tmp_path)).encode()


@pytest.mark.parametrize("encoding", ["utf-8-sig", "utf-16", "utf-16-le", "utf-32"])
def test_what_an_editor_saves_is_read(tmp_path, good, encoding):
    (tmp_path / "saved.json").write_bytes(good.read_text().encode(encoding))
    assert collect(tmp_path / "saved.json").marks == {"ada": {"01.1": 1}}


def test_folders_and_patterns(tmp_path, good):
    (tmp_path / "in" / "ada").mkdir(parents=True)
    good.rename(tmp_path / "in" / "ada" / "01.json")
    for where in (tmp_path, str(tmp_path / "in"), [tmp_path / "in" / "*" / "*.json"], str(tmp_path / "**" / "01.json")):
        assert collect(where).marks == {"ada": {"01.1": 1}} and not collect(where).unread


def test_names_are_folded_and_unknown_exercises_are_lines(tmp_path):
    row = {"answer": RIGHT, "points": 1}
    students = {" Ada ": {"01.1": row}, "ADA": {"99.9": row, "01.2": {"answer": [[]]}}, "x" * 300: {"01.1": row},
                "\ud800": {"01.1": row}}  # fmt: skip
    (tmp_path / "a.json").write_text(json.dumps({"format": 1, "students": students}))
    found = collect(tmp_path / "a.json")
    assert found.marks == {"ada": {"01.1": 1, "01.2": 0}}
    assert len(found.unread) == 3 and "no exercise 99.9" in found.unread[0][1]


def test_points_that_the_answers_do_not_earn_are_remarked(good):
    good.write_text(good.read_text().replace('"ada"', '"Bea"'))  # another name, other numbers; so has a version
    found = collect(good)
    ((file, words),) = found.remarks
    assert found.marks == {"bea": {"01.1": 0}} and file == str(good) and words.startswith("01.1 of bea earned points")


@pytest.mark.parametrize("name", ["01-ADA.JSON", "01-ada.json.txt"])
def test_a_file_that_windows_or_mail_renamed_counts(tmp_path, good, name):
    good.rename(tmp_path / name)
    assert collect(tmp_path).marks == {"ada": {"01.1": 1}}


def test_answers_under_demo_or_without_a_name_are_remarked(tmp_path):
    for name in ("demo", "", "\u200bdemo"):
        check("01.1", 1.0, name)
        path = grades().export(tmp_path / "d.json")
        ((file, words),) = collect(path).remarks
        assert file == str(path) and ("demo" in words) == ("demo" in name) and "whose" in words
        grades().clear()
        path.unlink()


def test_the_table_goes_to_a_spreadsheet(tmp_path):
    for student in ("é", "=cmd|'x'!a1", "a|b"):
        check("01.1", float(exercise("01.1", student).solution), student)
    check("01.2", 0.0, "é")
    found = collect(grades().export(tmp_path / "m.json"))
    text = found.csv(tmp_path / "m.csv").read_bytes().decode("utf-8-sig")
    assert text.splitlines() == ["student,01.1,01.2,sum", "'=cmd|'x'!a1,1,,1", "a|b,1,,1", "é,1,0,1"]
    assert "| a\\|b |" in str(found) and repr(found) == found._repr_markdown_()


def test_a_roster_has_each_students_numbers_and_solutions(tmp_path):
    names = ["Ada", "grace", 4711]
    exam = roster(names, ["01", "00.1"])
    assert list(exam.students) == ["Ada", "grace", "4711"]
    written = exam.csv(tmp_path / "e.csv").read_text("utf-8-sig")
    for name in names:
        for sheet in exam.students[str(name)]:
            same = exercise(sheet.exercise.id, name)
            assert sheet is same and same.prompt in exam.sheets()
            assert all(f"{value:.6g}" in written for value in same.solution.flat)
    assert len(exam.rows()) == 1 + 3 * 6 and "k = " in str(exam) and f"{RIGHT:.6g}" not in exam.sheets()
    assert list(roster("Mia", "01.1").students) == ["Mia"] and list(roster(4711, "01.1").students) == ["4711"]
    assert roster("Ada", ["01.1", "01"]).rows() == roster("Ada", "01").rows()
    with pytest.raises(ValueError, match="names"):
        roster(["Ada", "ada "], "01.1")
    with pytest.raises(LookupError, match="99"):
        roster(["Ada"], "99.1")
