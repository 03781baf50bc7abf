"""One training run, and many: a run is planned, trained, kept, resumed, swept and tuned."""

from nala_lab.experiments.run.one_run import Run, Saving, execute, plan
from nala_lab.experiments.run.options import Options

__all__ = ["Options", "Run", "Saving", "execute", "plan"]
