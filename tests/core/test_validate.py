"""Bad input gets one sentence with the argument, the rule and the value; NaN fails validation."""

import math

import numpy as np
import pytest

from nala_lab.core import covariance, eigenvalues, require_choice, require_int, require_number, stream, variances
from nala_lab.methods import hyper as h
from tests.refusals import refused

test_a_wrong_option_is_one_clear_sentence = refused(
    (h.NALAHyper, {"k": 0}, "k must satisfy integer k >= 1, got k=0"),
    (h.NALAHyper, {"k": 2.5}, "k must satisfy integer k >= 1, got k=2.5"),
    (h.NALAHyper, {"k": True}, "k must satisfy integer k >= 1, got k=True"),
    (h.NALAHyper, {"mu": -1.5}, "mu must satisfy -1 <= mu < inf, got mu=-1.5"),
    (h.NALAHyper, {"mu": math.nan}, "mu must satisfy -1 <= mu < inf, got mu=nan"),
    (h.NALAHyper, {"alpha": -0.1}, "alpha must satisfy 0 <= alpha < inf, got alpha=-0.1"),
    (h.NALAHyper, {"outer_batch": "new"}, "outer_batch in {'fresh', 'last', 'full'}, got outer_batch='new'"),
    (h.NALAHyper, {"variant": "tf"}, "variant in {'paper', 'released'}"),
    (h.LookaheadHyper, {"k": 0}, "k must satisfy integer k >= 1"),
    (h.LookaheadHyper, {"inner_state": "drop"}, "inner_state in {'keep', 'reset', 'pullback'}"),
    (h.SGDHyper, {"lr": -1e-3}, "lr must satisfy 0 <= lr < inf, got lr=-0.001"),
    (h.SGDHyper, {"lr": math.inf}, "lr must satisfy 0 <= lr < inf, got lr=inf"),
    (h.SGDHyper, {"lr": math.nan}, "got lr=nan"),
    (h.SGDHyper, {"lr": "0.1"}, "got lr='0.1'"),
    (h.MomentumHyper, {"momentum": 1.0}, "momentum must satisfy 0 <= momentum < 1, got momentum=1.0"),
    (h.NAGHyper, {"form": "eq3"}, "form in {'eq2', 'eq1'}"),
    (h.AdamHyper, {"betas": (0.9, 1.0)}, "betas[1] must satisfy 0 <= betas[1] < 1, got betas[1]=1.0"),
    (h.AdamHyper, {"betas": 0.9}, "betas must satisfy a pair (beta1, beta2), got betas=0.9"),
    (h.AdamHyper, {"eps": -1.0}, "eps must satisfy 0 <= eps < inf, got eps=-1.0"),
    (h.AdamHyper, {"form": "keras"}, "form in {'kingma-ba', 'printed', 'tensorflow', 'ramjee'}"),
    (h.AdaBeliefHyper, {"denominator": "none"}, "denominator in {'hat', 'raw', 'hat-inside'}"),
    (h.AdaLAHyper, {"probe": "newton"}, "probe in {'own', 'grad'"),
    (h.AdaLAHyper, {"probe_batch": "last"}, "probe_batch in {'next', 'same'}"),
    (h.AdaLAHyper, {"probe": "lagged", "probe_batch": "same"}, "probe_batch='next' when probe='lagged'"),
    call=lambda cls, options: cls(**options),
)  # fmt: skip


@pytest.mark.parametrize("cls", [getattr(h, n) for n in h.__all__ if n.endswith("Hyper")])
def test_the_defaults_are_valid_and_frozen(cls):
    made = cls()
    with pytest.raises(AttributeError):
        made.k = 3


def test_bounds_are_open_or_closed_as_stated():
    require_number("a", 0.0, low=0)
    require_number("a", 1.0, high=1)
    for value, options in [(0.0, {"low": 0, "open_low": True}), (1.0, {"high": 1, "open_high": True})]:
        with pytest.raises(ValueError, match="a must satisfy"):
            require_number("a", value, **options)
    with pytest.raises(ValueError, match="integer n >= 2"):
        require_int("n", 1, low=2)
    with pytest.raises(ValueError, match="one in {'x', 'y'}"):
        require_choice("one", None, ("x", "y"))


def test_a_symbol_passes_because_it_has_no_value_yet_and_an_exact_number_has_one():
    sympy = pytest.importorskip("sympy")
    h.NALAHyper(mu=sympy.Symbol("mu"), alpha=sympy.Symbol("alpha"))
    h.NALAHyper(mu=-sympy.sqrt(2) / 2, alpha=10**400)
    for value in (sympy.Rational(-1, 2), -sympy.sqrt(2), sympy.nan, sympy.oo, sympy.I, -(10**400)):
        with pytest.raises(ValueError, match="alpha must satisfy 0 <= alpha < inf, got alpha="):
            h.NALAHyper(alpha=value)


LAM = np.ones(2)
test_what_is_no_noise_or_spectrum_is_one_clear_sentence = refused(
    (covariance, "C", np.array([1 + 5j]), 1, "C must satisfy a number, 1 numbers or a (1, 1) matrix, finite, got C="),
    (covariance, "C", [[1, 2], [3]], 2, "a (2, 2) matrix, finite, got C=[[1, 2], [3]]"),
    (covariance, "C", [[1e13, 0.0], [0.0, -1.0]], 2, "C must satisfy positive semi-definite"),
    (eigenvalues, "lam", [10**400], "lam must satisfy finite real numbers"),
    (variances, "w", np.array([1j, 1]), LAM, "w must satisfy w >= 0, a variance"),
    (variances, "w", "ab", LAM, "w must satisfy w >= 0, a variance, got w='ab'"),
    (variances, "w", [1, 2, 3], LAM, "the shape of w must satisfy one that fits lam, (2,), got the shape of w=(3,)"),
    (variances, "w", np.eye(3), LAM, "one that fits lam, (2,), got the shape of w=(3, 3)"),
    (eigenvalues, "lam", [[1, 2], [3]], "lam must satisfy finite real numbers, got lam=[[1, 2], [3]]"),
    call=lambda function, *given: function(*given),
)


def test_streams_are_named_and_independent():
    first = stream(3, "noise").normal(size=4)
    stream(3, "start").normal(size=1000)  # another stream, drawn in between, changes nothing
    assert (stream(3, "noise").normal(size=4) == first).all()
    assert not (stream(4, "noise").normal(size=4) == first).any()
    with pytest.raises(ValueError, match="integer seed >= 0, got seed=-1"):
        stream(-1, "noise")
