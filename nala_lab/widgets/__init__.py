"""Classroom explorers: pictures of the NumPy twin and the theory that follow sliders.

    from nala_lab.widgets import TrajectoryExplorer
    TrajectoryExplorer(problem="rosenbrock", left="Adam", right="NALA", show=("lr", "k", "mu"))

The last line of a cell shows one. `show` says which controls stand under the picture, at most five, so that both are on
a projector's screen at once; a button unfolds the others, and what changes nothing is grey. Every picture has words
(`alt`), every number on it is in `numbers`, and a saved notebook keeps a static picture for viewers without a kernel.
Nothing here loads torch.
"""

from nala_lab.widgets.averaging_explorer import AveragingExplorer
from nala_lab.widgets.explorer import Explorer
from nala_lab.widgets.family_explorer import FamilyChooser
from nala_lab.widgets.noise_explorer import NoiseExplorer
from nala_lab.widgets.planes import METHODS, PLANES, problem
from nala_lab.widgets.probe_explorer import ProbeExplorer
from nala_lab.widgets.rate_explorer import RateExplorer
from nala_lab.widgets.trajectory_explorer import TrajectoryExplorer

__all__ = ["METHODS", "PLANES", "AveragingExplorer", "Explorer", "FamilyChooser", "NoiseExplorer", "ProbeExplorer",
           "RateExplorer", "TrajectoryExplorer", "problem"]  # fmt: skip
