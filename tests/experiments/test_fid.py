"""The Frechet distance against closed forms that do not share its formula."""

import math

import numpy as np
import pytest

from nala_lab.core import stream
from nala_lab.experiments.gan.fid import Cloud, cloud_of, frechet_distance
from tests.refusals import refused

EPS = np.finfo(float).eps


def rotation(rng, d):
    q, r = np.linalg.qr(rng.normal(size=(d, d)))
    return q * np.sign(np.diag(r))


def covariance(rng, d, rank=None):
    a = rng.normal(size=(d, rank or d)) * np.linspace(0.3, 3, rank or d)
    return a @ a.T


def rounding(*covariances):
    """A singular value of L1'L2 carries a few roundings of the largest; d of them are added, twice."""
    return 64 * len(covariances[0]) * EPS * sum(np.trace(c) for c in covariances)


def test_in_one_dimension_it_is_the_gap_of_means_and_of_deviations():
    for m1, s1, m2, s2 in [(1.0, 2.0, 4.0, 6.0), (-3.0, 0.0, 2.0, 0.0), (5.0, 0.7, 5.0, 0.0), (0.1, 1e-8, 0.1, 1e3)]:
        want = (m1 - m2) ** 2 + (s1 - s2) ** 2
        assert abs(frechet_distance([m1], [[s1**2]], [m2], [[s2**2]]) - want) <= 16 * EPS * (want + s1**2 + s2**2)


def test_numbers_whose_squares_are_none_have_a_distance():
    far = frechet_distance([0.0], [[1.7e308]], [0.0], [[1e308]])
    assert far == pytest.approx((math.sqrt(1.7e308) - math.sqrt(1e308)) ** 2, rel=1e-12)  # 17 roundings
    assert frechet_distance([1e200], [[1.0]], [-1e200], [[1.0]]) == math.inf
    assert frechet_distance([1.7e308], [[1.0]], [-1.7e308], [[1.0]]) == math.inf
    assert frechet_distance([0.0], [[0.0]], [0.0], [[0.0]]) == 0.0
    assert frechet_distance([3e-170], [[0.0]], [0.0], [[0.0]]) == 0.0  # its square is none, too


def test_for_commuting_covariances_the_deviations_along_the_common_axes_differ(seed):
    rng = stream(seed, "fid", "commuting")
    s1, s2, mean = rng.uniform(0, 4, 7), rng.uniform(0, 4, 7), rng.normal(3, 1, 7)
    s1[2] = s2[5] = 0.0
    want = mean @ mean + ((s1 - s2) ** 2).sum()
    for turned, q in enumerate((np.eye(7), rotation(rng, 7))):
        c1, c2 = q @ np.diag(s1**2) @ q.T, q @ np.diag(s2**2) @ q.T
        # A zero eigenvalue comes back as eps times the largest, and its root meets a singular value of size s.
        tolerance = rounding(c1, c2) + 4 * np.sqrt(64 * EPS) * s1.max() * s2.max() * turned
        assert abs(frechet_distance(q @ mean + 5, c1, np.full(7, 5.0), c2) - want) <= tolerance


def test_covariances_that_do_not_commute_in_two_dimensions(seed):
    """tr (C1 C2)^(1/2) = sqrt(tr C1 C2 + 2 sqrt(det C1 C2)): the eigenvalues a, b give (a+b)^2 = a^2 + b^2 + 2 a b."""
    rng = stream(seed, "fid", "two")
    for _ in range(20):
        c1, c2 = covariance(rng, 2), covariance(rng, 2)
        assert np.abs(c1 @ c2 - c2 @ c1).max() > 1e-3  # else this would be the test above
        root = np.sqrt(np.trace(c1 @ c2) + 2 * np.sqrt(np.linalg.det(c1) * np.linalg.det(c2)))
        want = np.trace(c1) + np.trace(c2) - 2 * root
        # det loses as many digits as the matrices are ill-conditioned.
        tolerance = rounding(c1, c2) * np.linalg.cond(c1) * np.linalg.cond(c2)
        assert abs(frechet_distance([1, 2], c1, [1, 2], c2) - want) <= tolerance


def test_a_rotated_plane_has_the_distance_of_its_angle():
    """C1 = diag(a^2, 0) and C2 the same turned by t: rank one each, so the root's trace is a^2 |cos t|."""
    a = 1.7
    for t in (0.0, 0.4, np.pi / 2, 2.5):
        u = np.array([np.cos(t), np.sin(t)])
        got = frechet_distance([0, 0], np.diag([a**2, 0.0]), [0, 0], a**2 * np.outer(u, u))
        # cos(pi/2) is exact zero in the closed form only; a lost eigenvalue of eps leaves its root.
        assert abs(got - 2 * a**2 * (1 - abs(np.cos(t)))) <= 8 * a**2 * np.sqrt(EPS)


def test_it_is_symmetric_zero_for_equals_and_unmoved_by_rotation_and_shift(seed):
    rng = stream(seed, "fid", "symmetry")
    for rank in (6, 3):
        c1, c2, m1, m2 = covariance(rng, 6, rank), covariance(rng, 6), rng.normal(size=6), rng.normal(size=6)
        there, q = frechet_distance(m1, c1, m2, c2), rotation(rng, 6)
        loose = rounding(c1, c2) + 12 * np.sqrt(EPS * np.trace(c1) * np.trace(c2)) * (rank < 6)
        assert abs(frechet_distance(m2, c2, m1, c1) - there) <= rounding(c1, c2)
        assert frechet_distance(m1, c1, m1, c1) <= rounding(c1, c1)
        turned = frechet_distance(q @ m1 + 9, q @ c1 @ q.T, q @ m2 + 9, q @ c2 @ q.T)
        assert abs(turned - there) <= loose
        assert there > 1  # and these instances are far from zero


def test_a_streamed_cloud_is_the_cloud_of_all_far_from_the_origin(seed):
    x = 1e4 + stream(seed, "fid", "stream").normal(size=(501, 5)) * [1, 2, 3, 4, 5]
    cloud = cloud_of(np.split(x, [1, 2, 100, 100, 400]))
    assert cloud.n == 501
    np.testing.assert_allclose(cloud.mean, x.mean(0), rtol=8 * EPS)
    # Centred products are of size 25; sums of squares would have lost 8 digits to the 1e4.
    np.testing.assert_allclose(cloud.covariance, np.cov(x.T), atol=501 * EPS * 1e4 * 25)
    order = stream(seed, "fid", "order").permutation(501)
    assert abs(cloud_of([x[order[:77]], x[order[77:]]]).distance(cloud)) <= 1e-6  # a permutation changes nothing


def test_the_bias_of_small_samples_is_positive_and_falls_as_one_over_n(seed):
    """Both samples are of one Gaussian, whose distance to itself is 0."""
    rng, d = stream(seed, "fid", "bias"), 4
    means = {}
    for n in (50, 200, 800):
        pairs = [(rng.normal(2, 3, (n, d)), rng.normal(2, 3, (n, d))) for _ in range(60)]
        found = [cloud_of([a]).distance(cloud_of([b])) for a, b in pairs]
        assert min(found) > 0
        means[n] = np.mean(found), np.std(found) / 60**0.5
    # E = 2 d s^2 / n from the means, and as much again (d (d+1) / 2 entries) from the covariances: order 1/n.
    for small, large in ((50, 200), (200, 800)):
        ratio = means[small][0] / means[large][0]
        relative = sum((se / mean) ** 2 for mean, se in (means[small], means[large])) ** 0.5
        assert abs(ratio - 4) < 4 * (4.4 * relative + 2 * d / small)  # 1/n^2 terms are of relative size d/n


test_inputs_that_are_no_gaussian_are_refused = refused(
    (lambda: frechet_distance([0, 1], np.eye(2), [0], np.eye(2)), "means must satisfy one shape"),
    (lambda: frechet_distance([0.0], [[1.0]], [0.0], [[-1.0]]), "positive semidefinite"),
    (lambda: frechet_distance([0, 0], np.eye(2), [0, 0], [[1.0, 0.5], [0.0, 1.0]]), "symmetric"),
    (lambda: frechet_distance([0.0], np.eye(2), [0.0], [[1.0]]), "shape (1, 1)"),
    (lambda: Cloud.empty(1).add([[np.nan]]), "finite"),
    (lambda: Cloud.empty(1).add([[1.0]]).distance(Cloud.empty(1).add([[2.0]])), "n >= 2"),
    (lambda: cloud_of([]), "at least one part"),
    (lambda: cloud_of([3.0]), "features must satisfy shape (m, 1), got features=()"),
)


def test_complex_numbers_are_refused_and_not_cut_to_their_real_parts():
    for m, c in (([1j], [[1.0]]), (np.array([1 + 1j]), [[1.0]]), ([1.0], np.array([[1 + 0j]]))):
        with pytest.raises(ValueError, match="must satisfy real numbers"):
            frechet_distance(m, c, [0.0], [[1.0]])
    with pytest.raises(ValueError, match="features must satisfy real numbers"):
        cloud_of([np.ones((2, 1), complex)])
