"""Lesson 08: Theorem A, the bound for convex values, and the break-even over a whole class."""

from __future__ import annotations

from typing import Any

from nala_lab.classroom.sheets import Data, Exercise, Mistake, draws
from nala_lab.theory.break_even import sufficient
from nala_lab.theory.quadratic_rate import rho
from nala_lab.theory.worst_functions import break_even_alpha, distance_factor, travel, value_bound


def _factor(d: Data, **changed: Any) -> float:
    return distance_factor(**(d("L m lr k mu alpha") | changed))


def _bound(d: Data, **changed: Any) -> float:
    return d.R**2 * value_bound(**(d("L lr k mu alpha", cycles=int(d.T)) | changed))


def _lookahead(d: Data) -> float:
    return distance_factor(L=d.m, alpha=0.0, **d("m lr k mu"))


def _steep(d: Data) -> float:
    """The factor of the steepest direction of a quadratic, where the flattest belongs."""
    return float(rho(d.L, **d("lr k mu alpha")))


EXERCISES = (
    Exercise(
        id="08.1", title="Theorem A",
        prompt=r"All $L$-smooth, $m$-strongly convex functions with $L = [L]$, $m = [m]$; NALA with $\eta = [lr]$, $k "
               r"= [k]$, $\mu = [mu]$, $\alpha = [alpha]$. Which factor of the distance to the minimum is guaranteed "
               r"per cycle?",
        draw=draws(L=(2.0, 2.5, 3.0), m=(0.2, 0.3, 0.4, 0.5), lr=(0.2, 0.3, 0.4, 0.5), k=(2, 3, 4, 5),
                   mu=(-0.7, -0.6, -0.4, -0.3), alpha=(0.1, 0.2, 0.3, 0.4)),
        solution=_factor,
        mistakes=(
            Mistake("L for m", "You put L where m belongs: the flattest direction is the slowest, so it decides.",
                    _steep),
            Mistake("no outer step", "The outer gradient step is missing: it multiplies by 1 - alpha m.",
                    lambda d: _factor(d, alpha=0.0)),
            Mistake("inner only", "This holds for mu = 0: with mu < 0 a part |mu| of the old distance stays.",
                    lambda d: _factor(d, mu=0.0)),
            Mistake("per gradient", "This is the factor per gradient: the question asks for the cycle.",
                    lambda d: _factor(d) ** (1 / (d.k + 1))),
        ),
        derivation=(
            ("Each inner step brings every point nearer by 1 - eta m, at least.", "R = (1 - lr*m)**k"),
            ("For mu in [-1, 0] the point y is a convex combination: the triangle inequality.", "B = (1 + mu)*R - mu"),
            ("The outer step is one more gradient step.", "F = (1 - alpha*m)*B"),
        ),
    ),
    Exercise(
        id="08.2", title="the value after T cycles",
        prompt=r"Convex functions with $L = [L]$; $\eta = [lr]$, $k = [k]$, $\mu = [mu]$, $\alpha = [alpha]$. The "
               r"start is at distance $[R]$ of a minimum. What does (T22), "
               r"$\dfrac{L\,\|\phi_0-x^\star\|^2}{2(2H+1)}$, say about the value above the minimum after $T = [T]$ "
               r"cycles?",
        draw=draws(L=(1.0, 2.0, 4.0), lr=(0.1, 0.2, 0.25), k=(2, 3, 4, 5), mu=(-0.7, -0.6, -0.4, -0.3),
                   alpha=(0.05, 0.1, 0.15, 0.2), R=(2.0, 3.0, 5.0), T=(2, 3, 4, 6)),
        solution=_bound,
        mistakes=(
            Mistake("one cycle", "H counts the way of all T cycles: this is for a single one.",
                    lambda d: _bound(d, cycles=1)),
            Mistake("no outer step", "The outer step is missing in H: it goes alpha further in each cycle.",
                    lambda d: _bound(d, alpha=0.0)),
            Mistake("no slow step", "The slow step 1+mu is missing in H: y goes only a part of the inner loop's way.",
                    lambda d: _bound(d, mu=0.0)),
            Mistake("distance", "The distance counts with its square.", lambda d: _bound(d) / d.R),
        ),
        derivation=(
            ("How far T cycles go along a constant gradient, times L.", "H = T*((1 + mu)*k*lr + alpha)*L"),
            ("Huber's function with this slope is the worst one that is known.", "bound = L*R**2/(2*(2*H + 1))"),
        ),
    ),
    Exercise(
        id="08.3", title="faster per gradient, for the whole class",
        prompt=r"$m = [m]$, $\eta = [lr]$, $k = [k]$, $\mu = [mu]$. From which $\alpha$ on is the factor of Theorem A, "
               r"*per gradient*, as good as Lookahead's?",
        draw=draws(m=(0.2, 0.3, 0.4, 0.5, 0.8), lr=(0.3, 0.4, 0.5, 0.6, 0.7), k=(2, 3, 4, 5, 6),
                   mu=(-0.7, -0.6, -0.4, -0.3)),
        solution=lambda d: break_even_alpha(**d("lr k mu m")),
        mistakes=(
            Mistake("sufficient", "(1+mu) eta is always enough; the exact limit is smaller.",
                    lambda d: sufficient(lr=d.lr, mu=d.mu)),
            Mistake("no m", "This is alpha m: divide by m.", lambda d: d.m * break_even_alpha(**d("lr k mu m"))),
            Mistake("k+1", "The root is the k-th: NALA's extra gradient must be worth one of Lookahead's k.",
                    lambda d: (1 - _lookahead(d) ** (1 / (d.k + 1))) / d.m),
            Mistake("per cycle",
                    "You asked NALA to double Lookahead's progress in a cycle: one more gradient need not bring that "
                    "much.",
                    lambda d: (1 - _lookahead(d)) / d.m),
        ),
        derivation=(
            ("Lookahead's guaranteed factor per cycle.", "B = (1 + mu)*(1 - lr*m)**k - mu"),
            ("Per gradient.", "c = B**(1/k)"),
            ("NALA's extra gradient, 1 - alpha m, must be worth as much.", "alpha_even = (1 - c)/m"),
        ),
    ),
    Exercise(
        id="08.4", title="how far T cycles go",
        prompt=r"On a straight slope NALA walks at constant speed. How far, in units of (gradient)$/L$, do $T = [T]$ "
               r"cycles go with $L = [L]$, $\eta = [lr]$, $k = [k]$, $\mu = [mu]$, $\alpha = [alpha]$?",
        draw=draws(T=(2, 3, 4, 6, 7), L=(2.0, 4.0, 5.0), lr=(0.05, 0.1, 0.2), k=(3, 4, 5, 6),
                   mu=(-0.7, -0.6, -0.4, -0.3, 0.2), alpha=(0.05, 0.15, 0.25)),
        solution=lambda d: travel(**d("L lr k mu alpha", cycles=int(d.T))),
        mistakes=(
            Mistake("no outer step", "The outer step is missing.",
                    lambda d: travel(**d("L lr k mu", alpha=0.0, cycles=int(d.T)))),
            Mistake("no slow step", "y goes 1+mu times the inner loop's way, not all of it.",
                    lambda d: travel(**d("L lr k alpha", mu=0.0, cycles=int(d.T)))),
            Mistake("outer scaled",
                    "The slow step 1+mu acts on the inner loop's way only: the outer step goes all of its length.",
                    lambda d: d.T * d.L * (1 + d.mu) * (d.k * d.lr + d.alpha)),
            Mistake("one inner step", "A cycle has k inner steps, and each of them goes eta.",
                    lambda d: travel(**d("L lr mu alpha", k=1, cycles=int(d.T)))),
        ),
        derivation=(
            ("One cycle: y goes a part 1+mu of the inner way, the outer step adds alpha.", "h = (1 + mu)*k*lr + alpha"),
            ("T cycles, in units of gradient over L.", "H = T*h*L"),
        ),
    ),
)  # fmt: skip
