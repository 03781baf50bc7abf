"""Analytic test problems: values, gradients, Hessians, minimisers and noise that are known exactly.

    >>> from problems import PROBLEMS, Rosenbrock
    >>> f = Rosenbrock()
    >>> float(f.value(f.minimizers[0])), f.grad(f.start).round(1).tolist()
    (0.0, [-215.6, -88.0])

Importing the package loads NumPy only. sympy is loaded by `symbolic` and `latex`, torch by the
functions of `problems.torch_adapter`. Nothing here knows of an optimizer: an optimizer takes a
gradient, a theorem takes a spectrum.

How to add a problem
--------------------
1. Write one file with a subclass of `Problem` (or `StochasticProblem`): the attributes `name`,
   `source`, `dim`, `minimizers`, `minimum`, `start`, `box`; the methods `_value`, `_grad`, `_hess`
   for float64 arrays (..., d); and `_formula`, the definition in sympy.
2. Add one line to `CLASSIC` in registry.py. `PROBLEMS` then has the moved copy by itself.
3. Re-export the class here.

The tests run over the registry: shapes and broadcasting, all derivatives against the sympy
definition in 40 digits and against differences, the minimiser, `moved`, the torch adapter, and for
stochastic problems mean and covariance of the noise.
"""

from problems.base import Problem, StochasticProblem
from problems.checks import random_rotation
from problems.finite_sum import FiniteSum
from problems.game import BilinearGame
from problems.least_squares import LeastSquares
from problems.linear import Linear
from problems.logistic import Logistic
from problems.moving import Moved, MovedStochastic, moved
from problems.multimodal import Ackley, Rastrigin, StyblinskiTang
from problems.noisy_quadratic import NoisyQuadratic
from problems.polynomials import Beale, Booth, Himmelblau, Matyas, ThreeHumpCamel
from problems.quadratic import Quadratic
from problems.registry import CLASSIC, PROBLEMS, elsewhere
from problems.rosenbrock import Rosenbrock
from problems.torch_adapter import as_torch, torch_value

__all__ = ["Ackley", "Beale", "BilinearGame", "Booth", "CLASSIC", "FiniteSum", "Himmelblau", "LeastSquares", "Linear",
           "Logistic", "Matyas", "Moved", "MovedStochastic", "NoisyQuadratic", "PROBLEMS", "Problem", "Quadratic",
           "Rastrigin", "Rosenbrock", "StochasticProblem", "StyblinskiTang", "ThreeHumpCamel", "as_torch", "elsewhere",
           "moved", "random_rotation", "torch_value"]  # fmt: skip
