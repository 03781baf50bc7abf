"""A figure in a notebook is shown once, with words."""

import IPython.display
import matplotlib.pyplot as plt
import pytest

from nala_lab.plots import axes_or_new, show


@pytest.fixture
def shown(monkeypatch):
    """What would have been displayed: (object, keywords), in order."""
    calls = []
    monkeypatch.setattr(IPython.display, "display", lambda thing, **keywords: calls.append((thing, keywords)))
    return calls


@pytest.mark.parametrize("by", ["figure", "axes"])
def test_the_words_are_in_the_metadata_and_below(shown, by):
    ax = axes_or_new(None)
    show(ax if by == "axes" else ax.figure, alt="A line that falls.")
    (figure, keywords), (text, _) = shown
    assert figure is ax.figure and keywords == {"metadata": {"image/png": {"alt": "A line that falls."}}}
    assert text.data.endswith("A line that falls.")


def test_a_shown_figure_is_closed_so_that_the_cell_does_not_repeat_it(shown):
    ax = axes_or_new(None)
    show(ax, alt="A line.")
    assert not plt.fignum_exists(ax.figure.number)


def test_a_figure_without_words_is_refused(shown):
    with pytest.raises(ValueError, match="alt must satisfy a sentence"):
        show(axes_or_new(None), alt=" ")
    assert not shown
