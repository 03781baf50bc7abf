"""Lessons in JupyterLab: opened, all cells run from the menu, no cell with an error, pictures alive."""

import pytest

from tests.browser.lab import keep
from tests.browser.shown import Shown

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("browser")]  # together: one JupyterLab is enough


@pytest.mark.parametrize(
    ("lesson", "explorer"),
    [
        ("00_start_here", "Two optimizers, one start"),
        ("02_eq5_slow_weights", "What the slow weights remember: Eq. (5)"),
        ("06_rates_and_stability", "Rate and stability on a quadratic"),
    ],
)
def test_a_lesson_runs_from_top_to_bottom(lab, lesson, explorer):
    panel, state = lab.run_all(lesson)
    assert state["errors"] == [] and state["grumbles"] == []
    assert state["kernel"] == "idle" and all(state["counts"]) and len(state["counts"]) > 10
    Shown(lab.page, panel, explorer)
    keep(lab.page, lesson)
    lab.close(lesson)


def test_lesson_20_runs_and_has_six_live_explorers(lab, lesson_20):
    panel, state = lesson_20
    assert state["errors"] == [] and state["grumbles"] == []
    assert state["kernel"] == "idle" and all(state["counts"])
    assert panel.locator(".nala-explorer").count() == 6
