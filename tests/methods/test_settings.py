"""The hyperparameters as data, and what stands for a task where nobody asked for something else."""

import pytest

from nala_lab.methods import ADALA_METHODS, METHODS, PAPER_METHODS
from nala_lab.methods.counting import around
from nala_lab.methods.task_settings import TASK_SETTINGS, default_settings
from paper_figs.beside.runs import TASKS
from paper_figs.published import table

CENTRE = {"lr", "k", "mu", "alpha"}


@pytest.mark.parametrize("number", range(1, 7))
def test_the_defaults_of_nala_are_those_its_tables_print(number):
    printed = table("nala", number)
    for column in printed.columns:
        defaults = default_settings(TASKS[column.model, column.dataset], "nala")
        assert {key: defaults[key] for key in CENTRE} == dict(printed.setting)


def test_a_task_changes_hyperparameters_that_its_optimizers_have():
    for task, changes in TASK_SETTINGS.items():
        for optimizer, own in changes.items():
            assert own.keys() <= METHODS[optimizer].published.keys(), (task, optimizer)
    assert set(PAPER_METHODS) | set(ADALA_METHODS) < METHODS.keys()


def test_what_is_given_out_may_be_changed():
    for key, given in (("betas", default_settings("lenet5-cifar10", "adam")), ("inner.betas", around("adam"))):
        given[key][0] = 0.5
    assert METHODS["adam"].published["betas"] == METHODS["nala"].published["inner.betas"] == [0.9, 0.999]


def test_an_optimizer_that_is_not_known_has_no_defaults():
    assert default_settings("lenet5-cifar10", "nesterov") == {}
    assert default_settings("a task of a user", "sgd")["lr"] == 0.1
