"""One training run, and many: a run is planned, trained, kept, resumed, swept and tuned."""

from nala_lab.experiments.run.one_run import Run as Run
from nala_lab.experiments.run.one_run import Saving as Saving
from nala_lab.experiments.run.one_run import execute as execute
from nala_lab.experiments.run.one_run import plan as plan
from nala_lab.experiments.run.options import Options as Options

__all__ = ["Options", "Run", "Saving", "execute", "plan"]
