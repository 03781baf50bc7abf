"""Predictions: one closed form per file, its derivation in the docstring, arrays in and arrays out.

Nothing here runs an optimizer, and no optimizer may use anything here: a prediction that is computed by the code it
checks proves nothing. Each module carries ``CARDS`` that say what is claimed and how sure we are; `cards` collects
them, so a new closed form is one new file.
"""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules

from nala_lab.theory.card import Card
from nala_lab.theory.maps import rate_map as map  # used as theory.map(...); nothing here needs the built-in

__all__ = ["Card", "cards", "map"]


def cards() -> dict[str, Card]:
    """Collect the card of every closed form, by theorem number.

    Returns a dict from ``"T01"``, ``"T03"`` ... to `Card`, sorted. Raises ValueError when two files claim the same
    number.

    Examples
    --------
    >>> from nala_lab.theory import cards
    >>> cards()["T12"].status
    'proved'
    """
    found: dict[str, Card] = {}
    for module in iter_modules(__path__, prefix=f"{__name__}."):
        for card in vars(import_module(module.name)).get("CARDS", ()):
            if card.id in found:
                both = f"{found[card.id].title!r} and {card.title!r}"
                raise ValueError(f"one number must belong to one card, got {card.id} for {both}")
            found[card.id] = card
    return dict(sorted(found.items()))
