"""What a run of an algorithm shows, measured without theory: no theorem is asked here, so none can confirm itself."""

from nala_lab.measure.cycle_map import reference_matrix as reference_matrix
from nala_lab.measure.cycle_map import symbolic_matrix as symbolic_matrix
from nala_lab.measure.cycle_map import torch_matrix as torch_matrix
from nala_lab.measure.ensemble import Ensemble as Ensemble
from nala_lab.measure.ensemble import simulate as simulate
from nala_lab.measure.growth import MapSize as MapSize
from nala_lab.measure.growth import map_size as map_size
from nala_lab.measure.linear_map import CycleMap as CycleMap
from nala_lab.measure.linear_map import Factors as Factors
from nala_lab.measure.linear_map import NotLinear as NotLinear
from nala_lab.measure.linear_map import cycle_factors as cycle_factors
from nala_lab.measure.linear_map import cycle_matrix as cycle_matrix
from nala_lab.measure.rates import RateEstimate as RateEstimate
from nala_lab.measure.rates import rate as rate
from nala_lab.measure.step_table import FixedSteps as FixedSteps
from nala_lab.measure.step_table import fixed_steps as fixed_steps

__all__ = [
    "CycleMap",
    "Ensemble",
    "Factors",
    "FixedSteps",
    "MapSize",
    "NotLinear",
    "RateEstimate",
    "cycle_factors",
    "cycle_matrix",
    "fixed_steps",
    "map_size",
    "rate",
    "reference_matrix",
    "simulate",
    "symbolic_matrix",
    "torch_matrix",
]
