"""The first picture shows what its titles say, and says it in words."""

import matplotlib.pyplot as plt
import numpy as np

from nala_lab.classroom import three_ways
from nala_lab.classroom.first_picture import GRADIENTS, LR, MINIMUM, WALL, runs


def test_descent_is_thrown_out_the_odd_loop_rescued_and_the_even_one_not():
    descent, odd, even = runs()
    assert descent.grad_evals == odd.grad_evals == even.grad_evals == GRADIENTS and LR * WALL > 2
    out, rescued, lost = (np.linalg.norm(path - MINIMUM, axis=-1) for path in (descent.x, odd.slow, even.slow))
    assert out[-1] > 20 * out[0] and rescued[-1] < 0.01 * out[0] and lost[-1] > out[0]
    assert np.all(np.diff(rescued) < 0), "every cycle of the odd loop comes nearer"
    assert odd.k % 2 == 1 and even.k % 2 == 0


def test_the_picture_is_also_said_in_words():
    figure, words = three_ways()
    assert [ax.get_title().split()[-1] for ax in figure.axes] == ["out", "rescued", "rescued"]
    assert "not rescued" in figure.axes[2].get_title() and f"After {GRADIENTS} gradients" in words
    (legend,) = figure.legends
    told = {text.get_text().split(",")[0] for text in legend.get_texts()}
    assert told == {"minimum", "fast weights", "slow weights"}, "words only: no symbol has been said yet"
    plt.close(figure)
