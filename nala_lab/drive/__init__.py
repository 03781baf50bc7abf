"""Run a method by either twin and write down one Trajectory."""

from nala_lab.drive.either import run as run
from nala_lab.drive.from_state import late_steps as late_steps
from nala_lab.drive.kinds import twin_of as twin_of
from nala_lab.drive.method import TWINS as TWINS
from nala_lab.drive.method import Method as Method
from nala_lab.drive.method import available_twins as available_twins
from nala_lab.drive.method import probes as probes

__all__ = ["TWINS", "Method", "available_twins", "late_steps", "probes", "run", "twin_of"]
