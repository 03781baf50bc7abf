"""Labels stay inside the picture when a slider moves: the axes keep their place, so room must be there."""

import pytest

from nala_lab.widgets import AveragingExplorer


@pytest.mark.parametrize("mu", [-0.5, 0.2, 1.2])
def test_the_labels_of_the_weights_are_not_cut_off(mu):
    explorer = AveragingExplorer(mu=-0.5).set(mu=mu)
    bars = explorer.picture.figure.axes[0]
    low, high = bars.get_ylim()
    shown = [label for y, label in zip(bars.get_yticks(), bars.get_yticklabels(), strict=True) if low <= y <= high]
    assert len(shown) >= 5
    assert min(label.get_window_extent().x0 for label in shown) >= 0
