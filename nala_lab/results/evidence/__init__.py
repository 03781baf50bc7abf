"""The evidence rule: what a few runs of several optimizers show, decided by a rule that was fixed beforehand.

Runs are compared in pairs that share a seed, hence the initial weights and the order of the data. `judge_table` gives
each comparison of a table one of four verdicts, with the family-wise error held at the stated rate; `decide` says what
a comparison says to a claim; `seeds_needed` says how many seeds a difference would take; `a_a` lets equal optimizers
compete, to see how often the rule is wrong.
`summary` and `paired` are the plain mean, spread and t-interval, without a correction for several comparisons.
"""

from nala_lab.results.evidence.claims import EXCLUDED as EXCLUDED
from nala_lab.results.evidence.claims import RELATIONS as RELATIONS
from nala_lab.results.evidence.claims import SUPPORTED as SUPPORTED
from nala_lab.results.evidence.claims import Decision as Decision
from nala_lab.results.evidence.claims import decide as decide
from nala_lab.results.evidence.false_alarms import FalseAlarms as FalseAlarms
from nala_lab.results.evidence.false_alarms import a_a as a_a
from nala_lab.results.evidence.intervals import NOT_SEPARATED as NOT_SEPARATED
from nala_lab.results.evidence.intervals import SEPARATED as SEPARATED
from nala_lab.results.evidence.intervals import Paired as Paired
from nala_lab.results.evidence.intervals import Summary as Summary
from nala_lab.results.evidence.intervals import paired as paired
from nala_lab.results.evidence.intervals import summary as summary
from nala_lab.results.evidence.rule import BETTER as BETTER
from nala_lab.results.evidence.rule import EQUIVALENT as EQUIVALENT
from nala_lab.results.evidence.rule import UNDECIDED as UNDECIDED
from nala_lab.results.evidence.rule import WORSE as WORSE
from nala_lab.results.evidence.rule import Judgement as Judgement
from nala_lab.results.evidence.rule import Rule as Rule
from nala_lab.results.evidence.rule import effect_size as effect_size
from nala_lab.results.evidence.rule import holm as holm
from nala_lab.results.evidence.rule import judge as judge
from nala_lab.results.evidence.rule import judge_table as judge_table
from nala_lab.results.evidence.rule import sign_flip_p as sign_flip_p
from nala_lab.results.evidence.sample_size import detectable as detectable
from nala_lab.results.evidence.sample_size import power as power
from nala_lab.results.evidence.sample_size import power_equivalent as power_equivalent
from nala_lab.results.evidence.sample_size import seeds_needed as seeds_needed

__all__ = [
    "BETTER",
    "EQUIVALENT",
    "EXCLUDED",
    "NOT_SEPARATED",
    "RELATIONS",
    "SEPARATED",
    "SUPPORTED",
    "UNDECIDED",
    "WORSE",
    "Decision",
    "FalseAlarms",
    "Judgement",
    "Paired",
    "Rule",
    "Summary",
    "a_a",
    "decide",
    "detectable",
    "effect_size",
    "holm",
    "judge",
    "judge_table",
    "paired",
    "power",
    "power_equivalent",
    "seeds_needed",
    "sign_flip_p",
    "summary",
]
