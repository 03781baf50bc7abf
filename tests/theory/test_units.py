"""Closed forms in other units: lengths, curvatures and noise of 1e-12 or 1e12 are as good as those of 1."""

import numpy as np
import pytest

from nala_lab.theory import adala_noise


@pytest.mark.parametrize(("lam", "sigma2", "lr"), ((1e-12, 1.0, 1e-3), (1.0, 1e24, 1e-3), (1e12, 1e24, 1e-15)))
def test_adalas_noise_floor_under_much_noise_or_little_curvature(lam, sigma2, lr):
    """Far below the limit the denominator is sqrt(2) sigma (1 + O(lr lam)) and V = h sigma^2 / (2 lam)."""
    h, V = adala_noise.stationary_step(lam, sigma2, lr=lr, eps=0.0)
    assert h == pytest.approx(lr / np.sqrt(2 * sigma2), rel=1e-3)
    assert V == pytest.approx(h * sigma2 / (2 * lam), rel=1e-3)
