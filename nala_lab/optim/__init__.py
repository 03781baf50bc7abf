"""The torch twin: NALA, AdaLA, Lookahead, AdaBelief and OuterMomentum as torch.optim.Optimizer subclasses.

Same file names, hyperparameter classes and equations as ``nala_lab.reference``, with arithmetic of their own. Adam is
torch's, in the quickest way that is right. For those who build on them: `TwoLoop`, a slow loop around any optimizer,
and two contexts, `shown_at` with other weights and `bn_statistics` with BatchNorm statistics made for them.
"""

from nala_lab.optim._slow import bn_statistics as bn_statistics
from nala_lab.optim._slow import shown_at as shown_at
from nala_lab.optim._two_loop import TwoLoop as TwoLoop
from nala_lab.optim.adabelief import AdaBelief as AdaBelief
from nala_lab.optim.adala import AdaLA as AdaLA
from nala_lab.optim.adam import Adam as Adam
from nala_lab.optim.lookahead import Lookahead as Lookahead
from nala_lab.optim.nala import NALA as NALA
from nala_lab.optim.outer_momentum import OuterMomentum as OuterMomentum

__all__ = [
    "NALA",
    "AdaBelief",
    "AdaLA",
    "Adam",
    "Lookahead",
    "OuterMomentum",
    "TwoLoop",
    "bn_statistics",
    "shown_at",
]
