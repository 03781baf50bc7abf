"""What a method is: one table of facts, hyperparameter classes, published settings. Loads neither twin."""

from nala_lab.methods.counting import counted as counted
from nala_lab.methods.counting import looks_ahead as looks_ahead
from nala_lab.methods.counting import most_gradients as most_gradients
from nala_lab.methods.facts import Facts as Facts
from nala_lab.methods.facts import Settings as Settings
from nala_lab.methods.making import numpy_twin as numpy_twin
from nala_lab.methods.making import torch_twin as torch_twin
from nala_lab.methods.table import ADALA_METHODS as ADALA_METHODS
from nala_lab.methods.table import METHODS as METHODS
from nala_lab.methods.table import PAPER_METHODS as PAPER_METHODS
from nala_lab.methods.table import WITH_TWINS as WITH_TWINS
from nala_lab.methods.table import find as find
from nala_lab.methods.table import label as label
from nala_lab.methods.table import rank as rank

__all__ = [
    "ADALA_METHODS",
    "METHODS",
    "PAPER_METHODS",
    "WITH_TWINS",
    "Facts",
    "Settings",
    "counted",
    "find",
    "label",
    "looks_ahead",
    "most_gradients",
    "numpy_twin",
    "rank",
    "torch_twin",
]
