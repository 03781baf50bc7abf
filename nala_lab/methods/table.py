"""THE table of methods: one row holds everything that is true of an optimizer, and nothing else decides by its name.

Twins are named as text, so that reading the table loads neither torch nor the NumPy twins. The order of the rows is
that of tables and figures: the NALA paper's, then the AdaLA paper's, then the rest by name.

From the NALA paper (section "Experiments on LeNet-5"): lr 0.001 for NALA, Lookahead and Adam, 0.1 for NAG (momentum
0.1) and SGD; k = 5 for NALA and Lookahead; mu = -0.5 and alpha = 0.001 for NALA. Not stated there: Lookahead's slow
step, for which its own paper's 0.5 is used; and whether alpha of NALA decays with lr, which it does not here.

From the AdaLA paper (section 4): lr 0.001, betas (0.9, 0.999), eps 1e-8 for AdaLA, AdaBelief, Yogi, Adam, RAdam and
AdamW; lr 0.1 for MSVAG, 0.01 for Fromage, 0.1 at first and 0.001 at last for AdaBound, gamma 0.001. AdaBelief's program
has AdaBound the other way round, 0.001 at first and 0.1 at last, and Yogi at eps 0.001.

MSVAG and Fromage here have neither weight decay, eps nor a second decay rate, although the paper prints them: a setting
that an implementation would ignore is refused, and so is in no record. The paper does not say how weight decay enters.
It is decoupled where AdaBelief's program has it so (AdamW, RAdam), else L2. HeavyBall, OuterMomentum and NT-ASGD, which
is AWD-LSTM's, are in neither paper.

To add an optimizer: two mirrored files, ``reference/<name>.py`` and ``optim/<name>.py``, and one row here.
"""

from __future__ import annotations

from itertools import product
from typing import Any

from nala_lab.core import require_choice
from nala_lab.methods.facts import Facts, Settings, row
from nala_lab.methods.hyper import (
    ADAM_FORMS,
    AdaBeliefHyper,
    AdaLAHyper,
    AdamHyper,
    LookaheadHyper,
    MomentumHyper,
    NAGHyper,
    NALAHyper,
    OuterMomentumHyper,
)

__all__ = ["ADALA_METHODS", "METHODS", "PAPER_METHODS", "WITH_TWINS", "find", "label", "rank"]

PAPER_METHODS = ("nala", "nag", "lookahead", "adam", "sgd")  # Fig. 2 of the NALA paper
ADALA_METHODS = ("adala", "adabelief", "sgd", "adabound", "yogi", "adam", "msvag", "radam", "adamw", "fromage")

_ADAM: dict[str, Any] = {"lr": 1e-3, "betas": [0.9, 0.999], "eps": 1e-8, "weight_decay": 0.0}
_L2 = {"weight_decouple": False}
_AROUND_ADAM = {"inner": "adam", **{f"inner.{name}": value for name, value in _ADAM.items() if name != "lr"}}


def _grid(base: Settings, **options: tuple[Any, ...]) -> tuple[dict[str, Any], ...]:
    """Every combination of `options`, on top of `base`."""
    return tuple({**base, **dict(zip(options, values, strict=True))} for values in product(*options.values()))


# eps is large and the decay rates are odd, so that a misplaced eps or an exchanged beta moves the path at once.
_ODD = {"lr": 0.05, "betas": (0.7, 0.85), "eps": 1e-2, "weight_decay": 0.1}
_OUTSIDE_ADAM = ("Adam", _ODD)
_INNERS = (_OUTSIDE_ADAM, ("HeavyBall", {"lr": 0.05, "momentum": 0.8, "weight_decay": 0.1}))
_BELIEF = ("AdaBelief", {**_ODD, "denominator": "raw"})
_PROBED = ("AdaLA", {**_ODD, "probe": "own"})
_PLAIN = (("SGD", {"lr": 0.05, "weight_decay": 0.1}), _BELIEF, _PROBED)
_STATES = ("keep", "reset", "pullback")
_FORMS = ("hat", "raw", "hat-inside")
_PROBES = ("own", "grad", "adam", "adabelief", "self", "code")


def _last_is_same(s: dict[str, Any]) -> dict[str, Any]:
    """NALA's outer_batch="last" is called "same" in torch."""
    return {**s, "outer_batch": "same"} if s.get("outer_batch") == "last" else s


def _heavy_ball(s: dict[str, Any]) -> dict[str, Any]:
    return {"momentum": 0.9, **s, "nesterov": False}


def _nesterov(s: dict[str, Any]) -> dict[str, Any]:
    """NAG's two printed forms are one method; torch refuses nesterov without momentum, where the two are SGD."""
    given = {"momentum": 0.9, **s}
    given.pop("form", None)
    return {**given, "nesterov": given["momentum"] > 0}


def _probes(s: Settings) -> bool:
    return bool(s["probe"] != "lagged" and s["blend"] > 0)


_ROWS = (
    row(name="NALA", label="NALA", look=("#D55E00", "o", "-"), source="Zuo et al. 2024, Algorithm 1",
        numpy="nala_lab.reference:NALA", torch="nala_lab.optim:NALA", hyper=NALAHyper,
        published={"lr": 1e-3, "k": 5, "mu": -0.5, "alpha": 1e-3, "outer_batch": "fresh", "inner_state": "keep",
                   **_AROUND_ADAM},
        traits=frozenset({"two loops"}),
        looks_ahead=lambda s: s.get("variant") != "released",  # at alpha = 0 too: the gradient is spent
        slow_step=("mu", 1.0), unwritten={"variant": "paper"}, to_torch=_last_is_same,
        hard=(*_grid({"k": 4, "mu": -0.4, "alpha": 0.2},
                     inner=_INNERS, inner_state=_STATES, outer_batch=("fresh", "last")),
              *_grid({"inner": _OUTSIDE_ADAM, "k": 3}, mu=(-1.0, -0.3, 0.0, 0.5), alpha=(0.0, 0.1)),
              *_grid({"k": 1, "mu": 0.3, "alpha": 0.1}, inner=_PLAIN))),
    row(name="NAG", label="NAG", look=("#E69F00", "P", (0, (8, 2, 1.2, 2, 1.2, 2))),
        source="Nesterov 1983; Zuo et al. 2024, Eqs. (1), (2)",
        numpy="nala_lab.reference:NAG", torch="torch.optim:SGD", hyper=NAGHyper,
        published={"lr": 0.1, "momentum": 0.1, "weight_decay": 0.0},
        traits=frozenset({"momentum", "stores look-ahead point"}), to_torch=_nesterov,
        hard=_grid({"lr": 0.1, "momentum": 0.8}, weight_decay=(0.0, 0.2), form=("eq2", "eq1"))),
    row(name="Lookahead", label="Lookahead", look=("#0072B2", "s", (0, (5, 2, 1.2, 2))),
        source="Zhang et al. 2019, Algorithm 1",
        numpy="nala_lab.reference:Lookahead", torch="nala_lab.optim:Lookahead", hyper=LookaheadHyper,
        published={"lr": 1e-3, "k": 5, "alpha": 0.5, "inner_state": "keep", **_AROUND_ADAM},
        traits=frozenset({"two loops"}), slow_step=("alpha", 0.0),
        hard=(*_grid({"k": 4, "alpha": 0.3}, inner=_INNERS, inner_state=_STATES),
              *_grid({"inner": _OUTSIDE_ADAM}, k=(1, 5), alpha=(0.0, 0.5, 1.0)),
              *_grid({"k": 3, "alpha": 0.8}, inner=_PLAIN))),
    row(name="Adam", label="Adam", look=("#009E73", "^", (0, (4, 2))), source="Kingma and Ba 2015, Algorithm 1",
        numpy="nala_lab.reference:Adam", torch="nala_lab.optim:Adam", hyper=AdamHyper,
        published=_ADAM, traits=frozenset({"adaptive", "momentum"}),
        # beta2 = 0 needs a larger eps: where g changes sign, m / (|g| + eps) carries a rounding on times lr / eps.
        hard=(*_grid(_ODD, form=ADAM_FORMS), {**_ODD, "betas": (0.0, 0.999), "weight_decay": 0.0},
              {**_ODD, "betas": (0.9, 0.0), "eps": 0.5})),
    row(name="SGD", label="SGD", look=("#000000", "*", (0, (1.2, 1.2))), source="Robbins and Monro 1951",
        numpy="nala_lab.reference:SGD", torch="torch.optim:SGD", hyper=MomentumHyper,  # torch's has a momentum
        published={"lr": 0.1, "momentum": 0.0, "weight_decay": 0.0}, traits=frozenset(),
        hard=_grid({"lr": 0.1}, weight_decay=(0.0, 0.2))),
    row(name="AdaLA", label="AdaLA", look=("#CC79A7", "D", (0, (6, 1.5))), source="Ramjee, Algorithm 3",
        numpy="nala_lab.reference:AdaLA", torch="nala_lab.optim:AdaLA", hyper=AdaLAHyper,
        published={**_ADAM, "denominator": "hat", "probe": "own", "probe_batch": "next", "blend": 1.0, "every": 1},
        traits=frozenset({"adaptive", "momentum", "probe"}), looks_ahead=_probes,
        hard=(*_grid(_ODD, probe=_PROBES, probe_batch=("next", "same"), denominator=_FORMS),
              *_grid({**_ODD, "probe": "lagged"}, denominator=_FORMS),
              *_grid({**_ODD, "blend": 0.4}, probe=("own", "adam", "code", "lagged")), {**_ODD, "blend": 0.0},
              *_grid({**_ODD, "every": 3}, probe=("own", "adam", "adabelief", "self"), blend=(1.0, 0.3)),
              {**_ODD, "every": 2, "probe_batch": "same", "denominator": "raw"})),
    row(name="AdaBelief", label="AdaBelief", look=("#56B4E9", "v", (0, (3, 1.2))),
        source="Ramjee, Algorithm 2; Zhuang et al. 2020",
        numpy="nala_lab.reference:AdaBelief", torch="nala_lab.optim:AdaBelief", hyper=AdaBeliefHyper,
        published={**_ADAM, "denominator": "hat"}, traits=frozenset({"adaptive", "momentum"}),
        hard=_grid(_ODD, denominator=_FORMS, weight_decay=(0.0, 0.1))),
    row(name="AdaBound", label="AdaBound", look=("#5B3D0B", "<", (0, (6, 1.5, 1.2, 1.5))), source="Luo et al. 2019",
        numpy=None, torch="pytorch_optimizer:AdaBound", hyper=None,
        published={**_ADAM, "lr": 0.1, "final_lr": 1e-3, "gamma": 1e-3, **_L2},
        traits=frozenset({"adaptive", "momentum"})),
    row(name="AdamW", label="AdamW", look=("#6102B2", "d", (0, (1.2, 2.4))), source="Loshchilov and Hutter 2019",
        numpy=None, torch="torch.optim:AdamW", hyper=None, published=_ADAM,
        traits=frozenset({"adaptive", "momentum"})),
    row(name="Fromage", label="Fromage", look=("#00246B", "1", (0, (3, 3))), source="Bernstein et al. 2020",
        numpy=None, torch="pytorch_optimizer:Fromage", hyper=None, published={"lr": 0.01}, traits=frozenset()),
    row(name="HeavyBall", label="Heavy ball", look=("#882255", "X", (0, (2, 1))), source="Polyak 1964",
        numpy="nala_lab.reference:HeavyBall", torch="torch.optim:SGD", hyper=MomentumHyper,
        published={"lr": 0.1, "momentum": 0.9, "weight_decay": 0.0}, traits=frozenset({"momentum"}),
        to_torch=_heavy_ball, hard=_grid({"lr": 0.1}, momentum=(0.0, 0.8), weight_decay=(0.0, 0.2))),
    row(name="MSVAG", label="MSVAG", look=("#1E16FD", "p", (0, (4, 1, 1.2, 1, 1.2, 1, 1.2, 1))),
        source="Balles and Hennig 2018", numpy=None, torch="pytorch_optimizer:MSVAG", hyper=None,
        published={"lr": 0.1, "beta": 0.9}, traits=frozenset({"adaptive", "momentum"})),
    row(name="NTASGD", label="NT-ASGD", look=None, source="Merity et al. 2018, AWD-LSTM",
        numpy=None, torch="nala_lab.experiments.run.ntasgd:NTASGD", hyper=None,
        published={"lr": 0.1, "weight_decay": 0.0, "n": 5}, traits=frozenset({"waits for the validation loss"})),
    row(name="OuterMomentum", label="Outer momentum", look=None,
        source="the two-loop family: arXiv 1907.08610, 1910.00643, 2311.08105, 2510.15830",
        numpy="nala_lab.reference:OuterMomentum", torch="nala_lab.optim:OuterMomentum", hyper=OuterMomentumHyper,
        published={"lr": 1e-3, "k": 5, "nu": 0.7, "beta": 0.9, "style": "nesterov", "alpha": 0.0, **_AROUND_ADAM},
        traits=frozenset({"two loops"}), looks_ahead=lambda s: bool(s["alpha"] > 0), slow_step=("nu", 0.0),
        hard=(*_grid({"k": 3, "nu": 0.6, "beta": 0.7}, inner=_INNERS, style=("nesterov", "heavy-ball"),
                     alpha=(0.0, 0.1)),
              *_grid({"k": 2, "nu": 1.2, "beta": 0.4, "alpha": 0.1}, inner=_PLAIN),
              {"k": 1, "nu": 1.0, "beta": 0.0, "inner": _OUTSIDE_ADAM})),
    row(name="RAdam", label="RAdam", look=("#9E59FE", "h", (0, (10, 2))), source="Liu et al. 2020",
        numpy=None, torch="torch.optim:RAdam", hyper=None, published={**_ADAM, "decoupled_weight_decay": True},
        traits=frozenset({"adaptive", "momentum"})),
    row(name="Yogi", label="Yogi", look=("#92B161", ">", (0, (2.5, 1, 1.2, 1))), source="Zaheer et al. 2018",
        numpy=None, torch="pytorch_optimizer:Yogi", hyper=None,
        published={**_ADAM, "initial_accumulator": 1e-6, **_L2}, traits=frozenset({"adaptive", "momentum"})),
)  # fmt: skip

METHODS: dict[str, Facts] = {one.key: one for one in _ROWS}
"""Key -> row, in the order of tables and figures."""

WITH_TWINS: dict[str, Facts] = {one.name: one for one in _ROWS if one.numpy is not None}
"""Name -> row of the methods that have both twins."""


def find(name: str) -> Facts:
    """Give the row of a method; capitals, blanks and hyphens do not matter.

    Raises ValueError for a name that no row has, listing those there are.

    Examples
    --------
    >>> from nala_lab.methods import find
    >>> find("heavy ball").name, find("NALA").slow_step
    ('HeavyBall', ('mu', 1.0))
    """
    key = str(name).lower().replace(" ", "").replace("-", "").replace("_", "")
    if key not in METHODS:
        require_choice("name", name, [one.name for one in _ROWS], "a method is a row of nala_lab/methods/table.py")
    return METHODS[key]


def label(name: str) -> str:
    """Give the name of a method as it is printed; of ``package.factory``, a method of the user's own, the factory.

    All of it where the factory is called as a method of the lab, so that the two are told apart.

    Examples
    --------
    >>> from nala_lab.methods import label
    >>> label("heavyball"), label("mine.SignDescent"), label("mine.Adam")
    ('Heavy ball', 'SignDescent', 'mine.Adam')
    """
    key, factory = name.lower(), name.rpartition(".")[2]
    return METHODS[key].label if key in METHODS else name if factory.lower() in METHODS else factory


def rank(name: str) -> tuple[int, str]:
    """Give the place of a method in tables: the order of the rows, then the users' own by name."""
    return (list(METHODS).index(name) if name in METHODS else len(METHODS), name)
