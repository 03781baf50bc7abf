"""What a run of an algorithm shows, measured without theory: no theorem is asked here, so none can confirm itself."""

from nala_lab.measure.cycle_map import reference_matrix as reference_matrix
from nala_lab.measure.cycle_map import symbolic_matrix as symbolic_matrix
from nala_lab.measure.cycle_map import torch_matrix as torch_matrix
from nala_lab.measure.ensemble import Ensemble as Ensemble
from nala_lab.measure.ensemble import simulate as simulate
from nala_lab.measure.growth import MapSize as MapSize
from nala_lab.measure.growth import map_size as map_size
from nala_lab.measure.rates import RateEstimate as RateEstimate
from nala_lab.measure.rates import rate as rate

__all__ = [
    "Ensemble",
    "MapSize",
    "RateEstimate",
    "map_size",
    "rate",
    "reference_matrix",
    "simulate",
    "symbolic_matrix",
    "torch_matrix",
]
