"""Figures: arrays, trajectories and records in, matplotlib axes out. Nothing here runs an optimizer.

Every function takes ``ax`` (None makes a figure in the lab's style), labels both axes with units, and returns
the axes.
"""

from nala_lab.plots.cost_axes import THREE_AXES, three_axes
from nala_lab.plots.decay_curves import COSTS, cost, decay, distance
from nala_lab.plots.eq5 import eq5_weights
from nala_lab.plots.family_picture import family_map
from nala_lab.plots.grids import MAP_LABELS, rate_map
from nala_lab.plots.level_sets import landscape
from nala_lab.plots.multiples import median_window, running_mean, running_median, small_multiples
from nala_lab.plots.naming import name_lines
from nala_lab.plots.paths import one_loop, two_loop
from nala_lab.plots.rate_curves import rates
from nala_lab.plots.record_curves import caption, final_values, training_curves
from nala_lab.plots.saving import save
from nala_lab.plots.showing import show
from nala_lab.plots.style import COLOURS, RC, ROLES, axes_or_new, label, look, use_style, variants

__all__ = ["COLOURS", "COSTS", "MAP_LABELS", "RC", "ROLES", "THREE_AXES", "axes_or_new", "caption", "cost", "decay",
           "distance", "eq5_weights", "family_map", "final_values", "label", "landscape", "look", "median_window",
           "name_lines", "one_loop", "rate_map", "rates", "running_mean", "running_median", "save", "show",
           "small_multiples", "three_axes", "training_curves", "two_loop", "use_style", "variants"]  # fmt: skip
