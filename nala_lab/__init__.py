"""nala_lab: a laboratory for optimizers that look ahead.

The NumPy side (``nala_lab.reference``, ``nala_lab.theory``) and the torch side (``nala_lab.optim``) are separate
imports; ``import nala_lab`` loads NumPy only.
"""

from nala_lab.core import OneLoop, Trajectory, TwoLoop, stream

__version__ = "0.1.0"

__all__ = ["OneLoop", "Trajectory", "TwoLoop", "__version__", "stream"]
