"""Read ``ledger.toml`` and refuse what is not a claim: an unknown key, a test that nobody can run, a typed verdict."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import Any

from nala_lab.core import require, require_choice
from nala_lab.results.metrics import METRICS, Metric
from paper_figs.ledger.model import KINDS, PAPERS, VERDICTS, Claim

__all__ = ["LEDGER", "TESTS", "Ledger", "load"]

LEDGER = Path(__file__).parents[1] / "ledger.toml"

# test -> options it may have
TESTS: dict[str, frozenset[str]] = {
    "theory": frozenset({"says"}),
    "number": frozenset({"of", "printed", "sign"}),
    "verify": frozenset({"refutes"}),
    "audit": frozenset({"means"}),
    "published": frozenset({"optimizer", "than", "relation", "within"}),
    "released": frozenset(),
    "records": frozenset({"optimizer", "than", "metric", "relation", "equal", "printed"}),
    "probe": frozenset(),
    "slow": frozenset(),
}


@dataclass(frozen=True)
class Ledger:
    """All claims, and what counts as the papers' settings and size.

    Attributes
    ----------
    metrics : name -> what is measured, and the difference that matters.
    settings : optimizer -> hyperparameters that its name stands for where a test gives none.
    full : task -> ``epochs`` and ``train`` (examples), the least that a run at the paper's scale has.
    """

    claims: tuple[Claim, ...]
    settings: Mapping[str, Mapping[str, Any]]
    full: Mapping[str, Mapping[str, int]]
    metrics: Mapping[str, Metric] = field(default_factory=lambda: METRICS)


def load(path: Path = LEDGER) -> Ledger:
    """Read the ledger.

    Raises ValueError in one sentence, for a file that is not TOML, an unknown kind, paper, test, option or metric, two
    claims of one id, or a verdict that was typed in.

    Examples
    --------
    >>> len(load().claims) >= 40
    True
    """
    try:
        data = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        raise ValueError(f"{path.name}: not valid TOML ({error})") from error
    _no_typed_verdict(data, path.name)
    for key, kind in (("claim", list), ("settings", dict), ("full", dict)):
        require(path.name, key, isinstance(data.get(key), kind), "tables [[claim]], a table [settings], a table [full]")
    claims = tuple(_claim(one) for one in data["claim"])
    ids = [claim.id for claim in claims]
    twice = sorted({name for name in ids if ids.count(name) > 1})
    require("claim ids", twice, not twice, "each once")
    return Ledger(claims, data["settings"], data["full"])


def _no_typed_verdict(data: Any, where: str) -> None:
    """A key called verdict, or a value that is one, anywhere: verdicts are computed."""
    if isinstance(data, dict):
        require(where, "verdict", "verdict" not in data, "no key 'verdict'", "verdicts are computed")
        for key, value in data.items():
            _no_typed_verdict(value, f"{where}, {key}")
    elif isinstance(data, list):
        for number, value in enumerate(data):
            _no_typed_verdict(value, f"{where} {number}")
    else:
        require(where, data, data not in VERDICTS, "something else than a verdict", "verdicts are computed")


def _claim(data: dict[str, Any]) -> Claim:
    require("claim", data, isinstance(data, dict), "a table")
    name = f"claim {data.get('id', '?')}"
    known = {one.name for one in fields(Claim)}
    wrong = sorted(data.keys() - known | known - data.keys() - {"note"})
    require(name, wrong, not wrong, f"the keys {', '.join(sorted(known))}")
    require_choice(f"{name}, kind", data["kind"], KINDS)
    require_choice(f"{name}, paper", data["paper"], tuple(PAPERS))
    tests = data["tests"]
    tables = isinstance(tests, list) and len(tests) > 0 and all(isinstance(test, dict) for test in tests)
    require(name, tests, tables, "at least one test, each a table")
    for test in data["tests"]:
        _check_test(name, test)
    return Claim(**{**data, "tests": tuple(data["tests"])})


def _check_test(name: str, test: Mapping[str, Any]) -> None:
    kinds = [key for key in test if key in TESTS]
    require(f"{name}, test", dict(test), len(kinds) == 1, f"one of {', '.join(TESTS)}")
    extra = sorted(test.keys() - {kinds[0]} - TESTS[kinds[0]])
    require(f"{name}, {kinds[0]}", extra, not extra, f"the options {', '.join(sorted(TESTS[kinds[0]])) or 'none'}")
    for key, rule in (("verify", list), ("than", list), ("refutes", bool)):
        value = test.get(key)
        good = value is None or isinstance(value, rule) and value != []
        require(f"{name}, {key}", value, good, "true or false" if rule is bool else "at least one name")
    if kinds[0] == "records":
        require_choice(f"{name}, metric", test.get("metric"), tuple(METRICS))
        require_choice(f"{name}, equal", test.get("equal"), ("timesteps", "gradients"))
