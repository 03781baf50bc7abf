"""Figures: arrays, trajectories and records in, matplotlib axes out. Nothing here runs an optimizer.

Every function takes ``ax`` (None makes a figure in the lab's style), labels both axes with units, and returns
the axes.
"""

from nala_lab.plots.check_table import check_errors as check_errors
from nala_lab.plots.cost_axes import THREE_AXES as THREE_AXES
from nala_lab.plots.cost_axes import three_axes as three_axes
from nala_lab.plots.decay_curves import COSTS as COSTS
from nala_lab.plots.decay_curves import cost as cost
from nala_lab.plots.decay_curves import decay as decay
from nala_lab.plots.decay_curves import distance as distance
from nala_lab.plots.eq5 import eq5_weights as eq5_weights
from nala_lab.plots.family_picture import family_map as family_map
from nala_lab.plots.grids import MAP_LABELS as MAP_LABELS
from nala_lab.plots.grids import rate_map as rate_map
from nala_lab.plots.level_sets import landscape as landscape
from nala_lab.plots.multiples import median_window as median_window
from nala_lab.plots.multiples import running_mean as running_mean
from nala_lab.plots.multiples import running_median as running_median
from nala_lab.plots.multiples import small_multiples as small_multiples
from nala_lab.plots.naming import name_lines as name_lines
from nala_lab.plots.paths import one_loop as one_loop
from nala_lab.plots.paths import two_loop as two_loop
from nala_lab.plots.rate_curves import rates as rates
from nala_lab.plots.record_curves import caption as caption
from nala_lab.plots.record_curves import final_values as final_values
from nala_lab.plots.record_curves import training_curves as training_curves
from nala_lab.plots.saving import save as save
from nala_lab.plots.showing import show as show
from nala_lab.plots.style import COLOURS as COLOURS
from nala_lab.plots.style import RC as RC
from nala_lab.plots.style import ROLES as ROLES
from nala_lab.plots.style import axes_or_new as axes_or_new
from nala_lab.plots.style import label as label
from nala_lab.plots.style import look as look
from nala_lab.plots.style import use_style as use_style
from nala_lab.plots.style import variants as variants

__all__ = [
    "COLOURS",
    "COSTS",
    "MAP_LABELS",
    "RC",
    "ROLES",
    "THREE_AXES",
    "axes_or_new",
    "caption",
    "check_errors",
    "cost",
    "decay",
    "distance",
    "eq5_weights",
    "family_map",
    "final_values",
    "label",
    "landscape",
    "look",
    "median_window",
    "name_lines",
    "one_loop",
    "rate_map",
    "rates",
    "running_mean",
    "running_median",
    "save",
    "show",
    "small_multiples",
    "three_axes",
    "training_curves",
    "two_loop",
    "use_style",
    "variants",
]
