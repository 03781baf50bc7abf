"""The evidence rule: what a few runs of several optimizers show, decided by a rule that was fixed beforehand.

Runs are compared in pairs that share a seed, hence the initial weights and the order of the data. `judge_table` gives
each comparison of a table one of four verdicts, with the family-wise error held at the stated rate; `decide` says what
a comparison says to a claim; `seeds_needed` says how many seeds a difference would take; `a_a` lets equal optimizers
compete, to see how often the rule is wrong.
`summary` and `paired` are the plain mean, spread and t-interval, without a correction for several comparisons.
"""

from nala_lab.results.evidence.claims import EXCLUDED, RELATIONS, SUPPORTED, Decision, decide
from nala_lab.results.evidence.false_alarms import FalseAlarms, a_a
from nala_lab.results.evidence.intervals import NOT_SEPARATED, SEPARATED, Paired, Summary, paired, summary
from nala_lab.results.evidence.rule import (
    BETTER,
    EQUIVALENT,
    UNDECIDED,
    WORSE,
    Judgement,
    Rule,
    effect_size,
    holm,
    judge,
    judge_table,
    sign_flip_p,
)
from nala_lab.results.evidence.sample_size import detectable, power, power_equivalent, seeds_needed

__all__ = [
    "BETTER", "EQUIVALENT", "EXCLUDED", "NOT_SEPARATED", "RELATIONS", "SEPARATED", "SUPPORTED", "UNDECIDED", "WORSE",
    "Decision", "FalseAlarms", "Judgement", "Paired", "Rule", "Summary", "a_a", "decide", "detectable", "effect_size",
    "holm", "judge", "judge_table", "paired", "power", "power_equivalent", "seeds_needed", "sign_flip_p", "summary",
]  # fmt: skip
