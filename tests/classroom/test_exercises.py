"""Every exercise: the right answer, each typical error with its own words, and a derivation that agrees."""

import numpy as np
import pytest

from nala_lab.classroom import LESSONS, exercises
from nala_lab.classroom.answers import read
from nala_lab.classroom.derivation import derive, final
from nala_lab.classroom.feedback import judge
from nala_lab.classroom.sheets import personal, same
from tests.classroom.answers import JUNK, STUDENTS

ALL = [exercise for lesson in LESSONS for exercise in exercises(lesson)]
every = pytest.mark.parametrize("exercise", ALL, ids=lambda e: e.id)


def rounded(value, digits):
    """The answer as a careful student writes it: so many significant digits."""
    return [float(f"{v:.{digits - 1}e}") for v in value] if np.ndim(value) else float(f"{float(value):.{digits - 1}e}")


def test_each_lesson_has_three_to_six_exercises_numbered_in_order():
    for lesson in LESSONS:
        numbers = [exercise.id for exercise in exercises(lesson)]
        assert 3 <= len(numbers) <= 6
        assert numbers == [f"{lesson}.{i}" for i in range(1, len(numbers) + 1)]


@every
def test_the_right_answer_is_right_as_it_stands_and_rounded(exercise):
    for student in STUDENTS:
        sheet = personal(exercise, student)
        assert judge(sheet, sheet.solution).right
        if not exercise.whole:
            assert judge(sheet, rounded(sheet.solution, exercise.digits)).right
        # two tolerances off, where rounding to so many digits cannot lead
        assert not judge(sheet, sheet.solution * (1 + 2 * exercise.rtol) + exercise.whole).right


@every
def test_each_typical_error_gets_its_own_words(exercise):
    assert len(exercise.mistakes) >= 3
    names, texts = {m.name for m in exercise.mistakes}, {m.feedback for m in exercise.mistakes}
    assert len(names) == len(texts) == len(exercise.mistakes)
    for student in STUDENTS:
        sheet = personal(exercise, student)
        for mistake, wrong in sheet.wrong:
            said = judge(sheet, wrong)
            assert (said.right, said.kind, said.message) == (False, mistake.name, mistake.feedback)
            if not exercise.whole:
                assert judge(sheet, rounded(wrong, exercise.digits)).kind == mistake.name


@every
def test_one_step_more_or_less_is_named_and_never_a_matter_of_rounding(exercise):
    """By the derivation, which is the formula that a student uses: every count of the sheet, 12 students."""
    for student in [f"s{i}" for i in range(12)]:
        sheet = personal(exercise, student)
        for name in {"k", "T", "t"} & set(sheet.data):
            for n in (sheet.data[name] - 1, sheet.data[name] + 1):
                value = final(exercise, {**sheet.data, name: n}) if n >= 1 else sheet.solution
                if not same(value, sheet.solution, 1e-9):  # the sign of a weight needs no count, only its parity
                    assert judge(sheet, value).kind not in ("right", "close", "other"), (student, name, n)


@every
def test_every_known_error_lies_three_tolerances_from_the_solution(exercise):
    for student in STUDENTS:
        sheet = personal(exercise, student)
        for value in [wrong for _, wrong in sheet.wrong] + [error.value for error in sheet.near]:
            assert not same(value, sheet.solution, 3 * exercise.rtol)


@every
def test_junk_gets_one_sentence(exercise):
    sheet = personal(exercise, "ada")
    for name, junk in JUNK.items():
        said = judge(sheet, junk)
        assert not said.right and said.kind in ("none", "junk", "other", "not whole"), name
        assert said.message[0].isupper() and said.message[-1] in ".:)" and "\n" not in said.message, name


@every
def test_the_derivation_ends_at_the_solution(exercise):
    for student in STUDENTS:
        sheet = personal(exercise, student)
        # two roads, theory in float64 and sympy with 25 digits; a solution found by bisection is good to 1e-12
        assert same(final(exercise, sheet.data), sheet.solution, 1e-9), student
    for step in derive(exercise, sheet.data):
        assert step.sentence.endswith(".")
        assert " = " in step.latex


@every
def test_no_number_of_the_text_is_its_answer(exercise):
    for student in range(25):  # of 1,250 sheets drawn without the rule, eight have an answer so near to a number
        sheet = personal(exercise, f"student {student}")
        for number in sheet.data.values():
            assert not judge(sheet, np.full(sheet.solution.shape, number)).right, (student, sheet.data)


@every
def test_answers_differ_from_student_to_student(exercise):
    answers = {tuple(np.atleast_1d(personal(exercise, f"student {i}").solution).round(9)) for i in range(30)}
    # thirty laptops: neighbours should not be able to copy; a few of thirty may share a draw
    assert len(answers) >= 15


@every
def test_the_text_has_the_numbers_and_no_gaps(exercise):
    sheet = personal(exercise, "ada")
    for name, value in sheet.data.items():
        if f"[{name}]" in exercise.prompt:
            assert f"{value:g}" in sheet.prompt and f"[{name}]" not in sheet.prompt
    asked = [name for name in sheet.data if f"[{name}]" in exercise.prompt]
    assert set(asked) == set(sheet.data), "a number is drawn and not told"
    assert sheet.prompt.count("$") % 2 == 0
    assert exercise.form in str(sheet)


@every
def test_nothing_is_typed_in(exercise):
    """A solution and its wrong answers depend on the numbers drawn: a constant would be the same for everybody."""
    sheets = [personal(exercise, f"student {i}") for i in range(12)]
    columns = [[s.solution for s in sheets], *zip(*[[v for _, v in s.wrong] for s in sheets], strict=True)]
    names = ["solution", *(m.name for m in exercise.mistakes)]
    for name, column in zip(names, columns, strict=True):
        constant = all(np.array_equal(column[0], value) for value in column)
        # the whole of a sum of weights is one for everybody, which is that mistake
        assert not constant or np.allclose(column[0], 1), name


def test_a_planted_wrong_solution_is_caught_by_the_derivation():
    sheet = personal(exercises("01")[0], "ada")
    assert not same(final(sheet.exercise, sheet.data), sheet.solution * 1.0001, 1e-9)


def test_read_never_raises_and_reads_every_kind_of_number():
    from tests.classroom.answers import NUMBERS

    for junk in JUNK.values():
        for size in (0, 2):
            found = read(junk, size=size)
            assert isinstance(found, str) or (found.shape == ((size,) if size else ()) and np.all(np.isfinite(found)))
    for number in NUMBERS.values():
        assert read(number) == 3.0
    assert read((1, 2), size=2).tolist() == [1.0, 2.0]


@every
def test_every_formula_can_be_typeset_without_a_network(exercise):
    from tools.offline_markdown import formula, render

    sheet = personal(exercise, "ada")
    assert 'class="tex"' not in render(str(sheet))
    for step in derive(exercise, sheet.data):
        assert 'class="tex"' not in formula(step.latex), step.latex
