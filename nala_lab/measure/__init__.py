"""What a run of an algorithm shows, measured without theory: no theorem is asked here, so none can confirm itself."""

from nala_lab.measure.cycle_map import reference_matrix, symbolic_matrix, torch_matrix
from nala_lab.measure.ensemble import Ensemble, simulate
from nala_lab.measure.growth import MapSize, map_size
from nala_lab.measure.linear_map import CycleMap, Factors, NotLinear, cycle_factors, cycle_matrix
from nala_lab.measure.rates import RateEstimate, rate
from nala_lab.measure.step_table import FixedSteps, fixed_steps

__all__ = ["CycleMap", "Ensemble", "Factors", "FixedSteps", "MapSize", "NotLinear", "RateEstimate", "cycle_factors",
           "cycle_matrix", "fixed_steps", "map_size", "rate", "reference_matrix", "simulate", "symbolic_matrix",
           "torch_matrix"]  # fmt: skip
