"""One line per optimizer: where its two twins live, where it comes from, and the settings that are hard to get right.

The registry holds strings, so importing it loads neither torch nor the NumPy twins. Settings are written in SHARED
names, those of the NumPy twin, and `torch_optimizer` translates them. The conformance tests run over every line.

To add an optimizer: two mirrored files, ``reference/<name>.py`` and ``optim/<name>.py``, and one line here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from itertools import product
from typing import Any

from nala_lab.core import require, require_choice

__all__ = ["OPTIMIZERS", "Entry", "reference_method", "torch_optimizer"]

Settings = Mapping[str, Any]


@dataclass(frozen=True)
class Entry:
    """One optimizer.

    Attributes
    ----------
    name : how it is asked for. reference, torch : ``"module:class"`` of the twins.
    source : paper and equation or algorithm.
    hard : settings under which every term matters, in shared names.
    traits : what is true of it, for whoever plans a run: "two loops" (needs an inner rule), "adaptive" (scales each
        coordinate by itself), "momentum", "probe" (spends a second gradient per step), "stores look-ahead point" (the
        torch parameters are where the gradient is taken, not the iterates).
    """

    name: str
    reference: str
    torch: str
    source: str
    hard: tuple[Settings, ...]
    traits: frozenset[str] = frozenset()


def _grid(base: Settings, **options: tuple[Any, ...]) -> tuple[dict[str, Any], ...]:
    """Every combination of `options`, on top of `base`."""
    return tuple({**base, **dict(zip(options, values, strict=True))} for values in product(*options.values()))


# eps is large and the decay rates are odd, so that a misplaced eps or an exchanged beta moves the path at once.
_ODD = {"lr": 0.05, "betas": (0.7, 0.85), "eps": 1e-2, "weight_decay": 0.1}
# beta2 = 0 needs a still larger eps: where g changes sign, m / (|g| + eps) carries on a rounding of g times lr / eps.
_ADAM = ("Adam", _ODD)
_HEAVY = ("HeavyBall", {"lr": 0.05, "momentum": 0.8, "weight_decay": 0.1})
_INNERS = (_ADAM, _HEAVY)
_BELIEF = ("AdaBelief", {**_ODD, "denominator": "raw"})
_PROBED = ("AdaLA", {**_ODD, "probe": "own"})
_SGD = ("SGD", {"lr": 0.05, "weight_decay": 0.1})
_STYLES = ("nesterov", "heavy-ball")
_STATES = ("keep", "reset", "pullback")
_FORMS = ("hat", "raw")
_PROBES = ("own", "grad", "adam", "adabelief", "self", "code")

_LINES = (
    Entry("SGD", "nala_lab.reference:SGD", "torch.optim:SGD", "Robbins and Monro 1951",
          _grid({"lr": 0.1}, weight_decay=(0.0, 0.2))),
    Entry("HeavyBall", "nala_lab.reference:HeavyBall", "torch.optim:SGD", "Polyak 1964",
          _grid({"lr": 0.1}, momentum=(0.0, 0.8), weight_decay=(0.0, 0.2)), frozenset({"momentum"})),
    Entry("NAG", "nala_lab.reference:NAG", "torch.optim:SGD", "Nesterov 1983; Zuo et al. 2024, Eqs. (1), (2)",
          _grid({"lr": 0.1, "momentum": 0.8}, weight_decay=(0.0, 0.2), form=("eq2", "eq1")),
          frozenset({"momentum", "stores look-ahead point"})),
    Entry("Adam", "nala_lab.reference:Adam", "torch.optim:Adam", "Kingma and Ba 2015, Algorithm 1",
          ({**_ODD}, {**_ODD, "betas": (0.0, 0.999), "weight_decay": 0.0}, {**_ODD, "betas": (0.9, 0.0), "eps": 0.5}),
          frozenset({"adaptive", "momentum"})),
    Entry("AdaBelief", "nala_lab.reference:AdaBelief", "nala_lab.optim:AdaBelief",
          "Ramjee, Algorithm 2; Zhuang et al. 2020", _grid(_ODD, denominator=_FORMS, weight_decay=(0.0, 0.1)),
          frozenset({"adaptive", "momentum"})),
    Entry("Lookahead", "nala_lab.reference:Lookahead", "nala_lab.optim:Lookahead", "Zhang et al. 2019, Algorithm 1",
          (*_grid({"k": 4, "alpha": 0.3}, inner=_INNERS, inner_state=_STATES),
           *_grid({"inner": _ADAM}, k=(1, 5), alpha=(0.0, 0.5, 1.0)),
           *_grid({"k": 3, "alpha": 0.8}, inner=(_SGD, _BELIEF, _PROBED))),
          frozenset({"two loops"})),
    Entry("NALA", "nala_lab.reference:NALA", "nala_lab.optim:NALA", "Zuo et al. 2024, Algorithm 1",
          (*_grid({"k": 4, "mu": -0.4, "alpha": 0.2},
                  inner=_INNERS, inner_state=_STATES, outer_batch=("fresh", "last")),
           *_grid({"inner": _ADAM, "k": 3}, mu=(-1.0, -0.3, 0.0, 0.5), alpha=(0.0, 0.1)),
           *_grid({"k": 1, "mu": 0.3, "alpha": 0.1}, inner=(_SGD, _BELIEF, _PROBED))),
          frozenset({"two loops"})),
    Entry("OuterMomentum", "nala_lab.reference:OuterMomentum", "nala_lab.optim:OuterMomentum",
          "the two-loop family: arXiv 1907.08610, 1910.00643, 2311.08105, 2510.15830",
          (*_grid({"k": 3, "nu": 0.6, "beta": 0.7}, inner=_INNERS, style=_STYLES, alpha=(0.0, 0.1)),
           *_grid({"k": 2, "nu": 1.2, "beta": 0.4, "alpha": 0.1}, inner=(_SGD, _BELIEF, _PROBED)),
           {"k": 1, "nu": 1.0, "beta": 0.0, "inner": _ADAM}),
          frozenset({"two loops"})),
    Entry("AdaLA", "nala_lab.reference:AdaLA", "nala_lab.optim:AdaLA", "Ramjee, Algorithm 3",
          (*_grid(_ODD, probe=_PROBES, probe_batch=("next", "same"), denominator=_FORMS),
           *_grid({**_ODD, "probe": "lagged"}, denominator=_FORMS),
           *_grid({**_ODD, "blend": 0.4}, probe=("own", "adam", "code", "lagged")), {**_ODD, "blend": 0.0},
           *_grid({**_ODD, "every": 3}, probe=("own", "adam", "adabelief", "self"), blend=(1.0, 0.3)),
           {**_ODD, "every": 2, "probe_batch": "same", "denominator": "raw"}),
          frozenset({"adaptive", "momentum", "probe"})),
)  # fmt: skip

OPTIMIZERS: dict[str, Entry] = {entry.name: entry for entry in _LINES}


def _entry(name: str) -> Entry:
    require_choice("name", name, OPTIMIZERS)
    return OPTIMIZERS[name]


def _load(path: str) -> Any:
    module, _, name = path.partition(":")
    return getattr(import_module(module), name)


def _split_inner(name: str, settings: Settings) -> tuple[dict[str, Any], tuple[str, Settings] | None]:
    """Settings without the inner rule, and the inner rule as (name, settings), or None."""
    rest = {key: value for key, value in settings.items() if key != "inner"}
    inner = settings.get("inner")
    pair = isinstance(inner, tuple | list) and len(inner) == 2
    require("inner", inner, inner is None or pair, "a pair (name, settings)", 'such as ("Adam", {"lr": 1e-3})')
    takes_inner = "two loops" in _entry(name).traits
    require("inner", inner, inner is None or takes_inner, "left out", f"{name} has one loop")
    return rest, None if inner is None else (inner[0], inner[1])


def reference_method(name: str, **settings: Any) -> Any:
    """Make the NumPy twin from shared settings; `inner` is a pair (name, settings).

    Raises
    ------
    ValueError
        For an unknown name, or a setting out of range.

    Examples
    --------
    >>> reference_method("NALA", inner=("SGD", {"lr": 0.1}), k=2).inner.lr
    0.1
    """
    rest, inner = _split_inner(name, settings)
    if inner is not None:
        rest["inner"] = reference_method(inner[0], **inner[1])
    return _load(_entry(name).reference)(**rest)


def torch_optimizer(name: str, params: Any, **settings: Any) -> Any:
    """Make the torch twin from shared settings; `inner` is a pair (name, settings).

    The torch twin of HeavyBall and NAG is ``torch.optim.SGD``, which has neither printed form nor a default momentum;
    NALA's ``outer_batch="last"`` is called ``"same"`` there. Around NAG, the two loops of the twins differ: torch's
    parameters are NAG's look-ahead points, and these are what gets mixed.

    Raises
    ------
    ValueError
        For an unknown name, or a setting out of range or without a torch twin.

    Examples
    --------
    >>> import torch
    >>> opt = torch_optimizer("NAG", [torch.zeros(2, requires_grad=True)], lr=0.1, momentum=0.9)
    >>> opt.defaults["nesterov"], opt.defaults["momentum"]
    (True, 0.9)
    """
    rest, inner = _split_inner(name, settings)
    if inner is not None:
        rest["inner"] = lambda held: torch_optimizer(inner[0], held, **inner[1])
    if name in ("HeavyBall", "NAG"):
        rest.setdefault("momentum", 0.9)
        rest.pop("form", None)  # NAG's two printed forms are one method
        rest["nesterov"] = name == "NAG" and rest["momentum"] > 0
    elif name == "Adam":
        form = rest.pop("form", "kingma-ba")
        require("form", form, form == "kingma-ba", "'kingma-ba'", "the only form torch.optim.Adam has")
    elif rest.get("outer_batch") == "last":
        rest["outer_batch"] = "same"
    return _load(_entry(name).torch)(params, **rest)
