"""Optimizers that do to a process what a table has to survive."""

import os
import time

import torch


class Terrible(torch.optim.SGD):
    """Ends the process when its state is asked for, and never answers when a scheduler has changed lr."""

    def state_dict(self):
        os._exit(7)

    def step(self, closure=None):
        if self.param_groups[0]["lr"] != self.defaults["lr"]:
            while True:
                time.sleep(1)
        return super().step(closure)


class Pickled(torch.optim.SGD):
    """An ordinary optimizer with a state that cannot be read back."""

    def state_dict(self):
        return {**super().state_dict(), "self": self}


def own_lookahead(params):
    """A factory that decides about everything itself."""
    from nala_lab.optim import Lookahead

    return Lookahead(params, k=4, alpha=0.3, inner=lambda held: torch.optim.SGD(held, lr=0.1, momentum=0.5))


def own_nala(params):
    """The same for NALA, with a closure that is asked twice."""
    from nala_lab.optim import NALA

    return NALA(params, k=4, mu=-0.3, alpha=0.1, outer_batch="same")
