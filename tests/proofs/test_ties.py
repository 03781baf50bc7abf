"""A proof speaks about its statement. These tests tie statements to the program, by numbers that the kernel compares.

    the program equals the definition     exact runs of `nala_lab.reference`            (sampled)
    the definition has the property       the theorems                                  (proved)
    the theorem's formula is the lab's    numbers of `nala_lab.theory`                  (sampled)
"""

from fractions import Fraction

import numpy as np
import pytest

from nala_lab.core import stream
from nala_lab.reference import NALA, SGD, HeavyBall, Lookahead, run
from nala_lab.theory.counterexamples import cycles_of
from tests.proofs.formulas import FORMULAS, _rho
from tests.proofs.kernel_examples import rational, refused

COUNT = 100


@pytest.mark.parametrize("name", FORMULAS)
def test_a_hundred_numbers_of_the_theory_room_are_those_of_the_statement(kernel, tmp_path, name):
    needs, draw = FORMULAS[name]
    rng = stream(0, "proofs", name)
    assert refused(kernel, tmp_path, needs, [draw(rng) for _ in range(COUNT)]) == ""


def test_a_number_of_a_wrong_formula_is_refused_by_name(kernel, tmp_path):
    """Planted: k + 1 for k, in one of five numbers."""
    rng = stream(0, "proofs", "planted")
    examples = [_rho(rng) for _ in range(4)]
    examples.insert(2, ("rho (1/2) 4 (-1/2) 0 1 = 17/32", "unfold rho, factor; simpl; lra."))  # true for k = 4
    assert refused(kernel, tmp_path, ("Algorithm1",), examples) == ""
    examples[2] = ("rho (1/2) 5 (-1/2) 0 1 = 17/32", examples[2][1])
    assert refused(kernel, tmp_path, ("Algorithm1",), examples).startswith("Example number_2 :")


def bend(a, b, p, q, c):
    """Gradient of a x^2/2 + b y^2/2 + h(p x + q y), h the one-sided Huber function with the bend c."""

    def grad(x):
        slope = min(max(p * x[0] + q * x[1], Fraction(0)), c)
        return np.array([a * x[0] + p * slope, b * x[1] + q * slope], dtype=object)

    return grad


def fraction(rng, low=-12, high=12):
    return Fraction(int(rng.integers(low, high + 1)), int(rng.integers(3, 9)))


def point(x):
    return f"({rational(x[0])}, {rational(x[1])})"


def same(left, right):
    """Two points of fractions are equal; the kernel computes both."""
    both = "andb (Qeq_bool (fst x) (fst y)) (Qeq_bool (snd x) (snd y))"
    return f"(let x := {left} in let y := {point(right)} in {both})%Q = true", "vm_compute; reflexivity."


def drawn(rng):
    function = [fraction(rng, low, 3) for low in (0, 0, -3, -3, 0)]
    settings = dict(lr=fraction(rng, 1, 5), k=int(rng.integers(1, 5)), mu=fraction(rng, -3, 4))
    start = np.array([fraction(rng), fraction(rng)], dtype=object)
    return function, settings, start, fraction(rng, 1, 5), int(rng.integers(1, 4))


def nala_example(rng):
    function, s, start, alpha, T = drawn(rng)
    final = run(NALA(SGD(s["lr"]), k=s["k"], mu=s["mu"], alpha=alpha), bend(*function), start, cycles=T).final
    G = f"(qbent_grad {' '.join(map(rational, function))})"
    left = f"nala QPlane {rational(s['lr'])} {s['k']} {rational(s['mu'])} {rational(alpha)} {G} {T} {point(start)}"
    return same(left, final)


def lookahead_example(rng):
    function, s, start, _, T = drawn(rng)
    slow = Fraction(int(rng.integers(1, 8)), 8)
    final = run(Lookahead(SGD(s["lr"]), k=s["k"], alpha=slow), bend(*function), start, cycles=T).final
    G = f"(qbent_grad {' '.join(map(rational, function))})"
    inner = f"(descent QPlane {rational(s['lr'])} {G} {s['k']})"
    return same(f"lookahead QPlane {inner} {rational(slow)} {T} {point(start)}", final)


def any_inner_example(rng):
    """Heavy ball inside, its velocity kept: Algorithm 1 is handed the ends of the inner loops by their number."""
    function, s, start, alpha, T = drawn(rng)
    inner = HeavyBall(s["lr"], momentum=Fraction(1, int(rng.integers(2, 6))))
    t = run(NALA(inner, k=s["k"], mu=s["mu"], alpha=alpha), bend(*function), start, cycles=T)
    ends = " :: ".join([*(point(x) for x in t.fast[:, -1]), "nil"])
    A = f"(fun n _ => (S n, nth n ({ends}) (0, 0)))"
    G = f"(fun _ => qbent_grad {' '.join(map(rational, function))})"
    left = f"snd (Algorithm1.run QPlane {A} {G} {rational(s['mu'])} {rational(alpha)} {T} (O, {point(start)}))"
    return same(left, t.final)


@pytest.mark.parametrize("make", [nala_example, lookahead_example, any_inner_example])
def test_a_hundred_exact_runs_of_the_twin_are_those_of_the_one_definition(kernel, tmp_path, make):
    rng = stream(0, "proofs", make.__name__)
    examples = [make(rng) for _ in range(COUNT)]
    assert refused(kernel, tmp_path, ("Algorithm1", "Plane"), examples) == ""


def test_a_run_with_one_cycle_too_many_is_refused(kernel, tmp_path):
    """Planted: V03's run, with one cycle more in the statement."""
    start = np.array([Fraction(1), Fraction(0)], dtype=object)
    G = "(qbent_grad (1 # 2) (1 # 100) (1 # 2) (-7 # 10) (3 # 10))"
    f = bend(*map(Fraction, ("1/2", "1/100", "1/2", "-7/10", "3/10")))
    final = cycles_of(f, start, 4, lr=Fraction(1), k=2, mu=Fraction(-1, 2), alpha=Fraction(1))[-1]
    right, wrong = (same(f"nala QPlane 1 2 (-1 # 2) 1 {G} {T} (1, 0)", final) for T in (4, 5))
    assert refused(kernel, tmp_path, ("Algorithm1", "Plane"), [right]) == ""
    assert "number_0" in refused(kernel, tmp_path, ("Algorithm1", "Plane"), [wrong])
