"""What a comparison says to a claim: supported, excluded, or undecided with so many seeds, and how many a size takes.

A claim is a set of true differences g, counted so that positive is better, d being the metric's threshold:

    better                  supported by the verdict "better"         excluded by "worse" and "equivalent", and by an
                                                                      interval below d
    comparable              by "equivalent within threshold"          by an interval outside -d ... d
    better or comparable    by either of the two                      by an interval below -d

The interval is Student's at 1 - error_rate / m, m the comparisons of the table (Bonferroni). A claim that is neither is
excluded as well when the runs were enough to support it: with power of at least POWER for the difference claimed (for
"comparable", for no difference). Else the number of seeds with that power is told.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

from nala_lab.core.validate import require_choice, require_int, require_number
from nala_lab.results.evidence.rule import BETTER, EQUIVALENT, UNDECIDED, WORSE, Judgement, Rule
from nala_lab.results.evidence.sample_size import power, power_equivalent, smallest

__all__ = ["EXCLUDED", "POWER", "RELATIONS", "SUPPORTED", "Decision", "decide"]

SUPPORTED, EXCLUDED = "supported", "excluded"
POWER = 0.8
RELATIONS = {"better": (BETTER,), "comparable": (EQUIVALENT,), "better or comparable": (BETTER, EQUIVALENT)}
"""Relation that a claim asserts -> the verdicts that support it."""


@dataclass(frozen=True)
class Decision:
    """What one comparison says to a claim.

    Attributes
    ----------
    outcome : ``"supported"``, ``"excluded"`` or ``"undecided"``.
    words : the verdict, or why there is none.
    """

    outcome: str
    words: str


def decide(
    one: Judgement, rule: Rule, relation: str, *, comparisons: int = 1, claimed: float | None = None
) -> Decision:
    """Decide a claim by one comparison of a table.

    Parameters
    ----------
    one, rule : the comparison, and the rule it was judged by. relation : a key of RELATIONS.
    comparisons : number of comparisons in the table.
    claimed : the difference that is claimed, in the unit of the metric, as a - b; where it is None or not in favour of
        a, the threshold is taken. For "better" only.

    Examples
    --------
    >>> from nala_lab.results.evidence import Rule, decide, judge
    >>> rule = Rule(threshold=0.01)
    >>> one = judge([0.71, 0.74, 0.70], [0.70, 0.70, 0.70], rule)
    >>> decide(one, rule, "better").words
    'undecided with 3 seeds; the smallest that counts takes about 36'
    >>> decide(one, rule, "better", claimed=0.1).words
    'not better: the 0.1 claimed would have been seen with power 0.97'
    """
    require_choice("relation", relation, tuple(RELATIONS))
    require_int("comparisons", comparisons, low=1)
    require_number("claimed", 0 if claimed is None else claimed)
    if one.verdict in RELATIONS[relation]:
        return Decision(SUPPORTED, one.verdict)
    low, high = _interval(one, rule, comparisons)
    d = rule.threshold
    outside = {
        "better": one.verdict in (WORSE, EQUIVALENT) or high < d or high <= 0,
        "comparable": low > d or high < -d,
        "better or comparable": high < -d,
    }
    if outside[relation]:
        return Decision(EXCLUDED, f"not {relation}" if one.verdict == UNDECIDED else one.verdict)
    first = "" if one.verdict == UNDECIDED else f"{one.verdict}, but whether by {d:g} or more is "
    gain = (claimed or 0.0) * (1 if rule.higher_is_better else -1)
    size = gain if relation == "better" and gain > 0 else d
    sd = one.se * math.sqrt(one.n)

    def enough(n: int) -> float:
        kind = power if relation == "better" else power_equivalent
        return kind(size / sd, n, error_rate=rule.error_rate, comparisons=comparisons)

    if not sd > 0:
        return Decision(UNDECIDED, f"{first}undecided with {one.n} seeds")
    what = "equality"
    if relation == "better":
        what = f"the {size:.4g} claimed" if size == gain else "the smallest that counts"
    if size > 0 and one.n > 1 and enough(one.n) >= POWER:
        return Decision(EXCLUDED, f"not {relation}: {what} would have been seen with power {enough(one.n):.2f}")
    needed = smallest(lambda n: enough(n) >= POWER) if size > 0 else None
    many = f"{what} takes about {needed:,}" if needed else "no number would do"
    return Decision(UNDECIDED, f"{first}undecided with {one.n} seeds; {many}")


def _interval(one: Judgement, rule: Rule, comparisons: int) -> tuple[float, float]:
    """The simultaneous interval, positive being better; without a spread, the verdict's side of everything."""
    gap = one.gap if rule.higher_is_better else -one.gap
    if one.se > 0:
        from scipy.special import stdtrit  # inside the function: the package must import without scipy

        half = float(stdtrit(one.n - 1, 1 - float(rule.error_rate) / comparisons / 2)) * one.se
        return gap - half, gap + half
    return {BETTER: (math.inf, math.inf), WORSE: (-math.inf, -math.inf)}.get(one.verdict, (-math.inf, math.inf))
