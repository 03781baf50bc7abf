"""What a row of the method table says. A fact that is missing or does not fit is found when the row is made."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, field, fields
from typing import Any

__all__ = ["TRAITS", "Facts", "Look", "Settings", "row"]

Settings = Mapping[str, Any]
Look = tuple[str, str, Any]

TRAITS = ("two loops", "adaptive", "momentum", "probe", "stores look-ahead point", "waits for the validation loss")
"""What can be true of a method: it needs an inner rule; it scales each coordinate by itself; it keeps a velocity; it
can spend a second gradient in a step; the torch parameters are where the gradient is taken, not the iterates; it
changes its ways when the validation loss no longer falls, so that it cannot be the inner rule of another one."""


def _never(settings: Settings) -> bool:
    return False


@dataclass(frozen=True, kw_only=True)
class Facts:
    """Everything that is true of one method; made by `row`.

    Attributes
    ----------
    name : as its class is called; in lower case it is what records and the command line say (`key`).
    label : the only spelling that is printed.
    look : colour, marker and dash in figures; None for the grey look of a method that is in no table of the papers.
    source : paper, and equation or algorithm.
    numpy, torch : ``"module:class"`` of the twins, as text; numpy is None for a method that is only compared with.
    hyper : the class of `nala_lab.methods.hyper` that checks its numbers; None where each number has its range by name.
    published : every hyperparameter that a record names, at the value of the papers, in the flat form of the records.
    traits : of `TRAITS`.
    looks_ahead : settings to whether a cycle, or a step, spends a gradient that is not a step of its own.
    slow_step : the setting that mixes slow and fast weights, and what to add to it to have Lookahead's slow step.
    unwritten : settings that a record names only where they are not the value given here.
    to_torch : settings in shared names to those of the torch class.
    hard : settings in shared names under which every term matters, for the tests of parity.
    """

    name: str
    label: str
    look: Look | None
    source: str
    numpy: str | None
    torch: str
    hyper: type[Any] | None
    published: Settings = field(hash=False)
    traits: frozenset[str]
    looks_ahead: Callable[[Settings], bool] = _never
    slow_step: tuple[str, float] | None = None
    unwritten: Settings = field(default_factory=dict, hash=False)
    to_torch: Callable[[dict[str, Any]], dict[str, Any]] = dict
    hard: tuple[Settings, ...] = field(default=(), hash=False)

    @property
    def key(self) -> str:
        """What records and the command line call it."""
        return self.name.lower()

    @property
    def two_loops(self) -> bool:
        """Whether it runs around an inner rule."""
        return "two loops" in self.traits

    @property
    def may_be_inside(self) -> bool:
        """Whether it may be the inner rule of a method with two loops."""
        return not {"two loops", "waits for the validation loss"} & self.traits


def row(**facts: Any) -> Facts:
    """Make a row and check that nothing is missing and that its parts agree.

    Raises ValueError in one sentence, naming the method and the fact.

    Examples
    --------
    >>> row(name="Lion", numpy=None, traits=frozenset())
    Traceback (most recent call last):
        ...
    ValueError: row 'Lion' must satisfy a value for label, look, source, torch, ..., got name, numpy, traits
    """
    who = f"row {facts.get('name', '?')!r}"
    needed = [f.name for f in fields(Facts) if f.default is f.default_factory is MISSING]
    missing = [name for name in needed if name not in facts]
    _agree(who, not missing, f"a value for {', '.join(missing)}", ", ".join(facts))
    unknown = sorted(facts.keys() - {f.name for f in fields(Facts)})
    _agree(who, not unknown, f"facts among {', '.join(f.name for f in fields(Facts))}", ", ".join(unknown))
    made = Facts(**facts)
    for name in ("name", "label", "source"):
        _agree(who, bool(getattr(made, name)), f"a text for {name}", getattr(made, name))
    for name in ("numpy", "torch"):
        path = getattr(made, name)
        fits = path is None and name == "numpy" or str(path).count(":") == 1
        _agree(who, fits, f"{name}='module:class'", path)
    look = made.look
    _agree(who, look is None or (len(look) == 3 and look[0][:1] == "#"), "look=(colour, marker, dash) or None", look)
    _agree(who, made.traits <= set(TRAITS), f"traits among {', '.join(TRAITS)}", sorted(made.traits))
    _agree(who, "lr" in made.published, "an lr among published", sorted(made.published))
    _agree(who, made.two_loops == ("inner" in made.published), "an inner rule in published iff it has two loops",
           sorted(made.published))  # fmt: skip
    mixes = made.slow_step is None or made.slow_step[0] in made.published
    _agree(who, mixes, "slow_step=(one of the published settings, number)", made.slow_step)
    _agree(who, (made.numpy is not None) == bool(made.hard), "hard settings iff there is a NumPy twin", made.hard)
    if made.hyper is not None:
        known = [f.name for f in fields(made.hyper)]
        made.hyper(**{key: value for key, value in made.published.items() if key in known})
    return made


def _agree(who: str, agrees: bool, rule: str, got: Any) -> None:
    if not agrees:
        raise ValueError(f"{who} must satisfy {rule}, got {got}")
