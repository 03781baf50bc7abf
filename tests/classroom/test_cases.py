"""Find the bug: each case is one changed line, the questions tell all suspects apart, and accusations are answered."""

import inspect

import numpy as np
import pytest

from nala_lab.classroom import Case
from nala_lab.classroom.bug_hunt import CASES, questions, suspects
from nala_lab.classroom.questions import QUESTIONS
from nala_lab.classroom.specimen import SUSPECTS, nala, planted
from nala_lab.reference import NALA, SGD, run

BUGS = [name for name in SUSPECTS if name != "sound"]


def signature(name):
    return tuple(q.ask(planted(name)).passes for q in QUESTIONS.values())


def test_the_sound_program_is_the_twin_of_the_reference():
    A = np.array([[2.0, 0.5], [0.5, 1.0]])
    ours = nala(lambda x: A @ x, [3.0, -1.0], 6, lr=0.2, k=4, mu=-0.3, alpha=0.1)
    theirs = run(NALA(SGD(lr=0.2), k=4, mu=-0.3, alpha=0.1), lambda x: A @ x, [3.0, -1.0], cycles=6).slow
    np.testing.assert_allclose(ours, theirs, rtol=0, atol=1e-14)  # 30 roundings of numbers below 3


def test_the_sound_program_passes_every_question():
    for question in QUESTIONS.values():
        answer = question.ask(nala)
        assert answer.passes, str(answer)


@pytest.mark.parametrize("name", BUGS)
def test_each_bug_is_one_line_and_is_seen(name):
    old, new = SUSPECTS[name].line
    assert inspect.getsource(nala).count(old) == 1 and old != new
    passed = dict(zip(QUESTIONS, signature(name), strict=True))
    assert not all(passed.values())
    assert passed["loss-falls"], "the loss curve alone must not give a bug away: that is the lesson"


def test_no_two_suspects_answer_alike():
    assert len({signature(name) for name in SUSPECTS}) == len(SUSPECTS)


def test_there_are_five_cases_and_each_can_be_proved():
    assert len(CASES) == len(set(CASES.values())) == 5 and set(CASES.values()) <= set(BUGS)
    for letter, culprit in CASES.items():
        case = Case(letter)
        for question in QUESTIONS:
            case.run(question)
        assert "nobody else" in case.accuse(culprit).message
        for name in SUSPECTS:
            verdict = case.accuse(name)
            assert verdict.right == (name == culprit)
            if name != culprit:
                assert "would" in verdict.message and f"`{name}`" in verdict.message


def test_an_accusation_without_evidence_is_answered():
    case = Case("B")
    assert "asked nothing" in case.accuse("zero-slot").message
    lucky = case.accuse("one-more")
    assert lucky.right and "luck" in lucky.message and "`zero-slot`" in lucky.message
    case.run("loss-falls")  # which tells nobody from anybody
    assert "would tell" in case.accuse("zero-slot").message


@pytest.mark.parametrize("letter", CASES)
def test_the_story_and_the_picture(letter):
    import matplotlib.pyplot as plt

    case = Case(letter)
    text = case.story()
    old, new = SUSPECTS[CASES[letter]].line
    assert f"-{old}" in text and f"+{new}" in text and SUSPECTS[CASES[letter]].seen in text
    ax = case.plot()
    sound, wrong = (line.get_ydata() for line in ax.lines)
    # 25 percent, a tenth of a decade: to be seen on a logarithmic axis
    assert np.abs(np.log(np.divide(wrong, sound))).max() > np.log(1.25)
    assert ax.get_xlabel() and ax.get_ylabel() and f"case {letter}" in ax.get_legend_handles_labels()[1]
    assert f"{wrong[1]:.2f}" in case.alt()
    plt.close(ax.figure)


def test_a_slip_of_the_tongue_is_a_sentence():
    for act in (
        lambda: Case("F"),
        lambda: Case(["A"]),
        lambda: Case("A").run(["count"]),
        lambda: Case("A").run("magic"),
        lambda: Case("A").accuse("me"),
        lambda: planted("x"),
    ):
        with pytest.raises(ValueError, match="must satisfy .* in {'"):
            act()


def test_the_tables_list_everything():
    assert all(f"`{name}`" in questions() for name in QUESTIONS)
    assert all(f"`{name}`" in suspects() for name in SUSPECTS)
    assert "✘" in str(Case("A").run("stands-still")) and "✔" in str(Case("A").run("count"))
