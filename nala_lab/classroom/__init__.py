"""Exercises that check themselves: numbers drawn for each student, feedback on typical errors, a grade file.

    exercise("03.2", student="ada")       the text with Ada's numbers
    check("03.2", 0.81, student="ada")    what is right, or what went wrong and how to go on
    teacher("03.2", student="ada")        derivation, solution and typical errors
    grades().export("01-ada.json")        the grade file; collect("hand-ins").csv("marks.csv") marks a class's again
    roster(["Ada"], ["01.1"])             every student's numbers and solutions, for an exam on paper
    Case("A").run("count")                find the bug: a program with one wrong line, and questions to it
    predict("error?", 0.5).meets(0.4)     a number written down before a run
    claim(x < 1, "x stays below one")     what a lesson says, as a line that can fail; agree, at_most, by_chance help
    three_ways()                          the first picture of the lessons, and the picture in words

Solutions and wrong answers are computed by nala_lab.theory, the derivations by sympy; tests compare the two.
"""

from nala_lab.classroom.bank import LESSONS, exercises
from nala_lab.classroom.book import grades
from nala_lab.classroom.bug_hunt import Case
from nala_lab.classroom.claims import agree, at_most, by_chance, claim
from nala_lab.classroom.collecting import collect
from nala_lab.classroom.extras import torch_is_here
from nala_lab.classroom.feedback import Feedback
from nala_lab.classroom.first_picture import three_ways
from nala_lab.classroom.marking import check, exercise, teacher
from nala_lab.classroom.paper import roster
from nala_lab.classroom.predicting import predict

__all__ = ["LESSONS", "Case", "Feedback", "agree", "at_most", "by_chance", "check", "claim", "collect", "exercise",
           "exercises", "grades", "predict", "roster", "teacher", "three_ways", "torch_is_here"]  # fmt: skip
