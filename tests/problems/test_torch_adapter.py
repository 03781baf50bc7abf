"""Problems as torch functions: gradcheck, second derivatives, and autograd on the formula."""

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="the torch extra is not installed")

from problems import CLASSIC, PROBLEMS, BilinearGame, Booth, Quadratic, Rosenbrock, as_torch, torch_value  # noqa: E402
from tests.problems.oracle import evaluate, points  # noqa: E402

CONSERVATIVE = [name for name in PROBLEMS if name != "bilinear-game"]


def test_a_tensor_that_cannot_hold_the_answer_is_refused():
    """An integer tensor got 14 for 14.203125, a complex one a value of its real part."""
    for x in (torch.tensor([1, 1]), torch.ones(2, dtype=torch.complex64)):
        with pytest.raises(ValueError, match="x.dtype must satisfy a real floating-point type"):
            as_torch(Booth())(x)
    with pytest.raises(ValueError, match=r"x.shape must satisfy shape \(\.\.\., 2\)"):
        torch_value(Booth())(torch.zeros(3))


def batch(problem, n, seed):
    """Points in the middle of the box, where values stay small enough for finite differences."""
    low, high = np.array(problem.box).T
    middle = (low + high) / 2 + 0.2 * (points(problem, n, np.random.default_rng([seed, 60])) - (low + high) / 2)
    return torch.tensor(middle, dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize("name", CONSERVATIVE)
def test_gradcheck_once_and_twice(name, seed):
    problem = PROBLEMS[name]()
    x, f = batch(problem, 2, seed), as_torch(problem)
    size = float(np.abs(problem.grad(x.detach().numpy())).max())
    bend = float(np.abs(problem.hess(x.detach().numpy())).max())
    # central differences at 1e-6: rounding eps |f|/1e-6, about 1e-9 of the values; truncation 1e-12 f''' is less
    assert torch.autograd.gradcheck(f, (x,), eps=1e-6, atol=1e-6 * max(1.0, size), rtol=1e-5)
    assert torch.autograd.gradgradcheck(f, (x,), eps=1e-6, atol=1e-6 * max(1.0, bend), rtol=1e-5)


@pytest.mark.parametrize("table", [CLASSIC, PROBLEMS], ids=["classic", "moved"])
@pytest.mark.parametrize("name", CONSERVATIVE)
def test_autograd_on_the_formula_gives_the_analytic_gradient(name, table, seed):
    import sympy as sp

    problem = table[name]()
    x = batch(problem, 3, seed)
    value = torch_value(problem)(x)
    value = value.expand(x.shape[:-1]) if value.ndim == 0 else value
    (slope,) = torch.autograd.grad(value.sum(), x)
    expression, symbols = problem.symbolic()
    gradient = [sp.diff(expression, s) for s in symbols]
    for k, point in enumerate(x.detach().numpy()):
        # autograd and our code both differ from the exact value by at most a running error bound
        for wanted, got, own in (expression, value[k], problem.value(point)), (gradient, slope[k], problem.grad(point)):
            tolerance = evaluate(wanted, symbols, point)[1]
            assert np.abs(got.detach().numpy() - own).max() <= 2 * tolerance


@pytest.mark.parametrize("lead", [(), (3,), (2, 0), (2, 2)])
def test_shapes_dtypes_and_values_are_those_of_the_problem(lead):
    problem = PROBLEMS["himmelblau"]()
    f = as_torch(problem)
    x = torch.linspace(-1, 1, int(np.prod((*lead, 2), dtype=int)), dtype=torch.float64).reshape(*lead, 2)
    assert np.array_equal(f(x).numpy(), problem.value(x.numpy())) and f(x).shape == lead
    single = x.float().requires_grad_()
    out = f(single)
    out.sum().backward()
    assert out.dtype == torch.float32 and single.grad.dtype == torch.float32
    exact = problem.grad(single.detach().double().numpy()).astype(np.float32)  # float64 inside, rounded once
    assert np.array_equal(single.grad.numpy(), exact)


def test_a_games_backward_pass_is_its_field():
    game = BilinearGame([[2.0, -1.0], [0.5, 1.5]])
    z = torch.tensor([0.3, -1.0, 2.0, 0.7], dtype=torch.float64, requires_grad=True)
    (field,) = torch.autograd.grad(as_torch(game)(z), z, create_graph=True)
    assert np.array_equal(field.detach().numpy(), game.field(z.detach().numpy()))
    v = torch.tensor([1.0, 2.0, 3.0, 4.0], dtype=torch.float64)
    (product,) = torch.autograd.grad(field @ v, z)  # v'J
    assert np.array_equal(product.numpy(), v.numpy() @ game.jacobian)
    (gradient,) = torch.autograd.grad(torch_value(game)(z), z)  # the formula knows no players
    assert np.abs(gradient.numpy() * game.signs - field.detach().numpy()).max() <= 1e-15 * 8  # sums of two products


def test_a_constant_formula_is_a_tensor_and_large_coefficients_are_numbers():
    x = torch.ones((3, 2), dtype=torch.float64, requires_grad=True)
    out = torch_value(Quadratic([0.0, 0.0], offset=2.0))(x)
    out.sum().backward()
    assert out.tolist() == [2.0] * 3 and not x.grad.any()
    assert float(torch_value(Quadratic([1e20]))(torch.ones(1, dtype=torch.float64))) == 5e19


def test_torch_optimizers_run_on_it():
    x = torch.tensor([0.0, 0.0], dtype=torch.float64, requires_grad=True)
    f, opt = as_torch(Booth()), torch.optim.SGD([x], lr=1 / 18)
    for _ in range(600):
        opt.zero_grad()
        f(x).backward()
        opt.step()
    # the slow eigenvalue 2 contracts by 1 - 2/18 a step: 0.889^600 = 2e-31, so only rounding is left
    assert np.abs(x.detach().numpy() - Booth().minimizers[0]).max() <= 1e-14 * 10


@pytest.mark.parametrize("name", PROBLEMS)
def test_torchs_own_hessian_product_is_that_of_the_problem(name):
    """It differentiates v'J in v; of a game J v is wanted, and v'J is its negative."""
    problem = PROBLEMS[name]()
    x, v = torch.tensor(problem.start), torch.linspace(1.0, 2.0, problem.dim, dtype=torch.float64)
    product = torch.autograd.functional.hvp(as_torch(problem), x, v)[1]
    assert np.array_equal(product.numpy(), problem.hvp(problem.start, v.numpy()))
    x.requires_grad_()
    again = torch.autograd.functional.hvp(as_torch(problem), x, v, create_graph=True)[1]
    with pytest.raises(RuntimeError, match="can be differentiated twice, not three times"):
        torch.autograd.grad(again.sum(), x)


def test_a_third_derivative_is_refused_and_never_wrong():
    x = torch.tensor([0.3, 0.4], dtype=torch.float64, requires_grad=True)
    (g,) = torch.autograd.grad(as_torch(Rosenbrock())(x), x, create_graph=True)
    (h,) = torch.autograd.grad(g.sum(), x, create_graph=True)
    with pytest.raises(RuntimeError, match="can be differentiated twice, not three times"):
        (h + x).sum().backward()  # + x: a lost graph would go unnoticed here and give the wrong gradient
