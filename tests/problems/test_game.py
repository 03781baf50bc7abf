"""The bilinear game: its field, its Jacobian and its equilibrium."""

import numpy as np
import pytest

from problems import BilinearGame, moved
from problems.checks import EPS


def test_u_descends_and_v_ascends_along_minus_the_field(seed):
    game = BilinearGame([[2.0, -1.0, 0.5], [0.5, 1.5, -2.0]])
    rng = np.random.default_rng([seed, 50])
    for z in rng.standard_normal((20, 5)):
        field, value = game.field(z), game.value(z)
        assert np.array_equal(field, game.grad(z))
        only_u, only_v = -0.1 * field, -0.1 * field
        only_u[2:], only_v[:2] = 0, 0
        assert game.value(z + only_u) < value < game.value(z + only_v)


def test_the_jacobian_has_the_singular_values_on_the_imaginary_axis():
    B = np.array([[2.0, -1.0], [0.5, 1.5]])
    game = BilinearGame(B)
    assert np.array_equal(game.jacobian, -game.jacobian.T) and np.array_equal(game.hess(np.ones(4)), game.jacobian)
    eigenvalues = np.linalg.eigvals(game.jacobian)
    want = np.linalg.svd(B, compute_uv=False)
    # an antisymmetric matrix is normal: its eigenvalues are as well conditioned as a symmetric one's
    assert np.abs(eigenvalues.real).max() <= 64 * EPS * want[0]
    assert np.abs(np.sort(np.abs(eigenvalues.imag)) - np.sort(np.repeat(want, 2))).max() <= 64 * EPS * want[0]


def test_differences_of_the_value_give_the_field_up_to_the_players_signs():
    game = BilinearGame([[2.0, -1.0, 0.5]])
    z, h = np.array([0.3, -1.0, 2.0, 0.7]), 2.0**-10
    step = h * np.eye(4)
    slopes = (game.value(z + step) - game.value(z - step)) / (2 * h)  # exact for a bilinear function, up to rounding
    assert game.signs.tolist() == [1, -1, -1, -1]
    assert np.abs(game.signs * slopes - game.field(z)).max() <= 32 * EPS * 4 / h


def test_simultaneous_steps_spiral_out_by_the_known_factor():
    game, lr = BilinearGame(), 0.3
    z = np.array([1.2, -0.7])
    after = z - lr * game.grad(z)
    assert abs(np.linalg.norm(after) / np.linalg.norm(z) - np.hypot(1, lr)) <= 8 * EPS  # |1 +- i lr|


def test_moving_a_game_moves_its_equilibrium():
    game = moved(BilinearGame([[3.0]]), [1.0, -2.0], rotation=7, scale=2.0, offset=5.0)
    assert game.equilibrium.tolist() == [1.0, -2.0] and (game.grad(game.equilibrium) == 0).all()
    assert game.value(game.equilibrium) == 5.0 and not game.conservative and len(game.minimizers) == 0


def test_a_pay_off_that_is_no_matrix_gets_one_sentence():
    with pytest.raises(ValueError, match=r"^B\.shape must satisfy shape \(any, any\), got B\.shape=\(2,\)$"):
        BilinearGame([1.0, 2.0])
