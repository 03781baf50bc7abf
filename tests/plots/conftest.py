import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest

from nala_lab.core import OneLoop, TwoLoop, stream


@pytest.fixture(autouse=True)
def agg():
    """No window is opened, and no figure outlives its test."""
    matplotlib.use("Agg")
    yield
    plt.close("all")


@pytest.fixture
def nala_run():
    """Three cycles of k = 2 with unequal numbers everywhere, shaped as a NALA run in the plane."""
    rng = stream(0, "plots", "two loops")
    return TwoLoop(
        method="NALA", outcome="out of budget", diverged_at=None, k=2,
        evals=np.array([0, 3, 6, 9]), timesteps=np.array([0, 2, 4, 6]),
        slow=rng.normal(size=(4, 2)), fast=rng.normal(size=(3, 3, 2)), lookahead=rng.normal(size=(3, 2)),
        outer_grad=rng.normal(size=(3, 2)), inner_grads=rng.normal(size=(3, 2, 2)),
    )  # fmt: skip


@pytest.fixture
def adala_run():
    """Four steps of one loop in the plane with a probe at each."""
    rng = stream(0, "plots", "one loop")
    return OneLoop(
        method="AdaLA", outcome="out of budget", diverged_at=None,
        evals=2 * np.arange(5), timesteps=np.arange(5), x=rng.normal(size=(5, 2)),
        grads=rng.normal(size=(4, 2)), points=rng.normal(size=(4, 2)),
        probes=rng.normal(size=(4, 2)), probe_grads=rng.normal(size=(4, 2)),
    )  # fmt: skip
