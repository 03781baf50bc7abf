"""The extracted map is that of the code: exact kinds agree exactly, and a changed optimizer has another map."""

from fractions import Fraction as F

import numpy as np
import pytest

from nala_lab.measure import cycle_map

sympy = pytest.importorskip("sympy")
pytest.importorskip("mpmath")
VALUES = {"lam": F(7, 10), "lr": F(3, 10), "mu": F(-2, 5), "alpha": F(1, 5), "beta": F(4, 5)}


@pytest.mark.parametrize("inner", cycle_map.INNER)
@pytest.mark.parametrize("convention", ["keep", "pullback"])
def test_fractions_sympy_and_mpmath_agree(inner, convention):
    found = {}
    for kind in ("fraction", "sympy", "mpmath"):
        v = {name: cycle_map.number(kind, value) for name, value in VALUES.items()}
        found[kind] = cycle_map.reference_matrix(v.pop("lam"), **v, k=3, inner=inner, convention=convention)
    rational = [[F(int(e.p), int(e.q)) for e in row] for row in found["sympy"]]
    assert rational == found["fraction"].tolist()
    exact = found["fraction"].astype(float)
    # 60-digit numbers converted to float64: half an ulp of entries below 2
    assert np.abs(found["mpmath"].astype(float) - exact).max() <= np.finfo(float).eps * 2


def test_symbols_give_the_formula_of_theorem_1():
    matrix, s = cycle_map.symbolic_matrix(4, inner="gd")
    rho = (1 - s["alpha"] * s["lambda"]) * ((1 + s["mu"]) * (1 - s["eta"] * s["lambda"]) ** 4 - s["mu"])
    assert sympy.expand(matrix[0, 0] - rho) == 0


def test_the_map_of_the_shipped_optimizer_tells_a_changed_one_apart():
    torch = pytest.importorskip("torch")
    from nala_lab.optim import NALA

    class TakesTheOuterStepTwice(NALA):
        def _end_cycle(self):
            for p in self._params():
                p.data.add_(p.grad, alpha=-self.alpha)
            super()._end_cycle()

    A = np.array([[2.0, 0.5], [0.5, 1.0]])
    maps = []
    for cls in (NALA, TakesTheOuterStepTwice):

        def make(params, cls=cls):
            return cls(params, inner=lambda p: torch.optim.SGD(p, lr=0.2, momentum=0.5), k=2, mu=-0.3, alpha=0.1)

        maps.append(cycle_map.torch_matrix(make, A, gradients_per_cycle=3, lr=0.2))
    assert maps[0].shape == (4, 4)
    assert np.abs(maps[0] - maps[1]).max() > 1e-2


@pytest.mark.parametrize("A", [[[0.0]], [[1e-12]], [1.0]])
def test_what_two_cycles_do_not_tell_is_refused(A):
    torch = pytest.importorskip("torch")
    from nala_lab.optim import Lookahead

    def make(params):
        return Lookahead(params, inner=lambda p: torch.optim.SGD(p, lr=0.2, momentum=0.5), k=3)

    with pytest.raises(ValueError, match="A must satisfy"):
        cycle_map.torch_matrix(make, A, gradients_per_cycle=3, lr=0.2)


def test_a_wrong_cycle_length_and_a_forgotten_momentum_are_errors():
    torch = pytest.importorskip("torch")
    from nala_lab.optim import Lookahead

    def make(params):
        return Lookahead(params, inner=lambda p: torch.optim.SGD(p, lr=0.2, momentum=0.5), k=3)

    with pytest.raises(ValueError, match="phase 0 after a cycle, got phase=2"):
        cycle_map.torch_matrix(make, [[1.0]], gradients_per_cycle=2, lr=None)
    with pytest.raises(ValueError, match="lr must satisfy the inner learning rate"):
        cycle_map.torch_matrix(make, [[1.0]], gradients_per_cycle=3, lr=None)


def test_an_unknown_convention_is_refused_over_gradient_descent_too():
    with pytest.raises(ValueError, match="convention must satisfy"):
        cycle_map.reference_matrix(2.0, lr=0.25, k=1, mu=0.0, alpha=0.0, inner="gd", convention="nonsense")
