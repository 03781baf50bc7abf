"""Which controls stand under a picture, which are folded away or grey, and that lessons name those that are seen."""

import ast
from dataclasses import fields, is_dataclass
from itertools import product

import numpy as np
import pytest

from nala_lab import widgets
from nala_lab.plots import COLOURS, look
from nala_lab.widgets import TrajectoryExplorer
from nala_lab.widgets.parts import APART
from tests.tools.tree import ROOT
from tests.widgets.test_explorers import EXPLORERS, other_end

every = pytest.mark.parametrize("kind", EXPLORERS, ids=lambda e: e.__name__)


def under(explorer):
    """The settings whose controls stand outside the fold."""
    found, todo = [], [w for w in explorer.widget.children if w is not explorer._fold]
    while todo:
        todo += getattr(widget := todo.pop(), "children", ())
        found.append(widget)
    return {name for name, control in explorer.controls.items() if control in found}


@every
def test_at_most_five_controls_stand_under_the_picture_and_a_button_unfolds_the_others(kind):
    explorer = kind()
    assert under(explorer) == set(explorer._named) and 0 < len(explorer._named) <= 5
    folded = explorer._fold.children[0].children
    assert set(explorer.controls) == under(explorer) | {n for n, c in explorer.controls.items() if c in folded}
    for on in (True, False):
        explorer.more.value = on  # as a hand in the browser does
        assert (explorer._fold.layout.display == "none") is not on


@every
def test_show_says_which(kind):
    explorer = kind(show=["k" if "k" in kind().controls else "lr"])
    assert len(under(explorer)) == 1
    with pytest.raises(ValueError, match="show must satisfy at most 5 controls"):
        kind(show=tuple(explorer.controls))
    with pytest.raises(ValueError, match="show must satisfy .*got show='gamma'"):
        kind(show=("gamma",))
    with pytest.raises(ValueError, match="show must satisfy a tuple"):
        kind(show="lr")


@pytest.mark.parametrize("show", [("lr", "k", "mu"), ("mu", "left", "right", "lr"), ("at", "mu", "lr"), ()])
def test_left_is_left(show):
    """The controls stand in two columns, row by row: a pair must begin a row, under the picture and in the fold."""
    explorer = TrajectoryExplorer(show=show)
    names = {control: name for name, control in explorer.controls.items()}
    for box in (explorer.widget.children[3 if "at" in show else 2], explorer._fold.children[0]):
        assert box.layout.grid_template_columns.startswith("repeat(2,")
        row = [names[control] for control in box.children]
        for left, right in (("left", "right"), ("lr_left", "lr_right"), ("x1", "x2")):
            if left in row:
                assert row.index(left) % 2 == 0 and row.index(right) == row.index(left) + 1
    assert explorer.controls["lr_left"].description == "eta (lr) left"


def variants():
    """Explorer, settings: those that decide what has an effect, in all combinations."""
    methods = product(("SGD", "NALA", "Heavy ball"), ("Lookahead", "AdaLA", "SGD"), ("SGD", "Adam"), (0.0, 1.0))
    for left, right, inner, noise in methods:
        yield "TrajectoryExplorer", dict(problem="bowl", left=left, right=right, inner=inner, noise=noise, gradients=20)
    yield "TrajectoryExplorer", {"problem": "booth", "gradients": 20}
    for sigma, alpha in product((0.0, 0.5), (0.0, 0.5)):
        yield "NoiseExplorer", {"sigma": sigma, "alpha": alpha, "cycles": 5, "chains": 10}
    yield from (("RateExplorer", {"inner": inner}) for inner in ("gradient descent", "heavy ball", "NAG"))
    yield from (("AveragingExplorer", {"noise": noise}) for noise in (0.0, 4.0))
    yield from (("ProbeExplorer", {}), ("FamilyChooser", {}))


def flat(value):
    """All numbers of a view, comparable."""
    if is_dataclass(value):
        return {f.name: flat(getattr(value, f.name)) for f in fields(value) if f.name != "settings"}
    if isinstance(value, dict):
        return {name: flat(part) for name, part in value.items()}
    if isinstance(value, tuple | list):
        return [flat(part) for part in value]
    return value.tobytes() if isinstance(value, np.ndarray) else repr(value)


@pytest.mark.parametrize(("kind", "settings"), list(variants()))
@pytest.mark.filterwarnings("ignore:overflow encountered:RuntimeWarning")  # runs at the ends of sliders, not looked at
def test_a_control_is_grey_exactly_where_it_changes_nothing(kind, settings):
    """Nothing at all that is drawn, not only none of the numbers in words."""
    explorer = getattr(widgets, kind)(**settings)
    known = {field.name for field in fields(explorer.settings)}
    for name, control in explorer.controls.items():
        if name in known:
            moved = explorer.compute(type(explorer.settings)(**{**vars(explorer.settings), name: other_end(control)}))
            assert control.disabled is (flat(moved) == flat(explorer.view)), name


def test_grey_follows_the_lists():
    explorer = TrajectoryExplorer("bowl", "SGD", "NALA", inner="SGD")
    grey = lambda: {name for name, control in explorer.controls.items() if control.disabled}  # noqa: E731
    assert grey() == {"beta1", "beta2", "seed", "moved"}
    explorer.controls["inner"].value = "Adam"
    assert grey() == {"seed", "moved"}
    explorer.controls["right"].value = "SGD"
    assert grey() == {"beta1", "beta2", "seed", "moved", "k", "mu", "alpha", "inner"}


@pytest.mark.parametrize("problem", widgets.PLANES)
def test_alpha_can_be_zero_and_its_slider_suits_the_problem(problem):
    explorer, other = TrajectoryExplorer(problem), TrajectoryExplorer("bowl")
    other.controls["problem"].value = problem  # as a hand in the browser does
    for alpha in (explorer.controls["alpha"], other.controls["alpha"]):
        assert alpha.min == 0 and alpha.value * 4 == pytest.approx(alpha.max)
    explorer.set(alpha=0.0)
    nala = explorer.view.sides[1]
    assert explorer.view.settings.alpha == 0 and nala.name == "NALA"
    assert np.array_equal(nala.path[1:], nala.ahead)  # phi_t = y_t


@every
def test_what_moves_by_factors_is_known_to_the_script_that_speaks(kind):
    for control in kind().controls.values():
        assert ("nala-log" in control._dom_classes) is (type(control).__name__ == "FloatLogSlider")


def test_two_of_a_kind_differ_in_shade_and_what_is_no_method_has_no_method_s_colour():
    first, second = TrajectoryExplorer("bowl", "NALA", "NALA", mu=0.3).picture._falls
    assert first.get_color() == look("NALA")["color"] != second.get_color()
    assert first.get_linestyle() != second.get_linestyle()
    assert not set(APART) & set(COLOURS.values())


# Lesson -> the settings whose controls its text tells the reader to move, or its questions need.
NAMED = {
    "00_start_here": [{"lr_left", "lr_right"}],
    "02_eq5_slow_weights": [{"mu"}],
    "06_rates_and_stability": [{"mu", "lr"}],
    "07_noise_what_averaging_buys": [{"mu"}],
    "10_adala_curvature_and_noise": [{"probe"}],
    "11_the_family_map": [{"beta", "nu", "alpha"}],
    "20_explorers": [
        {"mu", "alpha", "lr_left", "lr_right", "at"}, {"lr", "k", "mu", "inner"}, {"mu", "t"},
        {"sigma", "kappa", "lr", "mu"}, {"probe"}, {"method", "alpha", "beta", "nu"},
    ],
}  # fmt: skip


def calls(lesson):
    """The explorers that a lesson makes, in order, made with the lesson's own parameters."""
    tree, values, found = ast.parse((ROOT / "notebooks" / f"{lesson}.py").read_text(encoding="utf-8")), {}, []
    for node in ast.walk(tree):
        if isinstance(node, ast.Assign) and isinstance(node.value, ast.Constant):
            values[ast.unparse(node.targets[0])] = node.value.value
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in widgets.__all__:
            found.append(node)
    explorers = {kind.__name__ for kind in EXPLORERS}
    made = sorted((node for node in found if node.func.id in explorers), key=lambda node: node.lineno)
    return [eval(compile(ast.Expression(node), lesson, "eval"), vars(widgets) | values) for node in made]


@pytest.mark.parametrize("lesson", NAMED)
def test_the_sliders_that_a_lesson_names_are_shown_and_nala_stands_right(lesson):
    made = calls(lesson)
    assert len(made) == len(NAMED[lesson])
    for explorer, named in zip(made, NAMED[lesson], strict=True):
        assert named <= under(explorer)
        assert not any(explorer.controls[name].disabled for name in named)
        if isinstance(explorer, TrajectoryExplorer):
            assert (explorer.settings.left, explorer.settings.right) == ("SGD", "NALA")


def test_every_lesson_with_an_explorer_is_in_the_list():
    lessons = (ROOT / "notebooks").glob("*.py")
    assert {path.stem for path in lessons if "nala_lab.widgets import" in path.read_text("utf-8")} == set(NAMED)
