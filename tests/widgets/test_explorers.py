"""What every explorer keeps to: controls with words, numbers that follow, a picture that is a PNG, no traceback."""

from io import BytesIO

import pytest
from PIL import Image

from nala_lab import widgets

EXPLORERS = [getattr(widgets, name) for name in widgets.__all__ if name.endswith("Explorer") and name != "Explorer"]


@pytest.fixture(params=EXPLORERS, ids=lambda e: e.__name__)
def explorer(request):
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


def test_every_control_says_what_it_is(explorer):
    controls = every_control(explorer)
    assert set(explorer.controls.values()) <= set(controls)
    assert all(control.description.strip() and control.tooltip for control in controls)


def test_the_picture_has_words_and_the_numbers_their_class(explorer):
    assert f'alt="{explorer.alt[:20]}' in explorer._picture.value
    assert "nala-numbers" in explorer._numbers._dom_classes
    for name, value in explorer.numbers.items():
        shown = widgets.explorer.text_of(value)
        assert f'data-name="{name}">{shown}</span>' in explorer._numbers.value


def test_a_static_picture_is_a_small_png_with_more_than_a_background(explorer, tmp_path):
    png = explorer.static(tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes() == png
    image = Image.open(BytesIO(png))
    image.verify()
    assert image.format == "PNG" and image.width > 800 and 5_000 < len(png) < 60_000


def test_one_output_has_the_widget_and_the_picture(explorer):
    data, metadata = explorer._repr_mimebundle_()
    assert {"application/vnd.jupyter.widget-view+json", "image/png", "text/plain"} <= data.keys()
    assert metadata["image/png"]["alt"] == explorer.alt == data["text/plain"]


def test_a_value_outside_a_slider_or_an_unknown_setting_is_refused(explorer):
    with pytest.raises(ValueError, match="control's range"):
        explorer.set(mu=50.0)
    with pytest.raises(ValueError, match="mu cannot be 'much'"):
        explorer.set(mu="much")
    with pytest.raises(ValueError, match="setting must satisfy"):
        explorer.set(gamma=1.0)
