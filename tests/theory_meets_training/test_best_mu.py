"""The best mu over training: the kept curves are of this code, and say what the lesson says."""

import json
import math
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("sklearn")

from tests.theory_meets_training import best_mu

CURVES = json.loads(Path(best_mu.__file__).with_name("best_mu.json").read_text())["curves"]


@pytest.mark.slow
@pytest.mark.parametrize("inner", best_mu.INNER)
def test_the_figure_s_data_are_of_this_code(inner):
    kept, now = CURVES["lenet5-digits"][inner], best_mu.kept(best_mu.probed("lenet5-digits", inner, epochs=4))
    # 24 gradients: another order of sums moves float32 numbers by parts in 10^5, a difference of gradients by 100 times
    for name in ("gain", "curvature", "noise"):
        np.testing.assert_allclose(now[name], kept[name][: len(now[name])], rtol=5e-3, atol=5e-3 * max(kept["gain"]))


@pytest.mark.parametrize("task", best_mu.TASKS)
@pytest.mark.parametrize("inner", best_mu.INNER)
def test_three_numbers_and_nine_losses_agree_on_the_best_mu(task, inner):
    """The parabola's minimum against the least of nine losses, of other images, in most of the probes."""
    curve = CURVES[task][inner]
    star = np.clip([float(x) for x in curve["mu_star"]], -1, 1)
    near = np.abs(star - curve["on_the_grid"]) <= 0.5
    assert near.mean() >= 0.75 and all(math.isfinite(x) for x in curve["gain"])
