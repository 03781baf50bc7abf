"""The package as a whole: what importing it loads, what it shows, and how files are registered."""

from pathlib import Path

import problems

HERE = Path(problems.__file__).parent


def test_the_public_names_are_listed_once_in_order():
    assert problems.__all__ == sorted(set(problems.__all__))
    assert all(hasattr(problems, name) for name in problems.__all__)


def test_every_problem_class_is_public_and_registered():
    def family(cls):
        return {cls, *(c for sub in cls.__subclasses__() for c in family(sub))}

    concrete = {c for c in family(problems.Problem) if not getattr(c, "__abstractmethods__", None)}
    concrete = {c for c in concrete if c.__module__.startswith("problems.") and not c.__name__.startswith("_")}
    registered = {type(make()) for make in problems.CLASSIC.values()}
    assert concrete - {problems.Moved, problems.MovedStochastic} == registered
    assert {c.__name__ for c in concrete} <= set(problems.__all__)


def test_both_registries_have_the_same_names_and_make_fresh_instances():
    assert list(problems.CLASSIC) == list(problems.PROBLEMS)
    for name, make in problems.PROBLEMS.items():
        assert make() is not make() and make().inner.name == problems.CLASSIC[name]().name
