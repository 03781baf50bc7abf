"""Run a method by either twin and write down one Trajectory."""

from nala_lab.drive.either import run
from nala_lab.drive.from_state import late_steps
from nala_lab.drive.kinds import twin_of
from nala_lab.drive.method import TWINS, Method, available_twins, probes

__all__ = ["TWINS", "Method", "available_twins", "late_steps", "probes", "run", "twin_of"]
