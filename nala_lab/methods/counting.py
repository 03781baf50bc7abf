"""Which gradients are steps. The papers count inner steps; what a run costs is gradients, look-ahead ones included.

Settings are shared ones, with ``inner=("Adam", {...})``, or flat ones as in records, with ``inner="adam"`` and
``"inner.eps"``.
"""

from __future__ import annotations

from copy import deepcopy
from itertools import chain
from math import lcm
from typing import Any

from nala_lab.core import require
from nala_lab.methods.facts import Settings
from nala_lab.methods.table import find

__all__ = ["around", "counted", "cycle", "cycles", "looks_ahead", "most_gradients", "nested", "slow_step", "timesteps"]


def around(name: str) -> dict[str, Any]:
    """Give the published settings of an inner method as its outer method writes them; lr is shared, so written once.

    Examples
    --------
    >>> around("nag")
    {'inner': 'nag', 'inner.momentum': 0.1, 'inner.weight_decay': 0.0}
    """
    own = {f"inner.{key}": value for key, value in deepcopy(find(name).published).items() if key != "lr"}
    return {"inner": find(name).key, **own}


def nested(settings: Settings) -> dict[str, Any]:
    """Give flat settings as shared ones: the inner method as a pair (name, settings), which has the lr.

    Examples
    --------
    >>> nested({"lr": 0.1, "k": 5, "inner": "nag", "inner.momentum": 0.9})
    {'k': 5, 'inner': ('nag', {'lr': 0.1, 'momentum': 0.9})}
    """
    if not isinstance(settings.get("inner"), str):
        return dict(settings)
    own = {name.removeprefix("inner."): value for name, value in settings.items() if name.startswith("inner.")}
    outer = {name: value for name, value in settings.items() if name != "lr" and not name.startswith("inner")}
    kept = {"inner_state": settings["inner_state"]} if "inner_state" in settings else {}
    return {**outer, **kept, "inner": (settings["inner"], {"lr": settings["lr"], **own})}


def looks_ahead(name: str, settings: Settings) -> bool:
    """Say whether a cycle, or a step, of the method itself spends a gradient that is not a step; not of what is inside.

    Examples
    --------
    >>> from nala_lab.methods import looks_ahead
    >>> looks_ahead("NALA", {"alpha": 0.0}), looks_ahead("Lookahead", {}), looks_ahead("AdaLA", {"probe": "lagged"})
    (True, False, False)
    """
    facts = find(name)
    return facts.looks_ahead({**facts.published, **settings})


def slow_step(name: str, settings: Settings) -> float | None:
    """Give s of phi + s (theta_k - phi), Lookahead's slow step; None for a method with one loop.

    Examples
    --------
    >>> slow_step("NALA", {"mu": -0.75}), slow_step("Lookahead", {}), slow_step("SGD", {})
    (0.25, 0.5, None)
    """
    facts = find(name)
    if facts.slow_step is None:
        return None
    setting, more = facts.slow_step
    return float({**facts.published, **settings}[setting]) + more


def counted(name: str, settings: Settings) -> tuple[bool, ...]:
    """Of each gradient, whether it is a step, until the pattern repeats.

    Examples
    --------
    >>> from nala_lab.methods import counted
    >>> counted("nala", {"k": 2}), counted("AdaLA", {"every": 2})
    ((True, True, False), (True, False, True))
    """
    return tuple(chain(*cycles(name, settings)))


def cycles(name: str, settings: Settings) -> list[list[bool]]:
    """The same, cycle by cycle of a method with two loops, step by step of one with one.

    Workers run at the same time: the gradients of all but the first one are no further steps. ``probe="implicit"`` is
    counted as two gradients, the least that its fixed point takes.

    Examples
    --------
    >>> cycles("NALA", {"k": 3, "inner": ("AdaLA", {"every": 2})})[1]  # the inner look-ahead falls on the fifth step
    [True, True, False, True, False]
    """
    facts = find(name)
    given = nested({**facts.published, **settings})
    ahead = facts.looks_ahead(given)
    if not facts.two_loops:
        return [[True, False], *[[True]] * (int(given.get("every", 1)) - 1)] if ahead else [[True]]
    inside, hint = given["inner"][0], "a step of two loops inside others is one gradient of a cycle of its own"
    require("inner", inside, not find(inside).two_loops, "a method with one loop", hint)
    steps, k = cycles(*given["inner"]), int(given["k"])
    # A reset restarts the inner pattern with the cycle; otherwise it runs on until both end together.
    period = k if given.get("inner_state") == "reset" else lcm(k, len(steps))
    found = []
    for first in range(0, period, k):
        loop = [flag for i in range(first, first + k) for flag in steps[i % len(steps)]]
        found.append(loop + [False] * ((int(given.get("workers", 1)) - 1) * len(loop) + ahead))
    return found


def cycle(name: str, settings: Settings) -> tuple[int, int]:
    """Give (steps, gradients) until the pattern of counted gradients repeats.

    Examples
    --------
    >>> cycle("nala", {}), cycle("adala", {}), cycle("adam", {})
    ((5, 6), (1, 2), (1, 1))
    >>> cycle("adala", {"every": 4})  # one step of four looks ahead
    (4, 5)
    """
    flags = counted(name, settings)
    return sum(flags), len(flags)


def timesteps(flags: tuple[bool, ...], grads: int) -> int:
    """Give the steps among the first `grads` gradients of a run whose pattern is `flags`.

    Examples
    --------
    >>> [timesteps(counted("nala", {}), n) for n in (4, 5, 6, 7)]  # k = 5: a cycle is 6 gradients and 5 steps
    [4, 5, 5, 6]
    """
    whole, rest = divmod(grads, len(flags))
    return whole * sum(flags) + sum(flags[:rest])


def most_gradients(name: str, settings: Settings) -> int:
    """Give the gradients that one cycle of a method with two loops, or one step, spends at most.

    Examples
    --------
    >>> from nala_lab.methods import most_gradients
    >>> most_gradients("NALA", {"k": 3, "inner": ("AdaLA", {})})
    7
    >>> most_gradients("OuterMomentum", {"k": 3, "workers": 2})
    6
    """
    return max(map(len, cycles(name, settings)))
