"""What every explorer keeps to: controls with words, numbers that follow, a picture that is a PNG, no traceback."""

from io import BytesIO

import hypothesis
import hypothesis.strategies as st
import pytest
from PIL import Image

from nala_lab import widgets

EXPLORERS = [
    getattr(widgets, name) for name in widgets.__all__ if name.endswith(("Explorer", "Chooser")) and name != "Explorer"
]


@pytest.fixture(params=EXPLORERS, ids=lambda e: e.__name__)
def explorer(request):
    return request.param()


@pytest.fixture(scope="module", params=EXPLORERS, ids=lambda e: e.__name__)
def shown(request):
    """An explorer that is looked at only."""
    return request.param()


def every_control(explorer):
    """All controls inside the box, buttons too."""
    found, todo = [], [explorer.widget]
    while todo:
        widget = todo.pop()
        todo += getattr(widget, "children", ())
        if hasattr(widget, "description") and type(widget).__name__ != "HTML":
            found.append(widget)
    return found


def test_every_control_says_what_it_is(shown):
    controls = every_control(shown)
    assert set(shown.controls.values()) <= set(controls)
    assert all(control.description.strip() and control.tooltip for control in controls)


def test_the_picture_has_words_and_the_numbers_their_class(shown):
    assert f'alt="{shown.alt[:20]}' in shown._picture.value
    assert "nala-numbers" in shown._numbers._dom_classes
    for name, value in shown.numbers.items():
        text = widgets.explorer.text_of(value)
        assert f'data-name="{name}">{text}</span>' in shown._numbers.value


def test_a_static_picture_is_a_small_png_with_more_than_a_background(shown, tmp_path):
    png = shown.static(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes() == png
    image = Image.open(BytesIO(png))
    image.verify()
    assert image.format == "PNG" and image.width > 800 and 5_000 < len(png) < 60_000


def test_one_output_has_the_widget_and_the_picture(shown):
    data, metadata = shown._repr_mimebundle_()
    assert {"application/vnd.jupyter.widget-view+json", "image/png", "text/plain"} <= data.keys()
    assert metadata["image/png"]["alt"] == shown.alt == data["text/plain"]


def test_a_value_outside_a_slider_or_an_unknown_setting_is_refused(explorer):
    name = "k" if "k" in explorer.controls else "lr"
    with pytest.raises(ValueError, match="control's range"):
        explorer.set(**{name: 500})
    with pytest.raises(ValueError, match=f"{name} cannot be 'much'"):
        explorer.set(**{name: "much"})
    with pytest.raises(ValueError, match="setting must satisfy"):
        explorer.set(gamma=1.0)
    stood = explorer.settings
    for value in (None, str(getattr(stood, name))):
        with pytest.raises(ValueError, match=f"{name} (cannot be|must satisfy)"):
            explorer.set(**{name: value})
    assert explorer.settings == stood


@pytest.mark.parametrize("kind", [widgets.TrajectoryExplorer, widgets.ProbeExplorer])
def test_a_slider_of_factors_has_no_zero(kind):
    with pytest.raises(ValueError, match=r"eta \(lr\).* must satisfy .*got .*=0"):
        kind(lr=0.0)


def other_end(control):
    """Another value: the farther end of a slider, the next of a list."""
    if getattr(control, "options", None):
        return next(option for option in control.options if option != control.value)
    if type(control).__name__ == "Checkbox":
        return not control.value
    log = type(control).__name__ == "FloatLogSlider"
    low, high = (10.0**control.min, 10.0**control.max) if log else (control.min, control.max)
    return low if control.value > (low + high) / 2 else high


# Alone, these change nothing that is shown: there is no noise, momentum, outer step or other reading to see.
IDLE = {
    "TrajectoryExplorer": {"seed"},
    "RateExplorer": {"beta"},
    "ProbeExplorer": {"steps"},
    "NoiseExplorer": {"outer"},
}


def test_a_control_that_moves_changes_the_numbers(explorer):
    """Each control in turn, as a hand in the browser moves it; the view is compared, nothing is drawn."""
    explorer.draw = lambda: None
    kind = type(explorer).__name__
    if kind == "FamilyChooser":
        explorer.set(beta=0.5, alpha=0.1)
    if kind == "ProbeExplorer":
        explorer.set(at=3)  # at the first step AdaLA's momentum is not yet seen
    idle = IDLE.get(kind, set())
    for name, control in explorer.controls.items():
        if name == "method":  # moves the other sliders and leaves them there: tested with the chooser
            continue
        before, value = dict(explorer.numbers), control.value
        control.value = other_end(control)
        assert dict(explorer.numbers) != before or name in idle, name
        control.value = value


def settings_of(explorer):
    """A strategy: any value of every control at once."""
    drawn = {}
    for name, control in explorer.controls.items():
        if getattr(control, "options", None):
            drawn[name] = st.sampled_from(list(control.options))
        elif type(control).__name__ == "Checkbox":
            drawn[name] = st.booleans()
        elif type(control).__name__ == "IntSlider":
            drawn[name] = st.integers(control.min, control.max)
        else:
            log = type(control).__name__ == "FloatLogSlider"
            low, high = (10.0**control.min, 10.0**control.max) if log else (control.min, control.max)
            drawn[name] = st.floats(low, high)
    return st.fixed_dictionaries(drawn)


@pytest.mark.parametrize("kind", EXPLORERS, ids=lambda e: e.__name__)
def test_no_combination_of_settings_is_an_error(kind):
    """Also those that diverge or overflow: the view is computed, or refused in a sentence, never more."""
    shown = kind()
    known = set(vars(shown.settings))

    @hypothesis.settings(max_examples=10)
    @hypothesis.given(settings_of(shown))
    def check(values):
        settings = type(shown.settings)(**{n: v for n, v in values.items() if n in known})
        try:
            view = kind.compute(settings)
        except ValueError as error:
            assert " must satisfy " in str(error)
            return
        assert view.message and all(isinstance(v, int | float | str) for v in view.numbers.values())

    check()


@pytest.mark.slow
@pytest.mark.parametrize("end", ["min", "max"])
def test_all_sliders_at_one_end_are_drawn(explorer, end):
    """Among them runs that overflow; the axes keep their places."""
    with explorer._silence():
        for name, control in explorer.controls.items():
            if hasattr(control, "min") and name not in ("at", "alpha"):
                bound = getattr(control, end)
                control.value = 10.0**bound if type(control).__name__ == "FloatLogSlider" else bound
    explorer.refresh()
    explorer.picture.stale(layout=True)
    explorer.refresh()
    assert explorer.message and all(ax.get_position().width > 0.01 for ax in explorer.picture.figure.axes)


def test_what_is_not_allowed_becomes_a_sentence():
    explorer = widgets.TrajectoryExplorer("bowl")
    before = explorer._picture.value
    explorer.controls["at"].max = 10_000
    explorer.controls["at"].value = 5_000
    assert explorer.message.startswith("Not allowed: at must satisfy at <= gradients")
    assert explorer._picture.value == before and "Traceback" not in explorer._message.value


def test_a_move_that_is_refused_moves_nothing(explorer):
    name = "k" if "k" in explorer.controls else "eps"
    before, numbers = explorer.settings, dict(explorer.numbers)
    with pytest.raises(ValueError, match="control's range"):
        explorer.set(**({"problem": "himmelblau"} if "problem" in explorer.controls else {"cycles": 7}
                        if "cycles" in explorer.controls else {"t": 7}), **{name: 500})  # fmt: skip
    assert explorer.settings == before == explorer.view.settings and dict(explorer.numbers) == numbers


def test_what_is_set_brings_what_a_moved_control_brings():
    chooser = widgets.FamilyChooser("Lookahead").set(method="DiLoCo")
    assert (chooser.settings.nu, chooser.settings.beta) == (0.7, 0.9) and "DiLoCo" in chooser.view.names
    assert chooser.set(alpha=0.2).controls["method"].value == "(free)"  # Lookahead has no outer step
    chosen = [widgets.FamilyChooser("GPA", **own).controls["method"].value for own in ({"lr": 0.5}, {"k": 3})]
    assert chosen == ["GPA", "(free)"]
    probe = widgets.ProbeExplorer().set(x1=1.5, problem="himmelblau")  # what is named counts for more
    assert (probe.settings.x1, probe.settings.x2) == (1.5, widgets.problem("himmelblau").start[1])
    assert probe.set(at=30).set(steps=20).settings.at == 20
    with pytest.raises(ValueError, match="t must satisfy t < 41"):
        widgets.AveragingExplorer(t=41)
