"""check, teacher, the grade book, predictions: what a classroom calls."""

from dataclasses import replace

import numpy as np
import pytest

from nala_lab.classroom import LESSONS, Feedback, check, exercise, exercises, grades, predict, teacher
from nala_lab.classroom.feedback import CLOSE, judge
from nala_lab.classroom.neighbours import BY_K, GENERAL
from nala_lab.classroom.sheets import Data, Exercise, Mistake, draws, personal
from tests.classroom.answers import JUNK

RIGHT = float(exercise("01.1", "ada").solution)


def test_a_name_decides_the_numbers_and_its_capitals_do_not():
    assert exercise("03.2", " Ada ").data == exercise("03.2", "ada").data
    assert exercise("03.2", "E\u0301mile").data == exercise("03.2", "\u00c9mile").data  # the same letter, two encodings
    for pasted in ("\ufeffAda Byron", "Ada\u200b  Byron", "ada\u00a0byron\n"):
        assert exercise("03.2", pasted).data == exercise("03.2", "Ada Byron").data
    assert exercise("03.2", "ada").data != exercise("03.2", "grace").data
    assert exercise("03.2", "ada").data != exercise("03.1", "ada").data


@pytest.mark.parametrize("number", ["03.9", "99.1", "three", "", None, 3.2, ["03.1"], "03.1\n", "../x", "3.2"])
def test_an_unknown_exercise_is_a_sentence(number):
    said = check(number, 1.0, student="ada")
    assert said.kind == "unknown" and not said.right and said.message.endswith(".")
    with pytest.raises(LookupError):
        exercise(number)


NOBODY = {"none": None, "true": True, "list": ["ada"], "long": "x" * 201, "digits": 10**200, "many digits": 10**5000,
          "half a letter": "\ud800"}  # fmt: skip


@pytest.mark.parametrize("student", NOBODY.values(), ids=NOBODY)
def test_a_student_that_is_no_name_is_a_sentence(student):
    assert check("01.1", RIGHT, student=student).kind == "unknown"


@pytest.mark.parametrize("number", [4711, np.int64(4711), -3, 0])
def test_a_number_is_a_name(number):
    assert exercise("01.1", number).data == exercise("01.1", str(number)).data
    assert check("01.1", float(exercise("01.1", number).solution), number).right
    assert check("01.1", 1, student=number).kind != "junk" and str(number) in grades().as_json()["students"]


def test_every_coordinate_of_a_list_has_its_own_digits():
    sheet = next(one for one in (exercise("00.1", f"s{i}") for i in range(50)) if min(abs(one.solution)) < 0.1)
    small = int(np.argmin(np.abs(sheet.solution)))
    answer = sheet.solution.copy()
    assert judge(sheet, [float(f"{x:.3g}") for x in answer]).right
    answer[small] *= 1.1  # a hundredth of the other one's size
    assert not judge(sheet, answer.tolist()).right


def test_a_decimal_comma_is_spoken_of_wherever_it_stands():
    x = 0,25
    said = [check("01.1", 0,25), check("01.1", x, "ada"), check("01.1", "0,25", "ada"), check("01.1", ["0,25"], "ada"),
            check("01.1", 0,25, "ada"), check("01.1", 1,5e-3), check("00.1", (0,5, 1,2), "ada"),
            check("01.1", 0,25, student="ada")]  # fmt: skip
    for one in said:
        assert "with a point" in one.message and one.message.endswith(".") and not one.right
    assert "0.25" in said[0].message and "0.25" in said[2].message
    assert grades().as_json()["students"].keys() == {"ada"}  # nobody is called 25
    assert "with a point" in str(predict("q?", 0,25)) and "with a point" in str(predict("q?", x))


def test_a_number_in_brackets_is_that_number():
    for boxed in ([RIGHT], (RIGHT,), [[RIGHT]], np.array([RIGHT]), np.array([[RIGHT]])):
        assert check("01.1", boxed, "ada").right
    vector = exercise("00.1", "ada").solution
    assert check("00.1", vector[:, None], "ada").right and check("00.1", [list(vector)], "ada").right
    endless: list = []
    endless.append(endless)
    assert check("01.1", endless, "ada").kind == "junk"


def test_the_next_try_gets_the_next_hint_and_each_is_a_sentence():
    said = [check("01.1", 123.0, "ada").message for _ in range(4)]
    assert len(set(said)) == 4 and all(text.endswith(".") for text in said)
    for slip in (..., "five", -exercise("01.1", "grace").solution):  # no hint was given for these, so none is left out
        check("01.1", slip, "grace")
    assert check("01.1", 123.0, "grace").message == said[0] and "A first step" in said[0]


def test_who_rounds_to_two_digits_reads_about_digits():
    for lesson in LESSONS:
        for item in exercises(lesson):
            sheet = exercise(item.id, "ada")
            rounded = [float(f"{x:.2g}") for x in np.atleast_1d(sheet.solution)]
            assert item.whole or judge(sheet, rounded if item.size else rounded[0]).kind in ("right", "close"), item.id


def test_a_count_that_is_far_off_is_not_to_be_rounded():
    sheet = exercise("00.2", "ada")
    assert "round in the right direction" in judge(sheet, sheet.solution + 0.4).message
    assert "not near" in judge(sheet, sheet.solution / 7 + 0.4).message


def test_a_small_number_is_a_power_of_ten_in_a_formula():
    item = replace(made(0.3, eps=(1e-6,), a=(2.5e-7,), k=(5,)), prompt="$[eps]$, $[a]$, $[k]$, $[none]$")
    assert personal(item, "").prompt == r"$10^{-6}$, $2.5 \cdot 10^{-7}$, $5$, $[none]$"


def test_junk_through_the_front_door():
    for junk in JUNK.values():
        assert isinstance(check("01.1", junk, student="ada"), Feedback)


def made(solution, **choices):
    """An exercise whose answer is `solution`, to try what is said in general."""
    mistakes = (
        Mistake("special", "Special.", lambda d: 7.7),
        Mistake("b", "B.", lambda d: 1e5),
        Mistake("c", "C.", lambda d: 1e7),
    )
    return Exercise(
        id="99.1",
        title="t",
        prompt="p",
        draw=draws(**(choices or {"k": (5,)})),
        solution=solution if callable(solution) else lambda d: solution,
        mistakes=mistakes,
        derivation=(("Look here.", "x = 1"),),
        digits=4,
    )


def test_general_errors_are_named():
    sheet = personal(made(0.3), "")
    for name, message, change in GENERAL:
        said = judge(sheet, change(sheet.solution))
        assert (said.kind, said.message) == (name, message)
    for name, message, by in BY_K:
        said = judge(sheet, by(sheet.solution, 5))
        assert (said.kind, said.message) == (name, message)


def test_the_number_of_another_method_is_named():
    d = dict(k=(5,), T=(3,), mu=(-0.3,), alpha=(0.2,))
    sheet = personal(made(lambda d: 1 + d.k + 20 * d.T + d.mu + 2 * d.alpha, **d), "")
    said = (({"k": 4}, "step too few"), ({"k": 6}, "step too many"), ({"T": 2}, "cycle too few"),
            ({"alpha": 0.0}, "Lookahead"), ({"mu": 0.0}, "mu = 0"), ({"mu": 0.3}, "sign of mu"))  # fmt: skip
    for changed, words in said:
        wrong = sheet.exercise.solution(Data(**{**sheet.data, **changed}))
        assert words in judge(sheet, wrong).message


def test_numbers_at_which_one_more_step_looks_like_a_rounding_are_drawn_again():
    sheet = personal(made(lambda d: 1 + d.lam / d.k, k=(5,), lam=(1e-4, 0.7)), "")
    assert sheet.data["lam"] == 0.7  # at 1e-4 no k can be told from another
    with pytest.raises(RuntimeError, match="cannot be told apart"):
        personal(made(lambda d: 1 + 1e-4 / d.k), "")


def test_an_exercise_without_k_says_nothing_about_it():
    assert judge(personal(made(0.3, lam=(1.0,)), ""), 1.5).kind == "other"


def test_a_typical_error_is_told_before_a_general_one():
    assert judge(personal(made(-7.7), ""), 7.7).kind == "special"


def test_close_and_far():
    sheet = personal(made(0.3), "")
    assert judge(sheet, 0.3 * (1 + 0.9 * CLOSE * sheet.exercise.rtol)).kind == "close"
    assert judge(sheet, 0.3 * (1 + 1.1 * CLOSE * sheet.exercise.rtol)).kind == "other"
    said = judge(sheet, 0.1234)
    assert said.kind == "other" and "Look here." in said.message


def test_an_exercise_that_cannot_be_told_apart_is_refused():
    with pytest.raises(RuntimeError, match="cannot be told apart"):
        personal(made(1e5), "")


def test_counting_answers_are_whole_and_off_by_one_is_named():
    sheet = exercise("00.2", "ada")
    assert judge(sheet, float(sheet.solution) + 0.5).kind == "not whole"
    assert {judge(sheet, float(sheet.solution) + s).kind for s in (-1, 1)} <= {
        "off by one",
        "look-ahead",
        "one for all",
    }
    assert judge(sheet, int(sheet.solution)).right
    saved = personal(next(e for e in exercises("05") if e.id == "05.2"), "s1")  # solution 364; 360 is its two digits
    assert saved.solution == 364 and judge(saved, 360).kind == "other"


def test_the_sheet_says_which_number_it_lacks():
    with pytest.raises(AttributeError, match="no number 'mu'; it has k"):
        print(Data(k=5).mu)


def test_grading_mode_raises_unless_right(monkeypatch):
    monkeypatch.setenv("NALA_LAB_GRADING", "1")
    assert check("01.1", RIGHT, student="ada").right
    for answer in (0.0, "text", ...):
        with pytest.raises(AssertionError, match="01.1: not yet"):
            check("01.1", answer, student="ada")


def test_the_teacher_sees_derivation_solution_and_errors():
    sheet = teacher("01.1", "ada")
    text = str(sheet)
    assert r"\left(1 - \lambda \eta\right)^{k}" in text and f"{RIGHT:.6g}" in text
    for mistake, _ in sheet.sheet.wrong:
        assert mistake.feedback in text
    assert sheet.steps[-1].value == pytest.approx(RIGHT, rel=1e-12)  # two roads in float64


def test_what_a_notebook_shows():
    assert check("01.1", RIGHT, student="ada")._repr_markdown_().startswith("**01.1 · ✔ right (1 of 1).**")
    assert "open" in check("01.1", ..., student="ada")._repr_markdown_()
    assert "✘" in check("01.1", 0.0, student="ada")._repr_markdown_()


@pytest.mark.parametrize(
    ("guess", "value", "words"),
    [
        (0.5, 0.5, "well predicted"),
        (1.0, 0.5, "too large, by a factor of 2"),
        (0.1, 0.5, "too small, by a factor of 5"),
        (-1.0, 0.5, "differ in sign"),
        (1e-170, -1e-160, "differ in sign"),  # their product is zero to a float
        (1e-170, 1e-160, "too small, by a factor of 1e+10"),
        (0.0, 0.5, "off by 0.5"),
        (..., 0.5, "The run says 0.5."),
        ("it grows", 0.5, "Written down: it grows. The run says 0.5."),
        (0.5, np.inf, "You said 0.5, the run says inf: the run left the numbers"),
        (0.5, np.nan, "the run left the numbers"),
        ((0, 25), 0.5, "if you meant 0.25, write it with a point, not with a comma. The run says 0.5."),
    ],
)
def test_a_prediction_meets_what_happened(guess, value, words):
    met = str(predict("q?", guess).meets(value))
    assert words in met and "Next time" not in met and "in place of the dots" not in met


def test_words_are_a_prediction_and_a_mistyped_number_is_none():
    assert predict("q?", "it is slower").written and "Written down: it is slower." in str(predict("q?", "it is slower"))
    assert predict("q?", 0.0).written and not predict("q?").written and not predict("q?", "0,5").written


def test_a_prediction_takes_junk():
    for junk in JUNK.values():
        assert predict("q?", junk).meets(1.0).question == "q?"
    assert "too small, by a factor of 10^600." in str(predict("q?", 1e-300).meets(1e300))
    with pytest.raises(ValueError, match="measured must satisfy real numbers"):
        predict("q?", 1).meets("a")


def test_what_a_notebook_keeps_holds_no_address_and_no_solution():
    shown = (
        exercise("01.1", "ada"), teacher("01.1", "ada"), grades(), check("01.1", 0.0, student="ada"), predict("q?"),
    )  # fmt: skip
    for thing in shown:
        assert " at 0x" not in repr(thing) and repr(thing) == str(thing)
    assert f"{RIGHT:.3f}"[1:] not in repr(shown[0])


def test_a_list_without_brackets_is_asked_for_them():
    first, second = (float(part) for part in exercise("00.1", "ada").solution)
    for more in ({"student": "ada"}, {}):
        said = check("00.1", first, second, **more).message
        assert said == f"The exercise asks for a list of 2 numbers: write [{first}, {second}]."
    assert "with a point, not with a comma" in check("01.1", 0, 25, student="ada").message
