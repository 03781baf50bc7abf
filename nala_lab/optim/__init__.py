"""The torch twin: NALA, AdaLA, Lookahead, AdaBelief and OuterMomentum as torch.optim.Optimizer subclasses.

Same file names, hyperparameter classes and equations as ``nala_lab.reference``, with arithmetic of their own.
"""

from nala_lab.optim.adabelief import AdaBelief as AdaBelief
from nala_lab.optim.adala import AdaLA as AdaLA
from nala_lab.optim.lookahead import Lookahead as Lookahead
from nala_lab.optim.nala import NALA as NALA
from nala_lab.optim.outer_momentum import OuterMomentum as OuterMomentum

__all__ = ["NALA", "AdaBelief", "AdaLA", "Lookahead", "OuterMomentum"]
