"""What a method is: one table of facts, hyperparameter classes, published settings. Loads neither twin."""

from nala_lab.methods.counting import counted, looks_ahead, most_gradients
from nala_lab.methods.facts import Facts, Settings
from nala_lab.methods.making import numpy_twin, torch_twin
from nala_lab.methods.table import ADALA_METHODS, METHODS, PAPER_METHODS, WITH_TWINS, find, label, rank

__all__ = ["ADALA_METHODS", "METHODS", "PAPER_METHODS", "WITH_TWINS", "Facts", "Settings", "counted", "find", "label",
           "looks_ahead", "most_gradients", "numpy_twin", "rank", "torch_twin"]  # fmt: skip
