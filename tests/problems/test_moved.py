"""Moving a problem moves everything, twice moves twice, and back is back."""

import numpy as np
import pytest

from problems import CLASSIC, Booth, LeastSquares, Quadratic, StochasticProblem, moved, random_rotation
from problems.checks import EPS
from tests.problems.oracle import points
from tests.refusals import refused

SHIFT = np.array([0.4, -1.2, 2.5, 0.9])


@pytest.mark.parametrize("name", CLASSIC)
def test_everything_moves_together(name, seed):
    f, rng = CLASSIC[name](), np.random.default_rng([seed, 20])
    d, s, b = f.dim, 1.7, -0.6
    c, R = SHIFT[:d], random_rotation(d, seed=3)
    g = moved(f, c, R, s, offset=b)
    z, v = points(f, 6, rng), rng.standard_normal((6, d))
    x = z @ R.T + c
    pairs = [
        (g.value(x), s * f.value(z) + b, f.grad),
        (g.grad(x), s * f.grad(z) @ R.T, f.hess),
        (g.hess(x), s * np.einsum("ia,nab,jb->nij", R, f.hess(z), R), None),
        (g.hvp(x, v @ R.T), s * f.hvp(z, v) @ R.T, None),
    ]
    if isinstance(f, StochasticProblem):
        pairs.append((g.noise_cov(x), s**2 * np.einsum("ia,nab,jb->nij", R, f.noise_cov(z), R), f.hess))
        same = [p.noisy_grad(at, np.random.default_rng(1)) for p, at in ((g, x), (f, z))]
        pairs.append((same[0], s * same[1] @ R.T, f.hess))
    error = 4 * d * EPS * (np.abs(x).max() + np.abs(c).max())  # R'(x - c) gives z back up to this
    for got, want, slope in pairs:
        steep = np.abs(slope(z)).max() if slope else curvature_slope(f, z)
        rounding = 32 * d**2 * EPS * (np.abs(want).max() + 100)  # sums of d^2 products; terms up to 100 may cancel
        assert np.abs(got - want).max() <= 4 * s**2 * d * steep * error + rounding
    assert np.abs(g.start - (R @ f.start + c)).max() <= error
    assert g.minimizers.shape == f.minimizers.shape and g.minimum == s * f.minimum + b


def curvature_slope(f, z):
    """How fast the Hessian changes: its largest difference quotient, doubled."""
    h = 1e-3
    return 2 * max(np.abs(f.hess(z + h * e) - f.hess(z)).max() / h for e in np.eye(f.dim))


def test_moving_back_gives_the_problem_back():
    f, R, c = Booth(), random_rotation(2, seed=5), np.array([3.0, -4.0])
    back = moved(moved(f, c, R, 2.5, offset=1.0), -R.T @ c, R.T, 0.4, offset=-0.4)
    x = points(f, 50, np.random.default_rng(21))
    size = np.abs(f.value(x)).max() + np.abs(f.grad(x)).max() * 20  # values, and slopes times |x| + |c|
    assert np.abs(back.value(x) - f.value(x)).max() <= 16 * EPS * size
    assert np.abs(back.minimizers - f.minimizers).max() <= 16 * EPS * 5


def test_the_box_holds_the_turned_box():
    f = Booth()
    g = moved(f, [1.0, 2.0], rotation=8)
    corners = np.array([[a, b] for a in f.box[0] for b in f.box[1]]) @ g.rotation.T + [1.0, 2.0]
    low, high = np.array(g.box).T
    assert np.abs(corners.min(0) - low).max() <= 16 * EPS * 20 and np.abs(corners.max(0) - high).max() <= 16 * EPS * 20


def test_a_moved_finite_sum_keeps_its_batches():
    f = LeastSquares.generated(8, 2, seed=4)
    g = moved(f, [1.0, -2.0], rotation=2, scale=3.0)
    batches = np.array([[0, 3], [5, 5], [7, 1]])
    x = np.array([0.3, 0.4])
    want = 3.0 * f.batch_grad((x - g.shift) @ g.rotation, batches) @ g.rotation.T
    assert np.array_equal(g.batch_grad(x, batches), want)
    with pytest.raises(ValueError, match=r"^inner must satisfy a finite sum"):
        moved(CLASSIC["noisy-quadratic"](), rotation=1).batch_grad(np.zeros(3), [0])


def test_a_moved_quadratic_is_the_quadratic_built_there():
    R, c = random_rotation(3, seed=6), np.array([1.0, 2.0, -3.0])
    g = moved(Quadratic([1.0, 5.0, 9.0]), c, R, 1.0, offset=4.0)
    q = Quadratic([1.0, 5.0, 9.0], rotation=R, shift=c, offset=4.0)
    x = points(q, 20, np.random.default_rng(22))
    assert np.abs(g.value(x) - q.value(x)).max() <= 64 * EPS * np.abs(q.value(x)).max()  # d^2 products in each
    assert np.abs(g.hess(x) - q.hess(x)).max() <= 64 * EPS * 9


test_bad_moves_get_one_sentence = refused(
    ({"scale": 0.0}, r"^scale must satisfy finite scale > 0, got scale=0\.0$"),
    ({"scale": -1}, r"^scale must satisfy finite scale > 0, got scale=-1$"),
    ({"scale": float("nan")}, r"^scale must satisfy finite scale > 0, got scale=nan$"),
    ({"shift": [1.0]}, r"^shift\.shape must satisfy shape \(2,\), got shift\.shape=\(1,\)$"),
    ({"shift": [1.0, np.inf]}, r"^shift must satisfy finite entries"),
    ({"rotation": [[1.0, 0.0], [0.5, 1.0]]}, r"^rotation must satisfy R'R = identity"),
    ({"rotation": -1}, r"^rotation must satisfy integer rotation >= 0, got rotation=-1"),
    ({"offset": "high"}, r"^offset must satisfy finite number offset, got offset='high'$"),
    call=lambda options: moved(Booth(), **options),
)


@pytest.mark.parametrize("name", ["quadratic", "least-squares", "logistic", "noisy-quadratic"])
def test_constants_move_along(name):
    f = CLASSIC[name]()
    R = random_rotation(f.dim, 4)
    g = moved(f, rotation=R, scale=3.0, shift=np.arange(f.dim) + 1.0)
    assert g.L == 3 * f.L and g.m == 3 * f.m and g.kappa == f.kappa
    assert hasattr(g, "eigenvalues") == hasattr(f, "eigenvalues")
    if hasattr(f, "eigenvalues"):
        # an eigen-decomposition of the Hessian itself, without the constants: a few d roundings of L
        found = np.linalg.eigvalsh(g.hess(g.start))
        np.testing.assert_allclose(np.sort(g.eigenvalues), found, atol=64 * f.dim * np.finfo(float).eps * g.L)
        left = g.hess(g.start) @ g.eigenvectors - g.eigenvectors * g.eigenvalues
        assert np.abs(left).max() <= 64 * f.dim * np.finfo(float).eps * g.L
        np.testing.assert_allclose(g.A, g.hess(g.start), atol=64 * np.finfo(float).eps * g.L)
    if hasattr(f, "center"):
        assert np.abs(g.grad(g.center)).max() <= 64 * np.finfo(float).eps * g.L * f.dim
    twice = moved(g, scale=2.0)
    assert twice.L == 2 * g.L and twice.kappa == f.kappa


def test_what_a_problem_has_not_its_moved_one_has_not():
    with pytest.raises(AttributeError, match="no attribute 'L'"):
        _ = moved(Booth()).L
    with pytest.raises(AttributeError, match="kappa"):
        _ = moved(Booth()).kappa
